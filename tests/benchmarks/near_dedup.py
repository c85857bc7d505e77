"""This project's near-dedup alone, on the same work as the other tools: ``WORKS OUT PROCESSES``.

JSON lines of ``id`` and ``chapters`` in, a folder of zstd Parquet files with the works that are kept out: ranges of
lines are fingerprinted and staged, copies are searched for, and what is kept is written from the staged segments.
Every copy is left out, renamed ones too, which the dataset's own policy would only mark.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from pipelines.task_runner import task_runner
from tests.benchmarks.lines import ranges

TASKS = "tests.benchmarks.near_dedup_tasks"


def main() -> None:
    works, out, processes = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    out.mkdir(parents=True)
    with tempfile.TemporaryDirectory(dir=out.parent) as place, task_runner(processes, TASKS) as run:
        from tests.benchmarks.near_dedup_tasks import StageTask, stage_range  # noqa: PLC0415 - the workers' loads, too

        tasks = [StageTask(*lines) for lines in ranges(works, Path(place) / "segments")]
        staging = run(stage_range, tasks)
        from tests.benchmarks.near_dedup_steps import deduplicate  # noqa: PLC0415 - the workers stage meanwhile

        deduplicate(list(staging), out, Path(place), run)


if __name__ == "__main__":
    main()
