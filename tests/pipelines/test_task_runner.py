"""Tasks in this process and in others, and what is said when one of those dies."""

import os
import signal

import pytest

from pipelines.errors import Incomplete
from pipelines.task_runner import task_runner


def number_and_process(number: int) -> tuple[int, int]:
    return number, os.getpid()


def die(_: int) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.parametrize("jobs", [1, 2])
def test_results_come_in_the_order_of_the_tasks(jobs):
    with task_runner(jobs) as run:
        results = list(run(number_and_process, range(20)))
    assert [number for number, _ in results] == list(range(20))
    assert ({process for _, process in results} == {os.getpid()}) is (jobs == 1)


def test_a_worker_that_dies_is_one_line():
    with pytest.raises(Incomplete, match=r"a worker process died.*-j 1"), task_runner(2) as run:
        list(run(die, [1]))
