r"""Story pages of ``m.fanfiction.net`` and ``m.fictionpress.com``.

``#content`` holds title, author, links to the archive, the line of facts and the title of the chapter;
``#storycontent`` the text. Pages that went through a program's string literal, with ``\n`` for every line break,
are read as if they had not.
"""

from __future__ import annotations

import re
from typing import Final

from selectolax.lexbor import LexborNode

from crawler.origins import origin_of
from crawler.pages.body import line, passage
from crawler.pages.ffnet import NUMBER_UNKNOWN, authors_of, place_of, source_of, work_fields, work_url
from crawler.pages.ffnet_facts import read_mobile_facts
from crawler.pages.page import Page, PageKind, Refused
from crawler.pages.statements import attribute, stamped
from schemas.work import Chapter, Provenance, Work

_VERSION: Final = "1"
_UNESCAPED: Final = "string_literal_unescaped"
_NO_STORY: Final = ("script", "style", "noscript", "iframe", "ins", "form", ".adsbygoogle")

_ESCAPED_BREAK: Final = re.compile(r">\s*\\n\s*<")
_ESCAPE: Final = re.compile(r"\\([nrt\"'/\\])")
_ESCAPES: Final = {"n": "\n", "r": "\n", "t": "\t"}
_OF: Final = re.compile(r"\bCh (\d{1,5}) of (\d{1,5})\b", re.ASCII)
_CHAPTER_URL: Final = re.compile(r"/s/(\d{1,12})/(\d{1,5})(?:/|$)", re.ASCII)
_CHAPTER_ID: Final = re.compile(r"storytextid=(\d{1,12})\b", re.ASCII)
_CHAPTER_TITLE: Final = re.compile(r"Chapter (\d{1,5})\s?(?:[:.]|-)\s?(.*)", re.ASCII)
_TITLE_NUMBER: Final = re.compile(r" Ch (\d{1,5}), [^|]+\| F", re.ASCII)
_NO_ARCHIVE: Final = re.compile(r"(?:(?:https?:)?//[^/]+)?/[ursm]/")
_COMPLETE_MARK: Final = 'img[src*="script-attribute-c."]'
"""Icon beside the line of a work that is complete."""


def recognise(page: Page) -> bool:
    """A story page of the mobile site."""
    return page.frame.css_first("#storycontent") is not None and "storycontent" in page.html


def read(page: Page, provenance: Provenance) -> list[Work]:
    """The chapter of a mobile page with what the page states of the work.

    Raises ``Refused``: ``parse_error`` (no title), ``no_story`` (an empty one).
    """
    flags: list[str] = []
    if unescaped := _unescaped(page.html):
        page = Page(unescaped, page.given_url)
        flags.append(_UNESCAPED)
    story, box = page.tree.css_first("#storycontent"), page.tree.css_first("#content")
    bold = box.css_first("b") if box is not None else None
    if story is None or box is None or bold is None or not (title := line(bold)):
        raise Refused("parse_error", "a story page without a title")
    source = source_of(page)
    work_id, number, n_chapters = _place_in_work(page)
    facts = read_mobile_facts(box, original=source == "fictionpress")
    links = [link for link in box.css("a[href]") if not _NO_ARCHIVE.match(attribute(link, "href"))]
    fields = work_fields(facts, place_of(links, source), provenance)
    fields["n_chapters_source"] = fields["n_chapters_source"] or n_chapters
    if fields["status_raw"] is None and box.css_first(_COMPLETE_MARK) is not None:
        fields["status_raw"] = "Complete"
    reviews = box.css_first('a[href*="/r/"]')
    fields["engagement"] = facts.engagement(line(reviews) if reviews is not None else None)
    fields["engagement_at"] = provenance.retrieved_at if fields["engagement"] else None
    several = number is not None and (n_chapters or 2) > 1
    if number is None and n_chapters != 1:
        flags.append(NUMBER_UNKNOWN)
    return [
        Work(
            source=source,
            title=title,
            chapters=(_chapter(page, story, number if several else None, _chapter_title(box)),),
            provenance=stamped(provenance, "ffnet_mobile", _VERSION, "mobile", flags),
            source_work_id=work_id,
            url=work_url(source, work_id),
            authors=authors_of(box, source),
            part_number=number if several else None,
            **fields,
        )
    ]


def _unescaped(html: str) -> str | None:
    r"""The page without the escapes of a string literal; ``None`` where there are none.

    Only a page of which the markup itself is escaped is touched: a story may show ``\n`` to its readers.
    """
    if not _ESCAPED_BREAK.search(html[:20_000]) or html.count("\n") > html.count("\\n"):
        return None
    return _ESCAPE.sub(lambda found: _ESCAPES.get(found[1], found[1]), html)


def _place_in_work(page: Page) -> tuple[str | None, int | None, int | None]:
    """Id of the work, number of the chapter, number of chapters.

    Below the text of a work of several stands ``Ch 3 of 16``; of one, nothing.
    """
    origin = origin_of(page.url) if page.url else None
    found = _CHAPTER_URL.search(page.url or "")
    form = page.tree.css_first('input[name="sid"]')
    work_id = origin.work_id if origin else attribute(form, "value") or None
    menu = len(page.tree.css("select#jump option[value]")) - 1
    titled = page.tree.css_first("title")
    for node in page.tree.css('div[align="center"]')[-40:]:
        if (said := _OF.search(line(node)[:2000])) and node.css_first('a[href*="/s/"]') is not None:
            return work_id, int(said[1]), int(said[2])
    number = int(found[2]) if found else None
    if titled is not None and (said := _TITLE_NUMBER.search(line(titled)[:1000])):
        return work_id, int(said[1]), menu if menu > 1 else None
    if menu > 1:
        return work_id, number, menu
    return work_id, number, 1


def _chapter_title(box: LexborNode) -> str | None:
    """Title of the chapter: the last line of the head, ``Chapter 3 - Name``.

    Its number is not to be trusted: the site printed ``Chapter 1`` on every page for years.
    """
    after = ""
    node = box.last_child
    while node is not None and node.tag not in ("span", "hr"):
        after = f"{node.text() if node.tag != '-text' else node.text_content or ''}{after}"
        node = node.prev
    found = _CHAPTER_TITLE.fullmatch(" ".join(after[:2000].split()))
    return (found[2] or None) if found else None


def _chapter(page: Page, story: LexborNode, number: int | None, title: str | None) -> Chapter:
    body = passage(story, leave_out=_NO_STORY)
    if not body.text.strip():
        raise Refused("no_story", "the story's element is empty")
    found = _CHAPTER_ID.search(page.html)
    return Chapter(
        text=body.text,
        blocks=body.blocks,
        spans=body.spans,
        title=title,
        number=number,
        source_chapter_id=found[1] if found else None,
    )


FFNET_MOBILE: Final = PageKind(
    name="ffnet_mobile",
    version=_VERSION,
    recognised_by="#storycontent",
    yields="one work with the chapter of the page",
    lost="what the mobile site leaves out: summary, exact word counts from a thousand on",
    recognise=recognise,
    read=read,
)
