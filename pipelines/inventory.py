"""The inventory: what is staged, which revision of each work counts, and where its rows lie.

Of each work that counts some hundred bytes are held; everything else is looked up in the segments when it
is asked for, a segment at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.dedup import StagedWorks
from pipelines.executors import in_order
from pipelines.stage import Staging
from pipelines.staged_columns import OpenTables, is_remote, read_columns, read_table, take_each
from schemas.arrow import arrow_schema, to_table
from schemas.tables import RejectRow

Numbers = npt.NDArray[np.int64]
T = TypeVar("T")
R = TypeVar("R")

OPEN_TABLES = 2048
"""Tables that are kept mapped into memory at a time."""
HELD_TABLES = 16
"""Of these, those that may have pages in memory: what is mapped and read counts."""
AHEAD = 16
"""Segments in an object store that are read at a time: it is far away, and answers many."""
BATCH_ROWS = 4096
"""Rows whose details are held at once."""

_SLIM = ("source", "language", "n_chars", "n_chapters", "n_words", "first_chapter")
_REVISION_COLUMNS = (
    *("work_id", "source", "title", "authors", "url", "path", "raw_sha256", "retrieved_at", "updated_date"),
    *("n_chapters", "n_words", "input_ref", "format"),
)


class StagedRows:
    """Rows of the staged tables by segment and place; segments are mapped into memory, not read."""

    def __init__(self, folders: Sequence[str]) -> None:
        self.folders = list(folders)
        self._tables = OpenTables(OPEN_TABLES, HELD_TABLES)

    @property
    def are_far(self) -> bool:
        """Whether they lie in an object store, where a few rows are asked for and no whole table."""
        return bool(self.folders) and is_remote(self.folders[0])

    def table(self, segment: int, name: str) -> pa.Table:
        """A whole staged table of a segment."""
        folder = self.folders[segment]
        return read_table(folder, name) if is_remote(folder) else self._tables.table(folder, name)

    def columns(self, segment: int, name: str, columns: Sequence[str]) -> pa.Table:
        """Some columns of a staged table of a segment, which does not stay open."""
        return read_columns(self.folders[segment], name, columns)

    def each(self, things: Iterable[T], read: Callable[[T], R]) -> Iterator[R]:
        """What ``read`` gives for each of some things, in order; where they are far, many are read ahead."""
        if not self.are_far:
            yield from map(read, things)
            return
        with ThreadPoolExecutor(AHEAD) as pool:
            yield from in_order(pool, read, things, 2 * AHEAD)

    def take(
        self,
        name: str,
        segments: np.ndarray[Any, Any],
        rows: np.ndarray[Any, Any],
        columns: Sequence[str] | None = None,
    ) -> pa.Table:
        """Rows of a staged table, in the order asked for. ``segments`` and ``rows`` are parallel."""
        order = np.lexsort((rows, segments))
        runs = [order[start:end] for start, end in _runs(segments[order])]
        wanted = [(int(segments[chosen[0]]), rows[chosen]) for chosen in runs]
        if self.are_far:
            parts = take_each([(self.folders[segment], own) for segment, own in wanted], name, columns)
        else:
            tables = ((self.table(segment, name), own) for segment, own in wanted)
            parts = [(table.select(columns) if columns else table).take(pa.array(own)) for table, own in tables]
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

    ``works`` holds one row per work that counts, sorted by ``work_id``: that, ``source``, ``language``, ``n_chars``,
    ``n_chapters``, ``n_words``, where it lies (``segment``, ``row``, ``first_chapter``), ``first_seen_at`` and
    ``last_seen_at``.
    """

    rows: StagedRows
    works: pa.Table
    n_staged: int
    superseded: pa.Table
    """``RejectRow`` of each staged revision that a newer one replaces."""
    same_file: list[tuple[dict[str, Any], dict[str, Any]]]
    """Pairs of staged works with the same bytes: the one that is merged, and the one that stands for both."""
    rejects: pa.Table
    """Staged rejects of inputs in their present state."""

    def details(self, columns: Sequence[str]) -> Iterator[tuple[Numbers, list[dict[str, Any]]]]:
        """Further columns of all works that count, segment by segment: their places and their values."""
        by_segment = StagedWorks(self.rows.folders, self.works).by_segment
        tables = self.rows.each(by_segment, lambda one: self.rows.columns(one[0], "works", columns))
        for (_, rows, places), table in zip(by_segment, tables, strict=True):
            for start in range(0, len(rows), BATCH_ROWS):
                run = slice(start, start + BATCH_ROWS)
                yield places[run], table.take(pa.array(rows[run])).to_pylist()

    @cached_property
    def work_ids(self) -> pa.Array:
        """Keys of the works, in order."""
        column = self.works.column("work_id")
        return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], pa.string())


def take_inventory(staging: Staging) -> Inventory:
    """Look through everything staged and choose the revision of each work that counts."""
    segments = staging.ledger.segments()
    rows = StagedRows([staging.location(segment) for segment in segments])
    parts, rejects = [], []
    looked_at = rows.each(range(len(segments)), lambda segment: (_slim(rows, segment), rows.table(segment, "rejects")))
    for segment, (works, refused) in enumerate(looked_at):
        task = segments[segment].partition(".")[0]
        current = staging.ledger.current_of(task)
        parts.append(_slim_rows(works, segment, current, staging.ledger.superseded_of(task)))
        rejects.append(_rejects(refused, current))
    staged = pa.concat_tables(parts) if parts else _empty()
    staged = staged.take(pc.sort_indices(staged, [(n, "ascending") for n in ("work_id", "segment", "row")]))
    works, superseded, same_file = _choose_revisions(rows, staged)
    return Inventory(
        rows=rows,
        works=works,
        n_staged=staged.num_rows,
        superseded=superseded,
        same_file=same_file,
        rejects=pa.concat_tables(rejects) if rejects else arrow_schema(RejectRow).empty_table(),
    )


def _slim(rows: StagedRows, segment: int) -> pa.Table:
    return rows.columns(segment, "works", ("work_id", *_SLIM, "retrieved_at", "input_ref"))


def _slim_rows(table: pa.Table, segment: int, current: set[str], former: set[str]) -> pa.Table:
    refs = table.column("input_ref").to_pylist()
    kept = [place for place, ref in enumerate(refs) if ref in current or ref in former]
    table = table.drop_columns("input_ref").take(pa.array(kept, pa.int64()))
    for name in ("source", "language"):
        encoded = table.column(name).cast(pa.string()).dictionary_encode()
        table = table.set_column(table.schema.get_field_index(name), name, encoded)
    table = table.append_column("is_current", pa.array([refs[place] in current for place in kept], pa.bool_()))
    table = table.append_column("segment", pa.array(np.full(len(kept), segment, dtype=np.int32)))
    return table.append_column("row", pa.array(np.array(kept, dtype=np.int32))).combine_chunks()


def _rejects(table: pa.Table, current: set[str]) -> pa.Table:
    kept = [place for place, ref in enumerate(table.column("input_ref").to_pylist()) if ref in current]
    return table.take(pa.array(kept, pa.int64())).select(arrow_schema(RejectRow).names)


def _empty() -> pa.Table:
    text = pa.dictionary(pa.int32(), pa.string())
    kinds = {"work_id": pa.string(), "source": text, "language": text, "retrieved_at": pa.timestamp("us", tz="UTC")}
    kinds |= dict.fromkeys((*_SLIM[2:], "segment", "row"), pa.int32()) | {"is_current": pa.bool_()}
    return pa.schema(kinds).empty_table()


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


@dataclass
class _Chosen:
    """Of each work the newest revision, by place in the table of what is staged; and what became of the others."""

    places: list[int]
    seen: dict[int, tuple[Any, Any]]
    superseded: list[RejectRow]
    same_file: list[tuple[dict[str, Any], dict[str, Any]]]


def _choose_revisions(
    rows: StagedRows, staged: pa.Table
) -> tuple[pa.Table, pa.Table, list[tuple[dict[str, Any], dict[str, Any]]]]:
    """The works that count, the revisions that do not, and files that lie in two places."""
    ids = staged.column("work_id")
    new = np.ones(staged.num_rows, dtype=bool)
    if staged.num_rows > 1:
        new[1:] = np.asarray(pc.not_equal(ids.slice(1), ids.slice(0, staged.num_rows - 1)))
    starts = np.flatnonzero(new)
    sizes = np.diff(np.append(starts, staged.num_rows))
    is_current = np.asarray(staged.column("is_current"))
    is_plain = (sizes == 1) & is_current[starts]
    chosen = _Chosen([], {}, [], [])
    tables = []
    for groups in _batches(starts[~is_plain], sizes[~is_plain]):
        places = np.concatenate(groups)
        part = staged.take(pa.array(places))
        details = rows.take(
            "works", np.asarray(part.column("segment")), np.asarray(part.column("row")), _REVISION_COLUMNS
        ).to_pylist()
        for detail, now in zip(details, part.column("is_current").to_pylist(), strict=True):
            detail["is_current"] = now
        works = dict(zip(places.tolist(), details, strict=True))
        for group in groups:
            _choose(group.tolist(), works, chosen)
        tables.append(to_table(chosen.superseded, RejectRow))
        chosen.superseded.clear()
    kept = np.sort(np.concatenate((starts[is_plain], np.array(chosen.places, dtype=np.int64))))
    superseded = pa.concat_tables([arrow_schema(RejectRow).empty_table(), *tables])
    return _with_sight(staged.take(pa.array(kept)), kept, chosen.seen), superseded, chosen.same_file


def _batches(starts: Numbers, sizes: Numbers) -> Iterator[list[Numbers]]:
    batch: list[Numbers] = []
    total = 0
    for start, size in zip(starts.tolist(), sizes.tolist(), strict=True):
        if batch and total + size > BATCH_ROWS:
            yield batch
            batch, total = [], 0
        batch.append(np.arange(start, start + size))
        total += size
    if batch:
        yield batch


def _choose(places: list[int], works: dict[int, dict[str, Any]], chosen: _Chosen) -> None:
    newest = max((works[place] for place in places), key=_newness)
    if not newest["is_current"]:
        chosen.superseded += [_superseded(works[place], None) for place in places]
        return
    equal = [p for p in places if works[p]["raw_sha256"] == newest["raw_sha256"] and works[p]["is_current"]]
    equal.sort(key=lambda place: (works[place]["input_ref"], place))
    keeper = equal[0]
    chosen.places.append(keeper)
    chosen.same_file += [(works[place], works[keeper]) for place in equal[1:]]
    chosen.superseded += [_superseded(works[place], works[keeper]) for place in places if place not in equal]
    times = [works[place]["retrieved_at"] for place in places if works[place]["retrieved_at"]]
    chosen.seen[keeper] = min(times, default=None), max(times, default=None)


def _with_sight(works: pa.Table, kept: Numbers, seen: dict[int, tuple[Any, Any]]) -> pa.Table:
    """Add when each work was first and last seen: other revisions of it may have been earlier, or later."""
    retrieved = works.column("retrieved_at").combine_chunks()
    changed = np.searchsorted(kept, np.array(sorted(seen), dtype=np.int64))
    mask = np.zeros(works.num_rows, dtype=bool)
    mask[changed] = True
    works = works.drop_columns(["retrieved_at", "is_current"])
    for nth, name in enumerate(("first_seen_at", "last_seen_at")):
        other = pa.array([seen[place][nth] for place in sorted(seen)], pa.timestamp("us", tz="UTC"))
        works = works.append_column(name, pc.replace_with_mask(retrieved, pa.array(mask), other))
    return works.combine_chunks()


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
