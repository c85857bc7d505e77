"""``MANIFEST.json``: what a version holds and how it was made."""

from __future__ import annotations

from datetime import datetime

from schemas.base import Record
from schemas.corpus import CorpusConfig


class FileEntry(Record):
    """One Parquet file of a version."""

    path: str
    """Path within the version."""
    rows: int
    """Number of rows."""
    bytes: int
    """Size in bytes."""
    sha256: str
    """SHA-256 of the file. Equal for equal content and an equal pyarrow version."""
    logical_sha256: str
    """SHA-256 of the rows' values in order, whatever the codec, the row groups or the pyarrow version."""


class TableEntry(Record):
    """One table of a version."""

    rows: int
    """Number of rows."""
    logical_sha256: str
    """SHA-256 over the files' logical digests, in the order of their paths."""


class Counts(Record):
    """What became of everything that was staged: the lines add up."""

    staged: int
    """Works staged: every record that any input ever gave."""
    superseded: int
    """Of these, replaced by a newer revision of the same work (`rejects`, stage revision)."""
    merged: int
    """Of these, the same file in two places: one row stands for both (`duplicates`, decision merged)."""
    rejected: int
    """Of these, rejected by policy (`rejects`, stage policy)."""
    dropped: int
    """Of these, dropped as copies (`duplicates`, decision dropped)."""
    kept: int
    """Rows of `works`: staged less all of the above."""
    unreadable: int
    """Inputs that gave no work at all (`rejects`, stages read and prepare)."""
    rejects: dict[str, int]
    """Rows of `rejects` by reason."""
    duplicates: dict[str, int]
    """Rows of `duplicates` by method."""
    clusters: int
    """Clusters of copies."""


class Manifest(Record):
    """What a version holds and how it was made: `MANIFEST.json`."""

    dataset: str
    """Name of the corpus."""
    version: str
    """Name of the version, such as `v0001`."""
    parent: str | None
    """Version before this one."""
    schema_version: str
    """Version of the tables' schema."""
    built_at: datetime
    """When the version was built (UTC). No table holds a clock."""
    digest: str
    """SHA-256 over the tables' logical digests: equal for equal datasets."""
    tables: dict[str, TableEntry]
    """The tables by name."""
    files: tuple[FileEntry, ...]
    """Every Parquet file, by path."""
    counts: Counts
    """What became of everything that was staged."""
    settings: CorpusConfig
    """The settings in force: `corpus.toml` with its defaults."""
    tools: dict[str, str]
    """Versions of this program and of the libraries that shape the data."""
    methods: dict[str, str]
    """Cleaner, sketch and language engines in force."""
