"""Tasks in this process and in others, and what is said when one of those dies."""

import os
import signal
import subprocess
import sys
import time

import pytest

from pipelines.errors import Incomplete
from pipelines.task_runner import task_runner


def number_and_process(number: int) -> tuple[int, int]:
    return number, os.getpid()


def die(_: int) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def begin_and_hang(number: int) -> None:
    os.write(1, b"begun\n")
    time.sleep(60)


def hang() -> None:
    with task_runner(2) as run:
        list(run(begin_and_hang, range(4)))


@pytest.mark.parametrize("jobs", [1, 2])
def test_results_come_in_the_order_of_the_tasks(jobs):
    with task_runner(jobs) as run:
        results = list(run(number_and_process, range(20)))
    assert [number for number, _ in results] == list(range(20))
    assert ({process for _, process in results} == {os.getpid()}) is (jobs == 1)


def test_a_worker_that_dies_is_one_line():
    with pytest.raises(Incomplete, match=r"a worker process died.*-j 1"), task_runner(2) as run:
        list(run(die, [1]))


def test_a_caller_that_is_killed_leaves_no_process_behind():
    command = [sys.executable, "-c", f"from {__name__} import hang; hang()"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as caller:
        assert caller.stdout
        assert [caller.stdout.readline() for _ in range(2)] == [b"begun\n"] * 2
        caller.kill()
        rest, _ = caller.communicate(timeout=30)  # ends when the last process that may write there has ended
    assert rest == b""


def test_workers_do_not_run_the_main_module_again(tmp_path):
    script = tmp_path / "main.py"
    script.write_text(
        "print('main', flush=True)\n"
        "if __name__ == '__main__':\n"
        f"    from {__name__} import number_and_process\n"
        "    from pipelines.task_runner import task_runner\n"
        "    with task_runner(2) as run:\n"
        "        print([number for number, _ in run(number_and_process, range(3))])\n",
        encoding="utf-8",
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.splitlines() == ["main", "[0, 1, 2]"]
