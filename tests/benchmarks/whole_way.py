"""The whole way from files to a dataset, stage by stage, beside what the libraries alone would take for the same.

``python -m tests.benchmarks.whole_way [N] [--write docs/benchmarks.md]`` ingests and builds a planted corpus in this
process and adds up the CPU of each stage, some works after others, so that what a process loads once counts for none;
before that it does the least that the libraries need for the same steps: ``orjson`` reads the lines, pydantic validates
them as a model, words are split and counted, SHA-256 and NFC look at the text, the language engine identifies the same
windows, numpy hashes the words and 5-grams and sorts the bands of the sketches, Arrow stages, and Parquet writes with
zstd.
"""

from __future__ import annotations

import argparse
import hashlib
import tempfile
import time
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel

import crawler.ingest
import crawler.ingest_tasks
import pipelines.build
from crawler.ingest import ingest
from crawler.readers import formats
from crawler.scan import scan
from crawler.workers import Done
from pipelines import clean, fingerprint, language, language_engines, language_windows
from pipelines.build import build
from pipelines.corpus import Corpus
from pipelines.fingerprint import Sketch
from pipelines.fingerprint_words import shingles, words_of
from pipelines.language_looks import WINDOW_CHARS, WINDOWS
from pipelines.stage import Staging
from tests.benchmarks.packages import CACHE
from tests.benchmarks.processes import ROOT
from tests.benchmarks.side_by_side import corpus, machine, write_between

BATCH_BYTES = 4 * 2**20
WARM_WORKS = 20
BAND_PAIRS = 2
"""A band is of four minima of 32 bits, seen as two of 64."""
SCRIPTS = {"ru": "Cyrillic", "zh": "Chinese"}


class Clock:
    """CPU seconds by stage; what a stage calls of another counts for that one alone."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = defaultdict(float)
        self._open: list[str] = []
        self._since = time.process_time()

    def _turn(self) -> None:
        now = time.process_time()
        if self._open:
            self.spent[self._open[-1]] += now - self._since
        self._since = now

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        self._turn()
        self._open.append(name)
        try:
            yield
        finally:
            self._turn()
            self._open.pop()

    def timed(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """A function whose calls count for a stage."""

        def call(*args: Any, **kwargs: Any) -> Any:
            with self.stage(name):
                return function(*args, **kwargs)

        return call

    def timed_steps(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """A generator whose steps count for a stage."""

        def call(*args: Any, **kwargs: Any) -> Iterator[Any]:
            with self.stage(name):
                steps = iter(function(*args, **kwargs))
            while True:
                with self.stage(name):
                    try:
                        item = next(steps)
                    except StopIteration:
                        return
                yield item

        return call


class InProcess:
    """Stands for the pool of workers: runs tasks here, where their stages can be told apart."""

    def __init__(self, function: Callable[..., Any], *_: Any, **__: Any) -> None:
        self._function = function
        self._tasks: list[Any] = []

    def submit(self, task: Any) -> None:
        self._tasks.append(task)

    def results(self) -> Iterator[Any]:
        for task in self._tasks:
            yield Done(task, self._function(task, lambda _: None))

    def close(self) -> None:
        """Nothing to end."""


def warm(path: Path, place: Path) -> None:
    """Ingest and build some lines of a file, so that what is loaded once per process counts for no stage."""
    source = place / "warm"
    source.mkdir()
    with path.open("rb") as lines:
        (source / "works.jsonl").write_bytes(b"".join(islice(lines, WARM_WORKS)))
    our_way(source, place)


def our_way(folder: Path, place: Path) -> tuple[dict[str, float], int]:
    """CPU seconds by stage of an ingest and a build, and the number of works."""
    clock = Clock()
    steps: list[tuple[Any, str, str]] = [
        (clean, "clean_many", "clean"),
        (language, "detect_works", "language"),
        (fingerprint, "fingerprint_chapters", "fingerprint"),
        (fingerprint, "fingerprint_works", "fingerprint"),
        (crawler.ingest_tasks, "write_segment", "stage"),
        (pipelines.build, "decide", "dedup and policy"),
    ]
    replaced: list[Any] = [
        patch.object(where, name, clock.timed(stage, getattr(where, name))) for where, name, stage in steps
    ]
    replaced.append(patch.object(formats, "read", clock.timed_steps("read and validate", formats.read)))
    replaced.append(patch.object(crawler.ingest, "Workers", InProcess))
    own = Corpus(place / f"corpus-{folder.name}")
    own.create()
    for one in replaced:
        one.start()
    try:
        with own.lock(), closing(Staging(own.staging)) as staging:
            with clock.stage("count, rows and the rest of prepare"):
                counts = ingest(staging, "planted", list(scan(folder)), own.config, command="benchmark", jobs=1)
            with clock.stage("write"):
                build(own, staging, jobs=1)
    finally:
        for one in replaced:
            one.stop()
    return dict(clock.spent), counts.works


class Line(BaseModel):
    """What a line states."""

    id: str
    source: str
    title: str
    authors: list[str]
    fandoms: list[str]
    language: str
    chapters: list[str]


def bare_way(path: Path, place: Path) -> dict[str, float]:
    """CPU seconds of the libraries' own operations on the same lines."""
    clock = Clock()
    schema = pa.schema([("work_id", pa.string()), ("text", pa.large_string()), ("sketch", pa.binary())])
    engine = language_engines.load().first
    with (
        path.open("rb") as lines,
        pq.ParquetWriter(place / "bare.parquet", schema, compression="zstd", compression_level=3) as writer,
    ):
        batch: list[Line] = []
        sketches: list[Sketch] = []
        size = 0
        for raw in lines:
            with clock.stage("read and validate"):
                orjson.loads(raw)
                batch.append(Line.model_validate_json(raw))
                hashlib.sha256(raw).digest()
            size += len(raw)
            if size > BATCH_BYTES:
                sketches += _bare_batch(batch, clock, engine, place, writer)
                batch, size = [], 0
        sketches += _bare_batch(batch, clock, engine, place, writer)
    with clock.stage("dedup and policy"):
        minima = np.array([sketch.minima for sketch in sketches]).view(np.uint64)
        for band in np.bitwise_xor.reduce(minima.reshape(len(minima), -1, BAND_PAIRS), axis=2).T:
            np.argsort(band)
    return dict(clock.spent)


def _bare_batch(batch: list[Line], clock: Clock, engine: Any, place: Path, writer: pq.ParquetWriter) -> list[Sketch]:
    texts = [text for line in batch for text in line.chapters]
    with clock.stage("count, rows and the rest of prepare"):
        for text in texts:
            len(text.split())
    with clock.stage("clean"):
        for text in texts:
            unicodedata.is_normalized("NFC", text)
            hashlib.sha256(text.encode()).digest()
    with clock.stage("language"):
        for line in batch:
            sample = "\n".join(language_windows.windows("\n\n".join(line.chapters), WINDOWS, WINDOW_CHARS))
            engine.probabilities(sample, SCRIPTS.get(line.language, "Latin"))
    with clock.stage("fingerprint"):
        sketches = [Sketch.of(shingles(words)) for words in words_of(texts)]
    owners = [line.id for line in batch for _ in line.chapters]
    with clock.stage("stage"):
        table = pa.table([owners, texts, [sketch.minima.tobytes() for sketch in sketches]], schema=writer.schema)
        with pa.ipc.new_file(str(place / "bare.arrow"), table.schema) as stream:
            stream.write_table(table)
    with clock.stage("write"):
        writer.write_table(table)
    return sketches


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("count", nargs="?", type=int, default=5_000)
    parser.add_argument("--cache", type=Path, default=CACHE)
    parser.add_argument("--write", type=Path, metavar="FILE", help="put the table between the marks in this document")
    options = parser.parse_args()
    folder = corpus(options.count, options.cache)
    with tempfile.TemporaryDirectory() as place:
        source = Path(place) / "source"
        source.mkdir()
        (source / "works.jsonl").symlink_to(folder / "works.jsonl")
        bare = bare_way(folder / "works.jsonl", Path(place))
        warm(folder / "works.jsonl", Path(place))
        ours, works = our_way(source, Path(place))
    lines = [f"{works:,} works on {machine()}, one process; CPU in ms a work.", ""]
    lines += ["| stage | ours | the libraries alone | ratio |", "| --- | ---: | ---: | ---: |"]
    for name in dict.fromkeys([*ours, *bare]):
        mine, least = ours.get(name, 0.0) / works * 1e3, bare.get(name, 0.0) / works * 1e3
        lines.append(f"| {name} | {mine:.3f} | {least:.3f} | {f'{mine / least:.2f}' if least else ''} |")
    total, least = sum(ours.values()) / works * 1e3, sum(bare.values()) / works * 1e3
    lines.append(f"| **all** | {total:.3f} | {least:.3f} | {total / least:.2f} |")
    print("\n".join(lines))
    if options.write:
        write_between(ROOT / options.write, "whole-way", lines)


if __name__ == "__main__":
    main()
