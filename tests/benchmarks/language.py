"""Language identification: how often it is right and what it costs, with and without the optional engines.

``python -m tests.benchmarks.language [--folder FOLDER] [--quick]`` builds a data set from packages
(``translations``), and prints tables: cuts of 60, 200 and 1,000 characters; works of one language and of two, notes
in front; languages that are taken for one another; CPU time of a work of 36,000 characters. Run by hand.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from pipelines import language, language_engines
from pipelines.language_engines import Engines, Langdetect
from pipelines.language_pairs import Pairs
from pipelines.language_scripts import count_letters
from schemas.vocabulary import LanguageStatus
from tests.benchmarks import translations
from tests.benchmarks.packages import PACKAGES, Missing

SIZES = (60, 200, 1000)
CUTS = 40
"""Most cuts of one size from one text."""
WORK = 36_000
TWO = (
    ("en", "es"), ("en", "de"), ("en", "ru"), ("en", "zh-Hans"), ("en", "fil"), ("en", "id"), ("en", "la"),
    ("es", "pt"), ("es", "fr"), ("es", "it"), ("da", "sv"), ("no", "sv"), ("ru", "uk"), ("cs", "pl"), ("nl", "de"),
    ("ja", "zh-Hant"), ("fi", "hu"), ("tr", "ro"), ("fr", "vi"), ("ar", "he"),
)  # fmt: skip
CONFUSABLE = (
    ("id", "ms"), ("hr", "bs"), ("hr", "sr-Latn"), ("no", "nn"), ("no", "da"), ("sv", "da"), ("cs", "sk"), ("es", "pt"),
    ("es", "gl"), ("es", "ca"), ("pt", "gl"), ("nl", "af"), ("ru", "uk"), ("ru", "be"), ("bg", "mk"), ("mk", "sr"),
    ("sl", "hr"), ("hi", "mr"), ("hi", "ne"), ("ar", "fa"), ("fa", "ur"), ("et", "fi"), ("lt", "lv"),
    ("zh-Hans", "zh-Hant"), ("no", "is"), ("la", "it"),
)  # fmt: skip
SURE = {LanguageStatus.RELIABLE, LanguageStatus.SECOND}

Texts = dict[str, dict[str, list[str]]]


@dataclass
class Tally:
    """How many answers were right, and how many of those that were sure."""

    total: int = 0
    right: int = 0
    sure: int = 0
    sure_wrong: int = 0
    wrong: Counter[str] = field(default_factory=Counter)

    def add(self, found: str | None, status: LanguageStatus, expected: str) -> None:
        right = found is not None and language.same_language(found, expected)
        self.total += 1
        self.right += right
        self.sure += status in SURE
        self.sure_wrong += status in SURE and not right
        if not right:
            self.wrong[f"{expected}→{found}"] += 1

    def join(self, other: Tally) -> None:
        self.total += other.total
        self.right += other.right
        self.sure += other.sure
        self.sure_wrong += other.sure_wrong
        self.wrong += other.wrong


def engine_sets() -> Iterator[tuple[str, Engines]]:
    """What can be installed, from least to most."""
    profiles = language_engines.shipped_profiles()
    installed = language_engines.load()
    pairs = Pairs(profiles)
    firsts = {"langdetect": Langdetect(profiles)}
    if "equal to langdetect" in installed.methods["language_engine"]:
        firsts["langdetect-rs"] = installed.first
    for name, first in firsts.items():
        yield name, Engines(first, None, {}, pairs)
        if installed.second:
            yield f"{name} + pycld2", Engines(first, installed.second, {}, pairs)


def use(engines: Engines) -> None:
    language_engines.load = lambda: engines


def cuts(paragraphs: Sequence[str], size: int) -> list[str]:
    """Up to ``CUTS`` pieces of a text that start at words, evenly spread; the shortest kind has as many letters."""
    text = " ".join(paragraphs)
    found = []
    count = min(CUTS, len(text) // size)
    for index in range(count):
        start = index * (len(text) - size) // max(1, count - 1) if count > 1 else 0
        start = text.find(" ", start - 1) + 1 if " " in text[start - 1 : start + 40] and start else start
        end = start + size
        while size < min(SIZES[1:]) and end < len(text) and count_letters(text[start:end]) < size:
            end += 1
        if end <= len(text):
            found.append(text[start:end])
    return found


def accuracy(texts: Texts, tags: Sequence[str], sizes: Sequence[int]) -> dict[tuple[str, int], Tally]:
    """By kind of text and size."""
    tallies: defaultdict[tuple[str, int], Tally] = defaultdict(Tally)
    for kind, by_language in texts.items():
        for tag in tags:
            for size in sizes:
                for cut in cuts(by_language.get(tag, []), size):
                    found = language.detect(cut)
                    tallies[kind, size].add(found.language, found.status, tag)
    return dict(tallies)


def prose(texts: Texts, tag: str) -> list[str]:
    """Paragraphs of a language of all kinds, in turns."""
    kinds = [by_language[tag] for by_language in texts.values() if by_language.get(tag)]
    return [part for parts in itertools.zip_longest(*kinds) for part in parts if part is not None]


def chapters(paragraphs: Sequence[str], size: int, count: int, seed: int = 0) -> list[str]:
    """Chapters of about ``size`` characters in all, of paragraphs drawn at random."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        chapter: list[str] = []
        while sum(map(len, chapter)) < size // count:
            chapter.append(paragraphs[int(rng.integers(len(paragraphs)))])
        found.append("\n\n".join(chapter))
    return found


def whole(tally: Tally, texts: Sequence[str], expected: str, declared: str | None = None) -> None:
    """Add a work's answer."""
    found = language.combine(language.detect_many(texts, declared or expected), None)
    tally.add(found.detected, found.status, expected)


def by_chapter(tally: Tally, texts: Sequence[str], expected: Sequence[str], declared: str) -> None:
    """Add the answers of a work's chapters."""
    for found, tag in zip(language.detect_many(texts, declared), expected, strict=True):
        tally.add(found.language, found.status, tag)


def works_of_one(texts: Texts, tags: Sequence[str]) -> dict[str, Tally]:
    tallies: defaultdict[str, Tally] = defaultdict(Tally)
    notes = prose(texts, "en")
    for seed, tag in enumerate(tags):
        paragraphs = prose(texts, tag)
        for count in (1, 3, 30):
            whole(tallies[f"{count} chapters"], chapters(paragraphs, WORK, count, seed), tag)
        if tag == "en":
            continue
        for part, size in itertools.product((0.05, 0.15), (2000, 12_000)):
            count = 3
            body = chapters(paragraphs, int(size * count * (1 - part)), count, seed)
            heads = chapters(notes, int(size * count * part), count, seed)
            noted = [f"{head[: int(size * part)]}\n\n{text}" for head, text in zip(heads, body, strict=True)]
            whole(tallies[f"English notes in front, {part:.0%} of {size:,}"], noted, tag)
            whole(tallies[f"English notes in front, {part:.0%} of {size:,}, declared English"], noted, tag, "en")
    return dict(tallies)


def works_of_two(texts: Texts) -> dict[str, Tally]:
    """Chapters right, for works in two languages."""
    tallies: defaultdict[str, Tally] = defaultdict(Tally)
    for seed, (a, b) in enumerate(itertools.chain(TWO, ((b, a) for a, b in TWO))):
        first, second = (chapters(prose(texts, tag), WORK, 10, seed) for tag in (a, b))
        turns = [(first, second)[n % 2][n] for n in range(10)]
        by_chapter(tallies["chapters in turns"], turns, [(a, b)[n % 2] for n in range(10)], a)
        halves = [*first[:5], *second[5:]]
        by_chapter(tallies["first half, second half"], halves, [a] * 5 + [b] * 5, a)
        by_chapter(tallies["one chapter of ten"], [*first[:7], second[7], *first[8:]], [a] * 7 + [b] + [a] * 2, a)
        by_chapter(tallies["one short chapter (300)"], [*first[:7], second[7][:300]], [a] * 7 + [b], a)
        by_chapter(tallies["thirty chapters, one other"], [*chapters(prose(texts, a), WORK, 29, seed), second[3]],
                   [a] * 29 + [b], a)  # fmt: skip
    return dict(tallies)


def mixed_chapters(texts: Texts) -> dict[str, Tally]:
    """Chapters half in one language: none of these answers should be sure."""
    tallies: defaultdict[str, Tally] = defaultdict(Tally)
    for seed, (a, b) in enumerate(TWO):
        first, second = (chapters(prose(texts, tag), 16_000, 2, seed) for tag in (a, b))
        for name, text in (
            ("halves", f"{first[0]}\n\n{second[0]}"),
            ("paragraphs in turns", "\n\n".join(
                part for parts in zip(first[0].split("\n\n"), second[0].split("\n\n"), strict=False) for part in parts
            )),
        ):  # fmt: skip
            found = language.detect(text)
            either = a if found.language and language.same_language(found.language, a) else b
            tallies[f"one chapter, {name}"].add(found.language, found.status, either)
    return dict(tallies)


def confusable(texts: Texts) -> dict[str, dict[int, Tally]]:
    tallies: dict[str, dict[int, Tally]] = {}
    for tag in dict.fromkeys(itertools.chain(*CONFUSABLE)):
        for size in SIZES:
            for kind in texts.values():
                for cut in cuts(kind.get(tag, []), size):
                    found = language.detect(cut)
                    tallies.setdefault(tag, {}).setdefault(size, Tally()).add(found.language, found.status, tag)
    return tallies


def cpu(works: Sequence[tuple[str, list[str]]], limit: float) -> float:
    """Milliseconds of CPU for a work, the median of rounds."""
    rounds: list[float] = []
    while sum(rounds) < limit or len(rounds) < 3:
        start = time.process_time()
        for declared, texts in works:
            language.detect_many(texts, declared)
        rounds.append(time.process_time() - start)
    return 1000 * float(np.median(rounds)) / len(works)


def costs(texts: Texts, tags: Sequence[str]) -> Iterator[tuple[str, int, list[tuple[str, list[str]]]]]:
    """Works to be timed: name, chapters, and the declared language and chapters of each."""
    spaceless = {"zh-Hans", "zh-Hant", "ja", "th", "ko"}
    groups = {
        "alphabets": [tag for tag in tags if tag not in spaceless],
        "English": ["en"],
        "Russian, Ukrainian": ["ru", "uk"],
        "Chinese, Japanese": ["zh-Hans", "zh-Hant", "ja"],
    }
    for name, members in groups.items():
        for count in (1, 3, 30):
            size = WORK // 3 if set(members) <= spaceless else WORK
            yield name, count, [(tag, chapters(prose(texts, tag), size, count, n)) for n, tag in enumerate(members)]
    for count in (2, 10):
        turns = [
            (
                a,
                [
                    part
                    for n in range(count)
                    for part in [chapters(prose(texts, (a, b)[n % 2]), WORK // count, 1, n)[0]]
                ],
            )
            for a, b in TWO
        ]
        yield "two languages in turns", count, turns


def show(title: str, rows: dict[str, Tally]) -> None:
    print(f"\n{title:<52} {'n':>6} {'right %':>8} {'sure %':>7} {'sure, wrong':>12}  most frequent errors")
    for name, tally in rows.items():
        worst = ", ".join(f"{error} {count}" for error, count in tally.wrong.most_common(4))
        print(
            f"{name:<52} {tally.total:>6,} {100 * tally.right / tally.total:>8.2f} "
            f"{100 * tally.sure / tally.total:>7.2f} {tally.sure_wrong:>12}  {worst}"
        )


def show_accuracy(texts: Texts) -> None:
    tags = [*translations.LANGUAGES, "eo"]
    found = accuracy(texts, tags, SIZES)
    rows: dict[str, Tally] = {}
    for size in SIZES:
        every = Tally()
        for kind in texts:
            if tally := found.get((kind, size)):
                rows[f"{size:,} characters, {kind}"] = tally
                every.join(tally)
        rows[f"{size:,} characters, all"] = every
    show(f"{len(tags)} languages", rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=PACKAGES, help="where packages are kept")
    parser.add_argument("--quick", action="store_true", help="only the time")
    options = parser.parse_args()
    try:
        texts, words = translations.texts(options.folder)
    except Missing as error:
        sys.exit(f"no data set: {error}")
    print("; ".join(words))
    tags = [*translations.LANGUAGES, *(["eo"] if prose(texts, "eo") else [])]
    sets = dict(engine_sets())
    print(f"\n{'CPU, ms a work of 36,000 characters':<36}" + "".join(f"{name:>24}" for name in sets))
    for name, count, works in costs(texts, tags):
        times = []
        for engines in sets.values():
            use(engines)
            times.append(cpu(works, 1.0))
        print(f"{f'{name}, {count} chapters':<36}" + "".join(f"{each:>24.2f}" for each in times))
    if options.quick:
        return
    quickest = "langdetect-rs" if "langdetect-rs" in sets else "langdetect"
    parts: tuple[Callable[[], None], ...] = (
        lambda: show_accuracy(texts),
        lambda: show("works in one language", works_of_one(texts, tags)),
        lambda: show("chapters of works in two languages", works_of_two(texts)),
        lambda: show("chapters in two languages (right: either)", mixed_chapters(texts)),
        lambda: show(
            "taken for others (relatives no engine tells apart are one)",
            {f"{tag}, {size:,}": tally for tag, sizes in confusable(texts).items() for size, tally in sizes.items()},
        ),
    )
    for name in (quickest, f"{quickest} + pycld2"):
        if name in sets:
            print(f"\n== {name}")
            use(sets[name])
            for part in parts:
                part()


if __name__ == "__main__":
    main()
