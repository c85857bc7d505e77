"""What a corpus has gathered, what is missing and why, and what the last crawl changed: read from the ledger alone."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from pydantic import JsonValue

from pipelines.corpus import Corpus
from pipelines.crawl_ledger import CrawlLedger
from pipelines.errors import CannotStart, WrongUsage
from pipelines.ledger import Ledger
from schemas.base import Record


class Missing(Record):
    """A work that is not in the corpus as it is now on the site."""

    work_id: str
    """Key of the work."""
    url: str
    """Its address."""
    outcome: str
    """What became of it, as in ``crawl_records.OUTCOMES``."""
    detail: str
    """Why, in words."""
    http_status: int | None
    """Status of the last answer; null where there was none."""
    attempts: int
    """Requests for it, in all crawls."""
    held: str
    """What of it is held from before: text, metadata or nothing."""
    first_seen_at: str
    """When it came up first (UTC)."""
    last_seen_at: str | None
    """When the archive last showed it (UTC)."""


class CrawlState(Record):
    """A crawl of the corpus."""

    crawl: int
    """Its number."""
    source: str
    """Slug of the archive."""
    asked: dict[str, JsonValue]
    """Its arguments."""
    started_at: str
    """UTC."""
    finished_at: str | None
    """UTC; null: it is under way, or was interrupted: the same command goes on with it."""
    reason: str | None
    """Why its last run ended; null where it was cut off."""
    pending: int
    """Works that it still has to fetch."""
    changes: dict[str, int]
    """What it found: works that are new, updated, gone, back."""


class Status(Record):
    """State of a corpus."""

    corpus: str
    """Its folder."""
    version: str | None
    """Its newest version."""
    files: int
    """Files that `scrapy ingest` has read."""
    file_works: int
    """Works that they gave."""
    outcomes: dict[str, int]
    """Works that crawls have come across, by outcome."""
    held: dict[str, int]
    """Of these, how many are held with text, and how many with metadata only."""
    restricted: int
    """Works only for registered users: counted, never stored."""
    crawls: tuple[CrawlState, ...]
    """Crawls, the last one at the end."""
    missing: tuple[Missing, ...]
    """Works that are not held as the site has them now, by outcome and key."""


def status_of(path: Path) -> Status:
    """State of the corpus at ``path``.

    Raises ``WrongUsage`` where there is none, ``CannotStart`` where nothing was gathered or the ledger is damaged.
    """
    corpus = Corpus(path)
    ledger_path = corpus.staging / "ledger.sqlite"
    if not path.is_dir():
        raise WrongUsage(f"{path}: no such corpus")
    if not ledger_path.exists():
        raise CannotStart(f"{path}: nothing is staged; scrapy crawl or scrapy ingest gathers works")
    try:
        with closing(Ledger(ledger_path)), closing(CrawlLedger(ledger_path)) as ledger:
            return _status(corpus, ledger.connection)
    except sqlite3.DatabaseError as error:
        raise CannotStart(f"{ledger_path}: {error}") from None


def _status(corpus: Corpus, db: sqlite3.Connection) -> Status:
    files, file_works = db.execute(
        "SELECT COUNT(*), COALESCE(SUM(works), 0) FROM inputs WHERE origin NOT IN ('crawl', 'assembled')"
    ).fetchone()
    (assembled,) = db.execute("SELECT COALESCE(SUM(works), 0) FROM inputs WHERE origin = 'assembled'").fetchone()
    outcomes = dict(db.execute("SELECT outcome, COUNT(*) FROM outcomes GROUP BY 1 ORDER BY 1").fetchall())
    held = dict(db.execute("SELECT held, COUNT(*) FROM outcomes WHERE held != '' GROUP BY 1 ORDER BY 1").fetchall())
    rows = db.execute(
        "SELECT work_id, url, outcome, detail, http_status, attempts, held, first_seen_at, last_seen_at FROM outcomes"
        " WHERE outcome NOT IN ('ok', 'unchanged') ORDER BY outcome, work_id"
    )
    versions = corpus.versions()
    return Status(
        corpus=str(corpus.path),
        version=versions[-1] if versions else None,
        files=files,
        file_works=file_works + assembled,
        outcomes=outcomes,
        held=held,
        restricted=outcomes.get("restricted", 0),
        crawls=tuple(_crawls(db)),
        missing=tuple(Missing(**dict(zip(Missing.model_fields, row, strict=True))) for row in rows),
    )


def _crawls(db: sqlite3.Connection) -> list[CrawlState]:
    found = []
    rows = db.execute("SELECT crawl, source, asked, started_at, finished_at, reason FROM crawls ORDER BY crawl")
    for crawl, source, asked, started_at, finished_at, reason in rows.fetchall():
        (pending,) = db.execute("SELECT COUNT(*) FROM listed WHERE crawl = ? AND outcome IS NULL", (crawl,)).fetchone()
        changes = db.execute(
            "SELECT change, COUNT(*) FROM outcomes WHERE changed_in = ? AND change != '' GROUP BY 1 ORDER BY 1",
            (crawl,),
        ).fetchall()
        found.append(
            CrawlState(
                crawl=crawl,
                source=source,
                asked=json.loads(asked),
                started_at=started_at,
                finished_at=finished_at,
                reason=reason,
                pending=pending,
                changes=dict(changes),
            )
        )
    return found
