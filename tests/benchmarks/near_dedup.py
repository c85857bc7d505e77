"""This project's near-dedup alone, on the same work as the other tools: ``WORKS OUT PROCESSES``.

JSON lines of ``id`` and ``chapters`` in, a folder of zstd Parquet files with the works that are kept out: fingerprints
by ranges of lines, the search for copies, then the lines of what is kept once more. Every copy is left out, renamed
ones too, which the dataset's own policy would only mark.
"""

from __future__ import annotations

import sys
import tempfile
from itertools import islice
from pathlib import Path

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.dedup import find_duplicates
from pipelines.dedup_decide import DUPLICATE
from pipelines.fingerprint import FINGERPRINT_FIELDS, fingerprint_chapters, fingerprint_columns, fingerprint_work
from pipelines.task_runner import task_runner
from schemas.arrow import arrow_schema
from schemas.corpus import DedupConfig
from schemas.tables import ChapterRow
from tests.benchmarks.dedup import ranges
from tests.staged_stories import FACTS, staged_works

SCHEMA = pa.schema([("id", pa.string()), ("text", pa.large_string())])


def stage_range(task: tuple[str, int, int, str]) -> str:
    """Fingerprint the works of a range of lines, a megabyte at a time, and stage them as a segment."""
    path, start, end, folder = task
    with Path(path).open("rb") as stream:
        stream.seek(start)
        works = [orjson.loads(line) for line in stream.read(end - start).splitlines()]
    chapters = [chapter for work in works for chapter in work["chapters"]]
    prints = iter(fingerprint_chapters(chapters))
    done = [fingerprint_work(list(islice(prints, len(work["chapters"])))) for work in works]
    counts = np.array([len(work["chapters"]) for work in works], dtype=np.int32)
    known = {
        "work_id": [work["id"] for work in works],
        "source": [work["source"] for work in works],
        "title": [work["title"] for work in works],
        "authors": [work["authors"] for work in works],
        "n_words": [sum(one.chapter_words) for one in done],
        "n_chapters": counts,
        "raw_sha256": [one.exact.hex() for one in done],
        "content_sha256": [one.exact.hex() for one in done],
        "cleaner_version": ["1"] * len(works),
        "first_chapter": np.cumsum(counts) - counts,
        **{field.name: column for field, column in zip(FINGERPRINT_FIELDS, fingerprint_columns(done), strict=True)},
    }
    schema = pa.schema([*FACTS, pa.field("first_chapter", pa.int32()), *FINGERPRINT_FIELDS])
    rows = [pa.array(known.get(field.name, [None] * len(works)), field.type) for field in schema]
    blocks = arrow_schema(ChapterRow).field("blocks").type
    none = pa.ListArray.from_arrays(np.zeros(len(chapters) + 1, np.int32), pa.array([], blocks.value_type), type=blocks)
    _write(
        Path(folder),
        "works",
        pa.table(rows, schema=schema),
    )
    _write(Path(folder), "chapters", pa.table({"text": pa.array(chapters, pa.large_string()), "blocks": none}))
    return folder


def _write(folder: Path, name: str, table: pa.Table) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with pa.ipc.new_file(str(folder / f"{name}.arrow"), table.schema) as writer:
        writer.write_table(table)


def write_range(task: tuple[str, int, int, str, frozenset[str]]) -> None:
    """Write the works of a range of lines that are not left out."""
    path, start, end, out, left_out = task
    with Path(path).open("rb") as stream:
        stream.seek(start)
        works = map(orjson.loads, stream.read(end - start).splitlines())
        rows = [(work["id"], "\n\n".join(work["chapters"])) for work in works if work["id"] not in left_out]
    columns = [[row[place] for row in rows] for place in range(len(SCHEMA))]
    pq.write_table(pa.table(columns, schema=SCHEMA), out, compression="zstd", compression_level=3)


def main() -> None:
    works, out, processes = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    out.mkdir(parents=True)
    with tempfile.TemporaryDirectory(dir=out.parent) as place, task_runner(processes) as run:
        tasks = list(ranges(works, Path(place) / "segments"))
        folders = [Path(folder) for folder in run(stage_range, tasks)]
        staged = staged_works(folders)
        findings = find_duplicates(staged, DedupConfig(), Path(place) / "dedup", run)
        ids = np.asarray(staged.works.column("work_id").to_pylist(), dtype=object)
        left_out = frozenset(ids[findings.role_of == DUPLICATE].tolist())
        outputs = [
            (path, start, end, str(out / f"part-{number:05d}.parquet"), left_out)
            for number, (path, start, end, _) in enumerate(tasks)
        ]
        list(run(write_range, outputs))


if __name__ == "__main__":
    main()
