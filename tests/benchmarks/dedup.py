"""Dedup on a planted corpus: time and memory of fingerprints and of the search, recall and precision by kind.

``python -m tests.benchmarks.dedup FOLDER [-j J]``, where FOLDER was written by ``tests.benchmarks.planted``.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import tempfile
import threading
import time
from collections import defaultdict
from pathlib import Path
from typing import Self

from pipelines.dedup import find_duplicates
from pipelines.dedup_decide import DuplicateFindings
from pipelines.task_runner import task_runner
from schemas.corpus import DedupConfig
from tests.benchmarks.lines import ranges, stage_range
from tests.benchmarks.processes import tree_memory
from tests.staged_stories import staged_works


class Watch:
    """Wall time, CPU time and peak memory of this process and all below it, while it is open."""

    def __enter__(self) -> Self:
        self._done = threading.Event()
        self.peak = 0
        self._seen: dict[int, float] = {}
        self._before = _cpu_of_tree(os.getpid())
        self._thread = threading.Thread(target=self._watch)
        self._start = time.perf_counter()
        self._thread.start()
        return self

    def _watch(self) -> None:
        while not self._done.wait(0.1):
            self.peak = max(self.peak, tree_memory(os.getpid()))
            self._seen |= _cpu_of_tree(os.getpid())

    def __exit__(self, *_: object) -> None:
        self.wall = time.perf_counter() - self._start
        self._done.set()
        self._thread.join()
        self._seen |= _cpu_of_tree(os.getpid())
        self.cpu = sum(self._seen.values()) - sum(self._before.values())


def _cpu_of_tree(process: int) -> dict[int, float]:
    """CPU seconds of a process and all below it, by number, as far as they are there."""
    parents, used = {}, {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            parents[int(entry.name)] = int(fields[1])
            used[int(entry.name)] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    tree = {process}
    while more := {child for child, parent in parents.items() if parent in tree} - tree:
        tree |= more
    return {number: used[number] for number in tree if number in used}


class Truth:
    """What was planted in a corpus."""

    def __init__(self, corpus: Path, ids: list[str]) -> None:
        self._place = {work_id: n for n, work_id in enumerate(ids)}
        self._family = list(range(len(ids)))
        with (corpus / "truth.jsonl").open(encoding="utf-8") as lines:
            rows = [json.loads(line) for line in lines]
        self.copies = [row for row in rows if "of" in row]
        self.traps = {row["id"]: row["trap"] for row in rows if "trap" in row}
        for row in self.copies:
            one, other = self._root(row["id"]), self._root(row["of"])
            self._family[max(one, other)] = min(one, other)

    def _root(self, work_id: str) -> int:
        place = self._place[work_id]
        while self._family[place] != place:
            place = self._family[place]
        return place

    def are_related(self, one: str, other: str) -> bool:
        return self._root(one) == self._root(other)


def recall_lines(truth: Truth, findings: DuplicateFindings, ids: list[str]) -> list[str]:
    """Recall by kind and by similarity."""
    cluster = dict(zip(ids, findings.cluster_of.tolist(), strict=True))
    method = dict(zip(*(findings.rows.column(c).to_pylist() for c in ("work_id", "method")), strict=True))
    hits: dict[str, list[bool]] = defaultdict(list)
    missed = []
    for row in truth.copies:
        found = cluster[row["id"]] >= 0 and cluster[row["id"]] == cluster[row["of"]]
        lightest = row["jaccard"] < 0.6 and row["containment"] < 0.8
        bucket = f"J {min(9, int(row['jaccard'] * 10)) / 10:.1f}"
        for group in (row["kind"], bucket, "all", "lightest" if lightest else "all but the lightest"):
            hits[group].append(found)
        if row["kind"] == "renamed":
            hits["renamed, told as such"].append("renamed" in (method.get(row["id"]), method.get(row["of"])))
        if not found and not lightest:
            missed.append(row)
    held = sum(method.get(row["of"]) == "containment" or method.get(row["id"]) == "containment" for row in missed)
    lines = [f"  {group:28} {sum(h):6} of {len(h):6}  {sum(h) / len(h):.4f}" for group, h in sorted(hits.items())]
    lines.append(
        f"  of {len(missed)} missed that are not of the lightest, {held} are linked to another work that holds them"
    )
    return lines + [f"  MISSED {row}" for row in missed[:10]]


def precision_lines(truth: Truth, findings: DuplicateFindings) -> list[str]:
    """Precision by method, and how many traps were taken for copies."""
    right: dict[str, list[bool]] = defaultdict(list)
    wrong = []
    columns = ["work_id", "other_work_id", "method", "similarity", "containment", "similarity_nameless"]
    for row in findings.rows.select(columns).to_pylist():
        right[row["method"]].append(truth.are_related(row["work_id"], row["other_work_id"]))
        if not right[row["method"]][-1]:
            wrong.append(row)
    lines = [f"  precision {name:18} {sum(h):6} of {len(h):6}" for name, h in sorted(right.items())]
    caught = {row[end] for row in wrong for end in ("work_id", "other_work_id")}
    traps: dict[str, list[bool]] = defaultdict(list)
    for work_id, trap in truth.traps.items():
        traps[trap].append(work_id in caught)
    lines += [f"  trap {trap:23} {sum(h):6} of {len(h):6} taken for copies" for trap, h in sorted(traps.items())]
    return lines + [f"  WRONG {row}" for row in wrong[:15]]


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
        ids = staged.works["work_id"].to_pylist()
        truth = Truth(options.corpus, ids)
        print("\n".join(recall_lines(truth, findings, ids) + precision_lines(truth, findings)))
    finally:
        if not options.keep:
            shutil.rmtree(place)


if __name__ == "__main__":
    main()
