"""Archives that run eFiction: story and chapter pages, printable pages (whole stories), story indexes, lists.

Structure of the default templates (viewstory, storyindex, printstory, listings): ``#pagetitle``, ``.infobox``,
``.listbox``, ``.label``, ``.notes`` with ``.title`` and ``.noteinfo``, ``#story`` or ``.chapter``, ``.errortext``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawler.origins import Origin, origin_of, slug_of
from crawler.pages import statements as st
from crawler.pages.body import passage, plain
from crawler.pages.efiction_labels import Labels
from crawler.pages.page import Page, PageKind, Refused
from schemas.vocabulary import AuthorKind
from schemas.work import Author, Chapter, ListedChapter, Provenance, Work

PARSER_VERSION: Final = "2"

_CONTENT: Final = "div.chapter, #story, div.story, #chapter"
_ERRORS: Final = ".errortext, .errormsg"
_BOXES: Final = ".infobox .content, .infobox, .listbox .content, .listbox, .storyinfo, #storyinfo, #titleinfo"
_LEFT_OUT: Final = (
    ".notes",
    ".jumpmenu",
    "form",
    ".infobox",
    ".storyinfo",
    "#storyinfo",
    "#pagetitle",
    "#prev",
    "#next",
)
_OPTION: Final = re.compile(r"(\d{1,4})\.\s*(.*)", re.DOTALL)
_USER: Final = re.compile(r"viewuser\.php\?(?:[^#]*&)?uid=(\d{1,9})")
_STORY_LINK: Final = 'a[href*="viewstory.php"]'
_USER_LINK: Final = 'a[href*="viewuser.php"]'


def recognise(page: Page) -> bool:
    """Whether a page is an eFiction archive's: its scripts are linked, and an element of its templates is there."""
    if "viewstory.php" not in page.html and "viewuser.php" not in page.html and "viewstory.php" not in (page.url or ""):
        return False
    return page.tree.css_first(f"#pagetitle, #story, div.chapter, .listbox .label, {_ERRORS}") is not None


def read(page: Page, provenance: Provenance) -> Sequence[Work]:
    """The work of a printable page, one chapter of it, the work of an index (without chapters), or those of a list.

    Raises ``Refused``: ``adult_gate``, ``restricted``, ``hidden``, ``deleted``, ``site_error``, ``no_story``.
    """
    contents = st.outermost(page.tree.css(_CONTENT))
    told = [node for node in contents if (st.line_of(node) or "")]
    if told:
        return [_story(page, told, provenance)]
    error = page.tree.css_first(_ERRORS)
    if error is not None:
        raise _refused(page, error)
    title = page.tree.css_first(f"#pagetitle {_STORY_LINK}")
    if title is not None or (page.tree.css_first(".infobox .label") and page.tree.css_first("#pagetitle")):
        return [_index(page, provenance)]
    listed = _listed(page, provenance)
    if listed:
        return listed
    raise st.refusal(page, "eFiction")


def _index(page: Page, provenance: Provenance) -> Work:
    """A story's own page: what its box states, and the notes of the story."""
    notes = [note[1] for box in st.outermost(page.tree.css(".notes")) if (note := _note(box))]
    head = _Head(page)
    more = {"notes_before": "\n\n".join(notes) or None, "listed_chapters": tuple(_listed_chapters(page, head))}
    return _work(page, head, Labels(_box(page.tree)), provenance, "index", **more)


def _listed_chapters(page: Page, head: _Head) -> Iterator[ListedChapter]:
    """Chapters of the index, by the links that lead to them; the menu and ``Next`` name them otherwise."""
    seen: set[int] = set()
    for link in page.tree.css(f"b {_STORY_LINK}, .title {_STORY_LINK}, li {_STORY_LINK}, td {_STORY_LINK}"):
        href = st.attribute(link, "href")
        number = _chapter_of(href)
        title = st.line_of(link)
        if number is None or not title or number in seen or "action=" in href:
            continue
        seen.add(number)
        url = f"{head.origin.url}&chapter={number}" if head.origin else None
        yield ListedChapter(title=re.sub(rf"^{number}\.\s+", "", title), number=number, url=url)


def _refused(page: Page, error: LexborNode) -> Refused:
    said = (st.line_of(error) or "")[:200]
    for link in error.css("a"):
        if re.search(r"ageconsent|warning=", st.attribute(link, "href")):
            return Refused("adult_gate", said)
    return st.refusal(page, "eFiction")


def _box(tree: LexborHTMLParser) -> LexborNode | None:
    return next((box for box in tree.css(_BOXES) if box.css_first(".label") is not None), None)


class _Head:
    """Which work and chapter a page holds."""

    def __init__(self, page: Page) -> None:
        tree = page.tree
        self.heading = tree.css_first("#pagetitle")
        self.address = page.url or ""
        link = tree.css_first(f"#pagetitle {_STORY_LINK}") or tree.css_first('a[href*="action=printable"]')
        base = self.address or st.attribute(tree.css_first("base"), "href")
        own = st.absolute(base, st.attribute(link, "href"))
        self.origin = origin_of(self.address) or origin_of(own or "") or _archived_at(tree)
        printed = st.attribute(tree.css_first('a[href*="action=printable"]'), "href")
        self.chapter = next((n for url in (self.address, printed) if (n := _chapter_of(url))), None)
        self.authors = _authors(self.heading, base)
        self.title = _title(self.heading, self.authors)
        self.source = self.origin.source if self.origin else slug_of(st.host_of(base)) or "file"
        self.options = _options(tree)
        if self.chapter is None and (chosen := tree.css_first('select[name="chapter"] option[selected]')):
            self.chapter = st.identifier(st.attribute(chosen, "value"))


def _archived_at(tree: LexborHTMLParser) -> Origin | None:
    """The work that the last line of a printable page names: ``This story archived at http://…/viewstory.php?sid=5``."""
    for link in reversed(tree.css(_STORY_LINK)):
        address = st.attribute(link, "href")
        if address == st.line_of(link) and (found := origin_of(address)) is not None:
            return found
    return None


def _chapter_of(url: str) -> int | None:
    try:
        given = parse_qs(urlsplit(url).query, max_num_fields=20).get("chapter", [""])[0]
    except ValueError:
        return None
    return int(given) if re.fullmatch(r"[1-9]\d{0,4}", given, re.ASCII) else None


def _options(tree: LexborHTMLParser) -> dict[int, str]:
    """Titles of the chapters by their numbers, from the menu to jump by."""
    found = {}
    for option in tree.css('select[name="chapter"] option'):
        if match := _OPTION.fullmatch(st.line_of(option) or ""):
            found[int(match[1])] = match[2].strip()
    return found


def _authors(heading: LexborNode | None, base: str) -> tuple[Author, ...]:
    authors = []
    for link in heading.css(_USER_LINK) if heading is not None else ():
        match = _USER.search(st.attribute(link, "href"))
        if name := st.line_of(link):
            address = st.absolute(base, st.attribute(link, "href"))
            kind = AuthorKind.USER if match else AuthorKind.UNKNOWN
            authors.append(Author(name=name, id=match[1] if match else None, url=address, kind=kind))
    return tuple({author.name: author for author in authors}.values())


def _title(heading: LexborNode | None, authors: Sequence[Author]) -> str | None:
    if heading is None:
        return None
    for link in heading.css(_STORY_LINK):
        if "action=" not in st.attribute(link, "href") and (title := st.line_of(link)):
            return title
    whole = st.line_of(heading) or ""
    if authors and f" by {authors[0].name}" in whole:
        return whole.rpartition(f" by {authors[0].name}")[0].strip() or None
    return whole or None


def _work(page: Page, head: _Head, labels: Labels, provenance: Provenance, layout: str, **more: Any) -> Work:
    flags = more.pop("flags", ())
    title = head.title or st.line_of(page.tree.css_first("title")) or st.title_from_path(provenance)
    values = {"chapters": (), **labels.values, **more}
    return Work(
        source=head.source,
        source_work_id=head.origin.work_id if head.origin else None,
        url=head.origin.url if head.origin else None,
        title=title,
        authors=head.authors,
        header=tuple(labels.header),
        provenance=st.stamped(provenance, "efiction", PARSER_VERSION, layout, flags),
        **values,
    )


@dataclass
class _Part:
    """A chapter as it stands on the page."""

    node: LexborNode
    before: list[str] = field(default_factory=list)
    after: list[str] = field(default_factory=list)


def _story(page: Page, contents: Sequence[LexborNode], provenance: Provenance) -> Work:
    tree = page.tree
    head = _Head(page)
    parts, story_notes = _parts(tree, contents)
    listed = _contents(tree) or head.options
    whole = len(parts) > 1 or (head.chapter is None and len(listed) < 2) or _is_whole(page)
    chapters = []
    for position, part in enumerate(parts, 1):
        number = position if whole else head.chapter
        told = passage(part.node, leave_out=_LEFT_OUT)
        chapters.append(
            Chapter(
                text=told.text,
                blocks=told.blocks,
                spans=told.spans,
                number=number if len(listed) > 1 or len(parts) > 1 else None,
                title=listed.get(number or 0) or None,
                url=f"{head.origin.url}&chapter={number}" if head.origin and number else None,
                notes_before="\n\n".join(part.before) or None,
                notes_after="\n\n".join(part.after) or None,
            )
        )
    if not any(chapter.text.strip() for chapter in chapters):
        raise st.refusal(page, "eFiction, a page without text")
    labels = Labels(_box(tree))
    if len(head.options) > 1:
        labels.values.setdefault("n_chapters_source", len(head.options))
    number = None if whole else head.chapter
    layout = "printable" if "action=printable" in head.address or _contents(tree) else "chapter"
    more = {"chapters": tuple(chapters), "part_number": number, "notes_before": "\n\n".join(story_notes) or None}
    return _work(page, head, labels, provenance, layout, **more)


def _is_whole(page: Page) -> bool:
    return "chapter=all" in (page.url or "")


def _contents(tree: LexborHTMLParser) -> dict[int, str]:
    """Titles of the chapters by their numbers, from the list at the top of a printable page: ``<a href="#2">``."""
    found: dict[int, str] = {}
    for link in tree.css('a[href^="#"]'):
        target = st.attribute(link, "href")[1:]
        title = st.line_of(link)
        if target.isascii() and target.isdigit() and len(target) < 5 and title:
            found.setdefault(int(target), re.sub(rf"^{int(target)}\.\s+", "", title))
    return found


def _parts(tree: LexborHTMLParser, contents: Sequence[LexborNode]) -> tuple[list[_Part], list[str]]:
    """Chapters with their notes, and the notes of the story, all told by their order and their titles."""
    wanted = {node.mem_id for node in contents}
    parts: list[_Part] = []
    story_notes: list[str] = []
    waiting: list[str] = []
    notes = {node.mem_id for node in st.outermost(tree.css(".notes"))}
    for node in tree.css(f".notes, {_CONTENT}"):
        if node.mem_id in wanted:
            parts.append(_Part(node, waiting))
            waiting = []
        elif node.mem_id in notes and (note := _note(node)):
            title, text = note
            if "story" in title and "end" not in title:
                story_notes.append(text)
            elif "end" in title and parts:
                parts[-1].after.append(text)
            elif parts and any(_contains(part.node, node) for part in parts[-1:]):
                parts[-1].before.append(text)
            else:
                waiting.append(text)
    if waiting and parts:
        parts[-1].after += waiting
    return parts, story_notes


def _contains(outer: LexborNode, inner: LexborNode) -> bool:
    parent = inner.parent
    for _ in range(12):
        if parent is None:
            return False
        if parent.mem_id == outer.mem_id:
            return True
        parent = parent.parent
    return False


def _note(node: LexborNode) -> tuple[str, str] | None:
    """Title of a note in lower case and its text."""
    body = node.css_first(".noteinfo")
    text = plain(body if body is not None else node)
    title = (st.line_of(node.css_first(".title, .label")) or "").casefold()
    return (title, text) if text else None


def _listed(page: Page, provenance: Provenance) -> list[Work]:
    """Works without chapters of a list: an author's page, a category, a search."""
    works = []
    for box in page.tree.css(".listbox"):
        heading = box.css_first(".title") or box
        link = next((a for a in heading.css(_STORY_LINK) if "action=" not in st.attribute(a, "href")), None)
        title = st.line_of(link)
        if link is None or title is None:
            continue
        base = page.url or st.attribute(page.tree.css_first("base"), "href")
        origin = origin_of(st.absolute(base, st.attribute(link, "href")) or "")
        labels = Labels(box)
        works.append(
            Work(
                source=origin.source if origin else "file",
                source_work_id=origin.work_id if origin else None,
                url=origin.url if origin else None,
                title=title,
                authors=_authors(heading, base),
                header=tuple(labels.header),
                chapters=(),
                provenance=st.stamped(provenance, "efiction", PARSER_VERSION, "list"),
                **labels.values,
            )
        )
    return works


KIND_EFICTION: Final = PageKind(
    name="efiction",
    version=PARSER_VERSION,
    recognised_by="links to viewstory.php or viewuser.php, and eFiction's elements (#pagetitle, #story, .notes)",
    yields="a whole work (printable page), one chapter of it, or works without text from indexes and lists",
    lost="reviews, menus, dates that may be read in two ways (kept as written in header)",
    recognise=recognise,
    read=read,
)
