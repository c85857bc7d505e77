"""Which program this is."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path


@cache
def program_version() -> str:
    """Version of this program, from ``pyproject.toml``: it runs from its checkout."""
    with (Path(__file__).parent.parent / "pyproject.toml").open("rb") as stream:
        found: str = tomllib.load(stream)["project"]["version"]
    return found
