"""What the near-dedup benchmark does in its processes: stage and write. They load no models and no policy."""

from __future__ import annotations

import gc
from dataclasses import dataclass
from itertools import islice, pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pj
import pyarrow.parquet as pq

from pipelines import dedup_preload  # noqa: F401 - what a search needs
from pipelines.dedup_policy import STAGED_COLUMNS
from pipelines.fingerprint import fingerprint_chapters, fingerprint_works
from pipelines.fingerprint_table import FINGERPRINT_FIELDS, fingerprint_columns
from pipelines.staged_columns import read_columns, whole

_LINES = pa.schema(
    [
        *(pa.field(name, pa.string()) for name in ("id", "source", "title")),
        pa.field("authors", pa.list_(pa.string())),
        pa.field("chapters", pa.list_(pa.large_string())),
    ]
)


_BLOCKS = pa.list_(pa.struct([("kind", pa.string()), ("start", pa.int32()), ("end", pa.int32())]))


@dataclass(frozen=True, slots=True)
class StageTask:
    """A range of lines to be staged as a segment."""

    path: str
    start: int
    end: int
    folder: str


def stage_range(task: StageTask) -> str:
    """Fingerprint the works of a range of lines and stage them."""
    works = _read(task)
    listed = whole(works.column("chapters"))
    texts = listed.flatten()
    counts = np.asarray(listed.value_lengths(), dtype=np.int32)
    prints = iter(fingerprint_chapters(_encoded(texts)))
    done = fingerprint_works([list(islice(prints, count)) for count in counts.tolist()])
    shas = pa.array([one.exact.hex() for one in done])
    known = {
        "work_id": works.column("id"),
        **{name: works.column(name) for name in ("source", "title", "authors")},
        "n_words": pa.array([sum(one.chapter_words) for one in done], pa.int32()),
        "n_chapters": pa.array(counts),
        "first_chapter": pa.array(np.cumsum(counts, dtype=np.int32) - counts),
        "raw_sha256": shas,
        "content_sha256": shas,
        "cleaner_version": pa.array(["1"] * len(works)),
    }
    columns = {name: pa.nulls(len(works)) for name in STAGED_COLUMNS} | known
    columns |= zip((field.name for field in FINGERPRINT_FIELDS), fingerprint_columns(done), strict=True)
    _write(Path(task.folder), "works", pa.table(columns))
    none = pa.array([[]] * len(texts), _BLOCKS)
    _write(Path(task.folder), "chapters", pa.table({"text": texts, "blocks": none}))
    return task.folder


def _read(task: StageTask) -> pa.Table:
    """Lines as a table: texts stay in UTF-8."""
    with Path(task.path).open("rb") as stream:
        stream.seek(task.start)
        lines = stream.read(task.end - task.start)
    return pj.read_json(
        pa.BufferReader(lines),
        read_options=pj.ReadOptions(use_threads=False, block_size=len(lines) + 1),
        parse_options=pj.ParseOptions(explicit_schema=_LINES, unexpected_field_behavior="ignore"),
    )


def _encoded(texts: pa.Array) -> list[memoryview]:
    _, offsets, data = texts.buffers()
    ends = np.frombuffer(offsets, dtype=np.int64, offset=8 * texts.offset, count=len(texts) + 1).tolist()
    content = memoryview(data)
    return [content[start:end] for start, end in pairwise(ends)]


def _write(folder: Path, name: str, table: pa.Table) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with pa.ipc.new_file(str(folder / f"{name}.arrow"), table.schema) as writer:
        writer.write_table(table.combine_chunks())


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


gc.freeze()
