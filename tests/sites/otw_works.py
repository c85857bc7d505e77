"""The works of the test archive: work N of a seed, at a revision, is always the same, and none is kept in memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Final, NamedTuple

from tests.sites.otw_ids import BEGUN, INTERVAL, MAX_CHAPTERS, chapter_id, day_of, mix, user_name, work_id_of
from tests.sites.otw_words import TONGUES, Tongue

GROWTH: Final = 137
"""Words that each change of a work adds, in a chapter of their own if more were planned."""

TAG: Final = "The Tidal Clock & Related Works"
"""The fandom of all works."""
FANDOMS: Final = (
    "Harbour Lights (TV)",
    "Salt/Glass - The Musical",
    "The Cartographer's Daughter - M. Quill",
    "What Did the Heron See?",
    "Lantern No. 9",
)
PEOPLE: Final = (
    "Ada Marlowe",
    "Tomas Brandt",
    "Ines Corvo",
    "Wren",
    "Captain Sill",
    "Jun Okabe",
    "Father Ambrose",
    "Mira (Harbour Lights)",
)
FREEFORMS: Final = (
    "Slow Burn",
    "Fluff and Weather",
    "Alternate Universe - Lighthouse",
    "Letters, Unsent",
    "Slow Tide #2",
    "Canon? What Canon?",
    "Hurt/Comfort",
    "No Beta We Drift at Sea",
    "Tea & Sympathy",
    "Vol. 2",
)
RATINGS: Final = ("General Audiences", "Teen And Up Audiences", "Mature", "Explicit", "Not Rated")
RATING_IDS: Final = {"10": 0, "11": 1, "12": 2, "13": 3, "9": 4}
ADULT: Final = frozenset({2, 3, 4})
WARNINGS: Final = (
    ("No Archive Warnings Apply",),
    ("Creator Chose Not To Use Archive Warnings",),
    ("Graphic Depictions Of Violence", "Major Character Death"),
    ("No Archive Warnings Apply",),
)
CATEGORIES: Final = (("Gen",), ("F/M",), ("F/F", "M/M"), ("M/M",), (), ("Multi", "Other"))
SYNONYMS: Final = {"Tidal Clock": TAG, "tidal clock verse": TAG}
"""Tags that stand for another: their lists lead to the other's."""
KNOWN_TAGS: Final = frozenset(
    {
        *(TAG, *FANDOMS, *PEOPLE, *FREEFORMS, *RATINGS),
        *(tag for tags in (*WARNINGS, *CATEGORIES) for tag in tags),
        *(f"{one}{mark}{other}" for one in PEOPLE for other in PEOPLE for mark in ("/", " & ") if one != other),
    }
)
OUTCOMES: Final[Mapping[str, float]] = {
    "restricted": 0.03,
    "unrevealed": 0.01,
    "hidden": 0.01,
    "deleted": 0.01,
    "noindex": 0.02,
    "tdm": 0.01,
}
"""Which share of the works has which outcome; the rest is ok."""


class Facets(NamedTuple):
    """What lists are sorted and searched by: cheap to make for each work of a large archive."""

    n: int
    language: int
    rating: int
    warnings: int
    categories: int
    fandom: int
    pair: tuple[int, int]
    freeforms: int
    user: int
    outcome: str
    created: int
    revised: int
    stamp: int
    words: int
    chapters: int
    planned: int | None
    revision: int
    begun: int

    @property
    def id(self) -> str:
        return work_id_of(self.n)

    @property
    def tongue(self) -> Tongue:
        return TONGUES[self.language]

    @property
    def chaptered(self) -> bool:
        """The archive calls a work chaptered unless it was planned as one chapter."""
        return self.planned != 1

    @property
    def complete(self) -> bool:
        return self.chapters == self.planned

    @property
    def adult(self) -> bool:
        return self.rating in ADULT

    @property
    def anonymous(self) -> bool:
        return mix(self.n, 7) % 32 == 0

    @property
    def users(self) -> tuple[int, ...]:
        """Numbers of the authors' accounts, named on the page or not."""
        return (self.user, self.user + 1) if mix(self.n, 8) % 16 == 0 else (self.user,)

    @property
    def fandoms(self) -> tuple[str, ...]:
        return (TAG,) if self.fandom >= len(FANDOMS) else (TAG, FANDOMS[self.fandom])

    @property
    def relationships(self) -> tuple[str, ...]:
        one, other = (PEOPLE[i] for i in self.pair)
        if one == other:
            return ()
        return (f"{one}/{other}",) if self.categories else (f"{one} & {other}",)

    @property
    def characters(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(PEOPLE[i] for i in self.pair))

    @property
    def additional(self) -> tuple[str, ...]:
        return tuple(tag for i, tag in enumerate(FREEFORMS) if self.freeforms >> i & 1)

    @property
    def collected(self) -> bool:
        """Whether the work is in the collection of its block."""
        return self.n % 10 == 3 or self.outcome == "unrevealed"

    @property
    def tags(self) -> tuple[str, ...]:
        """All tags of the work."""
        return (
            *self.fandoms,
            *self.relationships,
            *self.characters,
            *self.additional,
            RATINGS[self.rating],
            *WARNINGS[self.warnings],
            *CATEGORIES[self.categories],
        )


class Change(NamedTuple):
    """What has happened to a work since the archive began."""

    revision: int = 0
    revised: int | None = None
    stamp: int | None = None
    outcome: str | None = None
    created: int | None = None


UNCHANGED: Final = Change()


@dataclass(frozen=True)
class Recipe:
    """What the works are made from."""

    seed: int = 1
    works: int = 1000
    words: tuple[int, int] = (100, 20_000)
    outcomes: Mapping[str, float] = field(default_factory=lambda: dict(OUTCOMES))

    def facets(self, n: int, change: Change = UNCHANGED) -> Facets:
        """The facets of work ``n``, after a change."""
        bits = mix(self.seed, n)
        more = mix(self.seed, n, 1)
        low, high = self.words
        share = (bits & 0xFFFF) / 65536
        words = int(low * (high / low) ** (share * share if n % 50 else 1.0))
        begun, planned = _shape(words, bits >> 16 & 0xFF, bits >> 24 & 0xFF)
        chapters = begun
        created = BEGUN + n * INTERVAL if change.created is None else change.created
        revised = created + (0 if planned == 1 else (more & 0xFFFF) * 79)
        stamp = revised + 60 + (more >> 16 & 0xFFF)
        if change.revision:
            words += GROWTH * change.revision
            if chapters != planned:
                chapters = min(chapters + change.revision, planned or MAX_CHAPTERS)
        if change.revised is not None:
            revised = stamp = change.revised
        pick = bits >> 32 & 0xFF
        return Facets(
            n=n,
            language=0 if pick < 180 else 1 + pick % (len(TONGUES) - 1),
            rating=(0, 0, 1, 1, 1, 2, 3, 4)[bits >> 40 & 7],
            warnings=bits >> 43 & 3,
            categories=(bits >> 45 & 0xF) % len(CATEGORIES),
            fandom=bits >> 49 & 7,
            pair=(bits >> 52 & 7, bits >> 55 & 7),
            freeforms=more >> 28 & more >> 40 & 0x3FF,
            user=_user(n, mix(self.seed, n, 2)),
            outcome=change.outcome or self._outcome((more >> 50 & 0x3FFF) / 16384),
            created=created,
            revised=revised,
            stamp=stamp if change.stamp is None else change.stamp,
            words=words,
            chapters=chapters,
            planned=planned,
            revision=change.revision,
            begun=begun,
        )

    def _outcome(self, share: float) -> str:
        for outcome, part in self.outcomes.items():
            share -= part
            if share < 0:
                return outcome
        return "ok"


def _user(n: int, draw: int) -> int:
    """The first author's account: forty for five hundred works, and the account of those who left theirs."""
    return 0 if draw % 50 == 0 else 1 + n // 500 * 40 + (draw >> 8) % 40


def _shape(words: int, draw: int, plan: int) -> tuple[int, int | None]:
    """Chapters posted and planned."""
    if words < 400 or draw < 100:
        return 1, 1
    chapters = min(1 + draw % 30, max(1, words // 100))
    if plan < 128:
        return chapters, max(chapters, 2) if chapters > 1 else 3
    return (chapters, None) if plan < 192 else (chapters, chapters + 1 + plan % 5)


@dataclass(frozen=True)
class ChapterText:
    """A chapter: fields as a right reading gives them."""

    number: int
    id: str
    title: str | None
    summary: str | None
    notes_before: str | None
    notes_after: str | None
    published: str
    paragraphs: tuple[str, ...]
    co_author: str | None = None


@dataclass(frozen=True)
class Story:
    """Everything of a work but its place in series."""

    facets: Facets
    title: str
    authors: tuple[tuple[str, str], ...]
    """Account and pseud of each author; none for an anonymous work."""
    archived_for: str | None
    summary: str | None
    notes_before: str | None
    notes_after: str | None
    gifts: tuple[str, ...]
    kudos: int
    hits: int
    comments: int
    bookmarks: int


def story(recipe: Recipe, facets: Facets) -> Story:
    """The work without its chapters."""
    n, tongue = facets.n, facets.tongue
    rng = Random(mix(recipe.seed, n, 3))
    draw = rng.randbytes(16)
    title = (
        f"{tongue.phrase(rng)} {n}" + (" & <So On>" if draw[0] < 8 else "") + (": “Part, Two”" if draw[1] < 8 else "")
    )
    account = user_name(facets.user)
    pseud = f"{account.partition('_')[0]}, the {draw[3] % 9}th" if draw[2] < 40 and facets.user else account
    authors = [(account, pseud), *((name, name) for name in map(user_name, facets.users[1:]))]
    popular = mix(recipe.seed, n, 4)
    kudos = 0 if draw[5] < 30 else popular % 2_000
    return Story(
        facets=facets,
        title=title,
        authors=() if facets.anonymous else tuple(authors),
        archived_for=f"Old Hand {n}" if draw[6] < 4 and not facets.anonymous and len(authors) == 1 else None,
        summary=None if draw[7] < 20 else " ".join(tongue.sentences(rng, 20 + draw[8] % 60)),
        notes_before=None if draw[9] < 150 else " ".join(tongue.sentences(rng, 15 + draw[9] % 20)),
        notes_after=None if draw[10] < 170 else " ".join(tongue.sentences(rng, 15)),
        gifts=(user_name(2 + facets.user),) if draw[11] < 24 else (),
        kudos=kudos + facets.revision,
        hits=kudos * 11 + draw[12] + 10 * facets.revision,
        comments=0 if draw[13] < 80 else draw[13],
        bookmarks=0 if draw[14] < 60 else kudos // 9,
    )


def chapters(recipe: Recipe, facets: Facets, only: int | None = None) -> list[ChapterText]:
    """The chapters of a work; with ``only`` the others have no paragraphs, with 0 all have none."""
    return [_chapter(recipe, facets, number, told=only in (None, number)) for number in range(1, facets.chapters + 1)]


def _chapter(recipe: Recipe, facets: Facets, number: int, *, told: bool) -> ChapterText:
    tongue = facets.tongue
    share, rest = divmod(facets.words - GROWTH * facets.revision, facets.begun)
    words = GROWTH if number > facets.begun else share + (rest if number == facets.begun else 0)
    rewritten = facets.revision - (facets.chapters - facets.begun) if number == facets.chapters else 0
    rng = Random(mix(recipe.seed, facets.n, 5, number))
    draw = rng.randbytes(5) if facets.chaptered else b"\xff" * 5
    title = tongue.phrase(rng)
    parts = [" ".join(tongue.sentences(rng, 14 + i)) if draw[i] < 50 else None for i in range(3)]
    span = facets.revised - facets.created
    published = facets.created + (span * (number - 1) // (facets.chapters - 1) if facets.chapters > 1 else 0)
    if told:
        rng = Random(mix(recipe.seed, facets.n, 6, number, rewritten))
        paragraphs = _paragraphs(tongue, rng, words + GROWTH * rewritten)
    return ChapterText(
        number=number,
        id=chapter_id(facets.n, number),
        title=f"{title} & {number}" if draw[3] < 120 else None,
        summary=parts[0],
        notes_before=parts[1],
        notes_after=parts[2],
        published=day_of(published),
        paragraphs=paragraphs if told else (),
        co_author=user_name(1 + facets.user) if draw[4] < 12 and not facets.anonymous else None,
    )


def _paragraphs(tongue: Tongue, rng: Random, words: int) -> tuple[str, ...]:
    sentences = tongue.sentences(rng, words)
    lengths = rng.randbytes(len(sentences))
    glue = " " if tongue.spaced else ""
    found: list[str] = []
    start = 0
    while start < len(sentences):
        end = start + 1 + lengths[start] % 5
        found.append(glue.join(sentences[start:end]))
        start = end
    return tuple(found)
