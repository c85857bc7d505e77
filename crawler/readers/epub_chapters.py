"""Pages of an EPUB → chapters: titles from the table of contents, headings taken out, split files joined.

A page is one chapter, unless the table of contents leads to several places in it (then it is split there), or it goes
on with a page that a converter cut in two (``…_split_001.html`` without a line of its own in the contents).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawler.pages.body import Passage, join, line, passage, plain
from crawler.pages.statements import outermost
from crawler.readers.epub_document import Document
from crawler.readers.epub_toc import Entry
from crawler.readers.text_chapters import heading_of
from schemas.work import Chapter

_SPLIT: Final = re.compile(r"(.*)_split_\d{3,4}")
_COUNTED: Final = re.compile(r"(\d{1,4})\s?[.:)–—-]\s{1,3}(\S.*)")
_OPENING: Final = re.compile(r"<[A-Za-z][^<>]{0,2000}(?<!/)>\s{0,40}\Z")
_HEADINGS: Final = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_NOTES: Final = ".authors-note, .author-note-portlet, .author-note, .wi_authornotes"
"""Boxes of FimFiction, Royal Road and Scribble Hub, which makers of EPUBs keep."""
_NOTE_LABEL: Final = re.compile(r"\A(?:Author['’]s? Notes?|A note from [^\n]{1,60})\s?:?\s*(?=\n|\Z)")
_MAX_HEADINGS: Final = 4
_MAX_STEPS: Final = 2000
_MAX_TITLE: Final = 300


@dataclass
class Draft:
    """A chapter whose text may still go on in the next file."""

    path: str
    number: int | None
    title: str | None
    url: str | None = None
    parts: list[Passage] = field(default_factory=list)
    notes: tuple[str | None, str | None] = (None, None)

    def chapter(self) -> Chapter:
        """The chapter with its parts joined."""
        whole = self.parts[0] if len(self.parts) == 1 else join(self.parts)
        return Chapter(
            text=whole.text,
            blocks=whole.blocks,
            spans=whole.spans,
            number=self.number,
            title=self.title,
            url=self.url,
            notes_before=self.notes[0],
            notes_after=self.notes[1],
        )


@dataclass
class Chapters:
    """Collects the chapters of a book."""

    work_title: str
    drafts: list[Draft] = field(default_factory=list)
    headings_only: list[str] = field(default_factory=list)
    """Headings of pages that hold nothing else: parts of a book."""

    def add(
        self,
        path: str,
        page: Document,
        whole: LexborNode,
        entries: Sequence[Entry],
        *,
        has_toc: bool,
        url: str | None = None,
    ) -> None:
        """Adds the chapters of a page, given with its body, which is changed."""
        named = [entry for entry in entries if not _same(entry.title, _stem(path))]  # a file name is no title
        for fragment, titles in _pieces(page, named):
            body = whole if fragment is None else LexborHTMLParser(fragment).body
            if body is None:
                continue
            if not entries and has_toc and self._goes_on(path, body):
                self.drafts[-1].parts.append(passage(body))
                self.drafts[-1].path = path
                continue
            number, title = take_heading(body, titles, self.work_title, len(self.drafts) + 1)
            notes = take_notes(body)
            text = passage(body)
            if text.text:
                self.drafts.append(Draft(path, number, title, url, [text], notes))
            elif title or number is not None:
                self.headings_only.append(title or str(number))

    def _goes_on(self, path: str, body: LexborNode) -> bool:
        """Whether a page continues the last chapter: the next of its split files, which begins without a heading."""
        if not self.drafts:
            return False
        before = _SPLIT.fullmatch(_stem(self.drafts[-1].path))
        here = _SPLIT.fullmatch(_stem(path))
        return bool(before and here and before[1] == here[1] and not leading_headings(body))


def _stem(path: str) -> str:
    return path.rsplit("/", 1)[-1].rsplit(".", 1)[0]


def _pieces(page: Document, entries: Sequence[Entry]) -> Iterator[tuple[str | None, list[str]]]:
    """A page cut where the table of contents leads into it, each piece with the titles that lead there.

    The first piece has the titles that lead to the page itself, deepest last. A page that is not cut is ``None``.
    """
    whole = [entry for entry in entries if not entry.fragment]
    cuts: dict[int, list[Entry]] = {}
    html = page.markup if len(whole) < len(entries) else ""
    places = _places(html)
    for entry in entries:
        if entry.fragment:
            place = places.get(entry.fragment)
            if place is None:
                whole.append(entry)
            else:
                cuts.setdefault(_before_wrappers(html, place), []).append(entry)
    if len(cuts) + bool(whole) < 2:
        yield None, _by_depth([*whole, *(entry for each in cuts.values() for entry in each)])
        return
    order = sorted(cuts)
    head = html[: order[0]]
    if whole or _has_text(head):
        yield head, _by_depth(whole)
    for number, start in enumerate(order):
        end = order[number + 1] if number + 1 < len(order) else len(html)
        yield html[start:end], _by_depth(cuts[start])


def _by_depth(entries: Sequence[Entry]) -> list[str]:
    return [entry.title for entry in sorted(entries, key=lambda entry: entry.depth)]


_IDS: Final = re.compile(r"""<[A-Za-z][^<>]{0,4000}?\s(?:id|name)\s?=\s?["']([^"'<>]{1,300})["']""")


def _places(html: str) -> dict[str, int]:
    """Where each element that has an id or name begins."""
    places: dict[str, int] = {}
    for match in _IDS.finditer(html):
        places.setdefault(match[1], match.start())
    return places


def _before_wrappers(html: str, place: int) -> int:
    """The place before the elements that open right before it: an anchor within a heading belongs to the heading."""
    for _ in range(8):
        opened = _OPENING.search(html, max(0, place - 2100), place)
        if opened is None or re.match(r"<(?:body|html|br|hr|img|link|meta|input)\b", opened[0], re.IGNORECASE):
            break
        start = html.rfind("<", 0, place)
        if start < 0 or start < opened.start():
            break
        place = start
    return place


def _has_text(html: str) -> bool:
    body = LexborHTMLParser(html).body
    return body is not None and bool(line(body))


def leading_headings(body: LexborNode) -> list[LexborNode]:
    """The headings that stand before any other text."""
    found: list[LexborNode] = []
    left = 0  # characters of the heading that are still to come
    for steps, node in enumerate(body.traverse(include_text=True)):
        if steps > _MAX_STEPS:
            break
        if node.tag == "-text":
            size = len("".join((node.text_content or "").split()))
            if size > left:
                break
            left -= size
        elif node.tag in _HEADINGS and not left:
            left = len("".join(node.text(deep=True).split()))
            if left > _MAX_TITLE or len(found) == _MAX_HEADINGS:
                break
            if left:
                found.append(node)
        elif node.tag in ("img", "hr") and not left:
            break
    return found


def take_heading(body: LexborNode, titles: Sequence[str], work_title: str, place: int) -> tuple[int | None, str | None]:
    """Number and title of a chapter; the headings that say the same are taken out of the page, others stay."""
    headings = leading_headings(body)
    lines = [line(heading) for heading in headings]
    skipped = 1 if len(lines) > 1 and _same(lines[0], work_title) else 0
    for title in reversed(titles):  # the deepest first
        for count in range(len(lines), 0, -1):
            joined = " ".join(lines[skipped:count])
            if _same(joined, title) or _same(joined, _parted(title, place)[1] or ""):
                _remove(headings[:count])
                return _parted(title, place)
    if titles:
        number, name = _parted(titles[-1], place)
        if number is not None and name is None and lines:
            below_number, below_name = _parted(lines[skipped], place)
            if below_number in (number, None):
                _remove(headings[: skipped + 1])
                return number, below_name
        return number, name
    if not lines:
        return None, None
    number, name = _parted(lines[skipped], place)
    used = skipped + 1
    if number is not None and name is None and len(lines) > used:
        name = lines[used]
        used += 1
    _remove(headings[:used])
    return number, name


def take_notes(body: LexborNode) -> tuple[str | None, str | None]:
    """Author's notes that a site's markup sets apart, taken out of the page: those before its text, those after it."""
    boxes = outermost(body.css(_NOTES)[:_MAX_HEADINGS])
    if not boxes:
        return None, None
    inside = {node.mem_id: box.mem_id for box in boxes for node in box.traverse(include_text=True)}
    told = False
    first: set[int] = set()
    for node in body.traverse(include_text=True):
        if (owner := inside.get(node.mem_id)) is None:
            told = told or (node.tag == "-text" and bool((node.text_content or "").strip()))
        elif not told:
            first.add(owner)
    sides: tuple[list[str], list[str]] = ([], [])
    for box in boxes:
        text = _NOTE_LABEL.sub("", plain(box) or "").strip()
        if text:
            sides[box.mem_id not in first].append(text)
    _remove(boxes)
    return "\n\n".join(sides[0]) or None, "\n\n".join(sides[1]) or None


def _remove(headings: Sequence[LexborNode]) -> None:
    for heading in headings:
        heading.decompose()


def _parted(title: str, place: int) -> tuple[int | None, str | None]:
    """Number and title of a heading; a number without a word counts only where the chapter stands at its place."""
    if found := heading_of(title):
        return found.number, found.title
    counted = _COUNTED.fullmatch(title)
    if counted and int(counted[1]) in (place, place - 1):
        return int(counted[1]), counted[2]
    return None, title or None


def _same(one: str, other: str) -> bool:
    """Whether two headings say the same, whatever their punctuation, case and spaces."""
    first = "".join(filter(str.isalnum, one.casefold()))
    return bool(first) and first == "".join(filter(str.isalnum, other.casefold()))
