"""``corpus.toml``: what a corpus is and holds. Every setting is optional."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator

from schemas.base import Record
from schemas.vocabulary import language_of

Share = Annotated[float, Field(ge=0, le=1)]
PreferenceRule = Literal["complete", "newest", "longest", "metadata"]


class SourceConfig(Record):
    """A folder or file that `scrapy ingest` reads when it is given no path."""

    path: str
    """Folder or file, relative to the corpus."""
    format: str | None = None
    """Format that the files have, as `scrapy formats` names it, such as jsonl or csv; unset: each file is
    recognised by its content."""
    fields: dict[str, str] = Field(default_factory=dict)
    """Which column of a table is which field, such as {title = "Title", text = "body"}; dotted paths lead into
    nested JSON, `=ao3` gives every row that value, "" gives none. Other columns are guessed by their names."""


class LanguagesConfig(Record):
    """Which languages the corpus holds."""

    wanted: tuple[str, ...] = ()
    """Languages to keep, by name or BCP 47 tag, such as ["en", "Deutsch"]; empty keeps all. A work is
    dropped only when it is surely in another one: a reliable detection, or its own declaration where
    detection is unsure."""

    @field_validator("wanted")
    @classmethod
    def _are_languages(cls, wanted: tuple[str, ...]) -> tuple[str, ...]:
        tags = []
        for name in wanted:
            tag = language_of(name)
            if tag is None:
                raise ValueError(f"{name!r} is no language; give names or BCP 47 tags such as en, de, pt-BR, zh")
            tags.append(tag)
        return tuple(tags)


class FiltersConfig(Record):
    """Which works are too short or no prose."""

    min_words: Annotated[int, Field(ge=0)] = 25
    """Works with fewer words are rejected as `too_short`. A drabble has 100."""
    max_words: Annotated[int, Field(ge=1)] | None = None
    """Works with more words are rejected as `too_long`; unset keeps all."""
    min_compression_ratio: Share = 0.10
    """Works that zstd shrinks to less than this part are rejected as `junk_compression`: keyboard spam,
    one line a thousand times. Prose is at about 0.5."""


class DedupConfig(Record):
    """How copies are found and what is done with them."""

    policy: Literal["mark", "drop"] = "mark"
    """mark keeps every work and says in `dup_role` which one is the representative of its copies;
    drop leaves out the works that their representative is a copy of or holds. Both list every copy in
    `duplicates`."""
    near: bool = True
    """Look for near-duplicates too: edited reposts, works posted again with more chapters."""
    min_similarity: Share = 0.5
    """Two works are near-duplicates from this Jaccard similarity of their word 5-grams on."""
    min_containment: Share = 0.8
    """A work is held by another from this part of its word 5-grams on."""
    renamed: bool = True
    """Look for renamed copies too: the same story with other names and pronouns, told for another fandom."""
    drop_renamed: bool = False
    """Whether drop leaves out renamed copies as well; else they are marked."""
    prefer: tuple[PreferenceRule, ...] = ("complete", "newest", "longest", "metadata")
    """Which of the copies represents them: the first rule on which they differ decides.
    complete: a finished work; newest: last updated; longest: most words; metadata: most fields filled.
    At last the smallest `work_id`. A work that holds another one and more always stands for it."""


class LimitsConfig(Record):
    """What a single input may cost."""

    max_file_mib: Annotated[int, Field(ge=1)] = 256
    """Files, and members of archives, larger than this are rejected as `too_large` where they are read whole."""
    max_seconds: Annotated[float, Field(gt=0)] = 60.0
    """A file whose reading gets nowhere for so many seconds is rejected as `out_of_time`."""
    max_memory_mib: Annotated[int, Field(ge=64)] = 1024
    """A file whose reading takes more memory is rejected as `out_of_memory`."""
    max_unpacked_gib: Annotated[int, Field(ge=1)] = 16
    """Archives that unpack to more are read so far, then rejected as `too_large`."""
    max_ratio: Annotated[float, Field(gt=1)] = 200.0
    """Members of archives that unpack to more than so many times their size are rejected as `suspicious_ratio`."""
    max_members: Annotated[int, Field(ge=1)] = 1_000_000
    """Members of an archive beyond this are rejected as `too_many_members`."""
    max_depth: Annotated[int, Field(ge=1)] = 4
    """Archives within archives beyond this depth are rejected as `too_deep`."""


class CorpusConfig(Record):
    """What a corpus is and holds: `corpus.toml`."""

    title: str | None = None
    """Title of the corpus, for its card."""
    description: str | None = None
    """What the corpus holds, in a sentence or two."""
    purpose: str | None = None
    """What the research is for, as a review board would ask."""
    contact: str | None = None
    """Whom to write to about the corpus: an e-mail address or a page."""
    license: str | None = None
    """Under which terms the dataset may be used."""
    sources: tuple[SourceConfig, ...] = ()
    """Folders and files that `scrapy ingest` reads when it is given no path."""
    languages: LanguagesConfig = LanguagesConfig()
    """Which languages the corpus holds."""
    filters: FiltersConfig = FiltersConfig()
    """Which works are too short or no prose."""
    dedup: DedupConfig = DedupConfig()
    """How copies are found and what is done with them."""
    limits: LimitsConfig = LimitsConfig()
    """What a single input may cost."""
