"""Stories staged without the rest of the pipeline: what dedup looks at, and no more."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from pipelines.dedup import StagedWorks
from pipelines.dedup_policy import STAGED_COLUMNS
from pipelines.fingerprint import fingerprint_chapters, fingerprint_work
from pipelines.fingerprint_table import FINGERPRINT_FIELDS, fingerprint_columns
from pipelines.stage import works_schema
from schemas.arrow import arrow_schema
from schemas.tables import ChapterRow

FACTS = pa.schema(
    [
        works_schema().field(name).with_nullable(True)
        for name in (*STAGED_COLUMNS, "n_chapters", "content_sha256", "cleaner_version")
    ]
)


def write_stories(
    folder: Path,
    corpus: Mapping[str, Sequence[str]],
    facts: Mapping[str, Any] | None = None,
    blocks: Sequence[Any] = (),
) -> None:
    """Write a segment of works.

    ``corpus`` gives their chapters, ``facts`` what is stated of some of them, ``blocks`` those of every chapter.
    """
    folder.mkdir(parents=True)
    rows = [
        {
            "work_id": work_id,
            "source": work_id.split(":")[0],
            "title": f"Title of {work_id}",
            "authors": [],
            "raw_sha256": "00",
            "n_words": sum(len(text.split()) for text in chapters),
            "n_chapters": len(chapters),
            "content_sha256": hashlib.sha256("\0".join([*chapters, repr(blocks)]).encode()).hexdigest(),
            "cleaner_version": "1",
            **(facts or {}).get(work_id, {}),
        }
        for work_id, chapters in corpus.items()
    ]
    table = pa.Table.from_pylist(rows, schema=FACTS)
    firsts = np.cumsum([0, *(len(chapters) for chapters in corpus.values())])[: len(corpus)]
    table = table.append_column("first_chapter", pa.array(firsts.astype(np.int32)))
    prints = [fingerprint_work(fingerprint_chapters(chapters)) for chapters in corpus.values()]
    for field, column in zip(FINGERPRINT_FIELDS, fingerprint_columns(prints), strict=True):
        table = table.append_column(field, column)
    texts = [text for chapters in corpus.values() for text in chapters]
    kind = arrow_schema(ChapterRow).field("blocks").type
    listed = pa.array([list(blocks)] * len(texts), kind)
    chapters = pa.table({"text": pa.array(texts, pa.large_string()), "blocks": listed})
    for name, rows_of in (("works", table), ("chapters", chapters)):
        with pa.ipc.new_file(str(folder / f"{name}.arrow"), rows_of.schema) as writer:
            writer.write_table(rows_of.combine_chunks())


def staged_works(folders: Sequence[Path]) -> StagedWorks:
    """What is staged in some segments."""
    parts = []
    for number, folder in enumerate(folders):
        with pa.memory_map(str(folder / "works.arrow")) as source:
            table = pa.ipc.open_file(source).read_all()
        kept = table.select(["work_id", "first_chapter", "n_chapters", "n_words"])
        kept = kept.append_column("segment", pa.array(np.full(len(kept), number, dtype=np.int32)))
        parts.append(kept.append_column("row", pa.array(np.arange(len(kept), dtype=np.int32))))
    return StagedWorks([str(folder) for folder in folders], pa.concat_tables(parts).sort_by("work_id"))
