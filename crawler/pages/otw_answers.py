"""What an OTW archive answered to the request for a work: the work, or why there is none."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from crawler.pages import otw
from crawler.pages.opt_outs import noted_opt_outs, opted_out
from crawler.pages.otw_blurb import Index, read_navigate, with_dates
from crawler.pages.otw_outcomes import redirected, refusal_of
from crawler.pages.page import Page, Refused
from crawler.readers.html import page_of
from crawler.readers.source import Source, Unreadable
from schemas.work import Provenance, Work

_CLOSED: Final = re.compile(rb"</html\s*>\s*(?:<!--.{0,500}-->\s*)*$", re.IGNORECASE | re.DOTALL)
_OUTCOME_BY_REASON: Final = {
    "restricted": "restricted",
    "adult_gate": "adult_gate",
    "unrevealed": "unrevealed",
    "hidden": "hidden",
    "deleted": "deleted",
    "opted_out": "opted_out",
    "rate_limited": "blocked",
    "blocked": "blocked",
    "site_error": "blocked",
    "no_story": "parse_error",
    "parse_error": "parse_error",
}
"""Outcome in the ledger by the reason of a page parser."""


@dataclass(frozen=True)
class Answer:
    """An answer of the archive, unpacked. Names of ``headers`` are in lower case."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    retrieved_at: datetime

    def source(self) -> Source:
        """The answer as readers of pages take it."""
        return Source(
            *(Path("-"), self.url),
            content=self.body,
            url=self.url,
            retrieved_at=self.retrieved_at,
            media_type=self.headers.get("content-type"),
            headers=self.headers,
        )


def outcome_of(reason: str) -> str:
    """Outcome in the ledger for a reason of a page parser."""
    return _OUTCOME_BY_REASON.get(reason, "parse_error")


def refused_by_status(answer: Answer) -> Refused | None:
    """Why an answer holds nothing, as far as its status tells."""
    status = answer.status
    if 300 <= status < 400:
        location = answer.headers.get("location", "")
        return redirected(location) or Refused("parse_error", f"an unexpected redirect to {location[:200]}")
    if status in (404, 410):
        return Refused("deleted", f"HTTP status {status}")
    if status == 401:
        return Refused("restricted", "HTTP status 401")
    if status != 200:
        return Refused("blocked", f"HTTP status {status}")
    return None


def _page(answer: Answer) -> tuple[Page, Provenance]:
    """The page of an answer. Raises ``Refused``: by its status, or for half a page."""
    if refused := refused_by_status(answer):
        raise refused
    try:
        page, provenance = page_of(answer.source())
    except Unreadable as error:
        raise Refused("parse_error", str(error)) from None
    if not _CLOSED.search(answer.body[-4096:]):
        raise refusal_of(page) or Refused("site_error", "half a page: it does not end with </html>")
    return page, provenance.model_copy(update={"path": None})


def listing_page(answer: Answer) -> tuple[Page, Provenance]:
    """The page of a list. Raises ``Refused``."""
    page, provenance = _page(answer)
    if refused := refusal_of(page):
        raise refused
    return page, provenance


def work_of(answer: Answer, number: str, index: Index | None = None) -> Work:
    """The whole work with that number. ``index`` adds the days on which its chapters were published.

    Raises ``Refused``: its reason is one of ``page.REASONS`` or ``opted_out``.
    """
    page, provenance = _page(answer)
    if not otw.recognise(page):
        unknown = Refused("parse_error", "no work page: the archive may have changed its pages, please report it")
        raise refusal_of(page) or unknown
    if (refused := opted_out(answer.headers, page)) is not None:
        raise refused
    (work,) = otw.read(page, provenance)
    if work.source_work_id != number:
        raise Refused("parse_error", f"the page is of work {work.source_work_id}, not of {number}")
    if work.part_number is not None or (work.n_chapters_source or 0) > len(work.chapters):
        raise Refused("parse_error", f"{len(work.chapters)} of {work.n_chapters_source} chapters")
    work = noted_opt_outs(work, answer.headers, page)
    return work if index is None else with_dates(work, index)


def index_of(answer: Answer, number: str) -> Index:
    """The index of chapters of a work. Raises ``Refused``."""
    page, _ = _page(answer)
    if (refused := refusal_of(page)) is not None and refused.reason != "no_story":
        raise refused
    index = read_navigate(page)
    if index.work_id != number:
        raise Refused("parse_error", f"the index is of work {index.work_id}, not of {number}")
    return index
