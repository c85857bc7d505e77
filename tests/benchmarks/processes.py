"""What a command costs: wall and CPU seconds and the peak memory of it and of all processes below it."""

from __future__ import annotations

import ctypes
import os
import subprocess
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
SAMPLE_SECONDS = 0.1
PR_SET_CHILD_SUBREAPER = 36


@dataclass(frozen=True)
class Cost:
    """What a finished command took."""

    status: int
    """Its exit status."""
    wall: float
    """Seconds."""
    cpu: float
    """Seconds, user and system, of all its processes."""
    peak: int
    """Bytes of proportional memory (PSS) of all its processes together, sampled ten times a second."""
    last_words: str
    """The end of what it wrote to its error stream."""


def tree_memory(process: int) -> int:
    """Proportional memory (PSS) of a process and all below it, in bytes."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
            children.setdefault(parent, []).append(int(entry.name))
    total = 0
    queue = [process]
    while queue:
        number = queue.pop()
        queue += children.get(number, [])
        try:
            lines = Path(f"/proc/{number}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        total += sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
    return total


def _adopt_orphans() -> None:
    """Have the processes that a command leaves behind become ours (prctl(2), PR_SET_CHILD_SUBREAPER).

    The CPU of a fork server's workers would be counted nowhere else.
    """
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)


def cost_of(command: Sequence[str], log: Path, environment: dict[str, str] | None = None) -> Cost:
    """Run a command in the project's folder and say what it cost; what it prints goes to ``log``."""
    peak = 0
    _adopt_orphans()
    before = os.times()
    start = time.perf_counter()
    with (
        log.open("wb") as output,
        subprocess.Popen(
            command, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT, env=environment and os.environ | environment
        ) as process,
    ):
        done = threading.Event()

        def watch() -> None:
            nonlocal peak
            while not done.wait(SAMPLE_SECONDS):
                peak = max(peak, tree_memory(process.pid))

        watcher = threading.Thread(target=watch)
        watcher.start()
        status = process.wait()
        done.set()
        watcher.join()
    wall = time.perf_counter() - start
    with suppress(ChildProcessError):  # workers outlive whoever started them by a moment
        while True:
            os.wait()
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    words = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return Cost(status, wall, cpu, peak, words[-1] if words else "")
