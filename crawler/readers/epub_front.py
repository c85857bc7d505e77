"""Front and back matter of an EPUB told from chapters, and what information pages state.

A page is left out only where its markup, its place in the package or its name says what it is *and* its size agrees:
a "cover" of three thousand words is a chapter. Dedications, prefaces and afterwords belong to the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawler.pages.body import passage, plain
from crawler.pages.body_cut import Frame
from crawler.readers.text_fields import Reading
from crawler.readers.text_header import Field
from crawler.readers.text_labels import label_of

_KINDS: Final = {
    "cover": "cover",
    "cover-page": "cover",
    "titlepage": "title page",
    "title-page": "title page",
    "halftitlepage": "title page",
    "halftitle": "title page",
    "copyright-page": "copyright",
    "copyright": "copyright",
    "imprint": "copyright",
    "imprimatur": "copyright",
    "colophon": "copyright",
    "other-credits": "copyright",
    "toc": "contents",
    "toc-brief": "contents",
    "landmarks": "contents",
    "page-list": "contents",
    "loi": "contents",
    "lot": "contents",
    "index": "contents",
}
"""Kinds of the EPUB structural vocabulary and of the OPF guide that are no part of the story."""
_NAMES: Final = (
    (re.compile(r"(?i)(?:book)?_?cover(?:[-_ ]?(?:page|image))?\d{0,3}"), "cover"),
    (re.compile(r"(?i)(?:half)?[-_ ]?title(?:[-_ ]?page)?\d{0,3}|jacket|frontpage"), "title page"),
    (re.compile(r"(?i)nav|(?:html)?toc(?:[-_ ]?page)?|(?:table[-_ ]?of[-_ ]?)?contents|navigation"), "contents"),
    (re.compile(r"(?i)copyright(?:[-_ ]?page)?|colophon|imprint|legal"), "copyright"),
    (re.compile(r"(?i)log[-_]page"), "log"),
    (re.compile(r"(?i)about[-_ ]?the[-_ ]?(?:author|publisher)|also[-_ ]?by"), "about the author"),
)
_TITLES: Final = (
    (re.compile(r"(?i)(?:front |back |book )?cover(?: page| image)?"), "cover"),
    (re.compile(r"(?i)(?:half[- ])?title[- ]?page"), "title page"),
    (re.compile(r"(?i)(?:table of )?contents|inhalt(?:sverzeichnis)?|содержание|目录|目次"), "contents"),
    (re.compile(r"(?i)copyright(?: page| notice)?|colophon|imprint|impressum|legal notice"), "copyright"),
    (re.compile(r"(?i)update log"), "log"),
    (re.compile(r"(?i)about the (?:author|publisher)s?|also by .{1,80}"), "about the author"),
)
_INFORMATION: Final = re.compile(
    r"(?i)(?:\d{1,4}_)?(?:information|introduction|story info(?:rmation)?|about (?:this|the) story)"
)
_MOST_WORDS: Final = {"cover": 60, "title page": 150, "contents": 20_000, "copyright": 700, "log": 20_000}
_MOST_INFORMATION: Final = 1500
_BYLINE: Final = re.compile(r"(?i)by:?\s")
_MAKERS_LINE: Final = re.compile(r"(?i)^(?:exported|generated|converted|created|downloaded) (?:with|by|using|from)\b")
_LINKED: Final = 0.6
_ORIGINAL: Final = re.compile(r"(?i)(?:original )?(?:source|story|work)(?: url| link)?\s?:\s*(https?://\S+)")


@dataclass(frozen=True)
class Sheet:
    """A page of the spine as the front matter's rules see it."""

    stem: str
    titles: tuple[str, ...]
    landmark: str
    body: LexborNode
    linear: bool
    place: int
    """Number in the spine, from 0."""
    is_listed: bool
    """Whether the table of contents leads to it."""


def front_kind(sheet: Sheet, known: Iterable[str]) -> str | None:
    """What a page is that is no part of the story: ``cover``, ``title page`` …; ``None`` for the story itself.

    ``known`` are the title, the authors and whatever else a title page repeats.
    """
    kind = _stated_kind(sheet)
    if kind is None and _is_long(sheet.body):
        return None  # nearly all pages of a story, at a hundredth of the cost of their paragraphs
    text = plain(sheet.body) or ""
    words = len(text.split())
    if words == 0:
        return "cover" if sheet.body.css_first("img, svg, image") is not None else "empty"
    classes = sheet.body.attributes.get("class") or ""
    if "fff_logpage" in classes:
        return "log"
    if sheet.body.css_first("div.calibrejacket, .cbj_banner, .cbj_header") is not None and words < 700:
        return "title page"
    if kind and words <= _MOST_WORDS.get(kind, 700) and (kind != "contents" or _linked(sheet.body, text) > _LINKED / 2):
        return kind
    if _linked(sheet.body, text) > _LINKED and len(sheet.body.css("a[href]")) > 1 and not sheet.is_listed:
        return "contents"
    if (_strong_labels(text) >= 3 or _is_called_information(sheet, text)) and not _is_prose(text):
        return "information"
    if sheet.place < 3 and not sheet.is_listed and words <= 150 and _only_repeats(text, known):
        return "title page"
    return None if sheet.linear or sheet.is_listed or words > 200 else "aside"


def _is_long(body: LexborNode) -> bool:
    """Whether a page has more words than any page of information; no more of them are counted."""
    frame = body.parser
    if not isinstance(frame, Frame):
        return _has_more_words(body.text(deep=True, separator=" "))
    if sum(_spaces(run.found.text) for run in frame.runs) > _MOST_INFORMATION:
        return True
    whole = frame.filled(*frame.runs_in(body.inner_html or ""))
    return _has_more_words(LexborHTMLParser(whole).text(deep=True, separator=" "))


def _spaces(text: str) -> int:
    """Spaces of a text, which numpy counts four times as fast, in the coding that costs least to make."""
    if text.isascii():
        return int(np.count_nonzero(np.frombuffer(text.encode("ascii"), np.uint8) == ord(" ")))
    return int(np.count_nonzero(np.frombuffer(text.encode("utf-16-le"), "<u2") == ord(" ")))


def _has_more_words(text: str) -> bool:
    return len(text.split(None, _MOST_INFORMATION)) > _MOST_INFORMATION


def _is_called_information(sheet: Sheet, text: str) -> bool:
    """Whether a page near the start is called so by FicHub or WebToEpub, and holds two labels at least."""
    called = any(_INFORMATION.fullmatch(name.strip()) for name in (*sheet.titles, sheet.stem))
    labels = sum(label_of(line.strip()) is not None for line in text.split("\n"))
    return called and sheet.place < 4 and labels >= 2


def _stated_kind(sheet: Sheet) -> str | None:
    """Kind that markup, landmarks, name or title state."""
    if kind := _KINDS.get(sheet.landmark):
        return kind
    section = sheet.body.css_first("section, nav, div")
    for node in (sheet.body, section):
        for kind_name in ((node.attributes.get("epub:type") or "") if node is not None else "").split():
            if kind_name.casefold() in _KINDS:
                return _KINDS[kind_name.casefold()]
    for title in sheet.titles:
        for pattern, kind in _TITLES:
            if pattern.fullmatch(title.strip()):
                return kind
    return next((kind for pattern, kind in _NAMES if pattern.fullmatch(sheet.stem)), None)


def _linked(body: LexborNode, text: str) -> float:
    """Share of the text that stands in links to other pages."""
    linked = sum(len(link.text(deep=True).strip()) for link in body.css("a[href]")[:5000])
    return linked / max(1, len(text))


def _only_repeats(text: str, known: Iterable[str]) -> bool:
    """Whether a page says hardly more than what the package states already."""
    rest = text.casefold()
    for statement in sorted(filter(None, known), key=len, reverse=True):
        rest = rest.replace(" ".join(statement.casefold().split()), " ")
    words = re.findall(r"\w+", rest)
    return len(words) <= 6 and rest != text.casefold()


def _is_prose(text: str) -> bool:
    """Whether most of a page are paragraphs that no label begins."""
    lines = [line for line in text.split("\n") if line.strip()]
    labelled = [line for line in lines if label_of(line.strip())]
    return len(labelled) * 3 < len(lines)


def _strong_labels(text: str) -> int:
    labels = (label_of(line.strip()) for line in text.split("\n"))
    return sum(label is not None and label.strong for label in labels)


def labels_of(text: str) -> list[Field]:
    """Statements of an information page: ``Label: value`` lines; a label alone takes the lines up to the next one."""
    fields: list[Field] = []
    waiting: Field | None = None
    for line in (each.strip() for each in text.split("\n")):
        if not line:
            continue
        label = label_of(line)
        if original := _ORIGINAL.fullmatch(line):
            fields.append(Field("url", "URL", original[1]))
        elif label is not None:
            waiting = Field(label.meaning, label.name, label.value)
            fields.append(waiting)
            if label.value.strip():
                waiting = None
        elif waiting is not None and fields[-1].meaning == waiting.meaning:
            fields[-1] = Field(waiting.meaning, waiting.label, f"{fields[-1].value}\n\n{line}".strip())
    return fields


def read_information(body: LexborNode, reading: Reading) -> None:
    """Takes what an information page states; paragraphs without a label, between byline and labels, are the summary."""
    if told := _description(body):
        reading.add(Field("summary", "Summary", told))
    for statement in labels_of(plain(body) or ""):
        # tools join lists by ", "; a name such as "J. Watson" would make the list look like a sentence
        parts = statement.value.split(", ") if statement.meaning == "characters" else [statement.value]
        for part in parts:
            reading.add(Field(statement.meaning, statement.label, part))


def _description(body: LexborNode) -> str | None:
    """The paragraphs of an information page that stand alone: no heading, byline or label, no line of its maker."""
    told = passage(body)
    kept: list[str] = []
    for block in told.blocks:
        text = told.text[block.start : block.end].strip()
        if block.kind != "p" or label_of(text) or _ORIGINAL.match(text) or _MAKERS_LINE.search(text):
            continue
        if kept or not _BYLINE.match(text):
            kept.append(text)
    return "\n\n".join(kept) or None
