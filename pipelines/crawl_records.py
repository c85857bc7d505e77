"""What the crawl's part of the ledger holds: its tables, and the records that go in and out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from schemas.work import Engagement

OUTCOMES: Final = {
    "ok": "fetched and staged",
    "unchanged": "held already, and the archive says that it has not changed",
    "restricted": "only for registered users; counted, never stored",
    "adult_gate": "the archive asked whether to show adult content in place of the work",
    "unrevealed": "part of a challenge that is not yet revealed",
    "hidden": "hidden by an administrator, or a draft",
    "deleted": "no longer there (404), or no longer in the list that it was in",
    "opted_out": "noindex, TDM reservation or takedown list: not stored",
    "blocked": "the site did not give the page: an error, a block, a time-out, half a page",
    "parse_error": "a page that could not be read; it is kept in staging/pages",
}
"""What can become of a work, and what that means."""
FAILURES: Final = ("blocked", "parse_error")
"""Outcomes that the next crawl tries again, and that make this one incomplete."""

STANDING: Final = ("adult_gate", "unrevealed", "opted_out")
"""Outcomes that stay while the work does not change. What a list for guests shows should be neither restricted, hidden
nor deleted: those are asked for again."""

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS crawls (
    crawl INTEGER PRIMARY KEY AUTOINCREMENT,
    source TEXT NOT NULL,          -- slug of the archive
    asked TEXT NOT NULL,           -- the arguments, as JSON: the same command goes on with an unfinished crawl
    run INTEGER NOT NULL,          -- run that worked on it last
    started_at TEXT NOT NULL,      -- UTC
    finished_at TEXT,              -- null: interrupted or under way
    reason TEXT,                   -- why its last run ended
    is_complete INTEGER            -- whether all that the archive listed was looked at
);
CREATE TABLE IF NOT EXISTS listings (
    crawl INTEGER NOT NULL,
    address TEXT NOT NULL,         -- first page
    number INTEGER NOT NULL,       -- order of the listings
    state TEXT NOT NULL,           -- where the walk is, as JSON
    is_done INTEGER NOT NULL,
    PRIMARY KEY (crawl, address)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS listed (
    crawl INTEGER NOT NULL,
    work_id TEXT NOT NULL,
    place INTEGER NOT NULL,        -- order in which the works are fetched
    mark TEXT,                     -- what changes when the work does: updated_at=SECONDS, or state=HASH
    outcome TEXT,                  -- null: still to be fetched
    PRIMARY KEY (crawl, work_id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX IF NOT EXISTS listed_places ON listed (crawl, place);
CREATE TABLE IF NOT EXISTS outcomes (
    work_id TEXT PRIMARY KEY,      -- such as ao3:123
    url TEXT NOT NULL,
    outcome TEXT NOT NULL,
    detail TEXT NOT NULL,
    http_status INTEGER,           -- null: no answer, or none was asked for
    attempts INTEGER NOT NULL,     -- requests for it that were answered or failed, in all crawls
    held TEXT NOT NULL,            -- '', 'metadata' or 'text': what of it is staged
    mark TEXT,                     -- that of the state held, or refused
    first_seen_at TEXT NOT NULL,   -- UTC
    last_seen_at TEXT,             -- UTC; when the archive last showed it; null: never
    fetched_at TEXT,               -- UTC
    crawl INTEGER NOT NULL,        -- crawl that this outcome is of
    run INTEGER NOT NULL,
    change TEXT NOT NULL,          -- '', 'new', 'updated', 'gone' or 'back': what that crawl found
    changed_in INTEGER NOT NULL    -- crawl that found the last change
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS journal (
    ref TEXT PRIMARY KEY,          -- address of the work
    work_id TEXT NOT NULL,
    size INTEGER,
    sha256 TEXT,
    work TEXT,                     -- as JSON
    reject TEXT                    -- a row of rejects, as JSON, in its place
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS engagement (
    work_id TEXT NOT NULL,
    crawl INTEGER NOT NULL,
    snapshot_at TEXT NOT NULL,     -- UTC
    counts TEXT NOT NULL,          -- as JSON
    PRIMARY KEY (work_id, crawl)
) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Listed:
    """A work as a list shows it."""

    work_id: str
    url: str
    mark: str | None = None
    """What changes when the work does; ``None`` where no list shows it."""
    engagement: Engagement | None = None
    outcome: str | None = None
    """Known before it is fetched: ``restricted`` works bear a lock, ``opted_out`` ones are on the takedown list."""


@dataclass(frozen=True, slots=True)
class Pending:
    """A work that is still to be fetched in a crawl."""

    place: int
    work_id: str


@dataclass(frozen=True, slots=True)
class Journalled:
    """What waits to be staged: a work or a reject as JSON."""

    ref: str
    work_id: str
    size: int | None
    sha256: str | None
    work: str | None
    reject: str | None


@dataclass(frozen=True, slots=True)
class Fetched:
    """What one answer said of one work."""

    work_id: str
    url: str
    outcome: str
    detail: str = ""
    http_status: int | None = None
    held: str = ""
    """What of it is staged from now on; empty leaves what was."""
    engagement: Engagement | None = None
    fetched_at: datetime | None = None
