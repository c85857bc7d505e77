"""A corpus in an object store: the same commands, with a folder of this machine to work in.

    corpus.toml                      the settings
    staging/corpus                   which corpus this is: another one under the same address is another
    staging/lock                     who writes, and that it is still alive
    staging/log/…  ledger/…          the ledger (``logged_ledger``)
    staging/segments/<segment>/…     what is gathered (``remote_segments``)
    v0001/…                          a version; it counts when its MANIFEST.json is there
    CURRENT                          the newest version

The working folder, below the user's cache folder, holds the ledger as a file and what dedup keeps between
builds. It may be lost at any time: it is made again from the store.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import socket
import threading
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from filelock import FileLock, Timeout

from pipelines.corpus import VERSION_NAME, Corpus, template
from pipelines.errors import CannotStart, Incomplete
from pipelines.ledger import InputRecord, Ledger
from pipelines.logged_ledger import LoggedLedger
from pipelines.new_version import NewVersion
from pipelines.object_store import Held, ObjectStore, open_store
from pipelines.remote_segments import SEGMENTS, put_segment
from pipelines.stage import Staging
from schemas.manifest import FileEntry, Manifest

LOCK = "staging/lock"
BUILDING = "BUILDING"
"""In a version that is on its way: who builds it, or one of …"""
FINISHED, ABANDONED = b"finished", b"abandoned"
"""… whichever comes first. Then it is one or the other for good."""
BEAT_SECONDS = 20
"""How often the holder of a corpus says that it is alive …"""
STALE_SECONDS = 120
"""… and after which silence it is not."""


@dataclass(frozen=True)
class RemoteCorpus(Corpus):
    """The corpus at an address; ``path`` is the working folder on this machine."""

    store: ObjectStore

    @classmethod
    def at(cls, address: str) -> RemoteCorpus:
        """Raises ``CannotStart`` for an address without bucket and prefix, ``Incomplete`` where the store fails."""
        store = open_store(address)
        identity = store.get("staging/corpus")
        name = identity.content.decode() if identity else "new"
        folder = cache_folder() / f"{hashlib.sha256(store.uri.encode()).hexdigest()[:16]}-{name}"
        folder.mkdir(parents=True, exist_ok=True)
        corpus = cls(folder, store)
        config = store.get("corpus.toml")
        if config:
            corpus.config_path.write_bytes(config.content)
        else:
            corpus.config_path.unlink(missing_ok=True)
        return corpus

    @property
    def name(self) -> str:
        """Last part of its address."""
        return self.store.name

    @property
    def address(self) -> str:
        """Where it is."""
        return self.store.uri

    def address_of(self, version: str) -> str:
        """Where a version is."""
        return self.store.uri_of(version)

    def exists(self) -> bool:
        """Whether anything was ever staged there."""
        return self.store.get("staging/corpus") is not None

    def create(self) -> bool:
        """Put a ``corpus.toml`` there that shows every setting; says whether it was new.

        Whoever opens the corpus afterwards has its own working folder.
        """
        is_new = self.store.create("corpus.toml", template().encode())
        self.store.create("staging/corpus", uuid.uuid4().hex.encode())
        return is_new

    @cached_property
    def _versions(self) -> list[str]:
        names = [name for name in self.store.folders() if VERSION_NAME.fullmatch(name)]
        return sorted(names, key=lambda name: int(name[1:]))

    def versions(self) -> list[str]:
        """Names of the finished versions, oldest first."""
        return [name for name in self._versions if self.store.get(f"{name}/MANIFEST.json")]

    @property
    def newest_name(self) -> str:
        """The version itself: there are no links in an object store."""
        return self.versions()[-1]

    def new_version(self) -> NewVersion:
        """The version after the newest one. The number of one that was never finished is not used again."""
        finished = self.versions()
        number = int(self._versions[-1][1:]) if self._versions else 0
        token = uuid.uuid4().hex.encode()
        while not self.store.create(f"v{number + 1:04d}/{BUILDING}", token):
            number += 1
        for name in self._versions:
            if name not in finished:
                self._abandon(name)
        self.__dict__.pop("_versions")
        parent = finished[-1] if finished else None
        return _RemoteVersion(self.path, f"v{number + 1:04d}", parent, self.store, token)

    def _abandon(self, name: str) -> None:
        """Remove the files of a version that was not finished, once nobody can finish it any more."""
        held = self.store.get(f"{name}/{BUILDING}")
        if held and held.content != FINISHED and self.store.replace(f"{name}/{BUILDING}", ABANDONED, held.etag):
            self.store.delete(path for path in self.store.names(f"{name}/") if not path.endswith(BUILDING))

    def open_staging(self) -> Staging:
        """What is gathered; the caller closes it."""
        return RemoteStaging(self.staging, self.store)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the corpus: one writer at a time, wherever it runs.

        Raises ``CannotStart`` where another process holds it, or the store does not tell who comes first.
        """
        self.staging.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(self.staging / "lock", timeout=0), _Lock(self.store).held():
                yield
        except Timeout:
            raise CannotStart(f"{self.address}: another process is working on this corpus; wait for it") from None


def cache_folder() -> Path:
    """Where working folders lie: ``$XDG_CACHE_HOME/fanthology``."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "fanthology"


class _Lock:
    """The object that says who writes. Its holder renews it; one that is silent for long has ended."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._own = json.dumps(
            {"host": socket.gethostname(), "process": os.getpid(), "token": uuid.uuid4().hex}
        ).encode()
        self._ended = threading.Event()

    @contextmanager
    def held(self) -> Iterator[None]:
        self._take()
        beat = threading.Thread(target=self._beat, daemon=True)
        beat.start()
        try:
            yield
        finally:
            self._ended.set()
            beat.join()
            held = self._store.get(LOCK)
            if held and held.content == self._own:
                self._store.delete([LOCK])

    def _take(self) -> None:
        if not self._store.create(LOCK, self._own):
            held = self._store.get(LOCK)
            if held is None or not self._take_over(held):
                raise CannotStart(f"{self._store.uri}: {_who(held)} is working on this corpus; wait for it to end")
        if self._store.create(LOCK, self._own):
            self._store.delete([LOCK])
            raise CannotStart(
                f"{self._store.uri}: this store does not know conditional writes (If-None-Match), so two writers "
                f"could spoil the corpus; keep it in another store or on a shared file system"
            )

    def _take_over(self, held: Held) -> bool:
        if held.content == self._own:  # the first request was done, and its answer lost
            return True
        return held.age_seconds > STALE_SECONDS and self._store.replace(LOCK, self._own, held.etag)

    def _beat(self) -> None:
        while not self._ended.wait(BEAT_SECONDS):
            try:
                held = self._store.get(LOCK)
                if held is None or held.content != self._own or not self._store.replace(LOCK, self._own, held.etag):
                    return  # taken over: the log refuses our next entry
            except Incomplete:  # the store is away; perhaps it comes back
                continue


def _who(held: Held | None) -> str:
    if held is None:
        return "another process"
    try:
        owner = json.loads(held.content)
        return f"process {owner['process']} on {owner['host']}"
    except (ValueError, KeyError, TypeError):
        return "another process"


class RemoteStaging(Staging):
    """Staging in an object store, with its ledger in the working folder."""

    def __init__(self, folder: Path, store: ObjectStore) -> None:
        self._store = store
        self.store = store.uri
        self._tables: set[str] | None = None
        super().__init__(folder)

    def _open_ledger(self) -> Ledger:
        return LoggedLedger(self.folder / "ledger.sqlite", self._store)

    def location(self, segment: str) -> str:
        """Where the tables of a segment lie."""
        return self._store.uri_of(SEGMENTS + segment)

    def has(self, segment: str, table: str) -> bool:
        """As ``Staging.has``; all are listed at once."""
        if self._tables is None:
            self._tables = set(self._store.names(SEGMENTS))
        return f"{SEGMENTS}{segment}/{table}.arrow" in self._tables

    def discard_unacknowledged(self) -> int:
        """As ``Staging.discard_unacknowledged``, here and in the store."""
        for entry in self.segments_folder.iterdir():
            shutil.rmtree(entry)
        acknowledged = set(self.ledger.segments())
        left = [segment for segment in self._store.folders(SEGMENTS) if segment not in acknowledged]
        for segment in left:
            self._store.delete(self._store.names(f"{SEGMENTS}{segment}/"))
        return len(left)

    def commit(
        self,
        task: str,
        segments: Sequence[str],
        origin: str,
        records: Sequence[InputRecord],
        *,
        preparation: str,
        run: int,
        keep_former: bool = True,
    ) -> None:
        """Make a task's segments count: bring those that were written here to the store, then acknowledge the inputs.

        Raises ``Incomplete`` where the store or the disk fails.
        """
        self._tables = None
        for segment in segments:
            folder = self.unfinished(segment)
            if folder.exists():
                put_segment(self._store, folder, segment)
                shutil.rmtree(folder)
        self._acknowledge(task, segments, origin, records, preparation=preparation, run=run, keep_former=keep_former)


class _RemoteVersion(NewVersion):
    """A version in an object store: its files first, then the manifest, which makes it count, then ``CURRENT``."""

    def __init__(self, folder: Path, name: str, parent: str | None, store: ObjectStore, token: bytes) -> None:
        super().__init__(folder, name, parent)
        self._store = store
        self._token = token
        self.store = store.uri_of(name)

    def keep(self, entry: FileEntry) -> FileEntry:
        """Bring a file that this process has written to the store."""
        path = self.root / entry.path
        self._store.put_file(f"{self.name}/{entry.path}", path)
        path.unlink()
        return entry

    def write_text(self, name: str, text: str) -> None:
        """Write one of its documents."""
        self._store.put(f"{self.name}/{name}", text.encode())

    def finish(self, manifest: Manifest) -> None:
        """Write the manifest, and let the version count.

        Raises ``Incomplete`` where another process took this one for dead and began a version of its own.
        """
        mark = f"{self.name}/{BUILDING}"
        held = self._store.get(mark)
        if held is None or held.content != self._token or not self._store.replace(mark, FINISHED, held.etag):
            raise Incomplete(f"{self._store.uri}: another process has begun a version meanwhile; build again")
        self.write_text("MANIFEST.json", manifest.model_dump_json(indent=2) + "\n")
        self._store.put("CURRENT", f"{self.name}\n".encode())
        self._store.delete([mark])
