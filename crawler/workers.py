"""Worker processes that may hang, grow or die, and cost no more than the file that they were at.

``concurrent.futures`` breaks a whole pool when one process dies and cannot end one that hangs, so
this is a small pool of our own: each worker has a pipe, notes in shared memory which file it is at
and that it is still getting on, and is ended by the parent when it goes over the limits.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing import forkserver, resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.context import BaseContext
from typing import Any, Generic, TypeVar

from pipelines.task_runner import without_main

T = TypeVar("T")
R = TypeVar("R")

Notify = Callable[[int], None]
"""A worker calls it with the number of the item of its task that it begins or is getting on with."""
POLL_SECONDS = 0.2
START_SECONDS = 60
"""What a new worker on a busy machine may take until it has its first task."""
READERS = ("crawler.preload",)
"""Modules to load once for all workers that read files."""
SEARCHERS = ("pipelines.dedup_preload",)
"""The same for those that search for copies."""


@dataclass(frozen=True, slots=True)
class Done(Generic[T, R]):
    """A task and its result."""

    task: T
    result: R


@dataclass(frozen=True, slots=True)
class Lost(Generic[T]):
    """A task whose worker ended before its time, at which item, and why."""

    task: T
    item: int
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class WorkerLimits:
    """What an item may cost a worker."""

    seconds: float
    """Without a sign of getting on."""
    memory_bytes: int
    """Beyond what the worker held when it began the item."""


@dataclass
class _Worker(Generic[T]):
    process: Any
    pipe: Connection
    signs: Any
    """What it notes of itself: item, memory when it began the item, time of the last sign of getting on.
    A message for each of ten thousand small files would wake the parent as often."""
    task: T | None = None
    verdict: tuple[str, str] | None = field(default=None)


class Workers(Generic[T, R]):
    """A pool of processes that run ``function`` on tasks, one at a time each."""

    def __init__(
        self, function: Callable[[T, Notify], R], jobs: int, limits: WorkerLimits, preload: Sequence[str] = ()
    ) -> None:
        """``function`` stands at the top of a module; modules in ``preload`` are loaded once for all workers."""
        methods = multiprocessing.get_all_start_methods()
        self._context: BaseContext = multiprocessing.get_context("forkserver" if "forkserver" in methods else "spawn")
        start_early(preload)
        self._function = function
        self._jobs = jobs
        self._limits = limits
        self._workers: list[_Worker[T]] = []
        self._waiting: deque[T] = deque()

    def submit(self, task: T) -> None:
        """Put a task at the end of the queue; an idle worker begins it at once where others are at work already."""
        self._waiting.append(task)
        if self._workers:
            self._assign()

    def results(self) -> Generator[Done[T, R] | Lost[T]]:
        """Results as they come, until no task is left; tasks may be submitted on the way.

        Leaving the loop early ends the workers. They have the next tasks before results are looked at.
        """
        try:
            yield from self.drained()
        finally:
            self.close()

    def drained(self) -> Generator[Done[T, R] | Lost[T]]:
        """The same, but the workers stay, for tasks that come later."""
        self._assign()
        while any(worker.task is not None for worker in self._workers):
            heard = self._collect()
            self._assign()
            yield from heard
            self._assign()

    def close(self) -> None:
        """End all workers."""
        for worker in self._workers:
            worker.process.kill()
            worker.process.join()
            worker.pipe.close()
        self._workers.clear()

    def _assign(self) -> None:
        idle = [worker for worker in self._workers if worker.task is None]
        while self._waiting:
            if idle:
                worker = idle.pop()
            elif len(self._workers) < self._jobs:
                worker = self._start()
            else:
                return
            worker.task = self._waiting.popleft()
            worker.verdict = None
            worker.signs[:] = [0, _memory_of(worker.process.pid), time.monotonic() + START_SECONDS]
            with suppress(BrokenPipeError):  # it died idle: noticed when its end is collected
                worker.pipe.send(worker.task)

    def _start(self) -> _Worker[T]:
        ours, theirs = self._context.Pipe()
        signs = self._context.RawArray("d", 3)
        with children_without_interrupts(), without_main():
            process = self._context.Process(target=_serve, args=(theirs, signs, self._function), daemon=True)  # type: ignore[attr-defined]
            process.start()
        theirs.close()
        worker: _Worker[T] = _Worker(process, ours, signs)
        self._workers.append(worker)
        return worker

    def _collect(self) -> list[Done[T, R] | Lost[T]]:
        heard: list[Done[T, R] | Lost[T]] = []
        busy = {worker.pipe: worker for worker in self._workers if worker.task is not None}
        for pipe in wait(list(busy), timeout=POLL_SECONDS):
            assert isinstance(pipe, Connection)
            heard.append(self._hear(busy[pipe]))
        for worker in busy.values():
            self._supervise(worker)
        return heard

    def _hear(self, worker: _Worker[T]) -> Done[T, R] | Lost[T]:
        assert worker.task is not None
        try:
            is_done, value = worker.pipe.recv()
        except (EOFError, OSError):
            return self._bury(worker)
        task, worker.task = worker.task, None
        if not is_done:
            raise value
        return Done(task, value)

    def _bury(self, worker: _Worker[T]) -> Lost[T]:
        worker.process.join()
        self._workers.remove(worker)
        worker.pipe.close()
        assert worker.task is not None
        died = f"the process that read it ended by itself (exit code {worker.process.exitcode})"
        return Lost(worker.task, int(worker.signs[0]), *(worker.verdict or ("worker_died", died)))

    def _supervise(self, worker: _Worker[T]) -> None:
        """End a worker that goes over the limits; its end is heard on its pipe."""
        if worker.task is None or worker.verdict is not None:
            return
        _, held, since = worker.signs
        if _memory_of(worker.process.pid) - held > self._limits.memory_bytes:
            limit = self._limits.memory_bytes // 2**20
            worker.verdict = ("out_of_memory", f"needs more than {limit} MiB; limits.max_memory_mib")
        elif time.monotonic() - since > self._limits.seconds:
            worker.verdict = ("out_of_time", f"no end in sight after {self._limits.seconds:g} s; limits.max_seconds")
        else:
            return
        worker.process.kill()


def start_early(preload: Sequence[str]) -> None:
    """Let the process that workers are forked from load the modules ``preload``, while this one does other things.

    It loads them once, before the first worker: whoever comes first says which.
    """
    if "forkserver" in multiprocessing.get_all_start_methods():
        forkserver.set_forkserver_preload(list(preload))
        with children_without_interrupts():
            forkserver.ensure_running()


def _serve(pipe: Connection, signs: Any, function: Callable[[Any, Notify], Any]) -> None:
    """What a worker process runs: tasks from the pipe, until the parent is gone."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        parent.join()
        os._exit(1)  # a worker whose parent was killed would wait for tasks for ever

    threading.Thread(target=watch, daemon=True).start()

    def notify(item: int) -> None:
        if item != signs[0]:
            signs[1] = _memory_of("self")
            signs[0] = item
        signs[2] = time.monotonic()

    while True:
        try:
            task = pipe.recv()
        except EOFError:
            return
        signs[:] = [0, _memory_of("self"), time.monotonic()]
        try:
            pipe.send((True, function(task, notify)))
        except Exception as error:  # noqa: BLE001 - the parent raises it
            pipe.send((False, error))


def _memory_of(process: int | str) -> int:
    """Resident memory of a process in bytes; 0 where the system does not tell."""
    try:
        status = os.open(f"/proc/{process}/statm", os.O_RDONLY)
    except OSError:
        return 0
    try:
        return int(os.read(status, 256).split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError):  # it has just ended
        return 0
    finally:
        os.close(status)


@contextmanager
def children_without_interrupts() -> Iterator[None]:
    """Processes started here never see an interruption at the terminal: the parent decides.

    An interruption meanwhile is held back, so that no process is left half started. The mask alone
    would not do: any other thread takes the signal, and Python raises it in this one.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    resource_tracker.ensure_running()  # it is started with the first process and would lift the mask
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
