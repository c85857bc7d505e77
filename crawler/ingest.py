"""ingest: files into the staging of a corpus, in many processes, restartable at any moment."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from crawler.readers import formats
from crawler.readers.source import Source, Unreadable
from crawler.scan import FoundFile
from pipelines import versions
from pipelines.errors import Incomplete
from pipelines.ledger import InputRecord
from pipelines.prepare import Unprepared, prepare, reject_of
from pipelines.stage import StagedReject, StagedWork, Staging, write_segment
from schemas.corpus import CorpusConfig
from schemas.tables import RejectRow

MIN_BATCH_BYTES = 2**20
MAX_BATCH_BYTES = 8 * 2**20
"""Files per task, by size: what is staged, and what a kill can cost, at a time."""
MAX_BATCH_FILES = 500


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
    rejects: Counter[str] = field(default_factory=Counter)
    """Rejects of this run by reason."""

    def __add__(self, other: IngestCounts) -> IngestCounts:
        return IngestCounts(
            files=self.files + other.files,
            bytes=self.bytes + other.bytes,
            unchanged=self.unchanged + other.unchanged,
            works=self.works + other.works,
            rejects=self.rejects + other.rejects,
        )


Progress = Callable[[IngestCounts], None]


@dataclass(frozen=True, slots=True)
class _Task:
    segment: str
    folder: Path
    files: tuple[FoundFile, ...]
    max_bytes: int


@dataclass(frozen=True, slots=True)
class _Done:
    records: tuple[InputRecord, ...]
    rejects: Counter[str]


def ingest(
    staging: Staging,
    origin: str,
    files: Sequence[FoundFile],
    config: CorpusConfig,
    *,
    command: str,
    jobs: int,
    progress: Progress = lambda _: None,
) -> IngestCounts:
    """Read, prepare and stage files that the ledger does not know as they are.

    ``origin`` tells folders with equal file names apart. Every task is one segment: written by a
    worker, made to count by this process. What was killed before is found and discarded first.
    Raises ``Incomplete`` when the disk refuses, a worker dies or the run is interrupted; what is
    staged by then stays and the same command goes on from there.
    """
    staging.discard_unacknowledged()
    preparation = _preparation()
    known = staging.ledger.known(origin)
    fresh = [file for file in files if known.get(file.ref) != (file.size, file.mtime_ns, preparation)]
    counts = IngestCounts(files=len(files) - len(fresh), unchanged=len(files) - len(fresh))
    counts.bytes = sum(file.size or 0 for file in files) - sum(file.size or 0 for file in fresh)
    progress(counts)
    if not fresh:
        return counts
    run = staging.ledger.begin_run(command, versions.tools() | versions.methods())
    tasks = [
        _Task(f"{run:06d}-{number:06d}", staging.unfinished(f"{run:06d}-{number:06d}"), batch, _max_bytes(config))
        for number, batch in enumerate(_batches(fresh, jobs))
    ]
    for task, done in _run(tasks, jobs):
        staging.commit(task.segment, origin, done.records, preparation=preparation, run=run)
        counts.files += len(task.files)
        counts.bytes += sum(file.size or 0 for file in task.files)
        counts.works += sum(record.works for record in done.records)
        counts.rejects.update(done.rejects)
        progress(counts)
    staging.ledger.end_run(run, {"works": counts.works, "unchanged": counts.unchanged, "rejects": dict(counts.rejects)})
    return counts


def _preparation() -> str:
    """What a file's rows depend on besides its bytes: it is read again when this changes."""
    readers = {f"reader.{form.name}": form.version for form in formats.FORMATS}
    return " ".join(f"{name}={value}" for name, value in sorted((versions.methods() | readers).items()))


def _max_bytes(config: CorpusConfig) -> int:
    return config.limits.max_file_mib * 2**20


def _batches(files: Sequence[FoundFile], jobs: int) -> Iterator[tuple[FoundFile, ...]]:
    """Files in tasks of about equal size, the largest files first: they would keep the others waiting."""
    share = sum(file.size or 0 for file in files) // (4 * jobs)
    limit = min(MAX_BATCH_BYTES, max(MIN_BATCH_BYTES, share))
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


def _run(tasks: Sequence[_Task], jobs: int) -> Iterator[tuple[_Task, _Done]]:
    """Results as they come; never more tasks under way than keep the workers busy."""
    if jobs == 1 or len(tasks) == 1:
        for task in tasks:
            yield task, _stage_batch(task)
        return
    methods = multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("forkserver" if "forkserver" in methods else "spawn")
    if "forkserver" in methods:
        context.set_forkserver_preload([__name__])
    waiting = iter(tasks)
    under_way: dict[Future[_Done], _Task] = {}
    pool = ProcessPoolExecutor(min(jobs, len(tasks)), mp_context=context, initializer=_start_worker)
    try:
        while True:
            with _children_without_interrupts():
                for task in itertools.islice(waiting, 2 * jobs - len(under_way)):
                    under_way[pool.submit(_stage_batch, task)] = task
            if not under_way:
                return
            finished, _ = wait(under_way, return_when=FIRST_COMPLETED)
            for future in finished:
                yield under_way.pop(future), future.result()
    except BrokenProcessPool:
        raise Incomplete(
            "a worker process died, perhaps for want of memory; run the same command again, with a smaller -j"
        ) from None
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _start_worker() -> None:
    """A worker ends with its parent: one whose parent was killed would wait for tasks for ever."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


@contextmanager
def _children_without_interrupts() -> Iterator[None]:
    """Processes started here never see an interruption at the terminal: the parent decides, they finish their task.

    An interruption meanwhile is held back, so that no process is left half started. The mask alone
    would not do: any other thread takes the signal, and Python raises it in this one.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    held: list[int] = []
    handler = signal.signal(signal.SIGINT, lambda number, _: held.append(number))
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        signal.signal(signal.SIGINT, handler)
    if held:
        raise KeyboardInterrupt


def _stage_batch(task: _Task) -> _Done:
    """Read and prepare a task's files and write them as one segment; runs in a worker."""
    works: list[StagedWork] = []
    rejects: list[StagedReject] = []
    records: list[InputRecord] = []
    for file in task.files:
        source = Source(file.path, file.ref, task.max_bytes)
        had = len(works), len(rejects)
        _read_one(source, file, works, rejects)
        sha256 = works[-1].prepared.work.raw_sha256 if len(works) > had[0] else None
        if sha256 is None and len(rejects) > had[1]:
            sha256 = rejects[-1].row.raw_sha256
        records.append(
            InputRecord(file.ref, file.size, file.mtime_ns, sha256, len(works) - had[0], len(rejects) - had[1])
        )
    write_segment(task.folder, works, rejects)
    return _Done(tuple(records), Counter(reject.row.reason for reject in rejects))


def _read_one(source: Source, file: FoundFile, works: list[StagedWork], rejects: list[StagedReject]) -> None:
    def reject(reason: str, detail: str, sha256: str | None = None) -> None:
        row = RejectRow(
            ref=file.ref,
            work_id=None,
            source="file",
            stage="read",
            reason=reason,
            detail=detail,
            format=None,
            raw_sha256=sha256,
        )
        rejects.append(StagedReject(file.ref, row))

    if file.problem:
        reject(*file.problem)
        return
    try:
        for work in formats.read(source):
            try:
                works.append(StagedWork(file.ref, prepare(work)))
            except Unprepared as error:
                rejects.append(StagedReject(file.ref, reject_of(work, error.reason, error.detail)))
    except Unreadable as error:
        reject(error.reason, error.detail, None if error.reason == "too_large" else source.sha256)
    except OSError as error:
        reject("unreadable", os.strerror(error.errno or 0))
    except MemoryError:
        reject("out_of_memory", "needs more memory than there is; lower limits.max_file_mib")
    except Exception as error:  # noqa: BLE001 - one file must not end a run of a million; it is counted
        reject("internal_error", f"{type(error).__name__}: {error}; please report it")
