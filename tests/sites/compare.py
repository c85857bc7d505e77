"""Compares a record with what the test archive says a right reading gives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from schemas.work import Work

_OWN = ("language", "complete", "updated_at", "chapters")
"""Fields of an expectation that a record has not, or that are compared one by one."""


def differences(work: Work, wanted: Mapping[str, Any], *, days: bool = False) -> list[str]:
    """What a record has otherwise than ``Archive.expected``; ``days`` compares the chapters' days too."""
    record = work.model_dump(mode="json")
    found = [
        f"{name}: {record[name]!r}, expected {value!r}"
        for name, value in wanted.items()
        if name not in _OWN and not _fits(record[name], value)
    ]
    chapters = wanted.get("chapters", [])
    if len(record["chapters"]) != len(chapters):
        return [*found, f"{len(record['chapters'])} chapters, expected {len(chapters)}"]
    for place, (chapter, told) in enumerate(zip(record["chapters"], chapters, strict=True), 1):
        for name, value in told.items():
            if name == "published_date" and not days:
                continue
            actual = chapter["text"].split("\n\n") if name == "paragraphs" else chapter[name]
            if actual != value:
                found.append(f"chapter {place}, {name}: {str(actual)[:200]!r}, expected {str(value)[:200]!r}")
    return found


def _fits(actual: Any, wanted: Any) -> bool:
    """Whether every key that an object of the expectation names has the value that it names."""
    if isinstance(wanted, dict):
        return isinstance(actual, dict) and all(_fits(actual.get(key), value) for key, value in wanted.items())
    if isinstance(wanted, list):
        return len(actual) == len(wanted) and all(map(_fits, actual, wanted))
    return bool(actual == wanted)
