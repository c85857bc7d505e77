"""The pool of ``workers`` on the machines of a cluster: there, too, a file costs no more than itself."""

from __future__ import annotations

import errno
import shutil
import tempfile
import threading
import uuid
from collections import deque
from collections.abc import Callable, Generator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Generic, TypeVar

from crawler.workers import READERS, Done, Lost, Notify, WorkerLimits, Workers
from pipelines.cluster import Cluster
from pipelines.errors import write_failure
from pipelines.object_store import open_store
from pipelines.remote_segments import put_segment

T = TypeVar("T")
R = TypeVar("R")


class ClusterWorkers(Generic[T, R]):
    """``Workers``, with a cluster in the place of processes."""

    def __init__(self, cluster: Cluster, function: Callable[[T], Done[T, R] | Lost[T]]) -> None:
        """``function`` does a task on a worker of the cluster, guarded by limits."""
        self._cluster = cluster
        self._function = function
        self._waiting: deque[T] = deque()

    def submit(self, task: T) -> None:
        """Put a task at the end of the queue."""
        self._waiting.append(task)

    def results(self) -> Generator[Done[T, R] | Lost[T]]:
        """Results as they come, until no task is left; tasks may be submitted on the way."""
        yield from self._cluster.as_they_come(self._function, _Queue(self._waiting))


class _Queue(Iterator[T]):
    """An iterator over a queue, which has no more when it is empty, and more again when it is filled."""

    def __init__(self, waiting: deque[T]) -> None:
        self._waiting = waiting

    def __next__(self) -> T:
        if not self._waiting:
            raise StopIteration
        return self._waiting.popleft()


_own = threading.local()
"""Of each thread of a worker of the cluster, the process that it hands its tasks to, and what that runs."""


def stage_elsewhere(
    task: Any, *, function: Callable[[Any, Notify], Any], limits: WorkerLimits
) -> Done[Any, Any] | Lost[Any]:
    """Run a task that writes segments on a machine of a cluster, under limits; all that it writes is there, or nothing.

    The task may run twice, even at the same time, when a machine was taken for lost: each writes in a
    folder of its own, and the first that is done leaves its segments.
    """
    if task.store is not None:
        with tempfile.TemporaryDirectory(prefix="fanthology-") as folder:
            outcome = guarded(function, replace(task, folder=Path(folder)), limits)
            if isinstance(outcome, Done):
                for segment in outcome.result.segments:
                    put_segment(open_store(task.store), Path(folder, f".{segment}"), segment)
        return replace(outcome, task=task)
    apart = task.folder / f".{uuid.uuid4().hex}"
    apart.mkdir()
    try:
        outcome = guarded(function, replace(task, folder=apart), limits)
        if isinstance(outcome, Done):
            for segment in outcome.result.segments:
                _leave(apart / f".{segment}", task.folder / f".{segment}")
        return replace(outcome, task=task)
    finally:
        shutil.rmtree(apart, ignore_errors=True)


def _leave(segment: Path, target: Path) -> None:
    try:
        segment.rename(target)
    except OSError as error:
        if error.errno not in {errno.EEXIST, errno.ENOTEMPTY}:  # else the same task was done by another machine, too
            raise write_failure(error, str(target)) from error


def guarded(function: Callable[[T, Notify], R], task: T, limits: WorkerLimits) -> Done[T, R] | Lost[T]:
    """Run ``function`` on a task in a process that is ended at the limits, and kept for the next task."""
    key = (function, limits)
    if getattr(_own, "key", None) != key:
        if hasattr(_own, "workers"):
            _own.workers.close()
        _own.key, _own.workers = key, Workers(function, 1, limits, READERS)
    workers: Workers[Any, Any] = _own.workers
    workers.submit(task)
    (outcome,) = workers.drained()
    return outcome
