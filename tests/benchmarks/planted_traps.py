"""The traps of a planted corpus: works that share passages with others and are copies of none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from tests.benchmarks.planted_story import Story

if TYPE_CHECKING:
    from tests.benchmarks.planted import Generator

Rng = np.random.Generator


def _short(g: Generator, number: int, low: int, high: int) -> tuple[Story, Rng]:
    rng = g.rng(number, 3)
    return g.original(number, n_words=int(rng.integers(low, high))), rng


def _headed(
    g: Generator, number: int, *, sizes: tuple[int, int], passage: str, groups: int, words: int, label: str = ""
) -> Story:
    """A story behind a passage that others begin with, too."""
    story, rng = _short(g, number, *sizes)
    shared = g.passage(passage, int(rng.integers(groups)), words)
    return replace(story, chapters=(f"{label}{shared}\n\n{story.chapters[0]}", *story.chapters[1:]))


def _lyrics(g: Generator, number: int) -> Story:
    """A song, quoted in full between the paragraphs."""
    story, rng = _short(g, number, 350, 2500)
    song = g.passage("lyrics", int(rng.integers(max(4, number // 600))), 220).split(". ")
    paragraphs = "\n\n".join(story.chapters).split("\n\n")
    places = np.sort(rng.integers(0, len(paragraphs) + 1, len(song)))[::-1]
    for line, place in zip(song[::-1], places.tolist(), strict=True):
        paragraphs.insert(place, line)
    return replace(story, chapters=("\n\n".join(paragraphs),))


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
    rng = g.rng(number, 3)
    chosen = g.an_original(number, rng)
    story = g.original(number, language="de", n_words=1500, cast=g.cast(chosen))
    return replace(story, title=g.original(chosen).title)


TRAP_MAKERS: dict[str, Callable[[Generator, int], Story]] = {
    "prompt": partial(_headed, sizes=(300, 4000), passage="prompt", groups=6, words=70, label="Prompt: "),
    "lyrics": _lyrics,
    "disclaimer": partial(_headed, sizes=(150, 1500), passage="disclaimer", groups=4, words=160, label="Disclaimer: "),
    "drabble": _drabble,
    "template": _template,
    "quotation": partial(_headed, sizes=(900, 4000), passage="canon", groups=8, words=350),
    "recap": _recap,
    "translation": _translation,
}
