"""Reading of pages by the kinds of FanFiction.net, FimFiction and FicWad alone."""

import json

from crawler.pages.ffnet import FFNET
from crawler.pages.ffnet_listing import FFNET_LISTING
from crawler.pages.ffnet_mobile import FFNET_MOBILE
from crawler.pages.ffnet_refusals import CHALLENGE, FFNET_REFUSED
from crawler.pages.ficwad import FICWAD, FICWAD_REFUSED
from crawler.pages.fimfiction import FIMFICTION_CHAPTER, FIMFICTION_REFUSED, FIMFICTION_STORY
from crawler.pages.page import REASONS, Page, Refused
from schemas.work import Provenance
from tests.fixture_folders import check_work

PROVENANCE = Provenance(format="html", parser_version="0", raw_sha256="0" * 64)
KINDS = (
    CHALLENGE,
    FFNET_MOBILE,
    FFNET,
    FFNET_LISTING,
    FICWAD,
    FIMFICTION_CHAPTER,
    FIMFICTION_STORY,
    FFNET_REFUSED,
    FICWAD_REFUSED,
    FIMFICTION_REFUSED,
)


def read(html, url=None, retrieved_at=None):
    """Works of a page and the reason why there is none; of a page of no kind of ours neither."""
    page = Page(html, url)
    provenance = PROVENANCE.model_copy(update={"retrieved_at": retrieved_at})
    for kind in KINDS:
        if kind.recognise(page):
            try:
                return list(kind.read(page, provenance)), None
            except Refused as refused:
                return [], refused.reason if refused.reason in REASONS else f"unknown: {refused.reason}"
    return [], None


def check(case):
    """Read a fixture's page and compare with what is expected."""
    expected = json.loads((case / "expected.json").read_text("utf-8"))
    works, reason = read((case / "input.html").read_text("utf-8"), expected.get("url"))
    assert reason == next((reject["reason"] for reject in expected.get("rejects", [])), None)
    assert len(works) == len(expected.get("works", []))
    for work, wanted in zip(works, expected.get("works", []), strict=True):
        check_work(work, wanted)
