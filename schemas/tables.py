"""The rows of a dataset's tables. Column names, types, meanings and units stand here and nowhere else."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from schemas.base import BigCount, Characters, Record, Text, Words
from schemas.vocabulary import ArchiveWarning, AuthorKind, Category, LanguageStatus, Rating, RelationshipKind, Status
from schemas.work import BlockSequence, HeaderField, ListedChapter, RelatedWork, Series, SpanSequence

SCHEMA_VERSION = "1.1.0"
"""Patch: wording. Minor: a nullable column more. Major: a column renamed, retyped or gone."""

DuplicateMethod = Literal["same_file", "exact", "minhash", "containment", "renamed"]
Decision = Literal["marked", "dropped", "merged"]
DuplicateRole = Literal["unique", "representative", "duplicate"]
RejectStage = Literal["read", "prepare", "revision", "policy"]


class LanguageShare(Record):
    """A language and its part of a work."""

    language: str
    """BCP 47 tag."""
    share: float
    """Part of the work's letters, 0 to 1."""


class WorkRow(Record):
    """One work. Key: `work_id`."""

    work_id: str
    """Key: `<source>:<id>`, such as `ao3:123`; `file:<content hash>` where a file names no archive."""
    source: str
    """Archive that the work comes from, or `file` where a file names none."""
    source_work_id: str | None
    """The archive's own id of the work."""
    url: str | None
    """Address of the work."""
    title: str
    """Title as published; from the file name where `quality_flags` says `title_from_file_name`."""
    authors: tuple[str, ...]
    """Bylines as published."""
    author_ids: tuple[str, ...]
    """The archive's own ids of the authors; where it gives none, the name. Empty for anonymous and orphaned works."""
    author_kind: AuthorKind
    """user, anonymous, orphaned, guest or unknown (of the first author)."""
    n_authors: int
    """Number of bylines."""
    summary: Text | None
    """Summary by the author; never part of the story text."""
    short_summary: str | None
    """Tagline that the archive keeps beside the summary (FimFiction)."""
    notes_before: Text | None
    """Author's notes before the work, where the source keeps them apart."""
    notes_after: Text | None
    """Author's notes after the work, where the source keeps them apart."""

    fandoms: tuple[str, ...]
    """Fandoms, as spelled and ordered by the source."""
    media: tuple[str, ...]
    """Kinds of media that the archive files the fandoms under."""
    is_crossover: bool | None
    """Whether the source calls the work a crossover; null where it does not say."""
    relationships: tuple[str, ...]
    """Relationships or pairings, as spelled and ordered by the source."""
    relationship_kinds: tuple[RelationshipKind, ...]
    """Kind of each of `relationships`, in the same order: romantic (`/`), platonic (` & `) or other."""
    characters: tuple[str, ...]
    """Characters, as spelled and ordered by the source."""
    freeforms: tuple[str, ...]
    """Additional tags, as spelled and ordered by the source."""
    categories: tuple[Category, ...]
    """Categories in normalised form: f/f, f/m, gen, m/m, multi, other."""
    categories_raw: tuple[str, ...]
    """Categories as stated."""
    warnings: tuple[ArchiveWarning, ...]
    """Archive warnings in normalised form; `choose_not_to_warn` is not `no_warnings_apply`."""
    warnings_raw: tuple[str, ...]
    """Warnings as stated, the authors' own too."""
    genres: tuple[str, ...]
    """Genres, as spelled and ordered by the source."""
    rating: Rating | None
    """Rating in normalised form: general, teen, mature, explicit, not_rated; null where none is stated or known."""
    rating_raw: str | None
    """Rating as stated."""
    status: Status | None
    """complete, in_progress, hiatus or abandoned; null where the source does not say."""
    status_raw: str | None
    """Status as stated."""

    n_chapters: int
    """Number of chapters held."""
    n_chapters_source: int | None
    """Number of published chapters that the source claims."""
    n_chapters_planned: int | None
    """Number of planned chapters; null where the source does not say or does not know."""
    listed_chapters: tuple[ListedChapter, ...]
    """Chapters that an index page lists, in its order; empty where all of them are held."""
    series: tuple[Series, ...]
    """Series that the work belongs to."""
    collections: tuple[str, ...]
    """Collections, groups or folders that hold the work."""
    gifts: tuple[str, ...]
    """Whom the work is a gift for, as stated."""
    related: tuple[RelatedWork, ...]
    """Translations, inspirations, prequels, prompts."""
    header: tuple[HeaderField, ...]
    """Further statements of the source's header: disclaimer, spoilers, archive permission …"""

    language: str
    """Language of the story as BCP 47 tag: the detected one where it is sure, else the declared one,
    else the detected guess, else `und`."""
    language_raw: str | None
    """Language as stated."""
    language_declared: str | None
    """The stated language as BCP 47 tag."""
    language_detected: str | None
    """Language found in the chapters' text, as BCP 47 tag; null below 60 letters."""
    language_confidence: float | None
    """Confidence of the detection, 0 to 1, weighted over the chapters by letters."""
    language_status: LanguageStatus
    """reliable, second, low, und or zxx."""
    language_agrees: bool | None
    """Whether declared and detected language are the same or of one group that no engine tells apart;
    null unless both are known."""
    language_shares: tuple[LanguageShare, ...]
    """Languages of the chapters by their share of the letters, largest first."""

    n_words: Words
    """Words of all chapters, counted as the Archive of Our Own counts them."""
    n_words_source: Words | None
    """Word count that the source claims."""
    n_chars: BigCount
    """Characters of all chapters."""
    compression_ratio: float | None
    """Compressed size of the text by its size (zstd, level 1; of more than 16 KiB, four windows of 4 KiB):
    under 0.1 for repetitive junk, about 0.5 for prose; null where there is no text."""
    published_date: date | None
    """Date of publication that the source claims."""
    updated_date: date | None
    """Date of the last update or of completion that the source claims."""

    kudos: int | None
    """Kudos (AO3)."""
    hits: BigCount | None
    """Hits or views."""
    bookmarks: int | None
    """Bookmarks."""
    comments: int | None
    """Comments or reviews."""
    favorites: int | None
    """Favourites (FanFiction.net)."""
    follows: int | None
    """Follows or followers."""
    likes: int | None
    """Likes (FimFiction), votes (Wattpad)."""
    dislikes: int | None
    """Dislikes (FimFiction)."""
    score: float | None
    """Average rating by readers, on the scale of the source."""
    engagement_at: datetime | None
    """When the reader counts were shown (UTC)."""

    dup_cluster_id: str | None
    """Key of the cluster of copies that the work belongs to; null where it has none."""
    dup_role: DuplicateRole
    """unique, representative (the one to keep of its cluster) or duplicate."""
    ai_opt_out: bool | None
    """Whether the page asks not to be used for AI; null where it was not looked for."""
    tdm_reserved: bool | None
    """Whether text and data mining is reserved; null where it was not looked for."""
    quality_flags: tuple[str, ...]
    """What was noticed or mended on the way: reader, cleaner, language."""

    path: str | None
    """File that the work was read from, relative to the folder that was given."""
    format: str
    """Name of the reader or page parser."""
    layout: str | None
    """Which layout or page template was recognised."""
    encoding: str | None
    """Character encoding of the raw input."""
    retrieved_at: datetime | None
    """When the page was fetched (UTC); null for files."""
    first_seen_at: datetime | None
    """When the work was first fetched (UTC); null for files."""
    last_seen_at: datetime | None
    """When the work was last fetched, or shown in a list of the archive (UTC); null for files. A work that is
    gone keeps the moment at which it was still there."""
    raw_sha256: str
    """SHA-256 of the raw input."""
    content_sha256: str
    """SHA-256 of the chapters' clean text."""
    parser_version: str
    """Version of the reader."""
    cleaner_version: str
    """Version of the text cleaner."""


class ChapterRow(Record):
    """One chapter. Key: `work_id`, `chapter_index`."""

    work_id: str
    """Key of the work."""
    chapter_id: str
    """Key of the chapter: `<work_id>#<index>`, such as `ao3:123#0004`."""
    chapter_index: int
    """Place of the chapter in the work (1-based)."""
    source: str
    """Archive that the work comes from."""
    language: str
    """Language of the chapter as BCP 47 tag: the detected one where it is sure, else that of the work."""
    title: str | None
    """Title as stated."""
    number: int | None
    """Number as stated."""
    authors: tuple[str, ...]
    """Byline of this chapter, where it differs from the work's."""
    source_chapter_id: str | None
    """The archive's own id of the chapter."""
    url: str | None
    """Address of the chapter."""
    summary: Text | None
    """The chapter's summary."""
    notes_before: Text | None
    """Author's notes before the chapter, where the source keeps them apart."""
    text: Text
    """The story text: plain paragraphs, joined by a blank line; nothing is cut from it by guess."""
    notes_after: Text | None
    """Author's notes after the chapter, where the source keeps them apart."""
    blocks: BlockSequence
    """The text's blocks in order; they cover all of it but the blank lines. Offsets in code points."""
    spans: SpanSequence
    """Emphasis, links, ruby and so on that the markup stated. Offsets in code points."""
    n_words: Words
    """Words of the text, counted as the Archive of Our Own counts them."""
    n_words_source: Words | None
    """Word count that the source claims."""
    n_chars: Characters
    """Characters of the text."""
    n_paragraphs: int
    """Blocks of kind p, list, quote and verse."""
    hits: int | None
    """Views of this chapter (FimFiction)."""
    published_date: date | None
    """Date of publication that the source claims."""
    updated_date: date | None
    """Date of the last change that the source claims."""
    language_detected: str | None
    """Language found in the text, as BCP 47 tag; null below 60 letters."""
    language_confidence: float | None
    """Confidence of the detection, 0 to 1: of the windows that decided, those of all chapters that look alike where
    they were decided together; times the chapter's part in this language where that is less than four fifths."""
    language_status: LanguageStatus
    """reliable, second, low, und or zxx."""
    text_flags: tuple[str, ...]
    """What the cleaner removed, mended or noticed, such as `controls_removed`."""
    content_sha256: str
    """SHA-256 of the text."""


class DuplicateRow(Record):
    """One link between a copy and the work that it is a copy of. Key: `work_id`, `path`, `other_work_id`, `method`."""

    work_id: str
    """The copy."""
    other_work_id: str
    """The work that it is a copy of; the same key where one file lies in two places."""
    cluster_id: str
    """Key of the cluster of copies: the smallest `work_id` in it."""
    method: DuplicateMethod
    """same_file (the same bytes twice), exact (the same words), minhash (most word 5-grams shared), containment
    (one holds the other) or renamed (the same but for names and pronouns)."""
    similarity: float
    """Jaccard similarity of the two texts' word 5-grams, 0 to 1."""
    containment: float
    """Part of the smaller text's word 5-grams that the other holds, 0 to 1."""
    similarity_nameless: float | None
    """Jaccard similarity of the two texts without names and pronouns; null where it was not asked (the texts are alike
    with them) or names cannot be told (scripts without capitals)."""
    same_author: bool | None
    """Whether they share an author; null where one names none."""
    cross_post: bool | None
    """Whether they come from different archives; null where a file names none."""
    decision: Decision
    """marked (both stay, see `dup_role`), dropped (this one is not in `works`) or merged (one row stands for both)."""
    rule: str
    """Rule that chose the other: `holds` (it holds this one and more), a rule of `dedup.prefer`, `work_id`
    where they differ in none, or `path` for one file in two places."""
    source: str
    """Archive that the copy comes from."""
    title: str
    """Title of the copy."""
    path: str | None
    """File that the copy was read from."""
    other_path: str | None
    """File that the other was read from."""
    url: str | None
    """Address of the copy."""
    raw_sha256: str
    """SHA-256 of the copy's raw input."""


class RejectRow(Record):
    """One input, or one record, that did not become a work. It never holds text. Key: `ref`, `stage`, `raw_sha256`."""

    ref: str
    """What was rejected: the file's path relative to the folder that was given, or the address."""
    work_id: str | None
    """Key of the work, where it came that far."""
    source: str
    """Archive that it comes from, or `file`."""
    stage: RejectStage
    """Where it ended: read (the reader), prepare, revision (a newer one took its place) or policy."""
    reason: str
    """Why, as one word for counting, such as `empty`, `binary`, `too_short`, `language_not_wanted`."""
    detail: str
    """Why, in words."""
    format: str | None
    """Format that was recognised."""
    raw_sha256: str | None
    """SHA-256 of the raw input, where it could be read."""


class EngagementRow(Record):
    """Reader counts of one work at one moment: each crawl adds a row. Key: `work_id`, `snapshot_at`."""

    work_id: str
    """Key of the work."""
    source: str
    """Archive that the work comes from."""
    snapshot_at: datetime
    """When the archive showed these counts (UTC)."""
    kudos: int | None
    """Kudos (AO3)."""
    hits: BigCount | None
    """Hits or views."""
    bookmarks: int | None
    """Bookmarks."""
    comments: int | None
    """Comments or reviews."""


TABLES: dict[str, type[Record]] = {
    "works": WorkRow,
    "chapters": ChapterRow,
    "duplicates": DuplicateRow,
    "rejects": RejectRow,
    "engagement": EngagementRow,
}
"""The tables of a dataset, by name."""

PARTITIONED = ("works", "chapters")
"""Tables that lie in folders `site=…/lang=…`; the others are one folder of files each."""

SORT_KEYS: dict[str, tuple[str, ...]] = {
    "works": ("work_id",),
    "chapters": ("work_id", "chapter_index"),
    "duplicates": ("work_id", "other_work_id", "method", "path"),
    "rejects": ("ref", "stage", "reason", "raw_sha256"),
    "engagement": ("work_id", "snapshot_at"),
}
"""Order of the rows within a partition."""
