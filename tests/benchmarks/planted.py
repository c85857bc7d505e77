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
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tests.benchmarks.sources_of_words import Chain, chain

Rng = np.random.Generator
Places = npt.NDArray[np.int64]

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
NAMES = {
    "f": [
        "Mary",
        "Elizabeth",
        "Irene",
        "Alice",
        "Jane",
        "Charlotte",
        "Lydia",
        "Hester",
        "Dorothea",
        "Emma",
        "Nell",
        "Beatrix",
        "Cordelia",
        "Rosalind",
        "Viola",
        "Portia",
        "Hermia",
        "Helena",
        "Juliet",
        "Ophelia",
        "Miranda",
        "Marian",
        "Guinevere",
        "Morgana",
        "Isolde",
    ],
    "m": [
        "Holmes",
        "Watson",
        "Darcy",
        "Bingley",
        "Gregson",
        "Lestrade",
        "Ahab",
        "Ishmael",
        "Queequeg",
        "Tom",
        "Huck",
        "Pip",
        "Oliver",
        "Heathcliff",
        "Edgar",
        "Hamlet",
        "Horatio",
        "Lysander",
        "Orlando",
        "Prospero",
        "Arthur",
        "Lancelot",
        "Merlin",
        "Tristan",
        "Galahad",
    ],
}
PRONOUNS = {"f": ("she", "her", "her", "herself"), "m": ("he", "him", "his", "himself")}
FANDOMS = ("Sherlock Holmes", "Pride and Prejudice", "Moby-Dick", "Arthurian Legend", "A Midsummer Night's Dream")


@dataclass(frozen=True)
class Cast:
    """The characters of a work."""

    names: tuple[str, ...]
    genders: str

    def words(self) -> list[str]:
        """The words that the work's own numbers stand for: of each character a name and four pronouns."""
        return [
            word for name, gender in zip(self.names, self.genders, strict=True) for word in (name, *PRONOUNS[gender])
        ]


@dataclass(frozen=True)
class Story:
    """A generated work."""

    id: str
    source: str
    title: str
    authors: tuple[str, ...]
    fandoms: tuple[str, ...]
    language: str
    chapters: tuple[str, ...]

    def as_line(self) -> str:
        return json.dumps(self.__dict__, ensure_ascii=False) + "\n"


@dataclass(frozen=True)
class Planted:
    """What is known of a work that is no original."""

    id: str
    kind: str
    of: tuple[str, ...] = ()
    overlaps: tuple[tuple[float, float], ...] = ()
    """True Jaccard similarity and containment with each of ``of``."""


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
        return self._kinds[int(np.searchsorted(self._edges, self._rng(number, 0).random(), side="right"))]

    def work(self, number: int) -> tuple[Story, Planted | None]:
        """The work of a number, and what was planted with it."""
        kind = self.kind(number)
        name, _, detail = kind.partition(":")
        if name == "original":
            return self.original(number), None
        if name == "foreign":
            return self.original(number, language=detail), None
        if name == "trap":
            return TRAP_MAKERS[detail](self, number), Planted(_id(number, self._rng(number, 1)), kind)
        return self._copy(number, kind)

    def original(
        self, number: int, *, language: str = "en", n_words: int | None = None, cast: Cast | None = None
    ) -> Story:
        """A work of its own; another cast is the same story told of others."""
        rng = self._rng(number, 1)
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
        rng = self._rng(number, 1)
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

    def _rng(self, number: int, stream: int) -> Rng:
        return np.random.default_rng([self.seed, number, stream])

    def an_original(self, number: int, rng: Rng, below: int | None = None) -> int:
        """Number of an original before this one."""
        while True:
            chosen = int(rng.integers(below or number))
            if self.kind(chosen) == "original":
                return chosen

    def _copy(self, number: int, kind: str) -> tuple[Story, Planted]:
        rng = self._rng(number, 2)
        numbers = [self.an_original(number, rng) for _ in range(int(rng.integers(3, 9)) if kind == "omnibus" else 1)]
        numbers = list(dict.fromkeys(numbers))
        originals = [self.original(n) for n in numbers]
        first = originals[0]
        ident = _id(number, self._rng(number, 1))
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


@cache
def _fillers() -> list[str]:
    return [
        "instead",
        "merely",
        "quickly",
        "sadly",
        "once",
        "lately",
        "somewhere",
        "gently",
        "perhaps",
        "nearly",
        "twice",
        "forever",
        "aside",
        "apart",
    ]


def edited(text: str, share: float, rng: Rng) -> str:
    """Words changed, added or left out at random places."""
    words = text.split(" ")
    fillers = _fillers()
    for place in np.flatnonzero(rng.random(len(words)) < share).tolist():
        filler = f"{fillers[int(rng.integers(len(fillers)))]}"
        words[place] = (filler, f"{words[place]} {filler}", "")[int(rng.integers(3))]
    return " ".join(filter(None, words))


def _each(story: Story, change: Callable[[str], str]) -> Story:
    return replace(story, chapters=tuple(change(chapter) for chapter in story.chapters))


def _same(_g: Generator, story: Story, _rng: Rng) -> Story:
    return story


def _respelled(_g: Generator, story: Story, rng: Rng) -> Story:
    way = int(rng.integers(3))
    if way == 0:
        return _each(story, lambda text: text.replace("“", '"').replace("”", '"').replace("’", "'"))
    if way == 1:
        return _each(story, lambda text: text.replace(" ", "  ").replace("\n\n", "\n\n\n").replace(". ", "... "))
    return _each(story, str.lower)


def _edited(_g: Generator, story: Story, rng: Rng) -> Story:
    share = rng.uniform(0.01, 0.05)
    return _each(story, lambda text: edited(text, share, rng))


def _reworked(_g: Generator, story: Story, rng: Rng) -> Story:
    share = rng.uniform(0.055, 0.085)
    return _each(story, lambda text: edited(text, share, rng))


def _rewritten(g: Generator, story: Story, rng: Rng) -> Story:
    cast = g.cast(int(story.id.partition(":")[2]) - 1)

    def change(text: str) -> str:
        paragraphs = text.split("\n\n")
        for place in np.flatnonzero(rng.random(len(paragraphs)) < 0.12).tolist():
            paragraphs[place] = g.prose(len(paragraphs[place].split()), rng, cast)
        return "\n\n".join(paragraphs)

    return _each(story, change)


def _continued(g: Generator, story: Story, rng: Rng) -> Story:
    cast = g.cast(int(story.id.partition(":")[2]) - 1)
    size = sum(len(chapter.split()) for chapter in story.chapters)
    added = max(200, int(size * rng.uniform(0.2, 0.9)))
    pieces = max(1, added // 3000)
    return replace(story, chapters=(*story.chapters, *(g.prose(added // pieces, rng, cast) for _ in range(pieces))))


def _header(g: Generator, story: Story, rng: Rng) -> str:
    lines = [f"Title: {story.title}", f"Author: {story.authors[0]}", f"Fandom: {story.fandoms[0]}", "Rating: T"]
    note = g.prose(int(rng.integers(10, 50)), rng, Cast(("Beta", "Anon", "Tumblr", "Reader"), "fmfm"))
    return "\n\n".join([*rng.permutation(lines).tolist(), f"A/N: {note.replace(chr(10), ' ')}"])


def _footer(g: Generator, rng: Rng) -> str:
    note = g.prose(int(rng.integers(5, 30)), rng, Cast(("Beta", "Anon", "Tumblr", "Reader"), "fmfm"))
    return f"Author's note: {note.replace(chr(10), ' ')}"


def _reposted(g: Generator, story: Story, rng: Rng) -> Story:
    first, *rest = story.chapters
    chapters = [f"{_header(g, story, rng)}\n\n{first}", *rest]
    chapters[-1] = f"{chapters[-1]}\n\n{_footer(g, rng)}"
    return replace(story, chapters=tuple(chapters))


def _cross_posted(g: Generator, story: Story, rng: Rng) -> Story:
    share = rng.uniform(0.0, 0.02)
    story = _each(story, lambda text: edited(text, share, rng))
    notes = [f"{c}\n\n{_footer(g, rng)}" if rng.random() < 0.4 else c for c in story.chapters]
    return _reposted(g, replace(story, title=story.title.upper(), chapters=tuple(notes)), rng)


def _moved(g: Generator, story: Story, rng: Rng) -> Story:
    """Some chapters of a work as one of their own, with a little around them."""
    n = len(story.chapters)
    start = int(rng.integers(n))
    chapters = list(story.chapters[start : start + max(1, n // 3)])
    words = sum(len(chapter.split()) for chapter in chapters)
    if rng.random() < 0.5:
        chapters.append(g.prose(max(5, words // 12), rng, g.cast(int(story.id.partition(":")[2]) - 1)))
    return replace(story, chapters=tuple(chapters))


COPY_MAKERS: dict[str, Callable[[Generator, Story, Rng], Story]] = {
    "exact": _same,
    "respelled": _respelled,
    "edited": _edited,
    "reworked": _reworked,
    "rewritten": _rewritten,
    "continued": _continued,
    "reposted": _reposted,
    "cross_posted": _cross_posted,
    "moved": _moved,
}


def _short(g: Generator, number: int, low: int, high: int) -> tuple[Story, Rng]:
    rng = g._rng(number, 3)
    return g.original(number, n_words=int(rng.integers(low, high))), rng


def _prompt(g: Generator, number: int) -> Story:
    story, rng = _short(g, number, 300, 4000)
    prompt = g.passage("prompt", int(rng.integers(6)), 70)
    return replace(story, chapters=(f"Prompt: {prompt}\n\n{story.chapters[0]}", *story.chapters[1:]))


def _lyrics(g: Generator, number: int) -> Story:
    """A song, quoted in full between the paragraphs."""
    story, rng = _short(g, number, 350, 2500)
    song = g.passage("lyrics", int(rng.integers(max(4, number // 600))), 220).split(". ")
    paragraphs = "\n\n".join(story.chapters).split("\n\n")
    places = np.sort(rng.integers(0, len(paragraphs) + 1, len(song)))[::-1]
    for line, place in zip(song[::-1], places.tolist(), strict=True):
        paragraphs.insert(place, line)
    return replace(story, chapters=("\n\n".join(paragraphs),))


def _disclaimer(g: Generator, number: int) -> Story:
    story, rng = _short(g, number, 150, 1500)
    text = g.passage("disclaimer", int(rng.integers(4)), 160)
    return replace(story, chapters=(f"Disclaimer: {text}\n\n{story.chapters[0]}", *story.chapters[1:]))


def _drabble(g: Generator, number: int) -> Story:
    """A hundred words beneath the header of a challenge that is longer than they are."""
    story, rng = _short(g, number, 100, 101)
    group = int(rng.integers(5))
    header, rules = g.passage("challenge", group, 60), g.passage("rules", group, 130)
    return replace(story, chapters=(f"{header}\n\n{rules}\n\n{story.chapters[0]}",))


def _template(g: Generator, number: int) -> Story:
    """Chapters that begin and end with the same words, as a series or a form has them."""
    story, rng = _short(g, number, 1200, 4000)
    group = int(rng.integers(5))
    head, foot = g.passage("head", group, 60), g.passage("foot", group, 40)
    text = story.chapters[0].split("\n\n")
    third = max(1, len(text) // 3)
    parts = [text[:third], text[third : 2 * third], text[2 * third :]]
    chapters = [f"{head}\n\nChapter {k}\n\n" + "\n\n".join(p) + f"\n\n{foot}" for k, p in enumerate(parts, 1) if p]
    return replace(story, chapters=tuple(chapters))


def _quotation(g: Generator, number: int) -> Story:
    story, rng = _short(g, number, 900, 4000)
    scene = g.passage("canon", int(rng.integers(8)), 350)
    return replace(story, chapters=(f"{scene}\n\n{story.chapters[0]}", *story.chapters[1:]))


def _recap(g: Generator, number: int) -> Story:
    """A sequel that begins with the last words of the first part."""
    story, rng = _short(g, number, 800, 4000)
    first = g.original(g.an_original(number, rng))
    while sum(len(chapter.split()) for chapter in first.chapters) < 1000:  # a recap of a short work would hold it
        first = g.original(g.an_original(number, rng))
    recap = " ".join(first.chapters[-1].split(" ")[-200:])
    return replace(story, chapters=(f"Previously: {recap}\n\n{story.chapters[0]}", *story.chapters[1:]))


def _translation(g: Generator, number: int) -> Story:
    """The same title and cast in another language: a copy to a reader, not to a comparison of words."""
    rng = g._rng(number, 3)
    chosen = g.an_original(number, rng)
    story = g.original(number, language="de", n_words=1500, cast=g.cast(chosen))
    return replace(story, title=g.original(chosen).title)


TRAP_MAKERS: dict[str, Callable[[Generator, int], Story]] = {
    "prompt": _prompt,
    "lyrics": _lyrics,
    "disclaimer": _disclaimer,
    "drabble": _drabble,
    "template": _template,
    "quotation": _quotation,
    "recap": _recap,
    "translation": _translation,
}


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
