"""FanFicFare's chapters, which its EPUB and HTML share, and the HTML as a page.

Source: FanFicFare ``writers/writer_html.py``, ``adapters/base_otw_adapter.py`` (notes), ``base_adapter.py`` (chapters
that failed to load).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawler.pages.body import line, passage, plain_of_html
from crawler.pages.fanficfare_front import OTW, Book, front_of, read_front
from crawler.pages.page import Page, PageKind, Refused
from schemas.work import Chapter, Engagement, Provenance, Work

PARSER_VERSION: Final = "1"

ERROR_CHAPTERS_DROPPED: Final = "error_chapters_dropped"

_ERROR_MARK: Final = "(CHAPTER ERROR)"
_ERROR_URL: Final = "chapter url removed due to failure"

_SECTION: Final = re.compile(r"""<a\s[^<>]{0,200}?name\s?=\s?["']?section(\d{1,6})["']?[^<>]{0,200}>""")
_NUMBERED: Final = re.compile(
    r"(?P<word>[Cc]hapter\s)?(?P<number>\d{1,4})(?:\s?(?P<mark>[.:)–—-])\s{0,3}(?P<title>.*))?"
)


@dataclass
class Notes:
    """Notes that FanFicFare keeps beside a chapter's text; those of the work stand at its first and last chapter."""

    before: list[str] = field(default_factory=list)
    after: list[str] = field(default_factory=list)
    summary: list[str] = field(default_factory=list)
    work_before: list[str] = field(default_factory=list)
    work_after: list[str] = field(default_factory=list)


def add_chapter(book: Book, body: LexborNode, title: str | None, url: str | None = None) -> None:
    """Adds a chapter from its element, whose notes are taken apart; chapters that failed to load are dropped.

    The element is changed.
    """
    if (title or "").endswith(_ERROR_MARK) or url == _ERROR_URL:
        book.flag(ERROR_CHAPTERS_DROPPED)
        return
    notes = Notes()
    by_work = book.values.get("source") in OTW
    for node in body.css("div.fff_chapter_notes"):
        is_foot = "fff_foot_notes" in (node.attributes.get("class") or "")
        _read_notes(node, notes, is_foot=is_foot, by_work=by_work)
        node.decompose()
    text = passage(body)
    number, name = numbered(title, len(book.chapters) + 1)
    found = re.search(r"/chapters/(\d{1,12})(?:[/?#]|$)", url or "")
    if text.text:
        book.chapters.append(
            Chapter(
                text=text.text,
                blocks=text.blocks,
                spans=text.spans,
                number=number,
                title=name,
                url=url,
                source_chapter_id=found[1] if found else None,
                summary=_joined(notes.summary),
                notes_before=_joined(notes.before),
                notes_after=_joined(notes.after),
            )
        )
    else:
        book.flag("empty_chapters_dropped")
    for name_of_field, stated in (("notes_before", notes.work_before), ("notes_after", notes.work_after)):
        if stated:
            book.values[name_of_field] = _joined([*filter(None, [book.values.get(name_of_field)]), *stated])


def _read_notes(node: LexborNode, notes: Notes, *, is_foot: bool, by_work: bool) -> None:
    """Gives each note of a box to what its label names; the box of AO3 holds labels and quotes in turn."""
    target = notes.after if is_foot else notes.before
    parts: list[str] = []
    child = node.child
    while child is not None:
        label = line(child) if child.tag in ("b", "strong") else ""
        if label.endswith(":"):
            _close(parts, target)
            if label.startswith("Summary"):
                target = notes.summary
            elif by_work and label == "Author's Note:":
                target = notes.work_after if is_foot else notes.work_before
            else:
                target = notes.after if is_foot else notes.before
        else:
            parts.append(child.html or "")
        child = child.next
    _close(parts, target)


def _close(parts: list[str], target: list[str]) -> None:
    note = plain_of_html("".join(parts)) if parts else None
    parts.clear()
    if note:
        target.append(note)


def _joined(parts: Sequence[str]) -> str | None:
    return "\n\n".join(parts) or None


def numbered(title: str | None, place: int) -> tuple[int | None, str | None]:
    """Number and title of ``3. The Fog`` or ``Chapter 3: The Fog``; a bare number counts only at its own place."""
    found = _NUMBERED.fullmatch(title or "")
    if not found or not (found["word"] or (found["mark"] and int(found["number"]) == place)):
        return None, title or None
    number, rest = int(found["number"]), (found["title"] or "").strip()
    again = _NUMBERED.fullmatch(rest)
    if again and again["word"] and int(again["number"]) == number and not again["title"]:
        rest = ""  # AO3 lists a chapter without a title as "3. Chapter 3"
    return number, rest or None


def finished(book: Book, provenance: Provenance, name: str) -> Work:
    """The work of a book whose chapters are all read.

    Raises ``Refused`` (``no_story``) where none is left.
    """
    if not book.chapters:
        raise Refused("no_story", "no chapter of this book was loaded" if book.flags else "a book without chapters")
    values = {"source": "file", "title": "", **book.values}
    if isinstance(counts := values.pop("engagement", None), dict) and counts:
        values["engagement"] = Engagement(**counts)
    if not values["title"]:
        raise Refused("parse_error", "the title page names no title")
    known = {
        "format": name,
        "parser_version": PARSER_VERSION,
        "layout": "fanficfare",
        "flags": (*provenance.flags, *book.flags),
    }
    values.pop("author", None)
    return Work(
        **values,
        header=tuple(book.header),
        chapters=tuple(book.chapters),
        provenance=provenance.model_copy(update=known),
    )


def recognise(page: Page) -> bool:
    """Whether a page is FanFicFare's HTML: a title in ``h1`` with links, ``table.full``, anchors ``section0001``."""
    return page.frame.css_first("table.full td b") is not None and (
        _SECTION.search(page.html) is not None or page.frame.css_first("a.authorlink") is not None
    )


def read(page: Page, provenance: Provenance) -> list[Work]:
    """The work of FanFicFare's HTML.

    Raises ``Refused``: ``no_story``, ``parse_error``.
    """
    starts = list(_in_turn(page.html))
    front = LexborHTMLParser(page.html[: starts[0].start()] if starts else page.html)
    if front.body is None:
        raise Refused("parse_error", "a page without a body")
    head = front_of(front.body)
    book = read_front(head)
    for number, start in enumerate(starts):
        end = starts[number + 1].start() if number + 1 < len(starts) else len(page.html)
        body = LexborHTMLParser(page.html[start.start() : end]).body
        if body is None:
            continue
        heading = body.css_first("h2, h1, h3")
        title = line(heading) if heading is not None else None
        if heading is not None:
            heading.decompose()
        add_chapter(book, body, title)
    return [finished(book, provenance, KIND_FANFICFARE_HTML.name)]


def _in_turn(html: str) -> Iterator[re.Match[str]]:
    """The anchors of the sections, which count on from 1."""
    expected = 1
    for match in _SECTION.finditer(html):
        if int(match[1]) == expected:
            expected += 1
            yield match


KIND_FANFICFARE_HTML: Final = PageKind(
    name="fanficfare_html",
    version=PARSER_VERSION,
    recognised_by="table.full with bold labels, anchors section0001 … or a.authorlink (FanFicFare -f html)",
    yields="one work: title page fields, chapters, notes where FanFicFare marked them",
    lost="chapter addresses and dates, which the format does not hold; chapters that failed to load",
    recognise=recognise,
    read=read,
)
