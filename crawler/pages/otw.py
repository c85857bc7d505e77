"""Work pages of AO3 and of other archives that run the OTW-archive software: whole works, one-shots, single chapters.

Templates of 2010 to 2026, seen by guests and by users, whole pages and pieces of them (``#workskin`` alone,
``#chapters`` alone, the text of one chapter alone), as ``otwcode/otwarchive`` has them in ``app/views/works``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any, Final

from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawler.pages.body import join, passage, plain
from crawler.pages.otw_fields import (
    TAG_FIELDS,
    associations,
    authors_of,
    related_work,
    series_of,
    stats_fields,
    stats_in,
    stats_of,
    tags_of,
)
from crawler.pages.otw_markup import (
    Archive,
    archive_of,
    attribute,
    child_of,
    children,
    classes,
    holds_any,
    labelled,
    mended,
    number,
    robots_flags,
    said,
    stamped,
    work_at,
    work_id_in,
)
from crawler.pages.otw_outcomes import refusal_of
from crawler.pages.page import Page, PageKind, Refused
from schemas.work import Chapter, HeaderField, Provenance, RelatedWork, Work

VERSION: Final = "1"

_MARKS: Final = (
    b"workskin",
    b'"work"',
    b'"chapters"',
    b'"chapter-',
    b"='work'",
    b"='chapters'",
    b"=chapters",
    b'work\\"',
)
_CHAPTER_ID: Final = re.compile(r"/chapters/(\d{1,12})(?:[/?#.]|$)", re.ASCII)
_NUMBERED: Final = re.compile(r"Chapter\s+(\d{1,6})\b\s*:?\s*(.*)", re.ASCII | re.DOTALL)
_PLACE: Final = re.compile(r"chapter-(\d{1,6})", re.ASCII)
_OPTION: Final = re.compile(r"(\d{1,6})\.\s", re.ASCII)
_LANDMARKS: Final = ("#work",)
_KNOWN: Final = frozenset({*TAG_FIELDS, "rating", "language", "series", "stats"})
"""Classes that say what a ``dd`` states, whatever its label is."""
_MAX_NAME: Final = 300


def recognise(page: Page) -> bool:
    """Whether a page is a work page of an OTW archive, or a piece of one."""
    tree = mended(page)[0].frame
    if tree.css_first("#workskin, h3#work, #chapters, [id^='chapter-']") is None or not holds_any(page, _MARKS):
        return False
    if tree.css_first("#preface, #afterword, dl.tags") is not None:
        return False  # a download
    if tree.css_first("#workskin") is not None:
        return True
    landmark = tree.css_first("h3#work")
    if landmark is not None and "landmark" in classes(landmark):
        return True
    chapters = tree.css_first("div#chapters, div[id^='chapter-']")
    return chapters is not None and (
        child_of(chapters, "userstuff", tag="div") is not None
        or any(_PLACE.fullmatch(box.id or "") and child_of(box, "userstuff", tag="div") for box in children(chapters))
    )


def read(page: Page, provenance: Provenance) -> list[Work]:
    """The work of a page; ``part_number`` is set where the page holds one chapter of several.

    Raises ``Refused``: an outcome of ``otw_outcomes``, or ``parse_error`` where there is neither title nor text.
    """
    page, flags = mended(page)
    if (refused := refusal_of(page)) is not None:
        raise refused
    return [_WorkPage(page, provenance, list(flags)).work()]


@dataclass
class _WorkPage:
    """One page while it is read."""

    page: Page
    provenance: Provenance
    flags: list[str]
    header: list[HeaderField] = field(default_factory=list)

    @property
    def tree(self) -> LexborHTMLParser:
        return self.page.frame

    @cached_property
    def archive(self) -> Archive:
        return archive_of(self.page)

    @cached_property
    def skin(self) -> LexborNode | None:
        return self.tree.css_first("#workskin")

    @cached_property
    def preface(self) -> LexborNode | None:
        for child in children(self.skin):
            names = classes(child)
            if "preface" in names and "afterword" not in names and "chapter" not in names:
                return child
        heading = self.tree.css_first("h2.title")
        return heading.parent if heading is not None else None

    def work(self) -> Work:
        values = self._metadata()
        chapters = self._chapters()
        title, title_flag = self._title()
        if not chapters and (title_flag or not values.get("engagement")):
            raise Refused("parse_error", "a work page without a text")
        self.flags += [*([title_flag] if title_flag else []), *robots_flags(self.tree)]
        mark = self.tree.css_first("h3#work")
        if self.skin is None and len(chapters) == 1 and chapters[0].number is None and said(mark) == "Chapter Text":
            self.flags.append("chapter_without_number")
        values |= self._preface()
        values |= self._afterword(values.get("related", ()), values.get("series", ()))
        values |= self._identity(chapters)
        values["part_number"] = self._part(chapters, values.get("n_chapters_source"))
        if values.get("engagement") and self.provenance.retrieved_at:
            values["engagement_at"] = self.provenance.retrieved_at
        layout = "work" if self.skin is not None else "fragment"
        if values["part_number"] is not None:
            layout = f"{layout}_chapter"
        return Work(
            **values,
            title=title,
            chapters=tuple(chapters),
            header=tuple(self.header),
            provenance=stamped(self.provenance, KIND_WORK.name, VERSION, f"otw_{layout}", self.flags),
        )

    def _title(self) -> tuple[str, str | None]:
        """Title of the work, and the flag that says where it comes from if no heading states it."""
        heading = child_of(self.preface, "title", tag="h2") or child_of(self.preface, tag="h2")
        for image in heading.css("img") if heading is not None else ():
            mark = attribute(image, "alt").strip("()").casefold()
            if mark in ("restricted", "hidden by admin"):
                self.flags.append(mark.replace(" ", "_"))
        if text := said(heading):
            return text, None
        name = PurePosixPath(self.provenance.path or "").name.rpartition(".")
        stem = "".join(c if c.isprintable() else "\ufffd" for c in name[0] or name[2])
        return (stem[:_MAX_NAME], "title_from_file_name") if stem else ("Untitled", "title_missing")

    def _metadata(self) -> dict[str, Any]:
        """Fields of ``dl.work.meta``: tags, language, series, collections, counts."""
        values: dict[str, Any] = {}
        lists: dict[str, list[str]] = {}
        mark: LexborNode | None = None
        for child in children(self.tree.css_first("dl.meta")):
            if child.tag == "dt":
                mark = child
                continue
            name = (classes(child) or [""])[0]
            label = "" if name in _KNOWN else labelled(said(mark))
            key = name if name in _KNOWN else label.casefold()
            if key in TAG_FIELDS:
                lists.setdefault(TAG_FIELDS[key], []).extend(tags_of(child))
            elif key == "rating":
                values["rating_raw"] = ", ".join(tags_of(child)) or None
            elif key == "language":
                values["language_raw"] = said(child) or None
            elif key == "series":
                values["series"] = series_of([child])
            elif key == "stats":
                block = child_of(child, tag="dl")
                values |= stats_fields(*(stats_of(block) if block is not None else stats_in(said(child))))
            elif label:
                self.header += [HeaderField(label=label, value=tag) for tag in tags_of(child)]
        return values | {name: tuple(dict.fromkeys(tags)) for name, tags in lists.items()}

    def _preface(self) -> dict[str, Any]:
        """Byline, summary, notes and what stands above them."""
        byline = child_of(self.preface, "byline")
        authors, archivists = authors_of(byline, self.archive)
        self.header += archivists
        values: dict[str, Any] = {"authors": authors}
        for child in children(self.preface):
            names = classes(child)
            if "summary" in names:
                values["summary"] = _quoted(child)
            elif "notes" in names and "end" not in names:
                values["notes_before"] = _quoted(child)
                items = [li for ul in children(child) if ul.tag == "ul" for li in children(ul)]
                gifts, related, others = associations(items, self.archive)
                values |= {"gifts": tuple(gifts), "related": tuple(related)}
                self.header += [HeaderField(label="Notes", value=text) for text in others]
        return values

    def _afterword(self, related: tuple[RelatedWork, ...], series: tuple[Any, ...]) -> dict[str, Any]:
        """End notes, works inspired by this one; the series again, for pieces without the list above."""
        values: dict[str, Any] = {}
        for box in self.tree.css("#work_endnotes, #children, #series"):
            if box.id == "work_endnotes":
                values["notes_after"] = _quoted(box)
            elif box.id == "children":
                inspired = [related_work(item, "inspired", self.archive) for item in box.css("li")]
                values["related"] = (*related, *inspired)
            elif not series:
                values["series"] = series_of([box])
        return values

    def _chapters(self) -> list[Chapter]:
        outer = self.tree.css_first("#chapters")
        if outer is None:
            outer = self.skin
        boxes = [box for box in children(outer) if box.tag == "div" and _PLACE.fullmatch(box.id or "")]
        if outer is None:
            boxes = self.tree.css("div[id^='chapter-']")
        if boxes:
            return [self._chapter(box, alone=len(boxes) == 1) for box in boxes]
        texts = [box for box in children(outer) if box.tag == "div" and "userstuff" in classes(box)]
        if not texts and self.tree.css_first("#chapters") is not None:
            texts = [outer] if outer is not None else []
        if not texts:
            landmarks = self.tree.css("h3#work")
            texts = [mark.parent for mark in landmarks if mark.parent is not None]
        return [_text_of(texts)] if texts else []

    def _chapter(self, box: LexborNode, *, alone: bool) -> Chapter:
        place = _PLACE.fullmatch(box.id or "")
        values: dict[str, Any] = {"number": int(place[1]) if place else None}
        texts: list[LexborNode] = []
        for child in children(box):
            names = classes(child)
            if "preface" in names:
                values |= self._chapter_preface(child, values["number"])
            elif child.tag == "div" and "userstuff" in names:
                texts.append(child)
            elif "notes" in names or (child.id or "").endswith("_endnotes"):
                values["notes_after"] = _quoted(child)
        if alone and "source_chapter_id" not in values:
            values |= self._chapter_by_address()
        return _text_of(texts, **values)

    def _chapter_preface(self, box: LexborNode, place: int | None) -> dict[str, Any]:
        """Heading, byline, summary and notes of a chapter, from ``.chapter.preface``.

        One chapter may have two such boxes: the one after its text holds the end notes.
        """
        values: dict[str, Any] = {}
        for child in children(box):
            names = classes(child)
            if "title" in names:
                values |= self._chapter_heading(child, place)
            elif "byline" in names:
                values["authors"] = tuple(author.name for author in authors_of(child, self.archive)[0])
            elif "summary" in names:
                values["summary"] = _quoted(child)
            elif "notes" in names:
                at_end = "end" in names or (child.id or "").endswith("_endnotes")
                values["notes_after" if at_end else "notes_before"] = _quoted(child)
        return values

    def _chapter_heading(self, heading: LexborNode, place: int | None) -> dict[str, Any]:
        text = said(heading)
        values: dict[str, Any] = {"title": text or None, "number": place}
        if match := _NUMBERED.fullmatch(text):
            values = {"title": match[2] or None, "number": int(match[1])}
        for link in heading.css("a"):
            if match := _CHAPTER_ID.search(attribute(link, "href")):
                values["source_chapter_id"] = match[1]
                values["url"] = self._chapter_url(match[1], work_id_in(attribute(link, "href")))
        return values

    def _chapter_by_address(self) -> dict[str, Any]:
        """Id of the one chapter of a page, from the page's address or from the index of chapters."""
        for address in (self.page.url, attribute(self.tree.css_first("base"), "href")):
            if match := _CHAPTER_ID.search(address or ""):
                return {"source_chapter_id": match[1], "url": self._chapter_url(match[1], work_id_in(address))}
        chosen = self._chosen_option()
        if chosen is not None and attribute(chosen, "value").isdigit():
            return {"source_chapter_id": attribute(chosen, "value")[:12]}
        return {}

    def _chapter_url(self, chapter: str, work: str | None) -> str | None:
        path = f"works/{work}/chapters/{chapter}" if work else f"chapters/{chapter}"
        return self.archive.url(f"/{path}")

    def _chosen_option(self) -> LexborNode | None:
        index = self.tree.css_first("#selected_id")
        return index.css_first("option[selected]") if index is not None else None

    def _identity(self, chapters: list[Chapter]) -> dict[str, Any]:
        """Source, id and address of the work."""
        for address in (self.page.url, attribute(self.tree.css_first("base"), "href")):
            if found := work_at(address):
                return dict(zip(("source", "source_work_id", "url"), found, strict=True))
        found_id = next(filter(None, map(work_id_in, self._addresses(chapters))), None)
        if self.archive.base is None or found_id is None:
            return {"source": self.archive.source}
        return {
            "source": self.archive.source,
            "source_work_id": found_id,
            "url": f"{self.archive.base}works/{found_id}",
        }

    def _addresses(self, chapters: list[Chapter]) -> Iterator[str]:
        """Addresses within the page that lead to the work itself, the surest first."""
        yield from (chapter.url for chapter in chapters if chapter.url)
        nav = self.tree.css_first("ul.work.navigation")
        if nav is not None:
            yield from (attribute(link, "href") for link in nav.css("a"))
        stats = self.tree.css_first("dl.stats")
        if stats is not None:
            yield from (attribute(link, "href") for link in stats.css("a"))
        kudos = self.tree.css_first("#kudo_commentable_id")
        if kudos is not None and attribute(self.tree.css_first("#kudo_commentable_type"), "value") == "Work":
            yield f"/works/{attribute(kudos, 'value')}"
        feedback = self.tree.css_first("#feedback")
        if feedback is not None:
            for link in feedback.css("a"):
                if match := re.search(r"[?&]work_id=(\d{1,12})", attribute(link, "href")):
                    yield f"/works/{match[1]}"

    def _part(self, chapters: list[Chapter], published: int | None) -> int | None:
        """Number of the chapter where the page holds one of several."""
        outer = self.tree.css_first("#chapters")
        chaptered = outer is None or any(_PLACE.fullmatch(box.id or "") for box in children(outer))
        if len(chapters) != 1 or not chaptered:
            return None
        index = self.tree.css_first("#selected_id")
        several = published is not None and published > 1
        if published is None:
            nav = self.tree.css_first("ul.work.navigation")
            links = nav.css("li.next, li.previous, li.entire") if nav is not None else []
            several = bool(links) or (index is not None and len(index.css("option")) > 1)
        if not several:
            return None
        if chapters[0].number is not None:
            return chapters[0].number
        match = _OPTION.match(said(self._chosen_option()))
        return number(match[1]) if match else None


def _quoted(module: LexborNode) -> str | None:
    """Text of the ``blockquote.userstuff`` of a summary or of notes."""
    quotes = [child for child in children(module) if child.tag == "blockquote" or "userstuff" in classes(child)]
    parts = [text for quote in quotes if (text := plain(quote))]
    return "\n\n".join(parts) or None


def _text_of(nodes: list[LexborNode], **values: Any) -> Chapter:
    text = join([passage(node, leave_out=_LANDMARKS) for node in nodes])
    return Chapter(**values, text=text.text, blocks=text.blocks, spans=text.spans)


KIND_WORK: Final = PageKind(
    name="otw_work",
    version=VERSION,
    recognised_by="#workskin, or #chapters with .userstuff, or h3#work.landmark, without the marks of a download",
    yields="one work with all that the page states; one chapter of several is a part",
    lost="comments, names under the kudos, ids of tags, links between the works of a series",
    recognise=recognise,
    read=read,
)
