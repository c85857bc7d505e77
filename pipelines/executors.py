"""Tasks on any ``concurrent.futures`` executor: a bounded number is on the way at a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from itertools import islice
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def in_order(executor: Executor, function: Callable[[T], R], tasks: Iterable[T], window: int) -> Iterator[R]:
    """Results in the order of the tasks, of which at most ``window`` are taken ahead of the one that is waited for."""
    source = iter(tasks)
    going: deque[Future[R]] = deque(executor.submit(function, task) for task in islice(source, window))
    try:
        while going:
            result = going.popleft().result()
            going.extend(executor.submit(function, task) for task in islice(source, 1))
            yield result
    finally:
        _cancel(going)


def as_they_come(executor: Executor, function: Callable[[T], R], tasks: Iterable[T], window: int) -> Iterator[R]:
    """Results as they come; at most ``window`` tasks are on the way.

    ``tasks`` is asked again after every result, also after it had no more: a queue may be filled on the way.
    """
    source = iter(tasks)
    going: set[Future[R]] = set()
    try:
        while True:
            going |= {executor.submit(function, task) for task in islice(source, window - len(going))}
            if not going:
                return
            done, going = wait(going, return_when=FIRST_COMPLETED)
            for future in done:
                yield future.result()
    finally:
        _cancel(going)


def _cancel(futures: Iterable[Future[R]]) -> None:
    for future in futures:
        future.cancel()
