"""This project's near-dedup alone, on the same work as the other tools: ``WORKS OUT PROCESSES``.

JSON lines of ``id`` and ``chapters`` in, a folder of zstd Parquet files with the works that are kept out: fingerprints
by ranges of lines, the search for copies, then the lines of what is kept once more. Every copy is left out, renamed
ones too, which the dataset's own policy would only mark.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.dedup import find_duplicates
from pipelines.dedup_decide import DUPLICATE
from pipelines.task_runner import task_runner
from schemas.corpus import DedupConfig
from tests.benchmarks.dedup import ranges
from tests.staged_stories import staged_works, write_stories

SCHEMA = pa.schema([("id", pa.string()), ("text", pa.large_string())])


def stage_range(task: tuple[str, int, int, str]) -> str:
    """Fingerprint the works of a range of lines and stage them as a segment."""
    path, start, end, folder = task
    with Path(path).open("rb") as stream:
        stream.seek(start)
        works = map(orjson.loads, stream.read(end - start).splitlines())
        write_stories(Path(folder), {work["id"]: work["chapters"] for work in works})
    return folder


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
