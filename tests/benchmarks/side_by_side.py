"""Near-duplicates of one planted corpus, found by this project and by other people's tools, side by side in one run.

``python -m tests.benchmarks.side_by_side [N ...] [--write docs/benchmarks.md]``. The work is the same for all:
JSON lines of ``id`` and ``text`` in, zstd Parquet of the works that are kept out, two processes where a tool can use
them. Each tool has an environment of its own in the cache folder, made at the first run; one that cannot be installed
is left out, and the table says so.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

import pyarrow.dataset as arrow_dataset

from tests.benchmarks import planted
from tests.benchmarks.packages import CACHE
from tests.benchmarks.peers import HERE, PEERS, Peer
from tests.benchmarks.processes import ROOT, Cost, cost_of

SLOW_LIMIT = 5_000
"""Works above which the slow tools are left out, unless asked for."""
LIGHTEST = 0.6
"""Pairs below this Jaccard similarity are counted apart."""


@dataclass(frozen=True)
class Truth:
    """What was planted in a corpus."""

    ids: frozenset[str]
    pairs: tuple[tuple[str, str, str, float], ...]
    """Copy, what it is a copy of, kind, Jaccard similarity."""
    bytes: int
    """Size of the texts, in UTF-8."""


@dataclass(frozen=True)
class Outcome:
    """What a tool did with a corpus."""

    name: str
    version: str
    cost: Cost | None = None
    found: dict[str, tuple[int, int]] | None = None
    """Of each kind of copy, how many were found of how many."""
    recall: float = 0.0
    recall_but_lightest: float = 0.0
    precision: float = 0.0
    why_not: str = ""


def corpus(count: int, cache: Path) -> Path:
    """The planted corpus of a size, made once."""
    folder = cache / f"planted-{count}"
    if not (folder / "complete").exists():
        planted.write(folder, count, seed=42, texts=True)
        (folder / "complete").touch()
    return folder


def truth_of(folder: Path) -> Truth:
    """What was planted, and how large the corpus is."""
    rows = [json.loads(line) for line in (folder / "truth.jsonl").read_text(encoding="utf-8").splitlines()]
    ids, size = [], 0
    with (folder / "texts.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            document = json.loads(line)
            ids.append(document["id"])
            size += len(document["text"].encode())
    pairs = tuple((row["id"], row["of"], row["kind"], row["jaccard"]) for row in rows if "of" in row)
    return Truth(frozenset(ids), pairs, size)


def judged(name: str, version: str, cost: Cost, out: Path, truth: Truth) -> Outcome:
    """Recall and precision of what a tool left out.

    A planted pair is found where one of the two was left out; a work was left out rightly where it is part of a pair.
    That favours tools that leave out a collection for one of the works that it holds, and know nothing of the others.
    """
    kept = set(arrow_dataset.dataset(out, format="parquet").to_table(columns=["id"]).column("id").to_pylist())
    removed = truth.ids - kept
    hits: Counter[str] = Counter()
    total: Counter[str] = Counter()
    heavy = [0, 0]
    for one, other, kind, jaccard in truth.pairs:
        hit = one in removed or other in removed
        total[kind] += 1
        hits[kind] += hit
        if jaccard >= LIGHTEST:
            heavy[0] += hit
            heavy[1] += 1
    part_of_pair = {one for pair in truth.pairs for one in pair[:2]}
    return Outcome(
        name,
        version,
        cost,
        {kind: (hits[kind], total[kind]) for kind in sorted(total)},
        recall=hits.total() / max(1, total.total()),
        recall_but_lightest=heavy[0] / max(1, heavy[1]),
        precision=len(removed & part_of_pair) / max(1, len(removed)),
    )


def environment_of(peer: Peer, cache: Path) -> Path | str:
    """The Python of a tool's environment, or why there is none."""
    folder = cache / "environments" / peer.environment
    python = folder / "bin" / "python"
    if not (folder / "complete").exists():
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *peer.packages]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            words = done.stderr.strip().splitlines()
            return f"could not be installed: {words[-1] if words else done.returncode}"
        (folder / "complete").touch()
    return python


def run_peer(peer: Peer, folder: Path, truth: Truth, processes: int, cache: Path) -> Outcome:
    """Run one of the other tools on a corpus."""
    python = environment_of(peer, cache)
    if isinstance(python, str):
        return Outcome(peer.name, "", why_not=python)
    code = f"from importlib.metadata import version; print(version({peer.version_of!r}))"
    version = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    command = [str(python), str(HERE / peer.script), str(folder / "texts.jsonl")]
    return _run(peer.name, version, [*command, "{out}", str(processes), *peer.options], truth, cache)


def run_ours(folder: Path, truth: Truth, processes: int, cache: Path) -> Outcome:
    """Run this project's own way on a corpus."""
    command = [sys.executable, "-m", "tests.benchmarks.near_dedup", str(folder / "works.jsonl"), "{out}"]
    return _run("Fanthology", metadata.version("fanthology"), [*command, str(processes)], truth, cache)


def _run(name: str, version: str, command: Sequence[str], truth: Truth, cache: Path) -> Outcome:
    out = cache / "out"
    shutil.rmtree(out, ignore_errors=True)
    log = cache / f"{name.replace(' ', '-').replace(',', '')}.log"
    cost = cost_of([part.replace("{out}", str(out)) for part in command], log, {"HF_HUB_OFFLINE": "1"})
    if cost.status:
        return Outcome(name, version, why_not=f"ended with {cost.status}: {cost.last_words}")
    outcome = judged(name, version, cost, out, truth)
    shutil.rmtree(out)
    return outcome


def lines_of(count: int, truth: Truth, outcomes: Sequence[Outcome]) -> Iterator[str]:
    """The tables of one corpus, in Markdown."""
    size = truth.bytes / 1e6
    yield f"### {count:,} works, {size:,.0f} MB, {len(truth.pairs):,} planted pairs"
    yield ""
    yield "| tool | version | wall s | CPU s | peak MiB | works/s | MB/s | recall | recall, Jaccard ≥ 0.6 | precision |"
    yield "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
    for one in outcomes:
        if one.cost is None:
            yield f"| {one.name} | {one.version} | {one.why_not} | | | | | | | |"
            continue
        wall = one.cost.wall
        yield (
            f"| {one.name} | {one.version} | {wall:,.1f} | {one.cost.cpu:,.1f} | {one.cost.peak / 2**20:,.0f} "
            f"| {count / wall:,.0f} | {size / wall:,.1f} | {one.recall:.3f} | {one.recall_but_lightest:.3f} "
            f"| {one.precision:.4f} |"
        )
    ran = [one for one in outcomes if one.found]
    yield ""
    yield "Found of each kind:"
    yield ""
    yield "| kind | planted | " + " | ".join(one.name for one in ran) + " |"
    yield "| --- | ---: | " + " | ".join("---:" for _ in ran) + " |"
    for kind in sorted({pair[2] for pair in truth.pairs}):
        shares = [(one.found or {}).get(kind, (0, 0)) for one in ran]
        yield f"| {kind} | {shares[0][1]} | " + " | ".join(f"{hits / total:.3f}" for hits, total in shares) + " |"
    yield ""


def machine() -> str:
    """What this was measured on."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    processor = names[0] if names else platform.processor()
    python = platform.python_version()
    return f"{os.cpu_count()} cores ({processor}), {memory:,.0f} GiB, Python {python}, {datetime.now(UTC):%Y-%m-%d}"


def write_between(path: Path, name: str, lines: Sequence[str]) -> None:
    """Put lines between the marks ``<!-- NAME -->`` and ``<!-- /NAME -->`` of a document."""
    text = path.read_text(encoding="utf-8")
    head, opening, rest = text.partition(f"<!-- {name} -->\n")
    _, closing, tail = rest.partition(f"<!-- /{name} -->")
    if not opening or not closing:
        sys.exit(f"{path}: has no marks <!-- {name} --> and <!-- /{name} -->")
    path.write_text(head + opening + "\n".join(lines) + "\n" + closing + tail, encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("counts", nargs="*", type=int, default=[5_000, 20_000], metavar="N", help="works")
    parser.add_argument("--only", nargs="+", default=[], metavar="TOOL", help="names, or the beginnings of names")
    parser.add_argument("--slow", action="store_true", help="run the slow tools on large corpora too")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--cache", type=Path, default=CACHE)
    parser.add_argument("--write", type=Path, metavar="FILE", help="put the tables between the marks in this document")
    options = parser.parse_args()
    options.cache.mkdir(parents=True, exist_ok=True)
    lines = [f"Measured on {machine()}.", ""]
    for count in options.counts:
        folder = corpus(count, options.cache)
        truth = truth_of(folder)
        outcomes = [run_ours(folder, truth, options.processes, options.cache)]
        for peer in PEERS:
            if options.only and not any(peer.name.lower().startswith(name.lower()) for name in options.only):
                continue
            if peer.is_slow and count > SLOW_LIMIT and not options.slow:
                outcomes.append(Outcome(peer.name, "", why_not="left out: --slow runs it on so many works"))
                continue
            print(f"{peer.name} on {count:,} works …", file=sys.stderr, flush=True)
            outcomes.append(run_peer(peer, folder, truth, options.processes, options.cache))
        lines += lines_of(count, truth, outcomes)
    print("\n".join(lines))
    if options.write:
        write_between(ROOT / options.write, "near-dedup", lines)


if __name__ == "__main__":
    main()
