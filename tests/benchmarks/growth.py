"""Whole commands on a planted corpus: what more works cost, and what more cores give.

``python -m tests.benchmarks.growth 20000 200000 [-j 1 2] [--rounds N] [--write docs/scale.md]`` ingests and builds
planted corpora, each command a process of its own as users start it. After the rounds with one process and with more
it starts as many commands with one process each at the same moment, on corpora of their own: how much longer these
take than one alone tells what the machine has to give, however well a program divides its work.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from tests.benchmarks.packages import CACHE
from tests.benchmarks.processes import ROOT, Cost, cost_of
from tests.benchmarks.side_by_side import corpus, machine, write_between

STEPS = ("ingest", "build")


@dataclass(frozen=True)
class Run:
    """What the two steps cost with a number of processes."""

    count: int
    """Works."""
    jobs: int
    costs: tuple[Cost, ...]
    """By step."""


def command(step: str, works: Path, place: Path, jobs: int) -> list[str]:
    """What a user would type."""
    scrapy = [sys.executable, "-m", "scrapy", step]
    where = [str(works), "-c", str(place), "--no-build"] if step == "ingest" else [str(place)]
    return [*scrapy, *where, "-j", str(jobs)]


def run(works: Path, count: int, jobs: int, place: Path) -> Run:
    """Ingest and build once, into a new corpus."""
    costs = []
    for step in STEPS:
        cost = cost_of(command(step, works, place / "corpus", jobs), place / "log")
        if cost.status:
            sys.exit(f"{step} -j {jobs} ended with {cost.status}: {cost.last_words}")
        costs.append(cost)
    shutil.rmtree(place / "corpus")
    return Run(count, jobs, tuple(costs))


def at_once(works: Path, times: int, place: Path) -> tuple[float, ...]:
    """Wall seconds by step of so many commands with one process each, started together: the mean of them."""
    seconds = []
    for step in STEPS:
        start = time.perf_counter()
        running = [
            subprocess.Popen(
                command(step, works, place / f"corpus-{number}", 1),
                cwd=ROOT,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            for number in range(times)
        ]
        ends = []
        while running:
            time.sleep(0.02)
            for process in [process for process in running if process.poll() is not None]:
                running.remove(process)
                ends.append(time.perf_counter() - start)
                if process.returncode:
                    sys.exit(f"{step} ended with {process.returncode}")
        seconds.append(sum(ends) / times)
    return tuple(seconds)


def row(runs: Sequence[Run], step: int) -> str:
    """A line of the table: medians of the rounds."""
    wall, cpu, peak = (median(getattr(one.costs[step], name) for one in runs) for name in ("wall", "cpu", "peak"))
    each = cpu / runs[0].count * 1000
    cells = [f"{runs[0].count:,}", STEPS[step], str(runs[0].jobs), f"{wall:,.1f}", f"{cpu:,.1f}", f"{each:.2f}"]
    return f"| {' | '.join([*cells, f'{peak / 2**20:,.0f}'])} |"


def measured(count: int, jobs: Sequence[int], rounds: int) -> tuple[list[str], list[str]]:
    """The lines of the table for a number of works, and sentences on what the cores gave."""
    works = corpus(count, CACHE) / "works.jsonl"
    runs: dict[int, list[Run]] = {number: [] for number in jobs}
    together: list[tuple[float, ...]] = []
    with tempfile.TemporaryDirectory() as place:
        for _ in range(rounds):
            for number in jobs:
                runs[number].append(run(works, count, number, Path(place)))
            if min(jobs) == 1 < max(jobs):
                together.append(at_once(works, max(jobs), Path(place)))
                for number in range(max(jobs)):
                    shutil.rmtree(Path(place) / f"corpus-{number}")
    rows = [row(runs[number], step) for step in range(len(STEPS)) for number in jobs]
    said = []
    for step, name in enumerate(STEPS if together else ()):
        one, many = (median(one.costs[step].wall for one in runs[number]) for number in (1, max(jobs)))
        given = max(jobs) * one / median(seconds[step] for seconds in together)
        said.append(
            f"{name} of {count:,} works: {one / many:.2f} times as fast with {max(jobs)} processes as with one; "
            f"{max(jobs)} commands of one process each, at once, do {given:.2f} times the work of one alone."
        )
    return rows, said


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("counts", nargs="*", type=int, default=[20_000], metavar="N", help="works")
    parser.add_argument("-j", "--jobs", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--rounds", type=int, default=1, help="of each, in turns; medians are told")
    parser.add_argument("--write", type=Path, metavar="FILE", help="a document with marks <!-- growth -->")
    options = parser.parse_args()
    lines = [f"Measured on {machine()}.", ""]
    lines += ["| works | command | processes | wall s | CPU s | CPU ms a work | peak MiB |"]
    lines += ["| ---: | --- | ---: | ---: | ---: | ---: | ---: |"]
    sentences: list[str] = []
    for count in options.counts:
        rows, said = measured(count, options.jobs, options.rounds)
        lines += rows
        sentences += said
        print(*rows, *said, sep="\n", flush=True)
    if options.write:
        write_between(options.write, "growth", [*lines, "", *sentences] if sentences else lines)


if __name__ == "__main__":
    main()
