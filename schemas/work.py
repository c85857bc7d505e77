"""The ``Work`` that every source yields: what a page or file says, nothing guessed, nothing derived."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from operator import ge
from typing import Annotated, Final, Literal, Self

from pydantic import model_validator

from schemas.base import Characters, Record, Text, Words
from schemas.columns import Columns
from schemas.vocabulary import AuthorKind

BlockKind = Literal[
    "p",
    "heading",
    "scene_break",
    "list",
    "quote",
    "verse",
    "note_candidate",
    "disclaimer",
    "end_marker",
    "image",
    "other",
]
SpanKind = Literal["emphasis", "strong", "underline", "strike", "link", "ruby", "translation", "code", "align"]
RelationKind = Literal[
    "translation_of",
    "translated_as",
    "inspired_by",
    "inspired",
    "prequel",
    "sequel",
    "prompt",
    "other",
]


class Block(Record):
    """A stretch of ``text`` between two paragraph breaks, told by its kind."""

    kind: BlockKind
    """What the block is: p, heading, scene_break, list, quote, verse, note_candidate (a suspected author's
    note inside the story), disclaimer, end_marker, image or other."""
    start: Characters
    """Where it begins in `text` (0-based)."""
    end: Characters
    """Where it ends in `text` (exclusive)."""
    rule: str | None = None
    """Rule that told the kind; null where the markup or the paragraph itself did."""
    score: float | None = None
    """How sure that rule is, 0 to 1; null where nothing was guessed."""


class Span(Record):
    """A stretch of ``text`` inside a block that the markup set apart."""

    kind: SpanKind
    """emphasis, strong, underline, strike, link, ruby, translation, code or align."""
    start: Characters
    """Where it begins in `text` (0-based)."""
    end: Characters
    """Where it ends in `text` (exclusive)."""
    value: str | None = None
    """What the markup adds: a link's target, a ruby reading, a translation, an alignment."""


class Blocks(Columns[Block]):
    """Blocks of a text, held by column."""

    __slots__ = ("_seen_in",)
    _seen_in: int
    record = Block


class Spans(Columns[Span]):
    """Spans of a text, held by column."""

    __slots__ = ("_seen_in",)
    _seen_in: int
    record = Span


def _check_offsets(marks: Blocks | Spans, size: int) -> None:
    """Raise ``ValueError`` for a mark outside a text of ``size`` code points.

    A size that they were found to lie in is kept with them: pydantic checks a chapter again as a part of its work.
    """
    if getattr(marks, "_seen_in", None) == size:
        return
    kinds, starts, ends, *_ = marks.columns
    if starts and (min(starts) < 0 or max(ends) > size or any(map(ge, starts, ends))):
        kind, start, end = next(m for m in zip(kinds, starts, ends, strict=True) if not 0 <= m[1] < m[2] <= size)
        raise ValueError(f"{kind} {start}:{end} lies outside the text of {size} characters")
    marks._seen_in = size  # noqa: SLF001 - for this function alone


_NO_BLOCKS: Final = Blocks.empty()
_NO_SPANS: Final = Spans.empty()
BlockSequence = Annotated[Sequence[Block], Blocks]
SpanSequence = Annotated[Sequence[Span], Spans]


class Author(Record):
    """A byline."""

    name: str
    """Name as published."""
    id: str | None = None
    """The archive's own id of the account (AO3: user name; FanFiction.net: number)."""
    url: str | None = None
    """Address of the author's page."""
    kind: AuthorKind = AuthorKind.UNKNOWN
    """user, anonymous, orphaned, guest or unknown; anonymous and orphaned are no persons."""


class Series(Record):
    """A series that a work belongs to."""

    title: str
    """Title of the series."""
    id: str | None = None
    """The archive's own id of the series."""
    position: int | None = None
    """Place of the work in the series (1-based)."""


class ListedChapter(Record):
    """A chapter that an index page lists without its text."""

    title: str | None = None
    """Title as listed."""
    number: int | None = None
    """Number as stated by the source."""
    id: str | None = None
    """The archive's own id of the chapter."""
    url: str | None = None
    """Address of the chapter."""
    published_date: date | None = None
    """Date of publication that the list claims."""
    n_words: Words | None = None
    """Word count that the list claims."""


class RelatedWork(Record):
    """Another work that this one states a relation to."""

    kind: RelationKind
    """translation_of, translated_as, inspired_by, inspired, prequel, sequel, prompt or other."""
    title: str | None = None
    """Title of the other work."""
    url: str | None = None
    """Address of the other work."""
    author: str | None = None
    """Author of the other work, as stated."""
    language: str | None = None
    """Language of the other work, as stated."""


class HeaderField(Record):
    """A statement of the source's header that has no field of its own."""

    label: str
    """Label as written, such as `Disclaimer`, `Spoilers`, `Archive`, `Beta`."""
    value: str
    """What it says."""


class Engagement(Record):
    """Reader counts as shown at one moment. What the source does not state is null; a stated zero is 0."""

    kudos: int | None = None
    """Kudos (AO3)."""
    hits: int | None = None
    """Hits (AO3) or views (FimFiction, Wattpad, Royal Road)."""
    bookmarks: int | None = None
    """Bookmarks (AO3), bookshelves or library entries elsewhere."""
    comments: int | None = None
    """Comments (AO3, FimFiction) or reviews (FanFiction.net)."""
    favorites: int | None = None
    """Favourites (FanFiction.net)."""
    follows: int | None = None
    """Follows (FanFiction.net), trackers or followers elsewhere."""
    likes: int | None = None
    """Likes (FimFiction), votes (Wattpad)."""
    dislikes: int | None = None
    """Dislikes (FimFiction)."""
    score: float | None = None
    """Average rating by readers, on the scale of the source."""


class Provenance(Record):
    """Where a record comes from and how it was read."""

    format: str
    """Name of the reader or page parser, such as `text` or `ao3_html`."""
    parser_version: str
    """Version of that reader; it rises when the same input may yield another record."""
    raw_sha256: str
    """SHA-256 of the raw input, in hex."""
    path: str | None = None
    """Path of the file, relative to the folder that was read, with `/`."""
    layout: str | None = None
    """Which layout or page template was recognised."""
    encoding: str | None = None
    """Character encoding of the raw input."""
    encoding_source: Literal["bom", "declared", "utf-8", "detected"] | None = None
    """How the encoding was known: a byte order mark, a declaration, valid UTF-8, or detection."""
    retrieved_at: datetime | None = None
    """When the page was fetched (UTC). Null for files: when a file was read stands in the run record."""
    flags: tuple[str, ...] = ()
    """What the reader noticed or mended, such as `title_from_file_name`, `mojibake_fixed`."""


class Chapter(Record):
    """One chapter, as the source has it."""

    text: Text
    """The story text. Where `blocks` or `spans` are given it is already in canonical form
    (`pipelines.clean.canonical`) and the offsets refer to it."""
    title: str | None = None
    """Title as stated, without the number where the source keeps both apart; null where there is none."""
    number: int | None = None
    """Number as stated by the source (a prologue may be 0 or have none)."""
    authors: tuple[str, ...] = ()
    """Byline of this chapter, where it differs from the work's (AO3: a co-creator of single chapters)."""
    source_chapter_id: str | None = None
    """The archive's own id of the chapter."""
    url: str | None = None
    """Address of the chapter."""
    summary: Text | None = None
    """The chapter's summary."""
    notes_before: Text | None = None
    """Author's notes before the chapter, where the source keeps them apart from the text."""
    notes_after: Text | None = None
    """Author's notes after the chapter, where the source keeps them apart from the text."""
    published_date: date | None = None
    """Date of publication that the source claims."""
    updated_date: date | None = None
    """Date of the last change that the source claims."""
    n_words_source: Words | None = None
    """Word count that the source claims."""
    hits: int | None = None
    """Views of this chapter (FimFiction)."""
    blocks: BlockSequence = _NO_BLOCKS
    """Blocks that the markup states; where empty, they are found in the text."""
    spans: SpanSequence = _NO_SPANS
    """Spans that the markup states."""

    @model_validator(mode="after")
    def _offsets_lie_in_the_text(self) -> Self:
        if self.blocks is not _NO_BLOCKS or self.spans is not _NO_SPANS:
            size = len(self.text)
            _check_offsets(Blocks.of(self.blocks), size)
            _check_offsets(Spans.of(self.spans), size)
        return self


class Work(Record):
    """One work, as the source has it.

    Lists keep the source's order and spelling; a list that the source does not state is empty.
    """

    source: str
    """Archive that the work comes from (`ao3`, `ffnet`, `fimfiction` …), or `file` where a file names none."""
    title: str
    """Title as published."""
    chapters: tuple[Chapter, ...]
    """The chapters in reading order; empty for a record that holds metadata only."""
    provenance: Provenance
    """Where the record comes from and how it was read."""

    source_work_id: str | None = None
    """The archive's own id of the work."""
    url: str | None = None
    """Address of the work."""
    authors: tuple[Author, ...] = ()
    """Bylines in the order of the source."""
    summary: Text | None = None
    """Summary by the author."""
    short_summary: str | None = None
    """Tagline that the archive keeps beside the summary (FimFiction)."""
    notes_before: Text | None = None
    """Author's notes before the work, where the source keeps them apart from the text."""
    notes_after: Text | None = None
    """Author's notes after the work, where the source keeps them apart from the text."""

    fandoms: tuple[str, ...] = ()
    """Fandoms."""
    media: tuple[str, ...] = ()
    """Kinds of media that the archive files the fandoms under (FanFiction.net: `Books`, `Anime/Manga`)."""
    is_crossover: bool | None = None
    """Whether the source calls the work a crossover; null where it does not say."""
    relationships: tuple[str, ...] = ()
    """Relationships or pairings."""
    characters: tuple[str, ...] = ()
    """Characters."""
    freeforms: tuple[str, ...] = ()
    """Additional tags, keywords."""
    categories_raw: tuple[str, ...] = ()
    """Categories as stated, such as `F/M` or `Gen`."""
    warnings_raw: tuple[str, ...] = ()
    """Warnings as stated; FimFiction: content tags too."""
    genres: tuple[str, ...] = ()
    """Genres (FanFiction.net keeps `Hurt/Comfort` as one)."""
    rating_raw: str | None = None
    """Rating as stated."""
    status_raw: str | None = None
    """Status as stated, such as `Complete` or `Hiatus`."""
    language_raw: str | None = None
    """Language as stated."""

    n_chapters_source: int | None = None
    """Number of published chapters that the source claims."""
    n_chapters_planned: int | None = None
    """Number of planned chapters (AO3: the 5 in `3/5`); null where it is unknown (`3/?`)."""
    n_words_source: Words | None = None
    """Word count that the source claims."""
    published_date: date | None = None
    """Date of publication that the source claims; some archives let authors set it back."""
    updated_date: date | None = None
    """Date of the last update or of completion that the source claims."""

    series: tuple[Series, ...] = ()
    """Series that the work belongs to."""
    collections: tuple[str, ...] = ()
    """Collections, groups or folders that hold the work."""
    gifts: tuple[str, ...] = ()
    """Whom the work is a gift for, as stated."""
    related: tuple[RelatedWork, ...] = ()
    """Translations, inspirations, prequels, prompts."""
    engagement: Engagement | None = None
    """Reader counts, as shown when the page was fetched or the file was made; null where there are none."""
    engagement_at: datetime | None = None
    """When those counts were shown (UTC), where known."""
    ai_opt_out: bool | None = None
    """Whether the page asks not to be used for AI (`noai`, `train-ai=n`); null where it was not looked for."""
    tdm_reserved: bool | None = None
    """Whether text and data mining is reserved (TDMRep); null where it was not looked for."""
    part_number: int | None = None
    """Number of the one chapter that this page or file holds of a work of several; the chapters of a work
    (same source and id) are put together once all are read. Null where the work is whole."""
    listed_chapters: tuple[ListedChapter, ...] = ()
    """Chapters that an index page lists without their text, in its order."""
    header: tuple[HeaderField, ...] = ()
    """Further statements of the header, in order: disclaimer, spoilers, archive permission, beta …"""
