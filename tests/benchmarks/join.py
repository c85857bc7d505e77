"""The search for copies among very many works: time and memory of the join, and of a build that adds a thousand.

``python -m tests.benchmarks.join [WORKS] [-j J]``. Sketches are random, as those of unrelated long works
are; one work in fifty is a copy of another. Texts are sixty words, so that the join is what is measured.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa

from pipelines.dedup import find_duplicates
from pipelines.fingerprint import CHAPTER_BINS, NAMELESS_BINS
from pipelines.fingerprint_table import FINGERPRINT_FIELDS
from pipelines.task_runner import task_runner
from schemas.arrow import arrow_schema
from schemas.corpus import DedupConfig
from schemas.tables import ChapterRow
from tests.benchmarks.dedup import Watch
from tests.staged_stories import FACTS, staged_works

SEGMENT = 5_000
CHAPTERS = 3
COPIES = 50


def write_segment(folder: Path, start: int, count: int) -> None:
    """Stage works with numbers from ``start`` on; every fiftieth has the sketches and the text of the one before it."""
    folder.mkdir(parents=True)
    source = np.arange(start, start + count)
    source[source % COPIES == 1] -= 1
    rng = np.random.default_rng(start)
    seeds = rng.integers(0, 2**63, (count, 2))
    texts = [" ".join(f"w{n}x{k}" for k in range(60)) for n in source.tolist()]
    sketches = {}
    for name, width, per in (
        ("sketch", 256, 1),
        ("nameless_sketch", NAMELESS_BINS, 1),
        ("chapter_sketch", CHAPTER_BINS, CHAPTERS),
    ):
        values = rng.integers(0, 2**32 - 2, (count * per, width), dtype=np.uint32)
        copies = np.flatnonzero(source != np.arange(start, start + count))
        for k in range(per):
            values[copies * per + k] = values[(copies - 1) * per + k]
        sketches[name] = pa.FixedSizeBinaryArray.from_buffers(
            pa.binary(4 * width), count * per, [None, pa.py_buffer(values.tobytes())]
        )
    offsets = pa.array(np.arange(0, CHAPTERS * count + 1, CHAPTERS, dtype=np.int32))
    columns = {
        "words_sha": pa.array([row.tobytes() for row in seeds], pa.binary(16)),
        "n_shingles": pa.array(np.full(count, 5000)),
        "n_nameless": pa.array(np.full(count, 4500)),
        "chapter_words_sha": pa.array([[]] * count, FINGERPRINT_FIELDS[3].type),
        "chapter_n_words": pa.ListArray.from_arrays(offsets, pa.array(np.full(CHAPTERS * count, 2000, np.int32))),
        "sketch": sketches["sketch"],
        "nameless_sketch": sketches["nameless_sketch"],
        "chapter_sketch": pa.ListArray.from_arrays(offsets, sketches["chapter_sketch"]),
        "first_chapter": pa.array(np.arange(count, dtype=np.int32)),
    }
    facts = pa.Table.from_pylist(
        [
            {
                "work_id": f"ao3:{n:09d}",
                "source": "ao3",
                "title": "T",
                "authors": [],
                "raw_sha256": "00",
                "n_words": 6000,
                "n_chapters": 1,
                "content_sha256": f"{own}",
                "cleaner_version": "1",
            }
            for n, own in zip(range(start, start + count), source.tolist(), strict=True)
        ],
        schema=FACTS,
    )
    for name, column in columns.items():
        facts = facts.append_column(name, column)
    blocks = pa.array([[]] * count, arrow_schema(ChapterRow).field("blocks").type)
    chapters = pa.table({"text": pa.array(texts, pa.large_string()), "blocks": blocks})
    for name, table in (("works", facts), ("chapters", chapters)):
        with pa.ipc.new_file(str(folder / f"{name}.arrow"), table.schema) as writer:
            writer.write_table(table.combine_chunks())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("works", nargs="?", type=int, default=1_000_000)
    parser.add_argument("-j", "--jobs", type=int, default=2)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        starts = [*range(0, options.works, SEGMENT), options.works]
        folders = [Path(place) / "segments" / f"{start:09d}" for start in starts]
        for folder, start in zip(folders, starts, strict=True):
            write_segment(folder, start, min(SEGMENT, options.works - start) or 1000)
        for name, used in (("first", folders[:-1]), ("again", folders[:-1]), ("a thousand more", folders)):
            with Watch() as watch:
                staged = staged_works(used)
                with task_runner(options.jobs) as run:
                    found = find_duplicates(staged, DedupConfig(), Path(place) / "dedup", run)
            print(
                f"{name:16} {len(staged):,} works: {watch.wall:6.1f} s wall {watch.cpu:6.1f} s CPU, "
                f"peak {watch.peak >> 20} MiB; {found.n_screened:,} pairs met, {found.n_compared:,} compared, "
                f"{len(found.rows):,} copies",
                flush=True,
            )


if __name__ == "__main__":
    main()
