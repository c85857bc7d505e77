"""A file of JSON lines as tasks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

TASK_BYTES = 8_000_000


def ranges(path: Path, folder: Path) -> Iterator[tuple[str, int, int, str]]:
    """Ranges of whole lines of about ``TASK_BYTES``."""
    size = path.stat().st_size
    with path.open("rb") as stream:
        start = 0
        while start < size:
            stream.seek(min(size, start + TASK_BYTES))
            stream.readline()
            yield str(path), start, stream.tell(), str(folder / f"{start:012d}")
            start = stream.tell()
