"""The crawl's part of the ledger: which works an archive listed, what became of each, and what waits to be staged.

It lies in the same SQLite file as ``pipelines.ledger``. A page that was fetched counts from the moment its
work stands in ``journal``, in one transaction with its outcome; segments are made of the journal later,
so that a kill at any moment costs no page that has come.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipelines.crawl_records import FAILURES, SCHEMA, STANDING, Fetched, Journalled, Listed, Pending
from schemas.work import Engagement


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _told(moment: datetime | None) -> str:
    return moment.astimezone(UTC).isoformat() if moment else _now()


class CrawlLedger:
    """Crawls, what they were shown and what became of it."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None, timeout=30)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.executescript(SCHEMA)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    @property
    def connection(self) -> sqlite3.Connection:
        """For those who only read: status and the build."""
        return self._db

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def begin(self, source: str, asked: Mapping[str, Any], run: int) -> tuple[int, bool]:
        """The crawl that these arguments ask for: the unfinished one, or a new one. Says whether it goes on."""
        text = json.dumps(dict(asked), sort_keys=True, default=str)
        with self._transaction():
            found = self._db.execute(
                "SELECT crawl FROM crawls WHERE source = ? AND asked = ? AND finished_at IS NULL ORDER BY crawl DESC",
                (source, text),
            ).fetchone()
            if found:
                self._db.execute("UPDATE crawls SET run = ?, reason = NULL WHERE crawl = ?", (run, found[0]))
                self._db.execute(
                    "UPDATE listed SET outcome = NULL WHERE crawl = ? AND outcome = 'blocked'", (found[0],)
                )
                return int(found[0]), True
            cursor = self._db.execute(
                "INSERT INTO crawls (source, asked, run, started_at) VALUES (?, ?, ?, ?)", (source, text, run, _now())
            )
            assert cursor.lastrowid is not None
            return cursor.lastrowid, False

    def listings(self, crawl: int) -> list[tuple[str, dict[str, Any], bool]]:
        """Address, state of the walk and whether it is done, of the listings of a crawl in order."""
        rows = self._db.execute(
            "SELECT address, state, is_done FROM listings WHERE crawl = ? ORDER BY number", (crawl,)
        )
        return [(address, json.loads(state), bool(done)) for address, state, done in rows]

    def add_listings(self, crawl: int, addresses: Sequence[str]) -> None:
        """Put listings behind those that a crawl has; known ones stay where they are."""
        with self._transaction():
            (last,) = self._db.execute(
                "SELECT COALESCE(MAX(number), 0) FROM listings WHERE crawl = ?", (crawl,)
            ).fetchone()
            self._db.executemany(
                "INSERT OR IGNORE INTO listings VALUES (?, ?, ?, '{}', 0)",
                [(crawl, address, last + number) for number, address in enumerate(addresses, start=1)],
            )

    def seen(self, crawl: int) -> set[str]:
        """Keys of the works that were listed in a crawl so far."""
        return {work_id for (work_id,) in self._db.execute("SELECT work_id FROM listed WHERE crawl = ?", (crawl,))}

    def record_page(  # noqa: PLR0913 - one transaction
        self,
        crawl: int,
        run: int,
        works: Iterable[Listed],
        *,
        seen_at: datetime | None,
        address: str | None = None,
        state: Mapping[str, Any] | None = None,
        is_done: bool = False,
        with_text: bool = True,
        refresh: bool = False,
    ) -> list[Listed]:
        """Take a page of a list into the ledger, with where the walk is now.

        Gives the works that are new to the crawl, with their outcome where they need not be fetched.
        Works that are held and bear the mark of what is held are ``unchanged`` at once; those that were refused for
        good (``STANDING``), and bear the same mark, still are. ``seen_at`` is null for
        works that a person named: the archive has not shown them.
        """
        fresh = []
        with self._transaction():
            if address is not None:
                self._db.execute(
                    "UPDATE listings SET state = ?, is_done = ? WHERE crawl = ? AND address = ?",
                    (json.dumps(dict(state or {})), is_done, crawl, address),
                )
            (place,) = self._db.execute(
                "SELECT COALESCE(MAX(place), 0) FROM listed WHERE crawl = ?", (crawl,)
            ).fetchone()
            for work in works:
                added = self._db.execute(
                    "INSERT OR IGNORE INTO listed VALUES (?, ?, ?, ?, NULL)",
                    (crawl, work.work_id, place + 1, work.mark),
                )
                if not added.rowcount:
                    continue
                place += 1
                outcome = self._see(crawl, run, work, seen_at, with_text=with_text, refresh=refresh)
                fresh.append(replace(work, outcome=outcome))
        return fresh

    def _see(
        self, crawl: int, run: int, work: Listed, seen_at: datetime | None, *, with_text: bool, refresh: bool
    ) -> str | None:
        """Note that a list showed a work; gives its outcome where it need not be fetched."""
        if seen_at is not None:
            self._db.execute("UPDATE outcomes SET last_seen_at = ? WHERE work_id = ?", (_told(seen_at), work.work_id))
            self._engage(crawl, work.work_id, work.engagement, seen_at)
        if work.outcome is not None:
            told = Fetched(work.work_id, work.url, work.outcome, "as the list shows", fetched_at=seen_at)
            self._finish(crawl, run, told, attempted=False)
            return work.outcome
        known = self._db.execute(
            "SELECT held, mark, outcome FROM outcomes WHERE work_id = ?", (work.work_id,)
        ).fetchone()
        if known is None or refresh or known[2] in FAILURES:
            return None
        held, mark, outcome = known
        enough = held == "text" or (held == "metadata" and not with_text)
        same = mark == work.mark if work.mark is not None else seen_at is None and enough
        if not same:
            return None
        if enough:
            back = outcome not in ("ok", "unchanged")
            self._db.execute(
                "UPDATE outcomes SET outcome = 'unchanged', detail = '', crawl = ?, run = ?, change = ?,"
                " changed_in = CASE WHEN ? THEN ? ELSE changed_in END WHERE work_id = ?",
                (crawl, run, "back" if back else "", back, crawl, work.work_id),
            )
            outcome = "unchanged"
        elif held or outcome not in STANDING:
            return None
        else:  # it was refused as it is now
            self._db.execute(
                "UPDATE outcomes SET crawl = ?, run = ?, change = '' WHERE work_id = ?", (crawl, run, work.work_id)
            )
        self._done(crawl, work.work_id, outcome)
        return str(outcome)

    def _done(self, crawl: int, work_id: str, outcome: str) -> None:
        self._db.execute("UPDATE listed SET outcome = ? WHERE crawl = ? AND work_id = ?", (outcome, crawl, work_id))

    def _engage(self, crawl: int, work_id: str, counts: Engagement | None, moment: datetime | None) -> None:
        if counts is not None:
            self._db.execute(
                "INSERT OR REPLACE INTO engagement VALUES (?, ?, ?, ?)",
                (work_id, crawl, _told(moment), counts.model_dump_json(exclude_none=True)),
            )

    def next_pending(self, crawl: int, after: int) -> Pending | None:
        """The next work to fetch, in the order of the lists; ``after`` is the place of the last one."""
        row = self._db.execute(
            "SELECT place, work_id FROM listed WHERE crawl = ? AND place > ? AND outcome IS NULL"
            " ORDER BY place LIMIT 1",
            (crawl, after),
        ).fetchone()
        return Pending(*row) if row else None

    def pending(self, crawl: int, work_ids: Iterable[str]) -> set[str]:
        """Of some works of a list those that are still to be fetched or taken from it."""
        found = set()
        for work_id in work_ids:
            row = self._db.execute(
                "SELECT outcome FROM listed WHERE crawl = ? AND work_id = ?", (crawl, work_id)
            ).fetchone()
            if row and row[0] is None:
                found.add(work_id)
        return found

    def held(self, work_id: str) -> str:
        """What of a work is staged: ``text``, ``metadata`` or nothing."""
        row = self._db.execute("SELECT held FROM outcomes WHERE work_id = ?", (work_id,)).fetchone()
        return row[0] if row else ""

    def held_of(self, work_ids: Iterable[str]) -> list[tuple[str, str]]:
        """Key and address of those works that something is held of."""
        found = []
        for work_id in sorted(work_ids):
            row = self._db.execute(
                "SELECT work_id, url FROM outcomes WHERE work_id = ? AND held != ''", (work_id,)
            ).fetchone()
            found += [(row[0], row[1])] if row else []
        return found

    def finish(self, crawl: int, run: int, fetched: Fetched, entry: Journalled | None = None) -> None:
        """Take the outcome of a work, and what is to be staged of it, into the ledger at once."""
        with self._transaction():
            self._finish(crawl, run, fetched, attempted=True)
            if entry is not None:
                self._db.execute(
                    "INSERT OR REPLACE INTO journal VALUES (?, ?, ?, ?, ?, ?)",
                    (entry.ref, entry.work_id, entry.size, entry.sha256, entry.work, entry.reject),
                )
            if fetched.outcome == "opted_out":
                self._db.execute("DELETE FROM journal WHERE work_id = ? AND work IS NOT NULL", (fetched.work_id,))
                self._db.execute("DELETE FROM engagement WHERE work_id = ?", (fetched.work_id,))

    def _finish(self, crawl: int, run: int, fetched: Fetched, *, attempted: bool) -> None:
        old = self._db.execute(
            "SELECT held, mark, first_seen_at, last_seen_at, attempts, outcome, change, changed_in"
            " FROM outcomes WHERE work_id = ?",
            (fetched.work_id,),
        ).fetchone() or ("", None, _told(fetched.fetched_at), None, 0, None, "", 0)
        held, mark, first_seen, last_seen, attempts, outcome, change, changed_in = old
        is_shown = fetched.outcome == "ok"
        stays = "" if fetched.outcome == "opted_out" else fetched.held or held
        if is_shown or (not stays and fetched.outcome not in FAILURES):
            (mark,) = self._db.execute(
                "SELECT mark FROM listed WHERE crawl = ? AND work_id = ?", (crawl, fetched.work_id)
            ).fetchone() or (None,)
        if is_shown:
            last_seen = _told(fetched.fetched_at)
            self._engage(crawl, fetched.work_id, fetched.engagement, fetched.fetched_at)
        found = _change(outcome, held, fetched)
        if found:
            change, changed_in = found, crawl
        elif changed_in != crawl:
            change = ""
        self._db.execute(
            "INSERT OR REPLACE INTO outcomes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(fetched.work_id, fetched.url, fetched.outcome, fetched.detail, fetched.http_status),
                *(attempts + attempted, stays, mark, first_seen, last_seen),
                *(_told(fetched.fetched_at) if attempted else None, crawl, run, change, changed_in),
            ),
        )
        self._done(crawl, fetched.work_id, fetched.outcome)

    def journal(self) -> Iterator[Journalled]:
        """What waits to be staged, in a fixed order."""
        with closing(self._db.execute("SELECT * FROM journal ORDER BY ref")) as rows:
            for row in rows:
                yield Journalled(*row)

    def clear_journal(self, entries: Iterable[tuple[str, str | None]]) -> None:
        """Take out what has been staged: address and hash, so that what came in the meantime stays."""
        with self._transaction():
            self._db.executemany("DELETE FROM journal WHERE ref = ? AND sha256 IS ?", entries)

    def end(self, crawl: int, reason: str, *, is_finished: bool, is_complete: bool) -> None:
        """Note how a run of a crawl ended. A finished one whose lists were seen whole tells which works are gone."""
        with self._transaction():
            self._db.execute(
                "UPDATE crawls SET reason = ?, finished_at = ?, is_complete = ? WHERE crawl = ?",
                (reason, _now() if is_finished else None, is_complete, crawl),
            )
            if not is_finished:
                return
            source, asked = self._db.execute("SELECT source, asked FROM crawls WHERE crawl = ?", (crawl,)).fetchone()
            former = self._db.execute(
                "SELECT MAX(crawl) FROM crawls WHERE source = ? AND asked = ? AND crawl < ? AND is_complete = 1"
                " AND finished_at IS NOT NULL",
                (source, asked, crawl),
            ).fetchone()[0]
            if not is_complete or former is None:
                return
            self._db.execute(
                "UPDATE outcomes SET outcome = 'deleted', detail = 'no longer in the list', crawl = ?, change = 'gone',"
                " changed_in = ? WHERE outcome IN ('ok', 'unchanged')"
                " AND work_id IN (SELECT work_id FROM listed WHERE crawl = ?)"
                " AND work_id NOT IN (SELECT work_id FROM listed WHERE crawl = ?)",
                (crawl, crawl, former, crawl),
            )
            self._db.execute(
                "DELETE FROM listed WHERE crawl IN (SELECT crawl FROM crawls WHERE source = ? AND asked = ?"
                " AND crawl < ?)",
                (source, asked, crawl),
            )

    def snapshots(self) -> Iterator[tuple[str, str, str]]:
        """Reader counts: key of the work, moment, counts as JSON."""
        with closing(self._db.execute("SELECT work_id, snapshot_at, counts FROM engagement")) as rows:
            yield from rows

    def sightings(self) -> dict[str, datetime]:
        """When the archive last showed each work that is held."""
        rows = self._db.execute(
            "SELECT work_id, last_seen_at FROM outcomes WHERE held != '' AND last_seen_at IS NOT NULL"
        )
        return {work_id: datetime.fromisoformat(moment) for work_id, moment in rows}

    def counts(self, crawl: int) -> dict[str, int]:
        """Works of a crawl by outcome; those still to be fetched under ``pending``."""
        rows = self._db.execute(
            "SELECT COALESCE(outcome, 'pending'), COUNT(*) FROM listed WHERE crawl = ? GROUP BY 1", (crawl,)
        )
        return dict(rows.fetchall())


def _change(outcome: str | None, held: str, fetched: Fetched) -> str:
    """What an answer changes of what was known."""
    if fetched.outcome == "ok":
        if not held:
            return "new"
        return "updated" if outcome in ("ok", "unchanged") or outcome in FAILURES else "back"
    gone = held and outcome in ("ok", "unchanged") and fetched.outcome not in FAILURES
    return "gone" if gone else ""
