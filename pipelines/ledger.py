"""The ledger: what has been gathered, input by input. An input is acknowledged when it stands here."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

_SCHEMA = """
CREATE TABLE IF NOT EXISTS runs (
    run INTEGER PRIMARY KEY AUTOINCREMENT,
    command TEXT NOT NULL,         -- as given
    started_at TEXT NOT NULL,      -- UTC
    finished_at TEXT,              -- null: the run was cut off
    tools TEXT NOT NULL,           -- versions, as JSON
    counts TEXT                    -- as JSON
);
CREATE TABLE IF NOT EXISTS inputs (
    origin TEXT NOT NULL,          -- the folder that was given, or the site
    ref TEXT NOT NULL,             -- path relative to it, or the address
    size INTEGER,
    mtime_ns INTEGER,
    sha256 TEXT,                   -- null: it could not be read
    preparation TEXT NOT NULL,     -- versions of reader, cleaner, sketch that it went through
    works INTEGER NOT NULL,
    rejects INTEGER NOT NULL,
    task TEXT NOT NULL,            -- its rows are in the segments of this task
    run INTEGER NOT NULL REFERENCES runs,
    PRIMARY KEY (origin, ref)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS inputs_by_task ON inputs (task);
CREATE TABLE IF NOT EXISTS superseded (
    task TEXT NOT NULL,
    ref TEXT NOT NULL,             -- an input of that task that has changed since
    PRIMARY KEY (task, ref)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS segments (
    segment TEXT PRIMARY KEY       -- <task>, or <task>.<number> where a task fills several
) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class InputRecord:
    """What became of one input."""

    ref: str
    size: int | None
    mtime_ns: int | None
    sha256: str | None
    works: int
    rejects: int


class Ledger:
    """The SQLite file of a corpus that remembers every input, its segment and the run that read it."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.executescript(_SCHEMA)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def begin_run(self, command: str, tools: Mapping[str, str]) -> int:
        """Note the start of a run and give its number."""
        cursor = self._db.execute(
            "INSERT INTO runs (command, started_at, tools) VALUES (?, ?, ?)",
            (command, datetime.now(UTC).isoformat(timespec="seconds"), json.dumps(dict(tools), sort_keys=True)),
        )
        assert cursor.lastrowid is not None
        return cursor.lastrowid

    def end_run(self, run: int, counts: Mapping[str, Any]) -> None:
        """Note the end of a run."""
        self._db.execute(
            "UPDATE runs SET finished_at = ?, counts = ? WHERE run = ?",
            (datetime.now(UTC).isoformat(timespec="seconds"), json.dumps(dict(counts), sort_keys=True), run),
        )

    def known(self, origin: str) -> dict[str, tuple[int | None, int | None, str]]:
        """Inputs of an origin: ref → size, modification time, preparation."""
        rows = self._db.execute("SELECT ref, size, mtime_ns, preparation FROM inputs WHERE origin = ?", (origin,))
        return {ref: (size, mtime_ns, preparation) for ref, size, mtime_ns, preparation in rows}

    def known_hashes(self, origin: str) -> dict[str, str | None]:
        """Inputs of an origin: ref → SHA-256 of what they are made of."""
        return dict(self._db.execute("SELECT ref, sha256 FROM inputs WHERE origin = ?", (origin,)))

    def forget(self, origin: str, refs: Iterable[str]) -> None:
        """Take inputs out again, with no trace in a dataset."""
        self._db.execute("BEGIN IMMEDIATE")
        self._db.executemany("DELETE FROM inputs WHERE origin = ? AND ref = ?", [(origin, ref) for ref in refs])
        self._db.execute("COMMIT")

    def acknowledge(
        self,
        origin: str,
        task: str,
        segments: Iterable[str],
        records: Iterable[InputRecord],
        *,
        preparation: str,
        run: int,
        keep_former: bool = True,
    ) -> None:
        """Take a task's durable segments and inputs into the ledger, in one transaction.

        An input that was known with other bytes leaves its old rows behind as superseded, unless
        told otherwise; the same bytes prepared again just take the place of the old rows.
        """
        self._db.execute("BEGIN IMMEDIATE")
        try:
            self._db.executemany("INSERT INTO segments VALUES (?)", [(segment,) for segment in segments])
            for record in records:
                old = self._db.execute(
                    "SELECT task, sha256 FROM inputs WHERE origin = ? AND ref = ?", (origin, record.ref)
                ).fetchone()
                if old and old[1] != record.sha256 and keep_former:
                    self._db.execute("INSERT OR IGNORE INTO superseded VALUES (?, ?)", (old[0], record.ref))
                self._db.execute(
                    "INSERT OR REPLACE INTO inputs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    (
                        origin,
                        record.ref,
                        record.size,
                        record.mtime_ns,
                        record.sha256,
                        preparation,
                        record.works,
                        record.rejects,
                        task,
                        run,
                    ),
                )
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def segments(self) -> list[str]:
        """Names of the acknowledged segments, in order."""
        return [segment for (segment,) in self._db.execute("SELECT segment FROM segments ORDER BY segment")]

    def current(self) -> Iterator[tuple[str, str]]:
        """Task and ref of every input in its present state."""
        with closing(self._db.execute("SELECT task, ref FROM inputs")) as rows:
            yield from rows

    def superseded(self) -> Iterator[tuple[str, str]]:
        """Task and ref of every former state of an input whose bytes have changed since."""
        with closing(self._db.execute("SELECT task, ref FROM superseded")) as rows:
            yield from rows

    def current_of(self, task: str) -> set[str]:
        """Refs of the inputs of a task that are in their present state."""
        return {ref for (ref,) in self._db.execute("SELECT ref FROM inputs WHERE task = ?", (task,))}

    def superseded_of(self, task: str) -> set[str]:
        """Refs of the inputs of a task whose bytes have changed since."""
        return {ref for (ref,) in self._db.execute("SELECT ref FROM superseded WHERE task = ?", (task,))}
