"""Which files an ingest reads: every regular file below a path, in one order."""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file to read; ``problem`` says why it cannot be, as reason and detail."""

    path: Path
    ref: str
    size: int | None
    mtime_ns: int | None
    problem: tuple[str, str] | None = None


def scan(root: Path, leave_out: Collection[Path] = ()) -> Iterator[FoundFile]:
    """Files at or below ``root`` in the order of their names; ``ref`` is the path relative to it.

    Links to folders are not followed, so that loops end; links to files are. What is no regular
    file, or cannot be looked at, comes with a ``problem``. Folders in ``leave_out`` are passed by.
    """
    if not root.is_dir():
        yield _found(root, root.name)
        return
    refused = {path.resolve() for path in leave_out}
    problems: list[OSError] = []
    for folder, folders, names in os.walk(root, onerror=problems.append):
        here = Path(folder)
        folders[:] = sorted(name for name in folders if (here / name).resolve() not in refused)
        for name in sorted(names):
            yield _found(here / name, _ref(here / name, root))
        yield from (_linked_folder(here / name, root) for name in folders if (here / name).is_symlink())
    for error in problems:
        path = Path(os.fsdecode(error.filename))
        yield FoundFile(path, _ref(path, root), None, None, ("unreadable", os.strerror(error.errno or 0)))


def _found(path: Path, ref: str) -> FoundFile:
    try:
        status = path.stat()
    except OSError as error:
        return FoundFile(path, ref, None, None, ("unreadable", os.strerror(error.errno or 0)))
    if not stat.S_ISREG(status.st_mode):
        return FoundFile(path, ref, None, None, ("not_a_file", "a pipe, socket or device; only regular files are read"))
    return FoundFile(path, ref, status.st_size, status.st_mtime_ns)


def _linked_folder(path: Path, root: Path) -> FoundFile:
    problem = ("linked_folder", "links to folders are not followed; give the folder itself")
    return FoundFile(path, _ref(path, root), None, None, problem)


def _ref(path: Path, root: Path) -> str:
    """Relative path with ``/``; bytes of a name that are no UTF-8 are written as hexadecimal escapes."""
    return os.fsencode(path.relative_to(root).as_posix()).decode("utf-8", "backslashreplace")
