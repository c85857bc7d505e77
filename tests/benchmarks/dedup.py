"""Dedup on a planted corpus: time and memory of fingerprints and of the search, recall and precision by kind.

``python -m tests.benchmarks.dedup FOLDER [-j J]``, where FOLDER was written by ``tests.benchmarks.planted``.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import numpy as np

from pipelines.dedup import DuplicateFindings, find_duplicates
from pipelines.task_runner import task_runner
from schemas.corpus import DedupConfig
from tests.benchmarks.files_to_dataset import tree_memory
from tests.staged_stories import staged_works, write_stories

TASK_BYTES = 8_000_000


class Watch:
    """Wall time, CPU time of this process and its ended children, and peak memory of the tree, while it is open."""

    def __enter__(self) -> Self:
        self._done = threading.Event()
        self.peak = 0
        self._thread = threading.Thread(target=self._look)
        self._cpu = _cpu()
        self._start = time.perf_counter()
        self._thread.start()
        return self

    def _look(self) -> None:
        while not self._done.wait(0.2):
            self.peak = max(self.peak, tree_memory(os.getpid()))

    def __exit__(self, *_: object) -> None:
        self.wall = time.perf_counter() - self._start
        self._done.set()
        self._thread.join()
        self.cpu = _cpu() - self._cpu


def _cpu() -> float:
    uses = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(use.ru_utime + use.ru_stime for use in uses)


def stage_range(task: tuple[str, int, int, str]) -> str:
    """Fingerprint the works of a range of lines and stage them as a segment."""
    path, start, end, folder = task
    corpus, facts = {}, {}
    with Path(path).open("rb") as stream:
        stream.seek(start)
        while stream.tell() < end:
            work = json.loads(stream.readline())
            corpus[work["id"]] = work["chapters"]
            facts[work["id"]] = {name: work[name] for name in ("source", "title", "authors", "fandoms")}
    write_stories(Path(folder), corpus, facts)
    return folder


def ranges(path: Path, folder: Path) -> Iterator[tuple[str, int, int, str]]:
    """Ranges of whole lines of about ``TASK_BYTES``."""
    size = path.stat().st_size
    with path.open("rb") as stream:
        start = 0
        while start < size:
            stream.seek(min(size, start + TASK_BYTES))
            stream.readline()
            yield str(path), start, stream.tell(), str(folder / f"{start:012d}")
            start = stream.tell()


def judged(corpus: Path, ids: list[str], findings: DuplicateFindings) -> list[str]:
    """Recall by kind and by similarity, precision, and how many traps were taken for copies."""
    place = {work_id: n for n, work_id in enumerate(ids)}
    cluster = findings.cluster_of
    planted: dict[str, list[bool]] = defaultdict(list)
    family = np.arange(len(ids))
    traps: dict[str, str] = {}
    truth = [json.loads(line) for line in (corpus / "truth.jsonl").open(encoding="utf-8")]

    def root(n: int) -> int:
        while family[n] != n:
            n = int(family[n])
        return n

    missed: list[str] = []
    named_right = 0
    renamed = 0
    method = dict(zip(findings.rows["work_id"].to_pylist(), findings.rows["method"].to_pylist(), strict=True))
    for row in truth:
        if "trap" in row:
            traps[row["id"]] = row["trap"]
            continue
        one, other = place[row["id"]], place[row["of"]]
        hit = bool(cluster[one] >= 0 and cluster[one] == cluster[other])
        if not hit and max(row["jaccard"], row["containment"]) >= 0.8:
            missed.append(f"  MISSED {row}")
        planted[row["kind"]].append(hit)
        planted[f"J {min(9, int(row['jaccard'] * 10)) / 10:.1f}"].append(hit)
        planted["all"].append(hit)
        planted[
            "all but J < 0.6 and C < 0.8" if row["jaccard"] >= 0.6 or row["containment"] >= 0.8 else "lightest"
        ].append(hit)
        if row["kind"] == "renamed":
            renamed += 1
            named_right += method.get(row["id"]) == "renamed" or method.get(row["of"]) == "renamed"
        family[max(root(one), root(other))] = min(root(one), root(other))
    lines = [
        f"  {kind:28} {sum(hits):6} of {len(hits):6}  {sum(hits) / len(hits):.4f}"
        for kind, hits in sorted(planted.items())
    ]
    wrong = []
    by_method: dict[str, list[bool]] = defaultdict(list)
    for row in findings.rows.select(
        ["work_id", "other_work_id", "method", "similarity", "containment", "similarity_nameless"]
    ).to_pylist():
        right = root(place[row["work_id"]]) == root(place[row["other_work_id"]])
        by_method[row["method"]].append(right)
        if not right:
            wrong.append(row)
    for name, hits in sorted(by_method.items()):
        lines.append(f"  precision {name:18} {sum(hits):6} of {len(hits):6}")
    caught = {row["work_id"] for row in wrong} | {row["other_work_id"] for row in wrong}
    kinds: dict[str, list[bool]] = defaultdict(list)
    for work_id, trap in traps.items():
        kinds[trap].append(work_id in caught)
    lines += [
        f"  trap {trap:23} {sum(hits):6} of {len(hits):6} taken for copies" for trap, hits in sorted(kinds.items())
    ]
    lines.append(f"  renamed copies told as such {named_right} of {renamed}")
    lines += missed[:15] + [f"  WRONG {row}" for row in wrong[:15]]
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("-j", "--jobs", type=int, default=2)
    parser.add_argument("--keep", type=Path, help="stage here, and use what is staged there already")
    options = parser.parse_args()
    place = options.keep or Path(tempfile.mkdtemp())
    try:
        tasks = list(ranges(options.corpus / "works.jsonl", place / "segments"))
        folders = [Path(task[3]) for task in tasks]
        with Watch() as staging, task_runner(options.jobs) as run:
            list(run(stage_range, [task for task in tasks if not Path(task[3]).exists()]))
        with Watch() as search:
            staged = staged_works(folders)
            with task_runner(options.jobs) as run:
                findings = find_duplicates(staged, DedupConfig(), place / "dedup", run)
        n = len(staged)
        size = (options.corpus / "works.jsonl").stat().st_size / 1e6
        print(f"{n:,} works, {size:,.0f} MB, {len(folders)} segments, -j {options.jobs}")
        for name, watch in (("read and fingerprint", staging), ("search", search)):
            print(
                f"  {name:22} {watch.wall:7.1f} s wall {watch.cpu:7.1f} s CPU = {watch.cpu / n * 1e3:.3f} ms a work, "
                f"peak {watch.peak >> 20} MiB"
            )
        print(f"  pairs met {findings.n_screened:,}, verified {findings.n_verified:,}, copies {len(findings.rows):,}")
        print("\n".join(judged(options.corpus, staged.works["work_id"].to_pylist(), findings)))
    finally:
        if not options.keep:
            shutil.rmtree(place)


if __name__ == "__main__":
    main()
