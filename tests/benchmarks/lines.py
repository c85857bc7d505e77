"""Works as JSON lines: ranges of them as tasks, and their staging."""

from __future__ import annotations

import json
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


def stage_range(task: tuple[str, int, int, str]) -> str:
    """Fingerprint the works of a range of lines and stage them as a segment."""
    path, start, end, folder = task
    from tests.staged_stories import write_stories  # noqa: PLC0415 - for those who stage so

    corpus, facts = {}, {}
    with Path(path).open("rb") as stream:
        stream.seek(start)
        while stream.tell() < end:
            work = json.loads(stream.readline())
            corpus[work["id"]] = work["chapters"]
            facts[work["id"]] = {name: work[name] for name in ("source", "title", "authors", "fandoms")}
    write_stories(Path(folder), corpus, facts)
    return folder
