"""The inventory: what is staged, which revision of each work counts, and where its rows lie."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.fingerprint import FINGERPRINT_FIELDS
from pipelines.policy import POLICY_COLUMNS
from pipelines.stage import Staging, works_schema
from schemas.arrow import arrow_schema
from schemas.tables import RejectRow

_METADATA = (
    *("source_work_id", "url", "authors", "summary", "fandoms", "relationships", "characters", "freeforms"),
    *("categories_raw", "warnings_raw", "genres", "rating_raw", "status_raw", "language_raw", "series"),
    *("published_date", "updated_date", "n_words_source", "kudos", "hits", "favorites", "follows", "comments"),
)
"""Columns that make a record rich; ``filled`` counts those that say something."""

_COLUMNS = tuple(
    dict.fromkeys(
        (
            *("work_id", "source", "title", "authors", "url", "path", "raw_sha256", "retrieved_at"),
            *("status", "updated_date", "published_date", "n_chars", "input_ref", "first_chapter", "format"),
            *POLICY_COLUMNS,
            *(field.name for field in FINGERPRINT_FIELDS),
        )
    )
)


class StagedRows:
    """Rows of the staged tables by segment and place; segments stay mapped into memory, not read."""

    def __init__(self, staging: Staging) -> None:
        self.segments = staging.ledger.segments()
        self._open = lru_cache(maxsize=512)(staging.open)

    def table(self, segment: int, name: str) -> pa.Table:
        """A whole staged table of a segment."""
        return self._open(self.segments[segment], name)

    def take(self, name: str, segments: np.ndarray[Any, Any], rows: np.ndarray[Any, Any]) -> pa.Table:
        """Rows of a staged table, in the order asked for. ``segments`` and ``rows`` are parallel."""
        order = np.lexsort((rows, segments))
        parts = []
        for start, end in _runs(segments[order]):
            chosen = order[start:end]
            parts.append(self.table(int(segments[chosen[0]]), name).take(pa.array(rows[chosen])))
        back = np.empty(len(order), dtype=np.int64)
        back[order] = np.arange(len(order))
        return pa.concat_tables(parts).combine_chunks().take(pa.array(back))


def _runs(values: np.ndarray[Any, Any]) -> Iterator[tuple[int, int]]:
    if len(values):
        edges = np.flatnonzero(np.diff(values)) + 1
        yield from zip([0, *edges.tolist()], [*edges.tolist(), len(values)], strict=True)


@dataclass(frozen=True)
class Inventory:
    """What is staged, decided as far as revisions go.

    ``works`` holds one row per work that counts: the columns that policy and dedup look at, with
    ``filled``, ``segment``, ``row``, ``first_seen_at`` and ``last_seen_at``.
    """

    rows: StagedRows
    works: pa.Table
    n_staged: int
    superseded: list[RejectRow]
    same_file: list[tuple[dict[str, Any], dict[str, Any]]]
    """Pairs of staged works with the same bytes: the one that is merged, and the one that stands for both."""
    rejects: pa.Table
    """Staged rejects of inputs in their present state."""

    def texts(self, work_ids: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
        """Chapter texts of works, in the order asked for."""
        for work_id in work_ids:
            segment, first, count = self._places[work_id]
            column = self.rows.table(segment, "chapters").column("text")
            yield work_id, column.slice(first, count).to_pylist()

    @cached_property
    def _places(self) -> dict[str, tuple[int, int, int]]:
        """Segment, first chapter and number of chapters by work."""
        names = ("segment", "first_chapter", "n_chapters")
        places = zip(*(self.works.column(name).to_pylist() for name in names), strict=True)
        return dict(zip(self.works.column("work_id").to_pylist(), places, strict=True))


def take_inventory(staging: Staging) -> Inventory:
    """Look through everything staged and choose the revision of each work that counts."""
    rows = StagedRows(staging)
    current = _by_task(staging.ledger.current())
    former = _by_task(staging.ledger.superseded())
    parts, rejects = [], []
    for segment, name in enumerate(rows.segments):
        task = name.partition(".")[0]
        parts.append(_decision_rows(rows, segment, current.get(task, set()), former.get(task, set())))
        rejects.append(_rejects(rows, segment, current.get(task, set())))
    staged = pa.concat_tables(parts) if parts else _empty()
    chosen, superseded, same_file, seen = _choose_revisions(staged)
    works = staged.take(pa.array(chosen, pa.int64()))
    for name, values in zip(
        ("first_seen_at", "last_seen_at"), zip(*seen, strict=True) if seen else ((), ()), strict=True
    ):
        works = works.append_column(name, pa.array(values, pa.timestamp("us", tz="UTC")))
    return Inventory(
        rows=rows,
        works=works,
        n_staged=staged.num_rows,
        superseded=superseded,
        same_file=same_file,
        rejects=pa.concat_tables(rejects) if rejects else arrow_schema(RejectRow).empty_table(),
    )


def _by_task(pairs: Iterable[tuple[str, str]]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for task, ref in pairs:
        found.setdefault(task, set()).add(ref)
    return found


def _decision_rows(rows: StagedRows, segment: int, current: set[str], former: set[str]) -> pa.Table:
    table = rows.table(segment, "works")
    is_current = [ref in current for ref in table.column("input_ref").to_pylist()]
    kept = [
        place
        for place, (ref, now) in enumerate(zip(table.column("input_ref").to_pylist(), is_current, strict=True))
        if now or ref in former
    ]
    decided = table.select(list(_COLUMNS)).append_column("filled", _filled(table))
    decided = decided.append_column("is_current", pa.array(is_current, pa.bool_()))
    decided = decided.append_column("segment", pa.array(np.full(table.num_rows, segment, dtype=np.int32)))
    decided = decided.append_column("row", pa.array(np.arange(table.num_rows, dtype=np.int32)))
    return decided.take(pa.array(kept, pa.int64()))


def _filled(table: pa.Table) -> pa.Array:
    total = np.zeros(table.num_rows, dtype=np.int32)
    for name in _METADATA:
        column = table.column(name)
        if pa.types.is_list(column.type):
            total += np.asarray(pc.greater(pc.list_value_length(column), 0)).astype(np.int32)
        else:
            total += np.asarray(pc.is_valid(column)).astype(np.int32)
    return pa.array(total)


def _rejects(rows: StagedRows, segment: int, current: set[str]) -> pa.Table:
    table = rows.table(segment, "rejects")
    kept = [place for place, ref in enumerate(table.column("input_ref").to_pylist()) if ref in current]
    return table.take(pa.array(kept, pa.int64())).select(arrow_schema(RejectRow).names)


def _empty() -> pa.Table:
    schema = pa.schema([works_schema().field(name) for name in _COLUMNS])
    for name, kind in (
        ("filled", pa.int32()),
        ("is_current", pa.bool_()),
        ("segment", pa.int32()),
        ("row", pa.int32()),
    ):
        schema = schema.append(pa.field(name, kind))
    return schema.empty_table()


_OLDEST = date.min
_NEVER = datetime.min.replace(tzinfo=UTC)


def _newness(work: dict[str, Any]) -> tuple[Any, ...]:
    """What makes a revision newer; the hash at last, so that any order of arrival gives one answer."""
    retrieved = work["retrieved_at"]
    return (
        work["is_current"],
        work["n_chapters"] > 0,  # a list or index page never stands for the text, however new
        work["updated_date"] or _OLDEST,
        retrieved or _NEVER,
        work["n_chapters"],
        work["n_words"],
        work["raw_sha256"],
    )


_REVISION_COLUMNS = (
    *("work_id", "source", "title", "authors", "url", "path", "raw_sha256", "retrieved_at", "updated_date"),
    *("n_chapters", "n_words", "input_ref", "is_current", "format"),
)


def _choose_revisions(
    staged: pa.Table,
) -> tuple[list[int], list[RejectRow], list[tuple[dict[str, Any], dict[str, Any]]], list[tuple[Any, Any]]]:
    """Of each work the newest revision, by place; and what became of the others."""
    groups: dict[str, list[int]] = {}
    for place, work_id in enumerate(staged.column("work_id").to_pylist()):
        groups.setdefault(work_id, []).append(place)
    works = staged.select(list(_REVISION_COLUMNS)).to_pylist()
    chosen: list[int] = []
    superseded: list[RejectRow] = []
    same_file: list[tuple[dict[str, Any], dict[str, Any]]] = []
    seen: list[tuple[Any, Any]] = []
    for work_id in sorted(groups):
        places = groups[work_id]
        newest = max((works[place] for place in places), key=_newness)
        if not newest["is_current"]:
            superseded += [_superseded(works[place], None) for place in places]
            continue
        equal = [p for p in places if works[p]["raw_sha256"] == newest["raw_sha256"] and works[p]["is_current"]]
        equal.sort(key=lambda place: (works[place]["input_ref"], place))
        keeper = equal[0]
        chosen.append(keeper)
        same_file += [(works[place], works[keeper]) for place in equal[1:]]
        others = sorted(set(places) - set(equal))
        superseded += [_superseded(works[place], works[keeper]) for place in others]
        times = [works[place]["retrieved_at"] for place in places if works[place]["retrieved_at"]]
        seen.append((min(times, default=None), max(times, default=None)))
    return chosen, superseded, same_file, seen


def _superseded(work: dict[str, Any], newer: dict[str, Any] | None) -> RejectRow:
    if not work["is_current"]:
        detail = "the file or page has changed since and was read again"
    else:
        assert newer is not None
        when = newer["updated_date"] or newer["retrieved_at"]
        detail = f"replaced by the revision of {when}" if when else "replaced by a longer revision"
        if not work["n_chapters"] and newer["n_chapters"]:
            detail = "without text; replaced by the text"
        detail += f" in {newer['path'] or newer['url']}"
    return RejectRow(
        ref=work["path"] or work["input_ref"],
        work_id=work["work_id"],
        source=work["source"],
        stage="revision",
        reason="superseded",
        detail=detail,
        format=work["format"],
        raw_sha256=work["raw_sha256"],
    )
