"""What the ledger of the crawls gives to a build: reader counts over time, and when a work was last seen."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

import pyarrow as pa

from pipelines.crawl_ledger import CrawlLedger
from schemas.arrow import arrow_schema, to_table
from schemas.tables import EngagementRow


@contextmanager
def _ledger(staging: Path) -> Iterator[CrawlLedger]:
    with closing(CrawlLedger(staging / "ledger.sqlite")) as ledger:
        yield ledger


def engagement_table(staging: Path, work_ids: Collection[str]) -> pa.Table:
    """Rows of ``engagement`` of the works that a dataset holds, sorted by key."""
    rows = []
    with _ledger(staging) as ledger:
        for work_id, moment, counts in ledger.snapshots():
            if work_id in work_ids:
                given = json.loads(counts)
                rows.append(
                    EngagementRow(
                        work_id=work_id,
                        source=work_id.partition(":")[0],
                        snapshot_at=datetime.fromisoformat(moment),
                        **{name: given.get(name) for name in ("kudos", "hits", "bookmarks", "comments")},
                    )
                )
    rows.sort(key=lambda row: (row.work_id, row.snapshot_at))
    return to_table(rows, EngagementRow) if rows else arrow_schema(EngagementRow).empty_table()


def with_sightings(works: pa.Table, staging: Path) -> pa.Table:
    """The works of an inventory with ``last_seen_at`` moved on to when the archive last showed them in a list."""
    with _ledger(staging) as ledger:
        seen = ledger.sightings()
    if not seen:
        return works
    place = works.schema.get_field_index("last_seen_at")
    known = zip(works.column("work_id").to_pylist(), works.column("last_seen_at").to_pylist(), strict=True)
    moved = [max(filter(None, (last, seen.get(work_id))), default=None) for work_id, last in known]
    return works.set_column(place, works.schema.field(place), pa.array(moved, works.schema.field(place).type))
