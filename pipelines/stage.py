"""Staging: prepared works, appended durably in segments of Arrow IPC files.

A segment is a folder with ``works``, ``chapters``, ``rejects`` and, where pieces of works were read,
``parts``; it is written beside, made
durable, renamed, and counts once the ledger names it. Files are not compressed, so that a build
reads any row through the page cache without decoding its neighbours.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from pipelines.errors import Incomplete, write_failure
from pipelines.fingerprint_table import FINGERPRINT_FIELDS, fingerprint_columns
from pipelines.ledger import InputRecord, Ledger
from pipelines.parts import PartKey
from pipelines.staged_columns import read_table
from schemas.arrow import arrow_schema, to_table
from schemas.tables import ChapterRow, RejectRow, WorkRow
from schemas.work import Work

if TYPE_CHECKING:  # who only reads what is staged is spared the cleaner
    from pipelines.prepare import Prepared


@dataclass(frozen=True, slots=True)
class StagedWork:
    """A prepared work and the input that it came from."""

    ref: str
    prepared: Prepared


@dataclass(frozen=True, slots=True)
class StagedReject:
    """A reject and the input that it came from."""

    ref: str
    row: RejectRow


@dataclass(frozen=True, slots=True)
class StagedPart:
    """A piece of a work, as read, and the input that it came from."""

    ref: str
    key: PartKey
    work: Work


PARTS_SCHEMA = pa.schema(
    [
        pa.field("input_ref", pa.string(), nullable=False),
        pa.field("key", pa.string(), nullable=False),
        pa.field("number", pa.int32(), nullable=False),
        pa.field("raw_sha256", pa.string(), nullable=False),
        pa.field("work", pa.large_string(), nullable=False),
    ]
)
"""``parts`` of a segment: the piece as JSON, and what it is a piece of."""


@cache
def works_schema() -> pa.Schema:
    """``works`` of a segment: the row, where its chapters lie in ``chapters``, its input, its fingerprint."""
    schema = arrow_schema(WorkRow).append(pa.field("input_ref", pa.string(), nullable=False))
    schema = schema.append(pa.field("first_chapter", pa.int32(), nullable=False))
    for field in FINGERPRINT_FIELDS:
        schema = schema.append(field)
    return schema


@cache
def rejects_schema() -> pa.Schema:
    """``rejects`` of a segment: the row and its input."""
    return arrow_schema(RejectRow).append(pa.field("input_ref", pa.string(), nullable=False))


def write_segment(
    folder: Path,
    works: Sequence[StagedWork],
    rejects: Sequence[StagedReject],
    parts: Sequence[StagedPart] = (),
) -> None:
    """Write a segment's files into ``folder`` and make them durable.

    Raises ``Incomplete`` when the disk refuses, and leaves nothing behind then.
    """
    try:
        folder.mkdir(parents=True)
        _write(folder / "works.arrow", _works_table(works))
        chapters = [chapter for work in works for chapter in work.prepared.chapters]
        texts = [text for work in works for text in work.prepared.encoded]
        _write(folder / "chapters.arrow", to_table(chapters, ChapterRow, {"text": texts}))
        _write(folder / "rejects.arrow", _rejects_table(rejects))
        if parts:
            _write(folder / "parts.arrow", _parts_table(parts))
        _sync_folder(folder)
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise write_failure(error, str(folder.parent)) from error


def _works_table(works: Sequence[StagedWork]) -> pa.Table:
    rows = to_table([work.prepared.work for work in works], WorkRow)
    firsts = []
    position = 0
    for work in works:
        firsts.append(position)
        position += len(work.prepared.chapters)
    columns = [
        *rows.columns,
        pa.array([work.ref for work in works], pa.string()),
        pa.array(firsts, pa.int32()),
        *fingerprint_columns([work.prepared.fingerprint for work in works]),
    ]
    return pa.Table.from_arrays(columns, schema=works_schema())


def _rejects_table(rejects: Sequence[StagedReject]) -> pa.Table:
    rows = to_table([reject.row for reject in rejects], RejectRow)
    refs = pa.array([reject.ref for reject in rejects], pa.string())
    return pa.Table.from_arrays([*rows.columns, refs], schema=rejects_schema())


def _parts_table(parts: Sequence[StagedPart]) -> pa.Table:
    rows = [
        {
            "input_ref": part.ref,
            "key": part.key.key,
            "number": part.key.number,
            "raw_sha256": part.work.provenance.raw_sha256,
            "work": part.work.model_dump_json(),
        }
        for part in parts
    ]
    return pa.Table.from_pylist(rows, schema=PARTS_SCHEMA)


def _write(path: Path, table: pa.Table) -> None:
    with path.open("wb") as stream:
        with pa.ipc.new_file(stream, table.schema) as writer:
            writer.write_table(table.combine_chunks())
        stream.flush()
        os.fsync(stream.fileno())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class Staging:
    """The staging folder of a corpus: segments and their ledger."""

    store: str | None = None
    """Address of the object store that holds the segments; else they lie in ``segments_folder``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.segments_folder = folder / "segments"
        self.segments_folder.mkdir(parents=True, exist_ok=True)
        self.ledger = self._open_ledger()

    def _open_ledger(self) -> Ledger:
        return Ledger(self.folder / "ledger.sqlite")

    def close(self) -> None:
        """Close the ledger."""
        self.ledger.close()

    def discard_unacknowledged(self) -> int:
        """Remove what a killed run left behind and no ledger entry names; says how many segments.

        Only for a process that holds the corpus.
        """
        acknowledged = set(self.ledger.segments())
        left = [entry for entry in self.segments_folder.iterdir() if entry.name not in acknowledged]
        for entry in left:
            shutil.rmtree(entry)
        return len(left)

    def unfinished(self, segment: str) -> Path:
        """Where a segment is written before it counts."""
        return self.segments_folder / f".{segment}"

    def commit(
        self,
        task: str,
        segments: Sequence[str],
        origin: str,
        records: Sequence[InputRecord],
        *,
        preparation: str,
        run: int,
        keep_former: bool = True,
    ) -> None:
        """Make a task's written segments count: rename, then acknowledge its inputs.

        Raises ``Incomplete`` when the disk refuses.
        """
        try:
            for segment in segments:
                self.unfinished(segment).rename(self.segments_folder / segment)
            _sync_folder(self.segments_folder)
        except OSError as error:
            raise write_failure(error, str(self.segments_folder)) from error
        self._acknowledge(task, segments, origin, records, preparation=preparation, run=run, keep_former=keep_former)

    def _acknowledge(
        self,
        task: str,
        segments: Sequence[str],
        origin: str,
        records: Sequence[InputRecord],
        *,
        preparation: str,
        run: int,
        keep_former: bool,
    ) -> None:
        try:
            self.ledger.acknowledge(
                origin, task, segments, records, preparation=preparation, run=run, keep_former=keep_former
            )
        except sqlite3.OperationalError as error:
            raise Incomplete(f"{self.folder}: cannot write the ledger: {error}; run the same command again") from error

    def has(self, segment: str, table: str) -> bool:
        """Whether a segment has a table: only some have ``parts``."""
        return (self.segments_folder / segment / f"{table}.arrow").exists()

    def open(self, segment: str, table: str) -> pa.Table:
        """A staged table, mapped into memory: only the rows that are used are read."""
        return read_table(self.location(segment), table)

    def location(self, segment: str) -> str:
        """Where the tables of a segment lie."""
        return str(self.segments_folder / segment)
