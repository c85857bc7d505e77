"""Where tasks run: in this process, or in several."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import forkserver
from types import ModuleType
from typing import TYPE_CHECKING, Any

from pipelines.errors import Incomplete

if TYPE_CHECKING:
    from pipelines.dedup_links import Run

_PRELOADED = "pipelines.dedup_preload"


@contextmanager
def task_runner(jobs: int, preloaded: str = _PRELOADED) -> Iterator[Run]:
    """A function that runs tasks and gives their results in order: ``map``, or that of ``jobs`` processes.

    ``preloaded`` is a module that is loaded once, by the process that the others are forked from.
    Raises ``Incomplete`` where a process dies. An interruption is the caller's alone; tasks that have not
    begun are then left out.
    """
    if jobs <= 1:
        yield map
        return
    methods = multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("forkserver" if "forkserver" in methods else "spawn")
    if "forkserver" in methods:
        context.set_forkserver_preload([preloaded])
        forkserver.ensure_running()  # it loads while the caller makes the first tasks
    pool = ProcessPoolExecutor(jobs, mp_context=context, initializer=_begin)

    def run(function: Callable[[Any], Any], tasks: Iterable[Any]) -> Iterable[Any]:
        with without_main():  # the first tasks start the processes
            return pool.map(function, tasks)

    try:
        yield run
    except BrokenProcessPool:
        raise Incomplete("a worker process died, perhaps for want of memory; try again with -j 1") from None
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def without_main() -> Iterator[None]:
    """Processes that are started meanwhile do not run the main module again: their tasks stand in other ones.

    Multiprocessing has each of them import it. That of the command ``scrapy`` imports Scrapy: a third of a second and
    thirty megabytes in every process, before its first task.
    """
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


def _begin() -> None:
    """What a process does first: leave interruptions to the parent, and end with it, however that ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        parent.join()
        os._exit(1)  # one whose parent was killed would wait for tasks for ever

    threading.Thread(target=watch, daemon=True).start()
