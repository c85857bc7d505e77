"""Pages of FanFiction.net and FictionPress that hold no work, and the block pages that come in their place."""

from __future__ import annotations

import re
from typing import Final, Never

from crawler.origins import slug_of
from crawler.pages.body import line
from crawler.pages.page import Page, PageKind, Refused
from crawler.pages.statements import host_of
from schemas.work import Provenance

_VERSION: Final = "1"
_MAX_ERROR: Final = 20_000
"""Characters of text that an error page of the site has at most, menus included."""

_MAX_CHALLENGE: Final = 2_000
"""Characters of text that a challenge has at most."""
_MOST_LOOKED_AT: Final = 200

_HEAD: Final = 200_000
"""Characters of a page that may name a challenge."""
_TITLE: Final = re.compile(r"(?i)<title[^>]{0,200}>([^<]{0,300})")
_TITLE_STARTS: Final = re.compile(rb"(?i)<t(?:i|\xc4[\xb0\xb1])tle")  # Python takes a Turkish i for the same letter
_LONGEST_TITLE: Final = 4 * 510
_CHALLENGE_TITLE: Final = re.compile(
    r"(?i)\s*(?:just a moment|attention required! \| cloudflare|please wait\b.*cloudflare|access denied \|"
    r"|one more step|.{0,80}\| \d{3}: .{0,60}|ddos-guard|checking your browser)"
)
_CHALLENGE_MARKS: Final = (
    "_cf_chl_opt",
    "cf-browser-verification",
    "/cdn-cgi/challenge-platform/h/",
    "cf-error-details",
    "cf_chl_prog",
    "DDoS protection by",
)
_CHALLENGE_PARTS: Final = "#challenge-form, #cf-wrapper, #challenge-running, #challenge-error-text, #cf-please-wait"

_HOSTS: Final = frozenset({"fanfiction-net", "fictionpress-com", "m-fanfiction-net", "m-fictionpress-com"})
_SITE_TITLE: Final = re.compile(r"[|-] (?:FanFiction|FictionPress)(?:\.Net|\.com)?\s*$", re.IGNORECASE)
_ERRORS: Final = (
    ("deleted", "Story Not Found"),
    ("deleted", "Unable to locate story"),
    ("deleted", "Please check to see you are not using an outdated url."),
    ("deleted", "Story does not have any chapters"),
    ("deleted", "Page not found or expired"),
    ("deleted", "User does not exist or is no longer an active member"),
    ("hidden", "Category for this story has been disabled"),
    ("rate_limited", "Too Many Requests"),
    ("rate_limited", "You are going too fast"),
    ("site_error", "This request takes too long to process, it is timed out by the server."),
    ("site_error", "Please email this error message in full to"),
    ("site_error", "An error has occurred while processing your request"),
    ("site_error", "FanFiction.Net is currently unavailable"),
)
_STORY_PARTS: Final = "#storytext, #storytextp, #storycontent, #profile_top"


def recognise_challenge(page: Page) -> bool:
    """A page of Cloudflare and the like, whatever site it stands for."""
    title = _title(page)
    named = title is not None and _CHALLENGE_TITLE.match(title) is not None
    if not named and (_has_story(page) or _is_long(page)):
        return False
    head = page.html[:_HEAD]
    if not named and not any(mark in head for mark in _CHALLENGE_MARKS):
        return False
    # A real page may load the challenge's script in passing: it has a body of its own then.
    alone = page.tree.css_first(_CHALLENGE_PARTS) is not None or any(mark in head for mark in _CHALLENGE_MARKS)
    return alone and (named or _text_size(page) < _MAX_CHALLENGE)


def _title(page: Page) -> str | None:
    """The first characters of the first title of a page's head, told of its bytes: what is asked of every page."""
    if len(page.utf8) > _HEAD:
        found = _TITLE.search(page.html[:_HEAD])
        return found[1] if found else None
    for start in _TITLE_STARTS.finditer(page.utf8):
        opening = page.utf8[start.start() : start.start() + _LONGEST_TITLE]
        if found := _TITLE.match(opening.decode("utf-8", "ignore")):
            return found[1]
    return None


def _has_story(page: Page) -> bool:
    """Whether so much was taken out of a page that it can be no challenge."""
    return page.cut is not None and any(len(run.found.text) > 2 * _MAX_CHALLENGE for run in page.cut.runs)


def _is_long(page: Page) -> bool:
    """Whether paragraphs in a row hold more than a challenge does: a cheap look that most stories pass."""
    node = page.tree.css_first("p + p + p + p")
    size = steps = 0
    while node is not None and size < _MAX_CHALLENGE and steps < _MOST_LOOKED_AT:
        size += len(node.text()) if node.tag == "p" else 0
        node = node.next
        steps += 1
    return size >= _MAX_CHALLENGE


def refuse_challenge(page: Page, provenance: Provenance) -> Never:
    """Raises ``Refused``: ``blocked``, or ``site_error`` where the site itself did not answer (520 to 527)."""
    del provenance
    node = page.tree.css_first("title")
    title = line(node)[:200] if node is not None else ""
    reason = "site_error" if re.search(r"\| 5(?:0[0-4]|2\d): ", title) else "blocked"
    raise Refused(reason, title or "a challenge in place of the page")


def recognise_refused(page: Page) -> bool:
    """A page of these sites without a story, such as an error, a profile or reviews; to be asked after the stories."""
    if page.tree.css_first(_STORY_PARTS) is not None:
        return False
    if page.tree.css_first('a[href*="report_review.php"]') is not None or slug_of(host_of(page.url)) in _HOSTS:
        return True
    node = page.tree.css_first("title")
    if node is not None and _SITE_TITLE.search(line(node)[:1000]):
        return True
    marked = page.tree.css_first(".gui_warning, .panel_warning, .gui_normal, .panel_normal")
    return marked is not None and _error(page) is not None


def refuse(page: Page, provenance: Provenance) -> Never:
    """Raises ``Refused`` with what the page says of itself: ``deleted``, ``rate_limited`` …, or ``no_story``."""
    del provenance
    if found := _error(page):
        raise Refused(*found)
    if page.tree.css_first('a[href*="report_review.php"]') is not None:
        raise Refused("no_story", "reviews")
    node = page.tree.css_first("title")
    raise Refused("no_story", line(node)[:200] if node is not None else "a page without a story")


def _error(page: Page) -> tuple[str, str] | None:
    body = page.tree.css_first("body")
    if body is None or _text_size(page) > _MAX_ERROR:
        return None
    text = line(body)
    return next((error for error in _ERRORS if error[1] in text), None)


def _text_size(page: Page) -> int:
    """Characters of text outside scripts and styles."""
    hidden = sum(len(node.text()) for node in page.tree.css("script, style, noscript"))
    return len(page.tree.body.text()) - hidden if page.tree.body is not None else 0


CHALLENGE: Final = PageKind(
    name="challenge",
    version=_VERSION,
    recognised_by="title and markup of Cloudflare's and other guards' pages",
    yields="a reject: blocked, or site_error where the site did not answer",
    lost="nothing",
    recognise=recognise_challenge,
    read=refuse_challenge,
)
FFNET_REFUSED: Final = PageKind(
    name="ffnet_refused",
    version=_VERSION,
    recognised_by="the sites' title or address, or links to report a review, without a story",
    yields="a reject with the reason that the page gives",
    lost="reviews and profiles, which are not read",
    recognise=recognise_refused,
    read=refuse,
)
