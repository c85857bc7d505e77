"""takedowns.txt: works that their authors asked to be left out of a corpus."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from pipelines.errors import CannotStart

NAME: Final = "takedowns.txt"
_KEY: Final = re.compile(r"[a-z0-9][a-z0-9-]*:[\w.-]+")


def read_takedowns(folder: Path) -> frozenset[str]:
    """Keys of the works in the ``takedowns.txt`` of a corpus, one a line, such as ``ao3:123``; ``#`` begins a remark.

    Raises ``CannotStart`` for a line that is no key: a request that is not understood must not be passed over.
    """
    path = folder / NAME
    if not path.exists():
        return frozenset()
    found = set()
    for number, line in enumerate(path.read_text(encoding="utf-8-sig").splitlines(), start=1):
        key = line.partition("#")[0].strip()
        if not key:
            continue
        if not _KEY.fullmatch(key):
            raise CannotStart(f"{path}, line {number}: {key!r}: give the key of a work, such as ao3:123")
        found.add(key)
    return frozenset(found)
