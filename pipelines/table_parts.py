"""The Parquet files of works and chapters, one task each: (rows of segments) → file, on any machine."""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby, pairwise
from operator import attrgetter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from pipelines import export
from pipelines.gather import gather
from pipelines.inventory import StagedRows
from pipelines.new_version import NewVersion
from pipelines.object_store import open_store
from pipelines.staged_columns import whole
from schemas.arrow import arrow_schema
from schemas.manifest import FileEntry
from schemas.tables import WorkRow

UNFINISHED = ".part"
"""End of the name of a file that a task on another machine has not finished."""
DECIDED = ("dup_cluster_id", "dup_role", "first_seen_at", "last_seen_at")
"""Columns of ``works`` that the build decides; the others are as they were staged."""

WORK_BYTES = 4096
"""What a row of ``works`` is taken to hold."""
_LEAST_BYTES = -(-export.ROW_GROUP_BYTES // export.ROW_GROUP_ROWS)
"""Of a row group, what one work takes up at least."""


@dataclass(frozen=True)
class Part:
    """A Parquet file to be: a table and the places of its works."""

    name: str
    path: str
    places: np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True)
class PartTask:
    """A Parquet file to be, with all that another machine needs to write it."""

    root: str
    """Folder of the version, where this task's machine sees it."""
    store: str | None
    """Address of the version, where that is in an object store."""
    name: str
    path: str
    works: pa.Table
    """Its works in order, as in ``Decisions.works``; ``segment`` counts in ``folders``."""
    folders: tuple[str, ...]
    """The segments that hold rows of it."""


def planned_parts(works: pa.Table) -> list[Part]:
    """The files of ``works`` and ``chapters``, the largest first, so that the last one keeps nobody waiting."""
    sources, languages = (whole(works.column(name)) for name in ("source", "language"))
    sizes = works.column("n_chars").to_numpy()
    plan = list(export.file_plan(sources, languages, sizes))
    parts = [
        Part(name, f"{name}/site={site}/lang={lang}/part-{number:05d}.parquet", places)
        for name in ("works", "chapters")
        for (site, lang), number, places in plan
    ] or [Part(name, f"{name}/part-00000.parquet", np.empty(0, np.int64)) for name in ("works", "chapters")]
    return sorted(parts, key=lambda part: -int(sizes[part.places].sum()) * (part.name == "chapters"))


def bundles(parts: Sequence[Part], works: pa.Table) -> list[list[Part]]:
    """The parts in their order, those together whose rows are one row group's at most: they are gathered at once."""
    found = []
    for name, same in groupby(parts, key=attrgetter("name")):
        own, sizes = list(same), _row_sizes(name, works)
        shares = [max(int(sizes[part.places].sum()), len(part.places) * _LEAST_BYTES) for part in own]
        ends = export.cut_by_size(shares, limit_rows=len(own))
        found += [own[start:end] for start, end in pairwise([0, *ends])]
    return found


def part_task(version: NewVersion, part: Part, works: pa.Table, folders: Sequence[str]) -> PartTask:
    """The task of a part: nothing of the corpus goes along but what the file is made of."""
    chosen = works.take(pa.array(part.places))
    used, own = np.unique(chosen.column("segment").to_numpy(), return_inverse=True)
    place = chosen.schema.get_field_index("segment")
    chosen = chosen.set_column(place, "segment", pa.array(own.astype(np.int32))).combine_chunks()
    return PartTask(
        str(version.root),
        version.store,
        part.name,
        part.path,
        chosen,
        tuple(folders[segment] for segment in used.tolist()),
    )


def write_part(task: PartTask) -> FileEntry:
    """Write a file under a name of its own, then rename it: the task may run twice, even at the same time.

    In an object store it is written at once or not at all. Raises ``Incomplete`` when the disk or the store refuses.
    """
    if task.store is not None:
        with tempfile.TemporaryDirectory(prefix="fanthology-") as folder:
            rows = StagedRows(task.folders)
            entry = export.write_file(
                Path(folder), task.path, task.name, batches_of(task.name, rows, task.works), with_thread=True
            )
            open_store(task.store).put_file(task.path, Path(folder, task.path))
        return entry
    beside = f"{task.path}.{uuid.uuid4().hex}{UNFINISHED}"
    rows = StagedRows(task.folders)
    entry = export.write_file(
        Path(task.root), beside, task.name, batches_of(task.name, rows, task.works), with_thread=True
    )
    Path(task.root, beside).replace(Path(task.root, task.path))
    return entry.model_copy(update={"path": task.path})


def bundle_batches(bundle: Sequence[Part], rows: StagedRows, works: pa.Table) -> Iterator[Iterable[pa.Table]]:
    """For each part of a bundle its rows, in batches of bounded size."""
    name = bundle[0].name
    if len(bundle) == 1:
        yield batches_of(name, rows, works.take(pa.array(bundle[0].places)))
        return
    together = works.take(pa.array(np.concatenate([part.places for part in bundle])))
    batch = next(batches_of(name, rows, together), None)  # there is one, or none where no work has a chapter
    n_chapters = works.column("n_chapters").to_numpy()
    start = 0
    for part in bundle:
        count = len(part.places) if name == "works" else int(n_chapters[part.places].sum())
        yield [batch.slice(start, count)] if batch is not None else []
        start += count


def batches_of(name: str, rows: StagedRows, works: pa.Table) -> Iterator[pa.Table]:
    """Rows of a file of the table ``name`` for ``works``, in batches of bounded size."""
    return _work_batches(rows, works) if name == "works" else _chapter_batches(rows, works)


def _row_sizes(name: str, works: pa.Table) -> export.Numbers:
    """About how many bytes the rows of each work have in the table ``name``."""
    if name == "works":
        return np.full(works.num_rows, WORK_BYTES)
    return np.asarray(works.column("n_chars").to_numpy())


def _work_batches(rows: StagedRows, works: pa.Table) -> Iterator[pa.Table]:
    """Rows of ``works``, with what the build decided about them."""
    schema = arrow_schema(WorkRow)
    staged = [name for name in schema.names if name not in DECIDED]
    start = 0
    for end in export.cut_by_size(_row_sizes("works", works).tolist()):
        chosen = works.slice(start, end - start)
        found = rows.take("works", chosen.column("segment").to_numpy(), chosen.column("row").to_numpy(), staged)
        for name in DECIDED:
            found = found.append_column(schema.field(name), chosen.column(name).cast(schema.field(name).type))
        yield found.select(schema.names)
        start = end


def _chapter_batches(rows: StagedRows, works: pa.Table) -> Iterator[pa.Table]:
    """Rows of ``chapters`` of the works, in order, in batches of bounded text."""
    segments, firsts, counts = (works.column(name).to_numpy() for name in ("segment", "first_chapter", "n_chapters"))
    start = 0
    for end in export.cut_by_size(_row_sizes("chapters", works).tolist()):
        run = slice(start, end)
        own = np.concatenate([np.arange(f, f + n) for f, n in zip(firsts[run], counts[run], strict=True)])
        if len(own):
            owners = np.repeat(segments[run], counts[run])
            if rows.are_far:
                yield rows.take("chapters", owners, own)
            else:
                yield gather(partial(rows.table, name="chapters"), owners, own)
        start = end
