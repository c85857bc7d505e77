"""What the near-dedup benchmark's own process does: give out tasks, and search for copies."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pipelines.dedup import find_duplicates
from pipelines.dedup_decide import DUPLICATE
from pipelines.dedup_links import Run
from pipelines.without_pandas import settle_pandas
from schemas.arrow import arrow_schema
from schemas.corpus import DedupConfig
from schemas.tables import ChapterRow
from tests.benchmarks.dedup import ranges
from tests.benchmarks.near_dedup_tasks import StageTask, stage_range, write_segment
from tests.staged_stories import FACTS, staged_works


def deduplicate(works: Path, out: Path, place: Path, run: Run) -> None:
    """Write the works that are no copies to ``out``; what is staged lies in ``place``."""
    blocks = arrow_schema(ChapterRow).field("blocks").type
    folders = list(run(stage_range, [StageTask(*lines, FACTS, blocks) for lines in ranges(works, place / "segments")]))
    staged = staged_works([Path(folder) for folder in folders])
    findings = find_duplicates(staged, DedupConfig(), place / "dedup", run)
    ids = np.asarray(staged.works.column("work_id").to_pylist(), dtype=object)
    left_out = frozenset(ids[findings.role_of == DUPLICATE].tolist())
    outputs = [(path, str(out / f"part-{number:05d}.parquet"), left_out) for number, path in enumerate(folders)]
    list(run(write_segment, outputs))


settle_pandas()
