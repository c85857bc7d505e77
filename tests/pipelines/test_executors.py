"""Tasks on any executor: in order or as they come, a bounded number ahead, cancelled when nobody wants them."""

import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor

import pytest

from pipelines.executors import as_they_come, in_order


class Counted:
    """An iterable of numbers that remembers how many were taken."""

    def __init__(self, count):
        self._numbers = iter(range(count))
        self.taken = 0

    def __iter__(self):
        return self

    def __next__(self):
        number = next(self._numbers)
        self.taken += 1
        return number


def test_results_come_in_order_and_no_more_than_a_window_is_taken_ahead():
    tasks = Counted(20)
    with ThreadPoolExecutor(4) as pool:
        results = in_order(pool, lambda number: number * number, tasks, 5)
        assert next(results) == 0
        assert tasks.taken == 6
        assert list(results) == [number * number for number in range(1, 20)]


def test_who_is_done_first_comes_first():
    slow = threading.Event()

    def function(number):
        if number == 0:
            slow.wait(10)
        return number

    with ThreadPoolExecutor(2) as pool:
        seen = []
        for result in as_they_come(pool, function, range(4), 2):
            seen.append(result)
            if len(seen) == 3:
                slow.set()
    assert seen == [1, 2, 3, 0]


def test_a_queue_may_be_filled_on_the_way():
    waiting = deque([3])

    class Queue:
        def __iter__(self):
            return self

        def __next__(self):
            if not waiting:
                raise StopIteration
            return waiting.popleft()

    seen = []
    with ThreadPoolExecutor(1) as pool:
        for result in as_they_come(pool, lambda number: number, Queue(), 4):
            seen.append(result)
            if result:
                waiting.append(result - 1)
    assert seen == [3, 2, 1, 0]


@pytest.mark.parametrize("run", [in_order, as_they_come])
def test_an_error_is_raised_here_and_what_waits_is_not_begun(run):
    begun = []

    def function(number):
        begun.append(number)
        if number == 1:
            raise OSError("the disk is full")
        return number

    tasks = Counted(50)
    with ThreadPoolExecutor(1) as pool, pytest.raises(OSError, match="the disk is full"):
        list(run(pool, function, tasks, 3))
    assert tasks.taken <= 5
    assert len(begun) <= 5
