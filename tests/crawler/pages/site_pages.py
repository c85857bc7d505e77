"""Fixtures and pages of fiction sites, read by one kind of page."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from crawler.pages.page import REASONS, Page, PageKind, Refused
from schemas.work import Provenance, Work
from tests.fixture_folders import check_work

SAMPLES = Path(__file__).parents[4] / "shared" / "samples"


def read(kind: PageKind, html: str, url: str | None = None, ref: str = "page.html") -> Sequence[Work]:
    """Works of a page that the kind recognises."""
    page = Page(html, url)
    assert kind.recognise(page)
    return kind.read(page, Provenance(format="html", parser_version="1", raw_sha256="0" * 64, path=ref))


def check(kind: PageKind, case: Path) -> None:
    """Read a fixture folder's page and compare with what is expected."""
    expected = json.loads((case / "expected.json").read_text("utf-8"))
    html = (case / "input.html").read_text("utf-8")
    reasons = [reject["reason"] for reject in expected.get("rejects", [])]
    if reasons:
        with pytest.raises(Refused) as refused:
            read(kind, html, expected.get("url"))
        assert [refused.value.reason] == reasons
        return
    works = read(kind, html, expected.get("url"), expected.get("ref", "input.html"))
    assert len(works) == len(expected.get("works", []))
    for work, wanted in zip(works, expected["works"], strict=True):
        check_work(work, wanted)


def survives(kind: PageKind, html: str, url: str | None = None) -> Sequence[Work]:
    """Works of any page at all, or none; nothing but a known refusal may be raised."""
    page = Page(html, url)
    provenance = Provenance(format="html", parser_version="1", raw_sha256="0" * 64, path="a page.html")
    kind.recognise(page)
    reason = None
    try:
        return kind.read(page, provenance)
    except Refused as refused:
        reason = refused.reason
    assert reason in REASONS
    return ()


def sample(name: str) -> str:
    """Text of a sample."""
    return (SAMPLES / name).read_text("utf-8", "replace")
