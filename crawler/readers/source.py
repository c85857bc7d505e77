"""What a reader is given, and how it says that it cannot read it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

HEAD_BYTES = 64 * 1024


class Unreadable(Exception):
    """Raised by a reader for an input that gives no work; it becomes a row of ``rejects``.

    ``reason`` is one word for counting (``empty``, ``binary`` …), ``detail`` says it to a person.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True)
class Source:
    """One input file.

    ``ref`` is its path relative to the folder that was given, with ``/``: the only name of the
    file that gets into a dataset. ``max_bytes`` bounds what is ever read of it.
    """

    path: Path
    ref: str
    max_bytes: int = 256 * 1024 * 1024

    @cached_property
    def head(self) -> bytes:
        """The first 64 KiB, to recognise the format by."""
        with self.path.open("rb") as stream:
            return stream.read(HEAD_BYTES)

    @cached_property
    def data(self) -> bytes:
        """The whole content.

        Raises ``Unreadable`` (``too_large``) before reading past ``max_bytes``.
        """
        with self.path.open("rb") as stream:
            data = stream.read(self.max_bytes + 1)
        if len(data) > self.max_bytes:
            raise Unreadable("too_large", f"larger than {self.max_bytes // 2**20} MiB; raise limits.max_file_mib")
        return data

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of the content, in hex."""
        return hashlib.sha256(self.data).hexdigest()
