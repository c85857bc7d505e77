"""ingest: files into the staging of a corpus, in many processes, restartable at any moment."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from functools import partial

from crawler.cluster_workers import ClusterWorkers, stage_elsewhere
from crawler.ingest_tasks import Result, Task, stage_batch
from crawler.large_files import LargeFile, TaskOf, share_of
from crawler.preparation import current_preparation
from crawler.readers.source import Limits
from crawler.scan import FoundFile
from crawler.workers import READERS, Done, Lost, WorkerLimits, Workers
from pipelines import versions
from pipelines.assemble import assemble
from pipelines.cluster import Cluster
from pipelines.errors import Incomplete
from pipelines.stage import Staging
from schemas.corpus import CorpusConfig, SourceConfig

MIN_BATCH_BYTES = 2**19
MAX_BATCH_BYTES = 4 * 2**20
"""Files per task, by size: what is staged, and what a kill can cost, at a time."""
MAX_CLUSTER_BATCH_BYTES = 32 * 2**20
"""The same on a cluster: one process acknowledges the tasks of all, in an object store with a request each."""
MAX_BATCH_FILES = 500
MIN_LARGE_BYTES = 8 * 2**20
"""Files from this size on are read in parts, where they are much of all that there is to read."""


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
    mark = f" told={told.format} {sorted(told.fields.items())}" if told.format or told.fields else ""
    known = staging.ledger.known(origin)
    # To know the versions of all readers is to load them: where nothing is known yet, that is left to the workers.
    preparation = current_preparation() + mark if known else ""
    fresh = [file for file in files if known.get(file.ref) != (file.size, file.mtime_ns, preparation)]
    counts = IngestCounts(files=len(files) - len(fresh), unchanged=len(files) - len(fresh))
    counts.bytes = sum(file.size or 0 for file in files) - sum(file.size or 0 for file in fresh)
    progress(counts)
    run = staging.ledger.begin_run(command, versions.tools() | versions.methods())
    for task, done in _run(staging, run, fresh, config, told, jobs):
        staging.commit(task.name, done.segments, origin, done.records, preparation=done.preparation + mark, run=run)
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


def _batches(files: Sequence[FoundFile], width: int, most: int) -> Iterator[tuple[FoundFile, ...]]:
    """Files in tasks, the largest files first: they would keep the others waiting. The last tasks are small."""
    left = sum(file.size or 0 for file in files)
    batch: list[FoundFile] = []
    size = 0
    for file in sorted(files, key=lambda file: (-(file.size or 0), file.ref)):
        limit = share_of(left, width, MIN_BATCH_BYTES, most)
        if batch and (size + (file.size or 0) > limit or len(batch) >= MAX_BATCH_FILES):
            yield tuple(batch)
            left -= size
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
) -> Iterator[tuple[Task, Result]]:
    """Results of all tasks as they come. A file that ends its worker is tried alone, then rejected."""
    if not files:
        return
    numbers = itertools.count()

    def task_of(batch: tuple[FoundFile, ...]) -> Task:
        name = f"{run:06d}-{next(numbers):06d}"
        return Task(name, staging.segments_folder, batch, limits_of(config), told, store=staging.store)

    limits = WorkerLimits(config.limits.max_seconds, config.limits.max_memory_mib * 2**20)
    width = jobs.width if isinstance(jobs, Cluster) else jobs
    most = MAX_CLUSTER_BATCH_BYTES if isinstance(jobs, Cluster) else MAX_BATCH_BYTES
    tasks, large = _planned(files, width, most, task_of)
    workers: Workers[Task, Result] | ClusterWorkers[Task, Result]
    if isinstance(jobs, Cluster):
        workers = ClusterWorkers(jobs, partial(stage_elsewhere, function=stage_batch, limits=limits))
    else:
        workers = Workers(stage_batch, width if large else min(width, len(tasks)), limits, READERS)
    for task in tasks:
        workers.submit(task)
    with closing(workers.results()) as results:
        for result in results:
            further: Iterable[Task] = ()
            file = large[result.task.name.partition(".")[0]] if result.task.span is not None else None
            if file is not None:
                further = file.take(result)
            elif isinstance(result, Done):
                yield result.task, result.result
            else:
                further = _after_loss(result, task_of)
            for task in further:
                workers.submit(task)
            if file is not None and file.is_done:
                yield file.task, file.result()


def _planned(
    files: Sequence[FoundFile], width: int, most: int, task_of: TaskOf
) -> tuple[list[Task], dict[str, LargeFile]]:
    """The tasks to begin with; and by the name of its task each file that is read in parts, of which they have one."""
    alone = max(MIN_LARGE_BYTES, sum(file.size or 0 for file in files) // (8 * width))
    tasks, large, others = [], {}, []
    for file in files:
        if (file.size or 0) >= alone and file.problem is None:
            with suppress(OSError):  # a worker finds that out again, and says it
                opened = LargeFile(file, width, task_of)
                large[opened.task.name] = opened
                tasks.append(opened.first)
                continue
        others.append(file)
    return [*tasks, *(task_of(batch) for batch in _batches(others, width, most))], large


def _after_loss(lost: Lost[Task], task_of: TaskOf) -> list[Task]:
    """The tasks in the place of one whose worker ended; its culprit is alone in its own.

    Raises ``Incomplete`` where no file is to blame.
    """
    task, culprit = lost.task, lost.task.files[lost.item]
    if culprit.problem:
        raise Incomplete(f"the processes that read files end by themselves: {lost.detail}")
    others = task.files[: lost.item] + task.files[lost.item + 1 :]
    tasks = [task_of(others)] if others else []
    if lost.reason == "worker_died" and not task.is_second_try:
        return [*tasks, replace(task_of((culprit,)), is_second_try=True)]
    return [*tasks, task_of((replace(culprit, problem=(lost.reason, lost.detail)),))]
