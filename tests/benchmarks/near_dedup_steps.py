"""What the own process of the near-dedup benchmark does: find the copies, and have the other works written."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from pipelines.dedup import find_duplicates
from pipelines.dedup_decide import DUPLICATE
from pipelines.dedup_links import Run
from pipelines.without_pandas import settle_pandas
from schemas.corpus import DedupConfig
from tests.benchmarks.near_dedup_tasks import write_segment
from tests.staged_stories import staged_works


def deduplicate(folders: Sequence[str], out: Path, place: Path, run: Run) -> None:
    """Write the works of some segments that are no copies to ``out``; what the search keeps lies in ``place``."""
    staged = staged_works([Path(folder) for folder in folders])
    findings = find_duplicates(staged, DedupConfig(), place / "dedup", run)
    ids = np.asarray(staged.works.column("work_id").to_pylist(), dtype=object)
    left_out = frozenset(ids[findings.role_of == DUPLICATE].tolist())
    outputs = [(path, str(out / f"part-{number:05d}.parquet"), left_out) for number, path in enumerate(folders)]
    list(run(write_segment, outputs))


settle_pandas()
