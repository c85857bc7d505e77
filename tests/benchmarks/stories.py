"""Generated stories as text files: any number, always the same for a seed, with planted copies.

Words come from a bigram chain over the demo's own English stories, so that language, compression
and shingles behave as they do on prose; lengths are log-normal as on the archives (median about
2,000 words, mean about 5,000). ``python -m tests.benchmarks.stories FOLDER N`` writes them.
"""

from __future__ import annotations

import argparse
import itertools
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from crawler.readers import formats
from crawler.readers.source import Rejected, Source

DEMO = Path(__file__).parent.parent.parent / "datasets" / "demo" / "sources"
SUCCESSORS = 64
CHAINS = 2048


@dataclass(frozen=True)
class Story:
    """A generated file; ``copy_of`` and ``kind`` say what was planted."""

    name: str
    content: bytes
    copy_of: str | None = None
    kind: str = "original"


class Prose:
    """A bigram chain, advanced in many streams at once."""

    def __init__(self, rng: np.random.Generator) -> None:
        text = " ".join(_english())
        words = re.findall(r"[A-Za-z][a-z'’]*", text)
        self.words = sorted(set(words))
        place = {word: number for number, word in enumerate(self.words)}
        following: list[list[int]] = [[] for _ in self.words]
        for left, right in itertools.pairwise(words):
            following[place[left]].append(place[right])
        everything = np.array([place[word] for word in words])
        self.successors = np.empty((len(self.words), SUCCESSORS), dtype=np.int32)
        for number, choices in enumerate(following):
            # A third of the draws ignore the chain: new combinations, as prose has them.
            near = rng.choice(choices or everything, SUCCESSORS - SUCCESSORS // 3)
            self.successors[number] = np.concatenate([near, rng.choice(everything, SUCCESSORS // 3)])
        self._rng = rng
        self._state = rng.choice(everything, CHAINS)
        self._stock: npt.NDArray[np.int32] = np.empty(0, dtype=np.int32)

    def take(self, n_words: int) -> npt.NDArray[np.int32]:
        while len(self._stock) < n_words:
            steps = np.empty((2048, CHAINS), dtype=np.int32)
            for step in range(len(steps)):
                self._state = self.successors[self._state, self._rng.integers(0, SUCCESSORS, CHAINS)]
                steps[step] = self._state
            self._stock = np.concatenate([self._stock, steps.T.ravel()])
        taken, self._stock = self._stock[:n_words], self._stock[n_words:]
        return taken

    def paragraphs(self, tokens: npt.NDArray[np.int32]) -> list[str]:
        words = [self.words[token] for token in tokens.tolist()]
        ends = np.cumsum(self._rng.integers(4, 26, len(words) // 4 + 1)).tolist()
        sentences = []
        start = 0
        for end in ends:
            part = " ".join(words[start:end])
            if not part:
                break
            sentence = part[0].upper() + part[1:] + "."
            sentences.append(f"“{sentence}”" if end % 4 == 0 else sentence)
            start = end
        cuts = np.cumsum(self._rng.integers(1, 7, len(sentences) + 1)).tolist()
        return [" ".join(sentences[a:b]) for a, b in zip([0, *cuts], cuts, strict=False) if sentences[a:b]]


def _english() -> Iterator[str]:
    for path in sorted(DEMO.rglob("*.txt")):
        try:
            for work in formats.read(Source(path, path.name)):
                if isinstance(work, Rejected):
                    continue
                text = " ".join(chapter.text for chapter in work.chapters)
                if len(re.findall(r"\b(?:the|and|was|that)\b", text)) > len(text) / 100:
                    yield text
        except Exception:  # noqa: BLE001 - the demo has bad files on purpose
            continue


def stories(count: int, seed: int = 1) -> Iterator[Story]:
    """``count`` stories; 3 % are exact copies, 5 % edited ones, 2 % have a chapter more."""
    rng = np.random.default_rng(seed)
    prose = Prose(rng)
    kept: list[tuple[str, list[list[str]], int]] = []
    for number in range(count):
        name = f"{number % 97:02d}/story-{number:06d}.txt"
        draw = rng.random()
        if kept and draw < 0.10:
            original, chapters, layout = kept[int(rng.integers(len(kept)))]
            if draw < 0.03:
                yield Story(name, _file(number, chapters, layout), original, "exact")
            elif draw < 0.08:
                edited = [[_edited(p, rng) for p in chapter] for chapter in chapters]
                yield Story(name, _file(number, edited, layout), original, "edited")
            else:
                longer = [*chapters, prose.paragraphs(prose.take(sum(map(len, chapters)) * 10 + 300))]
                yield Story(name, _file(number, longer, layout), original, "longer")
            continue
        n_words = int(np.clip(rng.lognormal(7.6, 1.4), 100, 150_000))
        n_chapters = max(1, n_words // 3000)
        chapters = [prose.paragraphs(prose.take(n_words // n_chapters)) for _ in range(n_chapters)]
        layout = int(rng.integers(4))
        if len(kept) < 2000:
            kept.append((name, chapters, layout))
        yield Story(name, _file(number, chapters, layout))


def _edited(paragraph: str, rng: np.random.Generator) -> str:
    words = paragraph.split(" ")
    for place in np.flatnonzero(rng.random(len(words)) < 0.02).tolist():
        words[place] = "instead"
    return " ".join(words)


def _file(number: int, chapters: list[list[str]], layout: int) -> bytes:
    heads = {
        0: f"Baker Street\nThe Case of the {number}\n\nSummary: What happened on day {number}.\n",
        1: f"Title: Letter {number}\nAuthor: Writer {number % 500}\nFandom: Pride and Prejudice\nRating: PG-13\n"
        f"Summary: A letter, the {number}th.\n\n",
        2: f"Voyage {number}\nby Sailor {number % 300}\n\n",
        3: "",
    }
    parts = []
    for index, chapter in enumerate(chapters, start=1):
        heading = f"Chapter {index}\n\n" if len(chapters) > 1 else ""
        parts.append(heading + "\n\n".join(chapter))
    return (heads[layout] + "\n\n".join(parts) + "\n").encode(
        "windows-1252" if number % 10 == 0 else "utf-8", "replace"
    )


def write(folder: Path, count: int, seed: int = 1) -> int:
    """Write stories below ``folder`` and what was planted beside it (``.truth.json``); the bytes written."""
    total = 0
    truth = {}
    for story in stories(count, seed):
        path = folder / story.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(story.content)
        total += len(story.content)
        if story.copy_of:
            truth[story.name] = {"copy_of": story.copy_of, "kind": story.kind}
    folder.with_suffix(".truth.json").write_text(json.dumps(truth), encoding="utf-8")
    return total


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("count", type=int)
    arguments = parser.parse_args()
    print(f"{write(arguments.folder, arguments.count) / 1e6:.1f} MB")
