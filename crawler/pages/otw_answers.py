"""What an OTW archive answered to the request for a work: the work, or why there is none."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, urlsplit

from crawler.pages import otw
from crawler.pages.otw_blurb import Index, read_navigate
from crawler.pages.otw_outcomes import refusal_of
from crawler.pages.page import Page, Refused
from crawler.readers.html import page_of
from crawler.readers.source import Source, Unreadable
from schemas.work import Provenance, Work

_LOGIN: Final = re.compile(r"/(?:users/)?(?:login|sign_in)/?$")
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
        )


def outcome_of(reason: str) -> str:
    """Outcome in the ledger for a reason of a page parser."""
    return _OUTCOME_BY_REASON.get(reason, "parse_error")


def redirected(location: str) -> Refused | None:
    """What a redirect to a login page, or to the page of time-outs, says; ``None`` for any other."""
    parts = urlsplit(location)
    if _LOGIN.search(parts.path):
        if parse_qs(parts.query).get("restricted") == ["true"]:
            return Refused("restricted", "a redirect to the login page: only for registered users")
        return Refused("hidden", "a redirect to the login page: no permission to see this")
    if parts.path.rstrip("/").endswith("/timeout_error"):
        return Refused("site_error", "a redirect to the archive's page of time-outs")
    return None


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


def opted_out(headers: Mapping[str, str], page: Page) -> Refused | None:
    """Whether the page asks to be left out: TDM reservation (TDMRep), ``noindex``; by header or ``meta``."""
    reserved = headers.get("tdm-reservation", "").strip()
    for node in page.tree.css('meta[name="tdm-reservation" i]'):
        stated = (node.attributes.get("content") or "").strip()
        reserved = stated if stated in ("0", "1") else reserved
    if reserved == "1":
        return Refused("opted_out", "text and data mining is reserved (TDM reservation)")
    if "noindex" in headers.get("x-robots-tag", "").casefold():
        return Refused("opted_out", "noindex (X-Robots-Tag)")
    for node in page.tree.css('meta[name="robots" i]'):
        if "noindex" in (node.attributes.get("content") or "").casefold():
            return Refused("opted_out", "noindex: the authors ask search engines to leave the work out")
    return None


def _asks_no_ai(headers: Mapping[str, str], page: Page) -> bool:
    """Whether the page asks not to be used for AI: ``noai``, ``train-ai=n``."""
    said = [headers.get("x-robots-tag", ""), headers.get("content-usage", "")]
    said += [node.attributes.get("content") or "" for node in page.tree.css('meta[name="robots" i]')]
    return any(re.search(r"\bnoai\b|\btrain-ai\s*=\s*n\b", text.casefold()) for text in said)


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
    if (refused := refusal_of(page)) is not None:
        raise refused
    if (refused := opted_out(answer.headers, page)) is not None:
        raise refused
    if not otw.recognise(page):
        raise Refused("parse_error", "no work page: the archive may have changed its pages, please report it")
    (work,) = otw.read(page, provenance)
    if work.source_work_id != number:
        raise Refused("parse_error", f"the page is of work {work.source_work_id}, not of {number}")
    if work.part_number is not None or (work.n_chapters_source or 0) > len(work.chapters):
        raise Refused("parse_error", f"{len(work.chapters)} of {work.n_chapters_source} chapters")
    return noted(work, answer.headers, page, index)


def noted(work: Work, headers: Mapping[str, str], page: Page, index: Index | None) -> Work:
    """A work with what its answer states besides: reservations, and the dates of its chapters."""
    update: dict[str, object] = {"ai_opt_out": _asks_no_ai(headers, page), "tdm_reserved": False}
    if index is not None:
        update["chapters"] = with_dates(work, index)
    return work.model_copy(update=update)


def with_dates(work: Work, index: Index) -> tuple[object, ...]:
    """The chapters of a work with the days that the index of chapters states; a one-shot has one entry."""
    by_id = {entry.chapter_id: entry for entry in index.chapters}
    found = []
    for place, chapter in enumerate(work.chapters):
        entry = by_id.get(chapter.source_chapter_id or "")
        if entry is None and len(work.chapters) == len(index.chapters):
            entry = index.chapters[place]
        found.append(chapter.model_copy(update={"published_date": entry.published_date}) if entry else chapter)
    return tuple(found)


def index_of(answer: Answer, number: str) -> Index:
    """The index of chapters of a work. Raises ``Refused``."""
    page, _ = _page(answer)
    if (refused := refusal_of(page)) is not None and refused.reason != "no_story":
        raise refused
    index = read_navigate(page)
    if index.work_id != number:
        raise Refused("parse_error", f"the index is of work {index.work_id}, not of {number}")
    return index
