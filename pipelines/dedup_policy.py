"""Which of several copies stands for them, and by which rule."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from schemas.vocabulary import Status

if TYPE_CHECKING:
    from schemas.corpus import PreferenceRule

Candidate = Mapping[str, Any]
"""A work: a row of the table that ``find_duplicates`` is given."""

_METADATA = (
    *("source_work_id", "url", "authors", "summary", "fandoms", "relationships", "characters", "freeforms"),
    *("categories_raw", "warnings_raw", "genres", "rating_raw", "status_raw", "language_raw", "series"),
    *("published_date", "updated_date", "n_words_source", "kudos", "hits", "favorites", "follows", "comments"),
)
"""Columns that make a record rich; ``filled`` counts those that say something."""

POLICY_COLUMNS = (
    *("work_id", "source", "title", "authors", "path", "url", "raw_sha256"),
    *("status", "updated_date", "published_date", "retrieved_at", "n_words", "filled"),
)
"""Columns of a candidate that are looked at here or copied to its row of ``duplicates``."""
STAGED_COLUMNS = tuple(dict.fromkeys((*POLICY_COLUMNS[:-1], *_METADATA)))
"""Columns of the staged works that these are made of."""

NAMELESS = frozenset({"anonymous", "orphan_account", "unknown"})
"""Bylines that name nobody."""

NO_ARCHIVE = "file"
"""Source of works whose file names no archive."""

_NEVER = datetime.min.replace(tzinfo=UTC)


def _is_complete(work: Candidate) -> bool:
    return bool(work["status"] == Status.COMPLETE.value)


def _date(work: Candidate) -> tuple[date, datetime]:
    """The last update that the source claims; when it was fetched decides between equal ones. Unknown is oldest."""
    return work["updated_date"] or work["published_date"] or date.min, work["retrieved_at"] or _NEVER


def _length(work: Candidate) -> int:
    return int(work["n_words"])


def _filled(work: Candidate) -> int:
    return int(work["filled"])


_MERITS: dict[PreferenceRule, Callable[[Candidate], Any]] = {
    "complete": _is_complete,
    "newest": _date,
    "longest": _length,
    "metadata": _filled,
}


def representative_of(works: Mapping[int, Candidate], prefer: Sequence[PreferenceRule]) -> int:
    """Which work stands for its copies: the best by the first rule, among equals by the next, and so on.

    At last the one with the smallest ``work_id``.
    """
    ranked = sorted(works, key=lambda place: str(works[place]["work_id"]))
    return max(ranked, key=lambda place: tuple(_MERITS[rule](works[place]) for rule in prefer))


def deciding_rule(kept: Candidate, copy: Candidate, prefer: Sequence[PreferenceRule]) -> str:
    """The first rule on which two works differ; ``work_id`` where they differ on none."""
    return next((rule for rule in prefer if _MERITS[rule](kept) != _MERITS[rule](copy)), "work_id")


def filled(works: pa.Table) -> pa.Array:
    """How many fields of metadata say something, of each work."""
    total = np.zeros(works.num_rows, dtype=np.int32)
    for name in _METADATA:
        column = works.column(name)
        if pa.types.is_list(column.type):
            total += np.asarray(pc.fill_null(pc.greater(pc.list_value_length(column), 0), False)).astype(np.int32)
        else:
            total += np.asarray(pc.is_valid(column)).astype(np.int32)
    return pa.array(total)


def cross_post(one: Candidate, other: Candidate) -> bool | None:
    """Whether two works come from different archives; ``None`` where a file names none."""
    sources = {one["source"], other["source"]}
    return None if NO_ARCHIVE in sources else len(sources) > 1


def same_author(one: Candidate, other: Candidate) -> bool | None:
    """Whether two works share an author, by name; ``None`` where one names nobody."""
    names = _names(one), _names(other)
    return bool(names[0] & names[1]) if all(names) else None


def _names(work: Candidate) -> set[str]:
    authors = (unicodedata.normalize("NFKC", author).casefold() for author in work["authors"] or ())
    return {" ".join(author.split()) for author in authors} - NAMELESS - {""}
