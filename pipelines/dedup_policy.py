"""Which of several copies stands for them, and by which rule."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
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

SHOWN_COLUMNS = ("work_id", "source", "title", "authors", "path", "url", "raw_sha256")
"""Columns of a work that are looked at here or copied to its row of ``duplicates``."""
MERIT_COLUMNS = ("status", "retrieved_at", "n_words", *_METADATA)
"""Columns that say which of several works is the best."""
STAGED_COLUMNS = tuple(dict.fromkeys((*SHOWN_COLUMNS, *MERIT_COLUMNS)))

NAMELESS = frozenset({"anonymous", "orphan_account", "unknown"})
"""Bylines that name nobody."""

NO_ARCHIVE = "file"
"""Source of works whose file names no archive."""

Merits = npt.NDArray[np.int64]
"""A row for each work, of numbers that are larger for better ones."""
_MERITS: dict[PreferenceRule, tuple[int, ...]] = {"complete": (0,), "newest": (1, 2), "longest": (3,), "metadata": (4,)}
"""Which of these numbers a rule looks at, one after the other."""
N_MERITS = 5
_NO_DATE = date.min.toordinal() - date(1970, 1, 1).toordinal()
_NEVER = _NO_DATE * 86_400_000_000


def merits_of(works: pa.Table) -> Merits:
    """What speaks for each work; of a date that is not known: that it is the oldest.

    Newest by the last update that the source claims; when it was fetched decides between equal ones.
    """
    updated, published = (works.column(name).cast(pa.date32()) for name in ("updated_date", "published_date"))
    retrieved = works.column("retrieved_at").cast(pa.timestamp("us", tz="UTC")).cast(pa.int64())
    columns = (
        pc.fill_null(pc.equal(works.column("status").cast(pa.string()), Status.COMPLETE.value), False),
        pc.fill_null(pc.coalesce(updated, published).cast(pa.int32()), _NO_DATE),
        pc.fill_null(retrieved, _NEVER),
        works.column("n_words"),
        filled(works),
    )
    return np.stack([np.asarray(column).astype(np.int64) for column in columns], axis=1)


def representatives(
    merits: Merits, clusters: npt.NDArray[np.int64], may_stand: npt.NDArray[np.bool_], prefer: Sequence[PreferenceRule]
) -> npt.NDArray[np.int64]:
    """Which work stands for the cluster of each: the best by the first rule, among equals by the next, and so on.

    At last the first one. Works that may not stand for others do so only where none of the cluster may. All are rows;
    ``clusters`` are numbers.
    """
    keys = [-merits[:, column] for rule in prefer for column in _MERITS[rule]]
    order = np.lexsort((*reversed(keys), ~may_stand, clusters))
    _, first, cluster_of = np.unique(clusters[order], return_index=True, return_inverse=True)
    found = np.empty(len(order), dtype=np.int64)
    found[order] = order[first[cluster_of]]
    return found


def deciding_rules(kept: Merits, copies: Merits, prefer: Sequence[PreferenceRule]) -> list[str]:
    """The first rule on which the two works of each pair differ; ``work_id`` where they differ on none."""
    rules = np.full(len(kept), "work_id", dtype=object)
    for rule in reversed(prefer):
        columns = list(_MERITS[rule])
        rules[(kept[:, columns] != copies[:, columns]).any(axis=1)] = rule
    found: list[str] = rules.tolist()
    return found


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
