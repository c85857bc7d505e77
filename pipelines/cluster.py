"""Many machines: tasks on a Dask cluster, by its own ``concurrent.futures`` executor.

Scheduler and workers are whatever the user's cluster runs; nothing here schedules, queues or moves rows.
A task that a lost worker had is given to another one by Dask; so every task may run twice, even at the
same time, and leaves one result.
"""

from __future__ import annotations

import hashlib
import logging
import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pipelines import versions
from pipelines.errors import CannotStart, Incomplete
from pipelines.executors import as_they_come, in_order

CONNECT_SECONDS = 10
WORKERS_SECONDS = 30
"""How long to wait for a scheduler, and for the first worker: a batch system may still be starting it."""
TASKS_PER_THREAD = 3
"""Tasks on the way for each thread of a worker: one runs, two wait, so that none is idle between two."""
RETRIES = 2
"""How often a task that failed by itself (a connection that broke) is tried again; losing its worker is no failure."""


class Cluster:
    """A cluster whose workers have the same versions as this process and see the same files."""

    def __init__(self, client: Any, address: str) -> None:
        self._client = client
        self._executor = client.get_executor(retries=RETRIES)
        self._same = same_bytes_key()
        self.address = address

    @property
    def width(self) -> int:
        """Threads of all workers, as of now: how many tasks run at a time."""
        return max(1, sum(map(int, self._client.ncores().values())))

    def run(self, function: Callable[[Any], Any], tasks: Iterable[Any]) -> Iterator[Any]:
        """Call a function of a module on every task and give the results in order.

        Raises ``Incomplete`` where the cluster fails, and what ``function`` raises.
        """
        return self._told(in_order(self._executor, _Checked(function, self._same), tasks, self._window))

    def as_they_come(self, function: Callable[[Any], Any], tasks: Iterable[Any]) -> Iterator[Any]:
        """The same, with the results as they come. ``tasks`` may be filled on the way (``executors``)."""
        return self._told(as_they_come(self._executor, _Checked(function, self._same), tasks, self._window))

    @property
    def _window(self) -> int:
        return TASKS_PER_THREAD * self.width

    def _told(self, results: Iterator[Any]) -> Iterator[Any]:
        from concurrent.futures import CancelledError  # noqa: PLC0415 - beside its kin

        from distributed import KilledWorker  # noqa: PLC0415 - an optional part
        from distributed.comm import CommClosedError  # noqa: PLC0415

        again = "what is staged is safe, run the same command again"
        try:
            yield from results
        except KilledWorker as error:
            lost = f"a task ended {error.allowed_failures + 1} workers one after the other (their logs say why)"
            raise Incomplete(f"{self.address}: {lost}; {again}") from None
        except (CancelledError, CommClosedError):
            raise Incomplete(f"{self.address}: the scheduler of the cluster has gone; {again}") from None
        except ImportError as error:  # a worker that came later
            raise Incomplete(self._no_program(error)) from None

    def _no_program(self, error: Exception) -> str:
        reason = " ".join(str(error).split())
        return (
            f"{self.address}: its workers cannot run this program ({reason}); start them with PYTHONPATH set to a "
            f"checkout of the same version, and the same packages (docs/cluster.md)"
        )

    def check(self, paths: Sequence[Path]) -> None:
        """Look whether the workers can do what they will be asked to.

        Raises ``CannotStart`` with one line for the first that has other versions, sees not all of
        ``paths``, or may start no processes.
        """
        try:
            answers = self._client.run(_describe, [str(path) for path in paths])
        except Exception as error:  # noqa: BLE001 - Dask raises no other for what a worker cannot load
            raise CannotStart(self._no_program(error)) from None
        for worker, (key, unseen, may_fork) in sorted(answers.items()):
            if key != self._same:
                raise CannotStart(_other_versions(worker))
            if unseen:
                raise CannotStart(
                    f"{worker}: this worker does not see {unseen[0]}; everything must lie where all machines see it "
                    f"under the same path (docs/cluster.md)"
                )
            if not may_fork:
                raise CannotStart(
                    f"{worker}: this worker may start no processes; set DASK_DISTRIBUTED__WORKER__DAEMON=False "
                    f"for the workers, or start them with --no-nanny"
                )


class _Checked:
    """A function that is called only where the versions are those of the coordinator: workers come and go."""

    def __init__(self, function: Callable[[Any], Any], same: str) -> None:
        self._function = function
        self._same = same

    def __call__(self, task: Any) -> Any:
        if same_bytes_key() != self._same:
            from distributed import get_worker  # noqa: PLC0415 - an optional part

            raise CannotStart(_other_versions(get_worker().address))
        return self._function(task)


def _other_versions(worker: str) -> str:
    return (
        f"{worker}: this worker has other versions of this program, its libraries or its language engines than this "
        f"machine, and the dataset would depend on who did what; install the same everywhere (constraints.txt)"
    )


def same_bytes_key() -> str:
    """Equal in processes that make the same bytes of the same input: versions of libraries and methods."""
    relevant = {name: value for name, value in versions.tools().items() if name != "python"} | versions.methods()
    return hashlib.sha256(repr(sorted(relevant.items())).encode()).hexdigest()


def _describe(paths: Sequence[str]) -> tuple[str, list[str], bool]:
    """What a worker says of itself: its versions, which paths it does not see, whether it may start processes."""
    unseen = [path for path in paths if not os.access(path, os.R_OK)]
    return same_bytes_key(), unseen, not multiprocessing.current_process().daemon


def _silence(library: str) -> None:
    """Errors are told by commands, in one line. Dask sets up several of its loggers one by one."""
    for name in [library, *logging.root.manager.loggerDict]:
        if name.partition(".")[0] == library:
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)


@contextmanager
def open_cluster(address: str) -> Iterator[Cluster]:
    """Connect to the scheduler at ``address`` (``tcp://host:8786``).

    Raises ``CannotStart`` where Dask is not installed, nothing answers, or no worker comes.
    """
    try:
        from distributed import Client  # noqa: PLC0415 - an optional part
    except ImportError:
        raise CannotStart("--cluster needs Dask: pip install 'fanthology[cluster]'") from None
    _silence("distributed")
    try:
        client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        reason = str(error).partition("\n")[0]
        raise CannotStart(f"{address}: no Dask scheduler answers there ({reason}); docs/cluster.md") from None
    with client:
        try:
            client.wait_for_workers(1, timeout=WORKERS_SECONDS)
        except TimeoutError:
            raise CannotStart(f"{address}: this cluster has no workers; start some: dask worker {address}") from None
        yield Cluster(client, address)
