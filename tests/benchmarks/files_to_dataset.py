"""Generated stories, from files to a dataset: time, peak memory, what was found of what was planted.

``make bench``, or ``python -m tests.benchmarks.files_to_dataset [N] [-j J]``.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

import pandas as pd

from tests.benchmarks import stories
from tests.benchmarks.processes import ROOT, cost_of


def found(corpus: Path, truth: Path) -> dict[str, str]:
    """Of each kind of planted copy, how many stand in one cluster, or in one row, with what they were copied from."""
    merged = pd.read_parquet(corpus / "latest" / "duplicates", filters=[("method", "==", "same_file")])
    row_of = dict(zip(merged.path, merged.other_path, strict=True))
    works = pd.read_parquet(corpus / "latest" / "works", columns=["path", "dup_cluster_id"])
    cluster = dict(zip(works.path, works.dup_cluster_id, strict=True))
    tally: dict[str, list[bool]] = {}
    for name, planted in json.loads(truth.read_text(encoding="utf-8")).items():
        paths = [row_of.get(path, path) for path in (name, planted["copy_of"])]
        one, other = (cluster.get(path) for path in paths)
        tally.setdefault(planted["kind"], []).append(paths[0] == paths[1] or (one is not None and one == other))
    return {kind: f"{sum(hits)} of {len(hits)}" for kind, hits in sorted(tally.items())}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", nargs="?", type=int, default=10_000)
    parser.add_argument("-j", "--jobs", type=int, nargs="+", default=[os.cpu_count() or 1])
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "stories"
        size = stories.write(folder, arguments.count)
        print(f"{arguments.count:,} stories, {size / 1e6:,.0f} MB")
        for jobs in arguments.jobs:
            corpus = Path(place) / f"corpus-{jobs}"
            scrapy = [str(ROOT / ".venv" / "bin" / "scrapy")]
            steps = {
                "ingest": [*scrapy, "ingest", str(folder), "-c", str(corpus), "-j", str(jobs), "--no-build"],
                "build": [*scrapy, "build", str(corpus), "-j", str(jobs)],
            }
            for step, command in steps.items():
                cost = cost_of(command, Path(place) / "log")
                if cost.status:
                    sys.exit(f"{command} ended with {cost.status}: {cost.last_words}")
                rate = f"{arguments.count / cost.wall:,.0f} works/s, {size / 1e6 / cost.wall:,.1f} MB/s"
                spent = f"{cost.wall:7.1f} s wall {cost.cpu:7.1f} s CPU {cost.peak / 2**20:7.0f} MiB peak"
                print(f"-j {jobs} {step:<7} {spent}  {rate}")
            print(f"-j {jobs} copies found: {found(corpus, folder.with_suffix('.truth.json'))}")
            shutil.rmtree(corpus)


if __name__ == "__main__":
    main()
