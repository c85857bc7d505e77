"""The tasks of an ingest, which run in workers: files, or a part of one, are read, prepared and written as segments."""

from __future__ import annotations

import gc
import os
import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from crawler.preparation import current_preparation
from crawler.readers import formats
from crawler.readers.source import Item, Limits, Rejected, Source, Span, Unreadable
from crawler.scan import FoundFile
from crawler.workers import Notify
from pipelines.errors import FanthologyError
from pipelines.ledger import InputRecord
from pipelines.parts import part_key
from pipelines.prepare import Prepared, Unprepared, no_collections, prepare_many, reject_of
from pipelines.stage import StagedPart, StagedReject, StagedWork, write_segment
from schemas.corpus import SourceConfig
from schemas.tables import RejectRow
from schemas.work import Work

PREPARE_CHARACTERS = 2**20
"""Text that is prepared at a time."""
SEGMENT_CHARACTERS = 16 * 2**20
"""Text that a worker holds before it writes a segment: a large archive fills many."""
_REFUSALS = 16
"""After so many, what exceptions may have left in cycles is removed."""


@dataclass(frozen=True, slots=True)
class Task:
    """What a worker reads at a time."""

    name: str
    folder: Path
    """Where its segments are written; a segment's folder is ``.<task>`` or ``.<task>.<number>`` in it."""
    files: tuple[FoundFile, ...]
    limits: Limits
    told: SourceConfig
    is_second_try: bool = False
    store: str | None = None
    """Address of the object store that a machine of a cluster brings the segments to."""
    span: Span | None = None
    """The part of its only file that it reads; ``None`` for all of its files."""
    number: int = 0
    """Which part that is, from 0 on."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a task has staged."""

    segments: tuple[str, ...]
    records: tuple[InputRecord, ...]
    rejects: Counter[str]
    preparation: str
    """What the rows depend on besides the files (``current_preparation``)."""
    is_part: bool = False
    """Whether that is what one part of a file holds."""
    is_sound: bool = True
    """Whether the part could be read like this: else the file has to be read whole."""


@dataclass
class _Batch:
    """What a task has read so far, written out whenever it is large."""

    task: Task
    notify: Notify
    works: list[StagedWork] = field(default_factory=list)
    rejects: list[StagedReject] = field(default_factory=list)
    parts: list[StagedPart] = field(default_factory=list)
    segments: list[str] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)
    characters: int = 0
    waiting: list[tuple[int, Work]] = field(default_factory=list)
    """Works that are not yet prepared, each with the number of its file."""
    waiting_characters: int = 0
    n_works: Counter[int] = field(default_factory=Counter)
    """Works by number of their file."""
    n_rejects: Counter[int] = field(default_factory=Counter)
    """Rejects by number of their file."""

    def add(self, number: int, work: Work) -> None:
        """Keep a work, or a piece of one."""
        size = sum(len(chapter.text) for chapter in work.chapters)
        self.characters += size
        if key := part_key(work):
            self.parts.append(StagedPart(self.task.files[number].ref, key, work))
            return
        self.waiting.append((number, work))
        self.waiting_characters += size
        if self.waiting_characters >= PREPARE_CHARACTERS:
            self.prepare()
        if self.characters > SEGMENT_CHARACTERS:
            self.flush()

    def take(self, number: int, item: Item) -> None:
        """Take what a reader gives of a file."""
        self.notify(number)
        if isinstance(item, Rejected):
            self.refuse(number, _reject_row(item.ref, item.reason, item.detail, item.format, item.raw_sha256))
        else:
            self.add(number, item)

    def refuse(self, number: int, row: RejectRow) -> None:
        """Keep a reject."""
        self.rejects.append(StagedReject(self.task.files[number].ref, row))
        self.reasons[row.reason] += 1
        self.n_rejects[number] += 1
        if len(self.rejects) % _REFUSALS == 0:
            gc.collect(0)

    def prepare(self) -> None:
        """Prepare the works that wait for it."""
        waiting, self.waiting, self.waiting_characters = self.waiting, [], 0
        works = [work for _, work in waiting]
        try:
            prepared = prepare_many(works, lambda place: self.notify(waiting[place][0]))
        except Exception:  # noqa: BLE001 - one of them; each by itself tells which
            prepared = [_prepared_alone(work) for work in works]
        for (number, work), result in zip(waiting, prepared, strict=True):
            if isinstance(result, Unprepared):
                self.refuse(number, reject_of(work, result.reason, result.detail))
            else:
                self.works.append(StagedWork(self.task.files[number].ref, result))
                self.n_works[number] += 1

    def flush(self) -> None:
        """Write what is kept as a segment."""
        self.prepare()
        number = len(self.segments)
        segment = f"{self.task.name}.{number:06d}" if number else self.task.name
        write_segment(self.task.folder / f".{segment}", self.works, self.rejects, self.parts)
        self.segments.append(segment)
        self.works.clear()
        self.rejects.clear()
        self.parts.clear()
        self.characters = 0
        gc.collect(1)  # while there are no rows to look at

    def result(self, hashes: Sequence[str | None]) -> Result:
        """What was staged, with the hashes of the files."""
        records = tuple(
            InputRecord(file.ref, file.size, file.mtime_ns, sha256, self.n_works[number], self.n_rejects[number])
            for number, (file, sha256) in enumerate(zip(self.task.files, hashes, strict=True))
        )
        return Result(tuple(self.segments), records, self.reasons, current_preparation())


def _prepared_alone(work: Work) -> Prepared | Unprepared:
    """A work of a batch that failed. Whatever is wrong with it costs no other."""
    try:
        (prepared,) = prepare_many([work])
    except MemoryError:
        return Unprepared("out_of_memory", "needs more memory than there is; lower limits.max_file_mib")
    except Exception as error:  # noqa: BLE001 - one work must not end a run of a million; it is counted
        return Unprepared("internal_error", f"{type(error).__name__}: {error}; please report it")
    return prepared


def stage_batch(task: Task, notify: Notify) -> Result:
    """Read and prepare a task's files and write them as segments; runs in a worker.

    Readers leave hardly any cycles, and rows none: they are looked for when a segment is written.
    """
    with no_collections():
        return _staged(task, notify)


def _staged(task: Task, notify: Notify) -> Result:
    _clear(task)
    if task.span is None:
        return _stage_files(task, notify)
    part = _stage_part(task, task.span, notify)
    if part is not None:
        return part
    _clear(task)
    if task.span.is_first:
        return _stage_files(replace(task, span=None), notify)
    return Result((), (), Counter(), current_preparation(), is_part=True, is_sound=False)


def _clear(task: Task) -> None:
    """Remove what an earlier try of a task has left."""
    for left in task.folder.glob(f".{task.name}*"):
        shutil.rmtree(left)


def _stage_files(task: Task, notify: Notify) -> Result:
    batch = _Batch(task, notify)
    hashes = []
    for number in range(len(task.files)):
        notify(number)
        hashes.append(_read_one(number, batch))
    batch.flush()
    return batch.result(hashes)


def _stage_part(task: Task, span: Span, notify: Notify) -> Result | None:
    """``None`` where the file has to be read whole: to see what is wrong, or since its reader knows no parts.

    The first part must hold a work: the others count on it.
    """
    batch = _Batch(task, notify)
    source = _source_of(task, task.files[0])
    n_works = 0
    try:
        if span.is_first and not formats.reads_spans(source):
            return None
        for item in formats.read(source):
            batch.take(0, item)
            n_works += isinstance(item, Work)
        batch.flush()
    except FanthologyError:
        raise
    except Exception:  # noqa: BLE001 - whatever it is, it comes again and is told when the file is read whole
        return None
    return replace(batch.result([None]), is_part=True) if n_works or not span.is_first else None


def _source_of(task: Task, file: FoundFile) -> Source:
    told = task.told
    return Source(
        file.path,
        file.ref,
        task.limits.max_bytes,
        task.limits,
        span=task.span,
        form=told.format or None,
        fields=told.fields,
    )


def _read_one(number: int, batch: _Batch) -> str | None:
    """Everything that one file holds. Whatever a reader does, the run goes on and the file is accounted for.

    Gives the SHA-256 of the file, ``None`` where it could not be read.
    """
    file = batch.task.files[number]
    source = _source_of(batch.task, file)

    def refuse(reason: str, detail: str, *, sha: str | None = None) -> None:
        batch.refuse(number, _reject_row(file.ref, reason, detail, None, sha))

    try:
        if file.problem:
            refuse(*file.problem)
            return None
        for item in formats.read(source):
            batch.take(number, item)
    except FanthologyError:
        raise
    except Unreadable as error:
        refuse(error.reason, error.detail, sha=None if error.reason == "too_large" else source.sha256)
    except OSError as error:
        refuse("unreadable", os.strerror(error.errno or 0))
        return None
    except MemoryError:
        refuse("out_of_memory", "needs more memory than there is; lower limits.max_file_mib")
    except Exception as error:  # noqa: BLE001 - one file must not end a run of a million; it is counted
        refuse("internal_error", f"{type(error).__name__}: {error}; please report it")
    return source.sha256


def _reject_row(ref: str, reason: str, detail: str, form: str | None, sha256: str | None) -> RejectRow:
    return RejectRow(
        ref=clean_ref(ref),
        work_id=None,
        source="file",
        stage="read",
        reason=reason,
        detail=clean_ref(detail),
        format=form,
        raw_sha256=sha256,
    )


def clean_ref(text: str) -> str:
    """A name that came from an archive, fit for a table: no lone surrogates, no NULs."""
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", "�")
