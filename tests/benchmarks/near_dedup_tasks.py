"""What the near-dedup benchmark does in its processes: stage, search, write."""

from __future__ import annotations

import gc
from itertools import islice
from pathlib import Path

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipelines.dedup import find_duplicates
from pipelines.dedup_decide import DUPLICATE
from pipelines.dedup_links import Run
from pipelines.fingerprint import fingerprint_chapters, fingerprint_works
from pipelines.fingerprint_table import FINGERPRINT_FIELDS, fingerprint_columns
from pipelines.staged_columns import read_columns
from pipelines.without_pandas import settle_pandas
from schemas.arrow import arrow_schema
from schemas.corpus import DedupConfig
from schemas.tables import ChapterRow
from tests.benchmarks.dedup import ranges
from tests.staged_stories import FACTS, staged_works


def stage_range(task: tuple[str, int, int, str]) -> str:
    """Fingerprint the works of a range of lines and stage them as a segment."""
    path, start, end, folder = task
    with Path(path).open("rb") as stream:
        stream.seek(start)
        works = [orjson.loads(line) for line in stream.readlines(end - start - 1)]
    chapters = [chapter.encode() for work in works for chapter in work["chapters"]]
    prints = iter(fingerprint_chapters(chapters))
    done = fingerprint_works([list(islice(prints, len(work["chapters"]))) for work in works])
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
    }
    facts = [*FACTS, pa.field("first_chapter", pa.int32())]
    columns = [
        pa.array(known[field.name], field.type) if field.name in known else pa.nulls(len(works), field.type)
        for field in facts
    ]
    schema = pa.schema([*facts, *FINGERPRINT_FIELDS])
    _write(Path(folder), "works", pa.table([*columns, *fingerprint_columns(done)], schema=schema))
    ends = np.cumsum([0, *map(len, chapters)], dtype=np.int64)
    buffers = [None, pa.py_buffer(ends), pa.py_buffer(b"".join(chapters))]
    texts = pa.Array.from_buffers(pa.large_string(), len(chapters), buffers)
    blocks = arrow_schema(ChapterRow).field("blocks").type
    none = pa.ListArray.from_arrays(np.zeros(len(chapters) + 1, np.int32), pa.array([], blocks.value_type), type=blocks)
    _write(Path(folder), "chapters", pa.table({"text": texts, "blocks": none}))
    return folder


def _write(folder: Path, name: str, table: pa.Table) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with pa.ipc.new_file(str(folder / f"{name}.arrow"), table.schema) as writer:
        writer.write_table(table)


def write_segment(task: tuple[str, str, frozenset[str]]) -> None:
    """Write the works of a segment that are not left out."""
    folder, out, left_out = task
    works = read_columns(folder, "works", ("work_id", "n_chapters")).combine_chunks()
    texts = read_columns(folder, "chapters", ("text",)).combine_chunks().column("text").chunk(0)
    ends = np.cumsum([0, *works.column("n_chapters").to_pylist()], dtype=np.int32)
    text = pc.binary_join(pa.ListArray.from_arrays(pa.array(ends), texts), pa.scalar("\n\n", texts.type))
    table = pa.table({"id": works.column("work_id"), "text": text})
    kept = table.filter(pa.array([one not in left_out for one in table.column("id").to_pylist()]))
    pq.write_table(kept, out, compression="zstd", compression_level=3, use_dictionary=False, write_statistics=["id"])


def deduplicate(works: Path, out: Path, place: Path, run: Run) -> None:
    """Write the works that are no copies to ``out``; what is staged lies in ``place``."""
    folders = list(run(stage_range, ranges(works, place / "segments")))
    staged = staged_works([Path(folder) for folder in folders])
    findings = find_duplicates(staged, DedupConfig(), place / "dedup", run)
    ids = np.asarray(staged.works.column("work_id").to_pylist(), dtype=object)
    left_out = frozenset(ids[findings.role_of == DUPLICATE].tolist())
    outputs = [(path, str(out / f"part-{number:05d}.parquet"), left_out) for number, path in enumerate(folders)]
    list(run(write_segment, outputs))


settle_pandas()
gc.freeze()
