"""A Dask scheduler and workers as processes on loopback, for tests."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


def free_port() -> int:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port: int = bound.getsockname()[1]
        return port


@dataclass
class Machines:
    """A scheduler, and workers that each are a machine of their own."""

    address: str
    folder: Path
    scheduler: subprocess.Popen[bytes]
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def add_worker(self, **environment: str) -> subprocess.Popen[bytes]:
        number = len(self.workers)
        options = ["--no-nanny", "--nthreads", "1", "--no-dashboard", "--memory-limit", "0", "--host", "127.0.0.1"]
        worker = started(
            ["worker", self.address, *options, "--local-directory", str(self.folder / f"machine-{number}")],
            self.folder / f"worker-{number}.log",
            environment,
        )
        self.workers.append(worker)
        return worker


def started(arguments: list[str], log: Path, environment: dict[str, str] | None = None) -> subprocess.Popen[bytes]:
    with log.open("wb") as stream:
        return subprocess.Popen(
            [sys.executable, "-m", "dask", *arguments],
            cwd=log.parent,
            env=os.environ | {"PYTHONPATH": str(ROOT)} | (environment or {}),
            stdout=stream,
            stderr=stream,
        )


@contextmanager
def machines(folder: Path, n_workers: int, **environment: str) -> Iterator[Machines]:
    port = free_port()
    folder.mkdir(parents=True)
    scheduler = started(
        ["scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard"],
        folder / "scheduler.log",
        environment,
    )
    cluster = Machines(f"tcp://127.0.0.1:{port}", folder, scheduler)
    try:
        for _ in range(n_workers):
            cluster.add_worker()
        yield cluster
    finally:
        for process in (*cluster.workers, scheduler):
            process.kill()
            process.wait()
