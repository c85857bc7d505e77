"""HTML downloads of AO3 and other OTW archives, of every generation since 2009; also the parts of their EPUBs.

``app/views/downloads`` of otwarchive. What changed: ``#preface`` and ``#afterword`` since January 2019, a language
since June 2022, ``Chapters`` for every work since April 2023, ``Chapter N: Title`` as heading since October 2025
(before: the title alone, or ``Chapter N``). calibre renames the classes in EPUBs (``meta`` → ``calibre1``,
``userstuff`` → ``userstuff2``) and repeats ``#chapters`` in each file; ids, ``dl.tags``, ``div.byline``,
``h2.heading``, ``blockquote.userstuff`` and ``p.message`` stay. So ids may occur more than once here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, Final

from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawler.pages.body import Passage, join, passage, plain
from crawler.pages.body_cut import last_paragraph
from crawler.pages.otw_fields import (
    TAG_FIELDS,
    associations,
    authors_of,
    related_work,
    series_of,
    stats_fields,
    stats_in,
    tags_of,
)
from crawler.pages.otw_markup import (
    Archive,
    archive_at,
    attribute,
    children,
    classes,
    holds_any,
    labelled,
    mended,
    said,
    stamped,
    work_at,
)
from crawler.pages.page import Page, PageKind, Refused
from schemas.work import Author, Chapter, HeaderField, Provenance, RelatedWork, Work

VERSION: Final = "1"

_MARKS: Final = (
    b"preface",
    b"afterword",
    b"toc-heading",
    b'"tags"',
    b"'tags'",
    b'"message"',
    b"calibre",
    b'"chapters"',
)
_NUMBERED: Final = re.compile(r"Chapter\s+(\d{1,6})(?:\s*:\s*(.+))?", re.ASCII | re.DOTALL)
_LABELS: Final = {
    "summary": "summary",
    "notes": "notes_before",
    "end notes": "notes_after",
    "chapter summary": "summary",
    "chapter notes": "notes_before",
    "chapter end notes": "notes_after",
}
_MAX_NAME: Final = 300


def recognise(page: Page) -> bool:
    """Whether a page is a download of an OTW archive or a part of one's EPUB."""
    tree = mended(page)[0].frame
    if tree.css_first("dl.tags, #chapters, #afterword") is None or not holds_any(page, _MARKS):
        return False  # the tree is asked first: it is there already, and answers sooner than the source
    if tree.css_first("#workskin, #main") is not None:
        return False
    if tree.css_first("dl.tags") is not None:
        return tree.css_first("p.message, div.byline, #preface") is not None
    if tree.css_first("#chapters") is not None:
        return tree.css_first("h2.heading, h2.toc-heading, div.byline") is not None
    return tree.css_first("#afterword") is not None and tree.css_first("h2.toc-heading, p.message") is not None


def read(page: Page, provenance: Provenance) -> list[Work]:
    """The work of a download; see ``read_download``."""
    return [read_download(page, provenance)]


def read_download(page: Page, provenance: Provenance, *, known: Mapping[str, Any] | None = None) -> Work:
    """The work of a download that is one page; see ``read_download_tree``."""
    page, flags = mended(page)
    noticed = provenance.model_copy(update={"flags": (*provenance.flags, *flags)}) if flags else provenance
    return read_download_tree(page.frame, noticed, known=known)


def read_download_tree(
    tree: LexborHTMLParser, provenance: Provenance, *, known: Mapping[str, Any] | None = None
) -> Work:
    """The work of a download, or of the files of an EPUB put into one tree in the order of its spine.

    ``known`` holds fields that a container states (OPF); the page's own statements come first.

    Raises ``Refused``: ``no_story`` for an afterword alone and other pages without header and text.
    """
    return _Download(tree, provenance).work(dict(known or {}))


@dataclass
class _Part:
    """One chapter while its pieces are gathered."""

    values: dict[str, Any] = field(default_factory=dict)
    texts: list[LexborNode] = field(default_factory=list)
    whole: bool = False
    """Whether the text stands in ``#chapters`` itself, beside its heading."""

    def chapter(self) -> Chapter:
        leave = ("h2.toc-heading", "h2.heading") if self.whole else ()
        text: Passage = join([passage(node, leave_out=leave) for node in self.texts])
        return Chapter(**self.values, text=text.text, blocks=text.blocks, spans=text.spans)


@dataclass
class _Download:
    """One download while it is read."""

    tree: LexborHTMLParser
    provenance: Provenance
    values: dict[str, Any] = field(default_factory=dict)
    lists: dict[str, list[str]] = field(default_factory=dict)
    header: list[HeaderField] = field(default_factory=list)
    related: list[RelatedWork] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)
    archive: Archive = field(default_factory=lambda: Archive("file", None))
    stated_title: str = ""

    def work(self, known: dict[str, Any]) -> Work:
        self._identity()
        for region in self._regions():
            self._header(region)
        parts = list(self._parts())
        chapters = [part.chapter() for part in parts]
        if not chapters and not self.lists and "rating_raw" not in self.values:
            raise Refused("no_story", "a part of a download without header and text")
        self._title(known)
        values = {"source": "file"} | {name: value for name, value in known.items() if value not in (None, (), "")}
        values |= {name: value for name, value in self.values.items() if value not in (None, ())}
        values |= {name: tuple(dict.fromkeys(tags)) for name, tags in self.lists.items() if tags}
        if self.related:
            values["related"] = tuple(self.related)
        header = (*values.pop("header", ()), *self.header)
        if not self.lists and len(chapters) == 1 and chapters[0].number is not None and values.get("source_work_id"):
            values["part_number"] = chapters[0].number
        made = stamped(self.provenance, KIND_DOWNLOAD.name, VERSION, self._layout(parts), self.flags)
        return Work(**values, chapters=tuple(chapters), header=header, provenance=made)

    def _layout(self, parts: list[_Part]) -> str:
        generation = "2019"
        if not self.lists and "rating_raw" not in self.values:
            generation = "part"
        elif self.tree.css_first("#preface, #afterword, h2.toc-heading") is None:
            generation = "2009"
        elif any("number" in part.values and part.values.get("title") for part in parts):
            generation = "2025"
        body = self.tree.body
        return f"otw_download_{generation}" + ("_epub" if body is not None and "calibre" in classes(body) else "")

    def _regions(self) -> list[LexborNode]:
        """What holds header and afterword: ``#preface`` and ``#afterword``, before 2019 the body itself."""
        named = self.tree.css("#preface, #afterword")
        return named or ([self.tree.body] if self.tree.body is not None else [])

    def _identity(self) -> None:
        """Source, id and address: the last link of the first ``p.message``."""
        for message in self.tree.css("p.message")[:8]:
            links = [attribute(link, "href") for link in message.css("a")]
            if not self.stated_title and (bold := message.css_first("b, strong")) is not None:
                self.stated_title = said(bold)
            for href in reversed(links):
                address = href.removesuffix("/comments/new") if "/comments/" in href else href
                if found := work_at(address):
                    self.values |= dict(zip(("source", "source_work_id", "url"), found, strict=True))
                    self.archive = archive_at(address) or self.archive
                    return
            if links and (other := archive_at(links[-1])) is not None and "/tags/" not in links[-1]:
                self.archive = other
                self.values.setdefault("url", links[-1])

    def _title(self, known: Mapping[str, Any]) -> None:
        """Title (and author) by ``h1``, else by ``<title>``, which reads ``Title - Author - Fandom``."""
        head = said(self.tree.css_first("title"))
        pieces = head.split(" - ")
        if self.values.get("title"):
            return
        if known.get("title"):
            self.values["title"] = known["title"]
        elif self.stated_title and head.startswith(self.stated_title):
            self.values["title"] = self.stated_title
        elif len(pieces) == 3 and all(pieces):
            self.values["title"] = pieces[0]
            if not self.values.get("authors") and ", " not in pieces[1]:
                self.values["authors"] = (Author(name=pieces[1]),)
            self.flags.append("title_from_head")
        elif self.stated_title or head:
            self.values["title"] = self.stated_title or head
        else:
            name = PurePosixPath(self.provenance.path or "").stem[:_MAX_NAME]
            self.values["title"] = "".join(c if c.isprintable() else "\ufffd" for c in name) or "Untitled"
            self.flags.append("title_from_file_name" if name else "title_missing")

    def _header(self, region: LexborNode) -> None:
        """Statements of a preface or afterword, in order."""
        label = ""
        for node in _items(region):
            if node.tag == "dl":
                self._tags(node)
            elif node.tag == "h1":
                self.values.setdefault("title", said(node))
            elif node.tag == "div":
                authors, archivists = authors_of(node, self.archive)
                if authors and not self.values.get("authors"):
                    self.values["authors"] = authors
                    self.header += archivists
            elif node.tag == "blockquote":
                name, text = _LABELS.get(label), plain(node)
                if name and text:
                    before = self.values.get(name)
                    self.values[name] = f"{before}\n\n{text}" if before else text
                elif label and text:
                    self.header.append(HeaderField(label=label[:100], value=text))
            elif node.tag == "ul":
                gifts, related, others = associations(children(node), self.archive)
                self.lists.setdefault("gifts", []).extend(gifts)
                self.related += related
                self.header += [HeaderField(label="Notes", value=text) for text in others]
            else:
                label = labelled(said(last_paragraph(node))).casefold()

    def _tags(self, block: LexborNode) -> None:
        """``dl.tags`` of the preface; the list of inspired works of the afterword."""
        label = ""
        for child in children(block):
            if child.tag == "dt":
                label = labelled(said(child))
                continue
            key = label.casefold()
            if key in TAG_FIELDS:
                self.lists.setdefault(TAG_FIELDS[key], []).extend(tags_of(child))
            elif key == "rating":
                self.values["rating_raw"] = ", ".join(tags_of(child)) or None
            elif key == "language":
                self.values["language_raw"] = said(child) or None
            elif key == "series":
                self.values["series"] = (*self.values.get("series", ()), *series_of([child]))
            elif key == "stats":
                stats = stats_fields(*stats_in(said(child)))
                stats.pop("engagement", None)  # downloads state no reader counts
                self.values |= stats
            elif key.startswith("works inspired by"):
                self.related.append(related_work(child, "inspired", self.archive))
            elif label:
                self.header += [HeaderField(label=label, value=tag) for tag in tags_of(child)]

    def _parts(self) -> Iterator[_Part]:
        """Chapters of all ``#chapters``, in order."""
        part: _Part | None = None
        for region in self._bodies():
            loose = region.id == "chapters"
            for child in children(region):
                name = child.id or ""
                names = classes(child)
                if name.startswith("endnotes"):
                    self._notes(child, part)
                elif (heading := _heading(child)) is not None:
                    if part is not None:
                        yield part
                    part = _Part(_heading_values(heading, child))
                    loose = False
                elif child.tag == "div" and any(word.startswith("userstuff") for word in names):
                    part = part or _Part()
                    part.texts.append(child)
                    loose = False
            if loose and any(said(child) for child in children(region) if child.tag != "h2"):
                part = part or _Part(whole=True)
                part.texts.append(region)
        if part is not None:
            yield part

    def _bodies(self) -> list[LexborNode]:
        """What holds the chapters: ``#chapters``, once in each file of an EPUB; the body where there is none."""
        named = self.tree.css("#chapters")
        bare = self.tree.body
        return named or ([bare] if bare is not None and self.lists else [])

    def _notes(self, box: LexborNode, part: _Part | None) -> None:
        """End notes of a chapter, which stand after its text."""
        quotes = [child for child in children(box) if child.tag == "blockquote"]
        text = "\n\n".join(text for quote in quotes if (text := plain(quote)))
        if text and part is not None:
            part.values["notes_after"] = text


def _items(region: LexborNode) -> Iterator[LexborNode]:
    """Statements of a region in order; ``div``s are opened, but texts, chapters and bylines are not."""
    waiting = [region.child]
    while waiting:
        node = waiting.pop()
        if node is None:
            continue
        waiting.append(node.next)
        if not node.is_element_node or node.id == "chapters":
            continue
        names = classes(node)
        if node.tag == "div" and "byline" not in names:
            if not any(name.startswith("userstuff") for name in names):
                waiting.append(node.child)
        elif node.tag in ("dl", "h1", "div", "blockquote", "ul", "p", "h2", "h3"):
            yield node


def _heading(box: LexborNode) -> LexborNode | None:
    """The ``h2.heading`` of a chapter's header, which is a ``div`` whose class calibre renames, or stands bare."""
    if box.tag == "h2":
        return box if "heading" in classes(box) else None
    if box.tag != "div" or any(name.startswith("userstuff") for name in classes(box)):
        return None
    return next((child for child in children(box) if child.tag == "h2" and "heading" in classes(child)), None)


def _heading_values(heading: LexborNode, box: LexborNode) -> dict[str, Any]:
    """Number, title, byline, summary and notes of a chapter's header."""
    text = said(heading)
    values: dict[str, Any] = {"title": text or None}
    if match := _NUMBERED.fullmatch(text):
        values = {"number": int(match[1]), "title": match[2] or None}
    if box.tag == "h2":
        return values
    label = ""
    for child in children(box):
        if child.tag in ("p", "div") and "byline" in classes(child):
            values["authors"] = tuple(author.name for author in authors_of(child, Archive("file", None))[0])
        elif child.tag == "blockquote":
            if (name := _LABELS.get(label)) and (found := plain(child)):
                values[name] = found
        elif child.tag == "p":
            label = labelled(said(last_paragraph(child))).casefold()
    return values


KIND_DOWNLOAD: Final = PageKind(
    name="otw_download",
    version=VERSION,
    recognised_by="dl.tags with p.message or div.byline; #preface, #chapters and #afterword without a site around",
    yields="one work with header, chapters and notes",
    lost="ids of chapters and reader counts (not in the file)",
    recognise=recognise,
    read=read,
)
