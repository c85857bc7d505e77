"""The copies of a planted corpus: how each kind is made of its original."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from tests.benchmarks.planted_story import Cast, Story

if TYPE_CHECKING:
    from tests.benchmarks.planted import Generator

Rng = np.random.Generator

_FILLERS = "instead merely quickly sadly once lately somewhere gently perhaps nearly twice forever aside apart"
FILLERS = _FILLERS.split()


def edited(text: str, share: float, rng: Rng) -> str:
    """Words changed, added or left out at random places."""
    words = text.split(" ")
    for place in np.flatnonzero(rng.random(len(words)) < share).tolist():
        filler = FILLERS[int(rng.integers(len(FILLERS)))]
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
