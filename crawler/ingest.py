"""ingest: files into the staging of a corpus, in many processes, restartable at any moment."""

from __future__ import annotations

import itertools
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from crawler.cluster_workers import ClusterWorkers, stage_elsewhere
from crawler.preparation import current_preparation
from crawler.readers import formats
from crawler.readers.source import Limits, Rejected, Source, Unreadable
from crawler.scan import FoundFile
from crawler.workers import READERS, Done, Notify, WorkerLimits, Workers
from pipelines import versions
from pipelines.assemble import assemble
from pipelines.cluster import Cluster
from pipelines.errors import Incomplete
from pipelines.ledger import InputRecord
from pipelines.parts import part_key
from pipelines.prepare import Prepared, Unprepared, prepare_many, reject_of
from pipelines.stage import StagedPart, StagedReject, StagedWork, Staging, write_segment
from schemas.corpus import CorpusConfig, SourceConfig
from schemas.tables import RejectRow
from schemas.work import Work

MIN_BATCH_BYTES = 2**20
MAX_BATCH_BYTES = 4 * 2**20
"""Files per task, by size: what is staged, and what a kill can cost, at a time."""
MAX_CLUSTER_BATCH_BYTES = 32 * 2**20
"""The same on a cluster: one process acknowledges the tasks of all, in an object store with a request each."""
MAX_BATCH_FILES = 500
PREPARE_CHARACTERS = 2**20
"""Text that is prepared at a time."""
SEGMENT_CHARACTERS = 16 * 2**20
"""Text that a worker holds before it writes a segment: a large archive fills many."""


@dataclass
class IngestCounts:
    """What an ingest has done so far."""

    files: int = 0
    """Files looked at."""
    bytes: int = 0
    """Their size."""
    unchanged: int = 0
    """Of these, already staged as they are."""
    works: int = 0
    """Works staged by this run."""
    pieces: int = 0
    """Files and pages that were put together into works by this run."""
    rejects: Counter[str] = field(default_factory=Counter)
    """Rejects of this run by reason."""

    def __add__(self, other: IngestCounts) -> IngestCounts:
        return IngestCounts(
            files=self.files + other.files,
            bytes=self.bytes + other.bytes,
            unchanged=self.unchanged + other.unchanged,
            works=self.works + other.works,
            pieces=self.pieces + other.pieces,
            rejects=self.rejects + other.rejects,
        )


Progress = Callable[[IngestCounts], None]


@dataclass(frozen=True, slots=True)
class _Task:
    name: str
    folder: Path
    """Where its segments are written; a segment's folder is ``.<task>`` or ``.<task>.<number>`` in it."""
    files: tuple[FoundFile, ...]
    limits: Limits
    told: SourceConfig
    is_second_try: bool = False
    store: str | None = None
    """Address of the object store that a machine of a cluster brings the segments to."""


@dataclass(frozen=True, slots=True)
class _Result:
    segments: tuple[str, ...]
    records: tuple[InputRecord, ...]
    rejects: Counter[str]


def ingest(
    staging: Staging,
    origin: str,
    files: Sequence[FoundFile],
    config: CorpusConfig,
    *,
    command: str,
    jobs: int | Cluster,
    told: SourceConfig | None = None,
    progress: Progress = lambda _: None,
) -> IngestCounts:
    """Read, prepare and stage files that the ledger does not know as they are.

    ``origin`` tells folders with equal file names apart; ``told`` is what ``corpus.toml`` says of the
    files' format; ``jobs`` how many processes, or which cluster, the tasks run on. A task is written
    as segments by a worker and made to count by this process; what a killed run left behind is discarded
    first. At last the pieces of works (a chapter to a file) are put together.
    Raises ``Incomplete`` when the disk refuses or the run is interrupted; what is staged by then
    stays and the same command goes on from there.
    """
    staging.discard_unacknowledged()
    told = told or SourceConfig(path=".")
    preparation = current_preparation()
    if told.format or told.fields:
        preparation += f" told={told.format} {sorted(told.fields.items())}"
    known = staging.ledger.known(origin)
    fresh = [file for file in files if known.get(file.ref) != (file.size, file.mtime_ns, preparation)]
    counts = IngestCounts(files=len(files) - len(fresh), unchanged=len(files) - len(fresh))
    counts.bytes = sum(file.size or 0 for file in files) - sum(file.size or 0 for file in fresh)
    progress(counts)
    run = staging.ledger.begin_run(command, versions.tools() | versions.methods())
    for task, done in _run(staging, run, fresh, config, told, jobs):
        staging.commit(task.name, done.segments, origin, done.records, preparation=preparation, run=run)
        counts.files += len(task.files)
        counts.bytes += sum(file.size or 0 for file in task.files)
        counts.works += sum(record.works for record in done.records)
        counts.rejects.update(done.rejects)
        progress(counts)
    joined = assemble(staging, preparation=current_preparation, run=run)
    counts.works += joined.works
    counts.pieces = joined.pieces
    counts.rejects.update(joined.rejects)
    staging.ledger.end_run(run, {"works": counts.works, "unchanged": counts.unchanged, "rejects": dict(counts.rejects)})
    return counts


def limits_of(config: CorpusConfig) -> Limits:
    """The limits of ``corpus.toml`` as readers take them."""
    given = config.limits
    return Limits(
        max_bytes=given.max_file_mib * 2**20,
        max_unpacked_bytes=given.max_unpacked_gib * 2**30,
        max_ratio=given.max_ratio,
        max_members=given.max_members,
        max_depth=given.max_depth,
    )


def _batches(files: Sequence[FoundFile], jobs: int, most: int) -> Iterator[tuple[FoundFile, ...]]:
    """Files in tasks of about equal size, the largest files first: they would keep the others waiting."""
    share = sum(file.size or 0 for file in files) // (4 * jobs)
    limit = min(most, max(MIN_BATCH_BYTES, share))
    batch: list[FoundFile] = []
    size = 0
    for file in sorted(files, key=lambda file: (-(file.size or 0), file.ref)):
        if batch and (size + (file.size or 0) > limit or len(batch) >= MAX_BATCH_FILES):
            yield tuple(batch)
            batch, size = [], 0
        batch.append(file)
        size += file.size or 0
    if batch:
        yield tuple(batch)


def _run(
    staging: Staging,
    run: int,
    files: Sequence[FoundFile],
    config: CorpusConfig,
    told: SourceConfig,
    jobs: int | Cluster,
) -> Iterator[tuple[_Task, _Result]]:
    """Results of all tasks as they come. A file that ends its worker is tried alone, then rejected."""
    if not files:
        return
    numbers = itertools.count()

    def task_of(batch: tuple[FoundFile, ...], *, is_second_try: bool = False) -> _Task:
        name = f"{run:06d}-{next(numbers):06d}"
        return _Task(name, staging.segments_folder, batch, limits_of(config), told, is_second_try, staging.store)

    limits = WorkerLimits(config.limits.max_seconds, config.limits.max_memory_mib * 2**20)
    width = jobs.width if isinstance(jobs, Cluster) else jobs
    most = MAX_CLUSTER_BATCH_BYTES if isinstance(jobs, Cluster) else MAX_BATCH_BYTES
    batches = [task_of(batch) for batch in _batches(files, width, most)]
    workers: Workers[_Task, _Result] | ClusterWorkers[_Task, _Result]
    if isinstance(jobs, Cluster):
        workers = ClusterWorkers(jobs, partial(stage_elsewhere, function=stage_batch, limits=limits))
    else:
        workers = Workers(stage_batch, min(width, len(batches)), limits, READERS)
    for task in batches:
        workers.submit(task)
    with closing(workers.results()) as results:
        for result in results:
            if isinstance(result, Done):
                yield result.task, result.result
                continue
            task, culprit = result.task, result.task.files[result.item]
            if culprit.problem:
                raise Incomplete(f"the processes that read files end by themselves: {result.detail}")
            others = task.files[: result.item] + task.files[result.item + 1 :]
            if others:
                workers.submit(task_of(others))
            if result.reason == "worker_died" and not task.is_second_try:
                workers.submit(task_of((culprit,), is_second_try=True))
            else:
                workers.submit(task_of((replace(culprit, problem=(result.reason, result.detail)),)))


@dataclass
class _Batch:
    """What a task has read so far, written out whenever it is large."""

    task: _Task
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

    def refuse(self, number: int, row: RejectRow) -> None:
        """Keep a reject."""
        self.rejects.append(StagedReject(self.task.files[number].ref, row))
        self.reasons[row.reason] += 1
        self.n_rejects[number] += 1

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


def _prepared_alone(work: Work) -> Prepared | Unprepared:
    """A work of a batch that failed. Whatever is wrong with it costs no other."""
    try:
        (prepared,) = prepare_many([work])
    except MemoryError:
        return Unprepared("out_of_memory", "needs more memory than there is; lower limits.max_file_mib")
    except Exception as error:  # noqa: BLE001 - one work must not end a run of a million; it is counted
        return Unprepared("internal_error", f"{type(error).__name__}: {error}; please report it")
    return prepared


def stage_batch(task: _Task, notify: Notify) -> _Result:
    """Read and prepare a task's files and write them as segments; runs in a worker."""
    for left in task.folder.glob(f".{task.name}*"):
        shutil.rmtree(left)
    batch = _Batch(task, notify)
    hashes = []
    for number in range(len(task.files)):
        notify(number)
        hashes.append(_read_one(number, batch))
    batch.flush()
    records = tuple(
        InputRecord(file.ref, file.size, file.mtime_ns, sha256, batch.n_works[number], batch.n_rejects[number])
        for number, (file, sha256) in enumerate(zip(task.files, hashes, strict=True))
    )
    return _Result(tuple(batch.segments), records, batch.reasons)


def _read_one(number: int, batch: _Batch) -> str | None:
    """Everything that one file holds. Whatever a reader does, the run goes on and the file is accounted for.

    Gives the SHA-256 of the file, ``None`` where it could not be read.
    """
    task = batch.task
    file = task.files[number]
    told = task.told
    source = Source(
        file.path, file.ref, task.limits.max_bytes, task.limits, form=told.format or None, fields=told.fields
    )

    def refuse(
        reason: str, detail: str, *, form: str | None = None, ref: str = file.ref, sha: str | None = None
    ) -> None:
        batch.refuse(number, _reject_row(ref, reason, detail, form, sha))

    try:
        if file.problem:
            refuse(*file.problem)
            return None
        for item in formats.read(source):
            batch.notify(number)
            if isinstance(item, Rejected):
                refuse(item.reason, item.detail, form=item.format, ref=item.ref, sha=item.raw_sha256)
            else:
                batch.add(number, item)
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
