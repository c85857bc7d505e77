"""Listings of FanFiction.net and FictionPress, desktop: rows are ``div.z-list``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from selectolax.lexbor import LexborNode

from crawler.pages.body import line, passage
from crawler.pages.ffnet import (
    SITES,
    STORY,
    USER,
    VERSION,
    Place,
    authors_of,
    innermost,
    source_of,
    work_fields,
    work_url,
)
from crawler.pages.ffnet_facts import Facts, read_facts
from crawler.pages.page import Page, PageKind, Refused
from crawler.pages.statements import attribute, stamped
from schemas.vocabulary import AuthorKind
from schemas.work import Author, HeaderField, Provenance, Work

_ARCHIVE: Final = re.compile(r"(.+?)(?: -)? FanFiction Archive\b")


def recognise_listing(page: Page) -> bool:
    """A page of rows: an archive of a fandom, a search, an author's page."""
    return "z-list" in page.html and page.tree.css_first('div.z-list a[href*="/s/"]') is not None


def read_listing(page: Page, provenance: Provenance) -> list[Work]:
    """A work without chapters for each row.

    Raises ``Refused`` (``parse_error``) where no row can be read.
    """
    source = source_of(page)
    heading = page.tree.css_first("title")
    titled = line(heading)[:1000] if heading is not None else ""
    user = USER.search(page.url or "")
    owner: tuple[Author, ...] = ()
    if user and (name := titled.rpartition(" | ")[0]):
        owner = (Author(name=name, id=user[1], url=f"{SITES[source]}/u/{user[1]}/", kind=AuthorKind.USER),)
    found = _ARCHIVE.match(titled)
    fandoms = (found[1],) if found and source == "ffnet" and "crossover" not in found[1].casefold() else ()
    made = stamped(provenance, "ffnet_listing", VERSION, "listing")
    works = list(_rows(page, source, Place(fandoms=fandoms), owner, made))
    if not works:
        raise Refused("parse_error", "rows without a title or a line of facts")
    return works


def _rows(page: Page, source: str, common: Place, owner: tuple[Author, ...], provenance: Provenance) -> Iterator[Work]:
    for row in innermost(page.tree.css("div.z-list")):
        link = row.css_first('a.stitle, a[href*="/s/"]')
        story = STORY.search(attribute(link, "href"))
        grey = row.css_first("div.z-padtop2, div.xgray, div.gray")
        if link is None or story is None or grey is None or not (title := line(link)):
            continue
        facts = read_facts(grey, original=source == "fictionpress")
        indent = row.css_first("div.z-indent, div.z-padtop")
        yield Work(
            source=source,
            title=title,
            chapters=(),
            provenance=provenance,
            source_work_id=story[1],
            url=work_url(source, story[1]),
            authors=authors_of(row, source) or (owner if "mystories" in attribute(row, "class") else ()),
            summary=(passage(indent, leave_out=("div.z-padtop2", "div.xgray", "div.gray")).text or None)
            if indent is not None
            else None,
            **work_fields(facts, _place_of_row(row, facts, common, source), provenance),
        )


def _place_of_row(row: LexborNode, facts: Facts, common: Place, source: str) -> Place:
    """Fandom of a row: stated in an attribute or before the line, else by the listing as a whole."""
    if source == "fictionpress":
        return Place(header=(HeaderField(label="Category", value=facts.before),) if facts.before else ())
    before = facts.before or attribute(row, "data-category")
    if before.startswith("Crossover - "):
        names = before.removeprefix("Crossover - ")
        return Place(fandoms=tuple(names.split(" & ")) if names.count(" & ") == 1 else (names,), is_crossover=True)
    return Place(fandoms=(before,)) if before else common


FFNET_LISTING: Final = PageKind(
    name="ffnet_listing",
    version=VERSION,
    recognised_by="rows `div.z-list` with links to stories",
    yields="a work without chapters for each row",
    lost="what the rows do not state: the rest of a long summary, the media",
    recognise=recognise_listing,
    read=read_listing,
)
