"""The ledger of a corpus in an object store: a log of immutable objects, and SQLite on this machine to ask.

Everything that changes the ledger is first written as the next numbered object of the log, where no other
process has written that number: so of two writers one fails, however the other's lock was lost. The file
here is made of the log and may be lost; snapshots in the store keep the way to it short.
"""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Iterable, Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipelines.errors import CannotStart, Incomplete
from pipelines.ledger import InputRecord, Ledger
from pipelines.object_store import ObjectStore

LOG = "staging/log/"
SNAPSHOTS = "staging/ledger/"
SNAPSHOT_ENTRIES = 200
"""Entries of the log after which a snapshot is worth its request."""


class LoggedLedger(Ledger):
    """A ledger whose every change stands in the log of an object store first.

    Raises ``Incomplete`` where another process has written to the log meanwhile.
    """

    def __init__(self, path: Path, store: ObjectStore) -> None:
        self._store = store
        self._path = path
        self._snapshot = 0
        if path.exists() and _number(path) < 0:  # ended between the two steps of a change
            _remove(path)
        if not path.exists():
            self._fetch_snapshot()
        super().__init__(path)
        self._last = _number(path)
        self._replay()

    def _fetch_snapshot(self) -> None:
        for name in self._store.names(SNAPSHOTS)[-1:]:
            beside = self._path.with_name(f".{self._path.name}.new")
            self._store.get_file(name, beside)
            beside.replace(self._path)
            self._snapshot = _number(self._path)

    def _replay(self) -> None:
        names = self._store.names(LOG, after=_entry_name(self._last))
        for start in range(0, len(names), 1000):
            some = names[start : start + 1000]
            for name, held in zip(some, self._store.each(self._store.get, some), strict=True):
                if name != _entry_name(self._last + 1) or held is None:
                    raise CannotStart(f"{self._store.uri_of(LOG)}: entry {self._last + 1} of the log is missing")
                self._apply(json.loads(held.content))

    def _change(self, operation: str, *arguments: Any) -> Any:
        """Write a change to the log, then make it here."""
        entry = {"operation": operation, "arguments": arguments, "token": uuid.uuid4().hex}
        name = _entry_name(self._last + 1)
        content = json.dumps(entry).encode()
        if not self._store.create(name, content):
            held = self._store.get(name)  # a request that was repeated after its answer was lost is no other process
            if held is None or held.content != content:
                raise Incomplete(
                    f"{self._store.uri}: another process has written to this corpus meanwhile; "
                    f"what is staged is safe, run the same command again when it has ended"
                )
        return self._apply(entry)

    def _apply(self, entry: Mapping[str, Any]) -> Any:
        self._last += 1
        self._db.execute(f"PRAGMA user_version = {-self._last}")
        result = getattr(self, f"_do_{entry['operation']}")(*entry["arguments"])
        self._db.execute(f"PRAGMA user_version = {self._last}")
        return result

    def begin_run(self, command: str, tools: Mapping[str, str]) -> int:
        """As ``Ledger.begin_run``."""
        run: int = self._change("begin_run", command, dict(tools), _now())
        return run

    def _do_begin_run(self, command: str, tools: dict[str, str], at: str) -> int:
        run = super().begin_run(command, tools)
        self._db.execute("UPDATE runs SET started_at = ? WHERE run = ?", (at, run))
        return run

    def end_run(self, run: int, counts: Mapping[str, Any]) -> None:
        """As ``Ledger.end_run``; leaves a snapshot when the log has grown."""
        self._change("end_run", run, dict(counts), _now())
        if self._last - self._snapshot >= SNAPSHOT_ENTRIES:
            self._put_snapshot()

    def _do_end_run(self, run: int, counts: dict[str, Any], at: str) -> None:
        super().end_run(run, counts)
        self._db.execute("UPDATE runs SET finished_at = ? WHERE run = ?", (at, run))

    def forget(self, origin: str, refs: Iterable[str]) -> None:
        """As ``Ledger.forget``."""
        if listed := list(refs):
            self._change("forget", origin, listed)

    def _do_forget(self, origin: str, refs: list[str]) -> None:
        super().forget(origin, refs)

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
        """As ``Ledger.acknowledge``."""
        rows = [[r.ref, r.size, r.mtime_ns, r.sha256, r.works, r.rejects] for r in records]
        self._change("acknowledge", origin, task, list(segments), rows, preparation, run, keep_former)

    def _do_acknowledge(
        self,
        origin: str,
        task: str,
        segments: list[str],
        rows: list[list[Any]],
        preparation: str,
        run: int,
        keep_former: bool,
    ) -> None:
        records = [InputRecord(*row) for row in rows]
        super().acknowledge(origin, task, segments, records, preparation=preparation, run=run, keep_former=keep_former)

    def _put_snapshot(self) -> None:
        beside = self._path.with_name(f".{self._path.name}.snapshot")
        beside.unlink(missing_ok=True)
        with closing(sqlite3.connect(beside)) as copy:
            self._db.backup(copy)
        former = self._store.names(SNAPSHOTS)
        self._store.put_file(f"{SNAPSHOTS}{self._last:012d}.sqlite", beside)
        self._store.delete(former)
        beside.unlink()
        self._snapshot = self._last


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _entry_name(number: int) -> str:
    return f"{LOG}{number:012d}.json"


def _number(path: Path) -> int:
    """The last entry of the log that a ledger file holds; negative while that is being taken in."""
    with closing(sqlite3.connect(path)) as db:
        number: int = db.execute("PRAGMA user_version").fetchone()[0]
        return number


def _remove(path: Path) -> None:
    for name in (path.name, f"{path.name}-wal", f"{path.name}-shm"):
        path.with_name(name).unlink(missing_ok=True)
