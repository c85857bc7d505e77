"""Where tasks run: in this process, or in several."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager

from pipelines.dedup_links import Run


@contextmanager
def task_runner(jobs: int) -> Iterator[Run]:
    """A function that runs tasks and gives their results in order: ``map``, or that of ``jobs`` processes."""
    if jobs <= 1:
        yield map
        return
    methods = multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("forkserver" if "forkserver" in methods else "spawn")
    with ProcessPoolExecutor(jobs, mp_context=context) as pool:
        yield pool.map
