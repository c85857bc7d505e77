"""Fixture folders: ``input.*`` beside ``expected.json``, the same for every format.

``expected.json`` holds ``{"ref": optional name, "url": optional, "works": [...], "rejects": [...]}``. A work names the
fields to compare (lists and strings exactly, objects by the keys that they name); ``chapters`` are objects
with any of ``number``, ``title``, ``notes_before`` …, and ``begins``, ``ends`` and ``holds`` of the text.
A file that gives no work at all has ``{"rejects": [{"reason": …}]}``.
"""

import json
from pathlib import Path

from crawler.readers import formats
from crawler.readers.source import Rejected, Source, Unreadable
from schemas.work import Work


def cases(*kinds: str) -> list[Path]:
    """Folders of the fixtures of some kinds, for ``parametrize(..., ids=lambda case: case.name)``."""
    root = Path(__file__).parent / "fixtures"
    return sorted(path for kind in kinds for path in (root / kind).iterdir() if path.is_dir())


def read_all(source: Source) -> tuple[list[Work], list[Rejected]]:
    """Works and rejects of an input, whatever it is."""
    works: list[Work] = []
    rejects: list[Rejected] = []
    try:
        for item in formats.read(source):
            if isinstance(item, Rejected):
                rejects.append(item)
            else:
                works.append(item)
    except Unreadable as error:
        rejects.append(Rejected(source.ref, error.reason, error.detail))
    return works, rejects


def holds(actual: object, expected: object) -> bool:
    """Whether every key that the expectation names has the value that it names."""
    if isinstance(expected, dict):
        return isinstance(actual, dict) and all(holds(actual.get(key), value) for key, value in expected.items())
    if isinstance(expected, list):
        return isinstance(actual, list) and len(actual) == len(expected) and all(map(holds, actual, expected))
    return bool(actual == expected)


def check(case: Path) -> None:
    """Read a case's input and compare with what is expected."""
    expected = json.loads((case / "expected.json").read_text("utf-8"))
    (path,) = case.glob("input.*")
    source = Source(path, expected.get("ref", path.name), url=expected.get("url"))
    works, rejects = read_all(source)
    assert [reject.reason for reject in rejects] == [reject["reason"] for reject in expected.get("rejects", [])]
    assert len(works) == len(expected.get("works", []))
    for work, wanted in zip(works, expected.get("works", []), strict=True):
        check_work(work, wanted)


def check_work(work: Work, wanted: dict[str, object]) -> None:
    """Compare one work with the fields that an expectation names."""
    actual = work.model_dump(mode="json")
    for name, value in wanted.items():
        if name != "chapters":
            assert holds(actual[name], value), (name, actual[name], value)
    chapters = wanted.get("chapters")
    if chapters is None:
        return
    assert isinstance(chapters, list)
    assert len(work.chapters) == len(chapters)
    for chapter, expected in zip(actual["chapters"], chapters, strict=True):
        text = chapter["text"]
        for key, value in expected.items():
            if key == "begins":
                assert text.startswith(value), text[:80]
            elif key == "ends":
                assert text.endswith(value), text[-80:]
            elif key == "holds":
                assert all(passage in text for passage in value), value
            else:
                assert holds(chapter[key], value), (key, chapter[key])
