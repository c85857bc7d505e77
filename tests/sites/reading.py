"""Pages of the test archive as our parsers read them."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

from crawler.pages import otw, otw_blurb, otw_outcomes
from crawler.pages.otw_blurb import Listing
from crawler.pages.page import Page, Refused
from schemas.work import Work
from tests.crawler.pages.otw_pages import kind_of, provenance
from tests.sites.client import get
from tests.sites.otw import Archive
from tests.sites.otw_frame import tag_path
from tests.sites.otw_works import TAG

WHOLE = "?view_full_work=true&view_adult=true"
LIST = f"/tags/{tag_path(TAG)}/works"


def work_of(page: Page) -> Work:
    kind = kind_of(page)
    assert kind is otw.KIND_WORK
    (work,) = kind.read(page, provenance())
    return work


def reason_of(page: Page) -> str:
    with pytest.raises(Refused) as caught:
        otw_outcomes.read(page, provenance())
    return caught.value.reason


def listing(archive: Archive, target: str) -> Listing:
    reply = get(archive, target)
    assert reply.status == 200
    return otw_blurb.read_listing(reply.page, provenance())


def walk(archive: Archive, target: str) -> list[Listing]:
    """All pages of a list, from page to page as a crawler goes."""
    found = []
    following: str | None = target
    while following:
        found.append(listing(archive, following))
        address = found[-1].next_url
        following = address and address.removeprefix(f"https://{archive.host}")
        assert len(found) < 100
    return found


def ids(pages: list[Listing]) -> list[str | None]:
    return [work.source_work_id for page in pages for work in page.works]


def searched(target: str = LIST, **filters: str) -> str:
    return f"{target}?{urlencode({f'work_search[{name}]': value for name, value in filters.items()})}"
