"""What a page parser is given, and how it says that a page holds no work."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from selectolax.lexbor import LexborHTMLParser

from crawler.pages.body_cut import Frame, framed
from schemas.work import Provenance, Work


class Refused(Exception):
    """Raised by a page parser for a page without a work: a login form, an adult gate, an error page.

    ``reason`` is one of ``REASONS``; it ends in the ledger of a crawl, or in ``rejects``.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


REASONS = {
    "restricted": "only for registered users: a login page came in its place",
    "adult_gate": "the page asks whether to show adult content",
    "unrevealed": "part of a challenge that is not yet revealed",
    "hidden": "hidden by an administrator, or a draft",
    "deleted": "no longer there, or never was (404)",
    "opted_out": "asks to be left out: noindex, or a reservation of text and data mining",
    "rate_limited": "the site asked to come back later (429, Retry later)",
    "blocked": "a challenge or block page (Cloudflare and the like)",
    "site_error": "an error page of the site",
    "no_story": "a page of a known site that holds no work",
    "parse_error": "a page of a known kind that lacks what that kind always has",
}
"""Why a page gives no work."""

_SAVED_FROM = re.compile(r"<!-- saved from url=\(\d+\)(\S+?)\s*-->")


@dataclass(frozen=True)
class Page:
    """A page of HTML and the address that it came from, where known."""

    html: str
    given_url: str | None = None
    raw: bytes | None = field(default=None, repr=False, compare=False)
    """The same in UTF-8, where it is at hand: the parser takes it as it is."""
    is_plain: bool = field(default=False, repr=False, compare=False)
    """Whether it is known to hold no character that cleaning may change (``body_plain``)."""

    @cached_property
    def utf8(self) -> bytes:
        """The page in UTF-8."""
        return self.html.encode("utf-8", "surrogatepass") if self.raw is None else self.raw

    @cached_property
    def tree(self) -> LexborHTMLParser:
        """The parsed page; parsers must not change it."""
        return LexborHTMLParser(self.html if self.raw is None else self.raw)

    @cached_property
    def cut(self) -> Frame | None:
        """The parsed page without the paragraphs of its stories; ``None`` where none can be taken out."""
        return framed(self.utf8, is_plain=self.is_plain)

    @property
    def frame(self) -> LexborHTMLParser:
        """The parsed page, without the paragraphs of its stories where they can be taken out: a tenth of it.

        For what finds elements by selectors, and takes no text of them but by the functions of ``body``, or of such as
        hold no stories.
        """
        return self.tree if self.cut is None else self.cut

    def opens_with(self, mark: bytes) -> bool:
        """Whether a mark stands in the first 4096 characters, or not far behind: the cheap question before they are."""
        return self.utf8.find(mark, 0, 4 * 4096) >= 0

    @cached_property
    def lowered(self) -> bytes:
        """The page in UTF-8 with its ASCII letters in lower case: twenty times faster than to lower its characters."""
        return self.utf8.lower()

    @cached_property
    def url(self) -> str | None:
        """Address of the page: as given, else as the page or the browser that saved it states it."""
        if self.given_url:
            return self.given_url
        if self.opens_with(b"<!-- saved from url=") and (found := _SAVED_FROM.search(self.html[:4096])):
            return found[1]
        for selector, attribute in (("link[rel=canonical]", "href"), ('meta[property="og:url"]', "content")):
            node = self.frame.css_first(selector)
            if node is not None and (address := node.attributes.get(attribute)):
                return address
        return None


class EncodedPage(Page):
    """A page in UTF-8 that is decoded once its characters are asked for, which few pages need."""

    def __init__(self, raw: bytes, given_url: str | None = None, *, is_plain: bool = False) -> None:
        """``raw`` is valid UTF-8."""
        super().__init__("", given_url, raw, is_plain)
        del self.__dict__["html"]

    @cached_property
    def html(self) -> str:
        """The page."""
        return self.utf8.decode("utf-8")


Parser = Callable[[Page, Provenance], Sequence[Work]]
"""Page and what is known of its origin in, works out. The parser sets ``format``, ``parser_version`` and
``layout`` of the provenance it is given. A listing gives works without chapters."""


@dataclass(frozen=True)
class PageKind:
    """A kind of page. The texts are for people."""

    name: str
    version: str
    recognised_by: str
    yields: str
    lost: str
    recognise: Callable[[Page], bool]
    read: Parser
