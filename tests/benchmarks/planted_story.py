"""What the works of a planted corpus are made of: who is in them, and what is known of them."""

from __future__ import annotations

import json
from dataclasses import dataclass

_WOMEN = (
    "Mary Elizabeth Irene Alice Jane Charlotte Lydia Hester Dorothea Emma Nell Beatrix Cordelia "
    "Rosalind Viola Portia Hermia Helena Juliet Ophelia Miranda Marian Guinevere Morgana Isolde"
)
_MEN = (
    "Holmes Watson Darcy Bingley Gregson Lestrade Ahab Ishmael Queequeg Tom Huck Pip Oliver "
    "Heathcliff Edgar Hamlet Horatio Lysander Orlando Prospero Arthur Lancelot Merlin Tristan Galahad"
)
NAMES = {"f": _WOMEN.split(), "m": _MEN.split()}
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
