"""Pages of OTW archives read as the program reads them: the first kind that knows a page reads it."""

import json
from pathlib import Path

from crawler.pages.otw import KIND_WORK
from crawler.pages.otw_blurb import KIND_LISTING
from crawler.pages.otw_download import KIND_DOWNLOAD
from crawler.pages.otw_index import KIND_INDEX
from crawler.pages.otw_outcomes import KIND_OUTCOME
from crawler.pages.page import REASONS, Page, PageKind, Refused
from schemas.work import Provenance, Work
from tests.fixture_folders import check_work

KINDS: tuple[PageKind, ...] = (KIND_DOWNLOAD, KIND_WORK, KIND_LISTING, KIND_INDEX, KIND_OUTCOME)
FIXTURES = Path(__file__).parents[2] / "fixtures" / "otw"
SAMPLES = Path(__file__).parents[4] / "shared" / "samples"


def provenance(path: str | None = None) -> Provenance:
    return Provenance(format="html", parser_version="1", raw_sha256="0" * 64, path=path)


def kind_of(page: Page) -> PageKind | None:
    return next((kind for kind in KINDS if kind.recognise(page)), None)


def outcome(kind: PageKind, page: Page, path: str = "a.html") -> list[Work] | str:
    """Works of a page, or the reason for which it is refused."""
    try:
        return list(kind.read(page, provenance(path)))
    except Refused as error:
        return error.reason if error.reason in REASONS else f"not a reason: {error.reason}"


def read(html: str, *, url: str | None = None, path: str | None = None) -> list[Work]:
    page = Page(html, url)
    kind = kind_of(page)
    assert kind is not None, "not recognised"
    return list(kind.read(page, provenance(path)))


def html_of(case: str) -> str:
    return (FIXTURES / case / "input.html").read_text("utf-8")


def check_case(case: Path) -> None:
    expected = json.loads((case / "expected.json").read_text("utf-8"))
    html = (case / "input.html").read_text("utf-8")
    reasons, works = [], []
    try:
        works = read(html, url=expected.get("url"), path=expected.get("ref", "input.html"))
    except Refused as error:
        reasons.append(error.reason)
    assert reasons == [reject["reason"] for reject in expected.get("rejects", [])]
    assert len(works) == len(expected.get("works", []))
    for work, wanted in zip(works, expected.get("works", []), strict=True):
        check_work(work, wanted)
