"""A planted corpus: real words, copies of every kind, and traps that look like copies and are none.

``python -m tests.benchmarks.planted FOLDER N`` writes

- ``works.jsonl``, a work to a line: ``id``, ``source``, ``title``, ``authors``, ``fandoms``, ``language``,
  ``chapters``;
- ``texts.jsonl``, the same as ``id`` and ``text``, for tools that know no chapters (``--texts``);
- ``truth.jsonl``, what was planted: ``id``, ``of`` (what it is a copy of), ``kind``, true ``jaccard`` and
  ``containment`` of the word 5-grams of the two; and of traps ``id``, ``trap``.

Every work is a function of the seed and its number, so that the corpus is never held in memory, and a
copy makes its original anew. Lengths are log-normal as on the archives.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from tests.benchmarks.planted_copies import COPY_MAKERS, edited
from tests.benchmarks.planted_story import FANDOMS, NAMES, Cast, Planted, Story
from tests.benchmarks.planted_traps import TRAP_MAKERS
from tests.benchmarks.sources_of_words import Chain, chain

Rng = np.random.Generator

COPIES = {
    "exact": 0.03,
    "respelled": 0.008,
    "edited": 0.02,
    "reworked": 0.008,
    "rewritten": 0.015,
    "continued": 0.015,
    "reposted": 0.012,
    "cross_posted": 0.015,
    "renamed": 0.012,
    "omnibus": 0.004,
    "moved": 0.008,
}
"""Kinds of copies and their part of the corpus."""
TRAPS = {
    "prompt": 0.006,
    "lyrics": 0.010,
    "disclaimer": 0.008,
    "drabble": 0.012,
    "template": 0.008,
    "quotation": 0.006,
    "recap": 0.004,
    "translation": 0.003,
}
"""Works that share passages with many others, or with one, and are copies of none."""
FOREIGN = {"de": 0.05, "es": 0.03, "ru": 0.02, "zh": 0.02}
SOURCES = ("ao3", "ffn", "fimfiction", "wattpad")


class Generator:
    """Makes the works of a corpus by number."""

    def __init__(self, seed: int, median_words: int = 2000, longest: int = 294_000) -> None:
        self.seed = seed
        self._median = median_words
        self._longest = longest
        self._chains: dict[str, Chain] = {}
        kinds = {**COPIES, **{f"trap:{name}": part for name, part in TRAPS.items()}}
        kinds |= {f"foreign:{name}": part for name, part in FOREIGN.items()}
        self._kinds = (*kinds, "original")
        self._edges = np.cumsum([*kinds.values()])

    def chain(self, language: str) -> Chain:
        """The chain of a language, made once."""
        if language not in self._chains:
            self._chains[language] = chain(language, self.seed)
        return self._chains[language]

    def kind(self, number: int) -> str:
        """What the work of a number is; the first fifty are originals."""
        if number < 50:
            return "original"
        return self._kinds[int(np.searchsorted(self._edges, self.rng(number, 0).random(), side="right"))]

    def work(self, number: int) -> tuple[Story, Planted | None]:
        """The work of a number, and what was planted with it."""
        kind = self.kind(number)
        name, _, detail = kind.partition(":")
        if name == "original":
            return self.original(number), None
        if name == "foreign":
            return self.original(number, language=detail), None
        if name == "trap":
            return TRAP_MAKERS[detail](self, number), Planted(_id(number, self.rng(number, 1)), kind)
        return self._copy(number, kind)

    def original(
        self, number: int, *, language: str = "en", n_words: int | None = None, cast: Cast | None = None
    ) -> Story:
        """A work of its own; another cast is the same story told of others."""
        rng = self.rng(number, 1)
        ident = _id(number, rng)
        own = Cast(tuple(rng.permutation([*NAMES["f"], *NAMES["m"]])[:4].tolist()), "")
        own = replace(own, genders="".join("f" if name in NAMES["f"] else "m" for name in own.names))
        drawn = int(np.clip(rng.lognormal(np.log(self._median), 1.4), 100, self._longest))
        n_words = n_words or drawn
        n_chapters = int(np.clip(rng.poisson(n_words / 3000), 1, 200))
        cuts = np.sort(rng.random(n_chapters - 1))
        sizes = np.diff(np.concatenate(([0], (cuts * n_words).astype(int), [n_words])))
        chapters = tuple(self.prose(int(size), rng, cast or own, language) for size in sizes if size > 30)
        return Story(
            id=ident,
            source=ident.partition(":")[0],
            title=self.title(rng, language),
            authors=(f"writer{int(rng.integers(max(10, number // 4)))}",),
            fandoms=(str(rng.choice(FANDOMS)),),
            language=language,
            chapters=chapters or (self.prose(100, rng, cast or own, language),),
        )

    def cast(self, number: int) -> Cast:
        """The cast of an original."""
        rng = self.rng(number, 1)
        _id(number, rng)
        names = tuple(rng.permutation([*NAMES["f"], *NAMES["m"]])[:4].tolist())
        return Cast(names, "".join("f" if name in NAMES["f"] else "m" for name in names))

    def title(self, rng: Rng, language: str = "en") -> str:
        words = self.chain(language)
        return " ".join(words.words[t].title() for t in words.tokens(int(rng.integers(2, 6)), rng).tolist())

    def prose(self, n_words: int, rng: Rng, cast: Cast, language: str = "en") -> str:
        """Paragraphs of sentences, some of them spoken, with the names of a cast and their pronouns."""
        words = self.chain(language)
        tokens = words.tokens(max(n_words, 1), rng)
        table = words.words
        if language in {"en", "de", "es"}:
            who = rng.integers(0, 4, len(tokens)) * 5
            draw = rng.random(len(tokens))
            form = rng.integers(1, 5, len(tokens))
            tokens = np.where(draw < 0.03, len(table) + who, tokens)
            if language == "en":
                tokens = np.where(draw > 0.93, len(table) + who + form, tokens)
            table = (*table, *cast.words())
        parts = [table[token] for token in tokens.tolist()]
        ends = np.cumsum(rng.integers(4, 26, len(parts) // 4 + 1)).tolist()
        speech = rng.random(len(ends)) < 0.25
        stop, joined = ("。", "") if words.joined_by == "" else (".", " ")
        sentences = []
        start = 0
        for end, spoken in zip(ends, speech.tolist(), strict=True):
            part = joined.join(parts[start:end])
            if not part:
                break
            sentence = part[0].upper() + part[1:] + stop
            sentences.append(f"“{sentence}”" if spoken else sentence)
            start = end
        cuts = np.cumsum(rng.integers(1, 7, len(sentences) + 1)).tolist()
        paragraphs = (joined.join(sentences[a:b]) for a, b in zip([0, *cuts], cuts, strict=False))
        return "\n\n".join(filter(None, paragraphs))

    def passage(self, name: str, group: int, n_words: int) -> str:
        """A passage that many works share: the same for a name and group."""
        rng = np.random.default_rng([self.seed, 77, hash_of(name), group])
        return self.prose(n_words, rng, Cast(("Holmes", "Mary", "Darcy", "Alice"), "mfmf"))

    def rng(self, number: int, stream: int) -> Rng:
        """Random numbers of their own for a work and a purpose."""
        return np.random.default_rng([self.seed, number, stream])

    def an_original(self, number: int, rng: Rng, below: int | None = None) -> int:
        """Number of an original before this one."""
        while True:
            chosen = int(rng.integers(below or number))
            if self.kind(chosen) == "original":
                return chosen

    def _copy(self, number: int, kind: str) -> tuple[Story, Planted]:
        rng = self.rng(number, 2)
        numbers = [self.an_original(number, rng) for _ in range(int(rng.integers(3, 9)) if kind == "omnibus" else 1)]
        numbers = list(dict.fromkeys(numbers))
        originals = [self.original(n) for n in numbers]
        first = originals[0]
        ident = _id(number, self.rng(number, 1))
        if kind == "omnibus":
            story = replace(first, chapters=tuple(c for original in originals for c in original.chapters))
            story = replace(story, title=f"{story.title} and Other Stories")
        elif kind == "renamed":
            others = [
                n for n in rng.permutation([*NAMES["f"], *NAMES["m"]]).tolist() if n not in self.cast(numbers[0]).names
            ]
            new = Cast(tuple(others[:4]), "".join("f" if n in NAMES["f"] else "m" for n in others[:4]))
            story = replace(self.original(numbers[0], cast=new), fandoms=(str(rng.choice(FANDOMS)),))
            story = replace(story, chapters=tuple(edited(c, 0.01 * rng.random(), rng) for c in story.chapters))
        else:
            story = COPY_MAKERS[kind](self, first, rng)
        story = replace(story, id=ident, source=ident.partition(":")[0])
        if kind in {"exact", "respelled", "reposted"} or rng.random() < 0.5:
            story = replace(story, authors=(f"writer{int(rng.integers(10**6))}",))
        sets = [shingles_of(other.chapters) for other in (story, *originals)]
        overlaps = tuple(_overlap(sets[0], other) for other in sets[1:])
        return story, Planted(ident, kind, tuple(o.id for o in originals), overlaps)


def hash_of(name: str) -> int:
    return int.from_bytes(name.encode()[:6], "little")


def _id(number: int, rng: Rng) -> str:
    return f"{SOURCES[int(rng.integers(len(SOURCES)))]}:{number + 1}"


def shingles_of(chapters: tuple[str, ...]) -> set[int]:
    """Word 5-grams by a plain way of their own, for the truth; characters where there are no spaces."""
    found: set[int] = set()
    for text in chapters:
        words = re.findall(r"[^\W_]+", text.lower())
        if words and len(text) > 30 * len(words):
            words = list("".join(words))
        found.update(map(hash, zip(*(words[k:] for k in range(5)), strict=False)))
    return found


def _overlap(one: set[int], other: set[int]) -> tuple[float, float]:
    shared = len(one & other)
    union = len(one) + len(other) - shared
    return round(shared / max(union, 1), 4), round(shared / max(min(len(one), len(other)), 1), 4)


def works(count: int, seed: int, median_words: int = 2000) -> Iterator[tuple[Story, Planted | None]]:
    """The works of a corpus, one after another."""
    generator = Generator(seed, median_words)
    for number in range(count):
        yield generator.work(number)


def write(folder: Path, count: int, seed: int, median_words: int = 2000, *, texts: bool = False) -> int:
    """Write a corpus into ``folder``; how many bytes its ``works.jsonl`` has."""
    folder.mkdir(parents=True, exist_ok=True)
    size = 0
    with (
        (folder / "works.jsonl").open("w", encoding="utf-8") as lines,
        (folder / "truth.jsonl").open("w", encoding="utf-8") as truth,
    ):
        plain = (folder / "texts.jsonl").open("w", encoding="utf-8") if texts else None
        for story, planted in works(count, seed, median_words):
            line = story.as_line()
            size += len(line.encode())
            lines.write(line)
            if plain:
                document = {"id": story.id, "text": "\n\n".join(story.chapters)}
                plain.write(json.dumps(document, ensure_ascii=False) + "\n")
            for known in _truth(planted):
                truth.write(json.dumps(known) + "\n")
        if plain:
            plain.close()
    return size


def _truth(planted: Planted | None) -> Iterator[dict[str, object]]:
    if planted is None:
        return
    if not planted.of:
        yield {"id": planted.id, "trap": planted.kind.partition(":")[2]}
    for other, (jaccard, containment) in zip(planted.of, planted.overlaps, strict=True):
        yield {"id": planted.id, "of": other, "kind": planted.kind, "jaccard": jaccard, "containment": containment}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("count", type=int)
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--median-words", type=int, default=2000)
    parser.add_argument("--texts", action="store_true", help="write texts.jsonl too")
    options = parser.parse_args()
    size = write(options.folder, options.count, options.seed, options.median_words, texts=options.texts)
    print(f"{options.count:,} works, {size / 1e6:,.1f} MB")


if __name__ == "__main__":
    main()
