"""Workers that hang, grow or die cost no more than the item that they were at."""

import os
import signal
import time

import pytest

from crawler.workers import Done, Lost, WorkerLimits, Workers
from pipelines.errors import Incomplete

LIMITS = WorkerLimits(seconds=2, memory_bytes=200 * 2**20)


def behave(task, notify):
    """Each item of a task is an order."""
    for number, order in enumerate(task):
        notify(number)
        if order == "hang":
            time.sleep(60)
        elif order == "grow":
            _ = bytearray(b"x" * (600 * 2**20))
            time.sleep(5)
        elif order == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        elif order == "slow":
            for _ in range(6):
                time.sleep(0.5)
                notify(number)
        elif order == "fail":
            raise Incomplete("the disk is full")
    return len(task)


def run(*tasks, jobs=2):
    workers = Workers(behave, jobs, LIMITS)
    for task in tasks:
        workers.submit(task)
    return list(workers.results())


def test_tasks_are_done_in_any_number_of_processes():
    for jobs in (1, 3):
        results = run(*(("ok",) * n for n in range(1, 8)), jobs=jobs)
        assert sorted(result.result for result in results if isinstance(result, Done)) == list(range(1, 8))


@pytest.mark.parametrize(
    ("order", "reason"), [("hang", "out_of_time"), ("grow", "out_of_memory"), ("die", "worker_died")]
)
def test_a_bad_item_is_named_and_the_others_go_on(order, reason):
    bad, good = ("ok", order, "ok"), ("ok", "ok")
    results = run(bad, good, good, good)
    (lost,) = [result for result in results if isinstance(result, Lost)]
    assert (lost.task, lost.item, lost.reason) == (bad, 1, reason)
    assert [result.result for result in results if isinstance(result, Done)] == [2, 2, 2]


def test_slow_work_that_gets_on_is_no_hang():
    assert run(("slow",)) == [Done(("slow",), 1)]


def test_an_error_of_the_task_is_raised_here_and_ends_the_workers():
    workers = Workers(behave, 2, LIMITS)
    for task in (("fail",), ("hang",)):
        workers.submit(task)
    with pytest.raises(Incomplete, match="the disk is full"):
        list(workers.results())
    assert workers._workers == []


def test_tasks_may_be_submitted_on_the_way():
    workers = Workers(behave, 1, LIMITS)
    workers.submit(("die", "ok"))
    seen = []
    for result in workers.results():
        seen.append(type(result).__name__)
        if isinstance(result, Lost):
            workers.submit(("ok",))
    assert seen == ["Lost", "Done"]
