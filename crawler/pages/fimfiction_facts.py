"""What a FimFiction page states of a work beside its text: description, tags, dates, counts, related works."""

from __future__ import annotations

import re
from datetime import date
from typing import Any, Final

from selectolax.lexbor import LexborNode

from crawler.origins import origin_of
from crawler.pages.body import line, plain
from crawler.pages.page import Page
from crawler.pages.statements import attribute, epoch_day, whole_number
from schemas.work import Engagement, RelatedWork

BASE: Final = "https://www.fimfiction.net"
STORY: Final = re.compile(r"/story/(\d{1,12})(?:/(\d{1,5})(?=/|$))?", re.ASCII)
_SEQUEL_TO: Final = "This story is a sequel to"
_VIEWS: Final = re.compile(r"[\d,]+ views? / ([\d,]+)|([\d,]+)(?: total)? views?")
_RATINGS: Final = {"everyone": "Everyone", "teen": "Teen", "mature": "Mature"}
_DAY: Final = re.compile(
    r"(?:[A-Z][a-z]+day )?(?:(\d{1,2})(?:st|nd|rd|th)?(?: of)? ([A-Z][a-z]{2})[a-z]*|([A-Z][a-z]{2})[a-z]* "
    r"(\d{1,2})(?:st|nd|rd|th)?),? (\d{4})",
    re.ASCII,
)
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def description_of(box: LexborNode | None) -> tuple[str | None, tuple[RelatedWork, ...]]:
    """The description, and the work that it names as prequel: the site prints that above it."""
    node = box.css_first(".description-text, .description") if box is not None else None
    if node is None:
        return None, ()
    paragraphs = (plain(node) or "").split("\n\n")
    related: tuple[RelatedWork, ...] = ()
    link = node.css_first('a[href*="/story/"]')
    if paragraphs[0].startswith(_SEQUEL_TO) and link is not None:
        related = (_related("prequel", link),)
        del paragraphs[0]
        if paragraphs and not any(sign.isalnum() for sign in paragraphs[0]):  # the rule below that line
            del paragraphs[0]
    return "\n\n".join(paragraphs).strip() or None, related


def _related(kind: Any, link: LexborNode) -> RelatedWork:
    origin = origin_of(f"{BASE}{found[0]}") if (found := STORY.search(attribute(link, "href"))) else None
    return RelatedWork(kind=kind, title=line(link) or None, url=origin.url if origin else None)


def sequels_of(page: Page) -> list[RelatedWork]:
    """Works that the page names as sequels."""
    sequels = []
    for heading in page.tree.css("h1.header-stories"):
        if line(heading).startswith("Sequel") and heading.parent is not None:
            sequels += [_related("sequel", link) for link in heading.parent.css("a.story_link") if line(link)]
    return sequels


def groups_of(page: Page) -> tuple[str, ...]:
    """Groups that feature the work."""
    links = page.tree.css('#story-groups-list a[href*="/group/"]')
    names = (line(link.css_first("span.group-name") or link) for link in links)
    return tuple(dict.fromkeys(name for name in names if name))


def tags_of(box: LexborNode | None, selector: str) -> tuple[str, ...]:
    """Tags as printed; icons of characters carry the name as a title."""
    links = box.css(selector) if box is not None else []
    tags = (line(link) or attribute(link, "title") or attribute(link.css_first("img"), "title") for link in links)
    return tuple(dict.fromkeys(tag for tag in tags if tag))


def rating_of_box(box: LexborNode | None) -> str | None:
    """The rating by the class of its badge, which prints but a letter."""
    for node in box.css('[class*="content-rating-"], [class*="content_rating_"]') if box is not None else ():
        found = re.search(r"content[-_]rating[-_]([a-z]+)", attribute(node, "class"))
        if found and found[1] in _RATINGS:
            return _RATINGS[found[1]]
    return None


def status_of_box(box: LexborNode | None) -> str | None:
    """The status as printed: ``Complete``, ``Incomplete``, ``On Hiatus``, ``Cancelled``."""
    selector = '[class*="completed-status-"], [class*="completed_status_"]'
    node = box.css_first(selector) if box is not None else None
    return line(node) or None if node is not None else None


def day_of(node: LexborNode | None) -> date | None:
    """Day of ``<span data-time="1435421997" title="Saturday 27th of June 2015 @4:19pm">Jun 27th, 2015</span>``."""
    if node is None:
        return None
    stamp = node.css_first("[data-time]")
    if stamp is not None and (day := epoch_day(attribute(stamp, "data-time"))):
        return day
    shown = attribute(node.css_first("[title]"), "title")
    for text in (shown, line(node)):
        if (found := _DAY.search(text[:500])) and (month := found[2] or found[3]) in _MONTHS:
            try:
                return date(int(found[5]), _MONTHS.index(month) + 1, int(found[1] or found[4]))
            except ValueError:  # no such day
                return None
    return None


def engagement_of(node: LexborNode | None) -> Engagement | None:
    """Counts of the bar above a story; ratings may be disabled."""
    bar = node.css_first(".story-top-toolbar, .story-toolbar, .rating_container") if node is not None else None
    if bar is None:
        return None
    counts = {
        "likes": _count(bar, ".likes"),
        "dislikes": _count(bar, ".dislikes"),
        "comments": whole_number(attribute(bar.css_first('[title$=" comments"], [title$=" comment"]'), "title")),
        "hits": None,
    }
    found = _VIEWS.search(attribute(bar.css_first('[title*=" views"], [title*=" view"]'), "title"))
    if found:
        counts["hits"] = whole_number(found[1] or found[2])
    return Engagement(**counts) if any(value is not None for value in counts.values()) else None


def _count(bar: LexborNode, selector: str) -> int | None:
    node = bar.css_first(selector)
    return whole_number(line(node)) if node is not None else None
