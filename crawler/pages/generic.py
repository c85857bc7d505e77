"""Pages of no known origin: best effort, from the title, the headings and the element with most prose."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, TypeVar

from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawler.origins import origin_of
from crawler.pages.body import Passage, line, passage
from crawler.pages.page import Page, PageKind, Refused
from crawler.pages.statements import title_from_path
from crawler.pages.typed_header import Typed, typed_header
from crawler.readers.text_chapters import MAX_HEADING, Heading, heading_of
from schemas.work import Author, Block, Chapter, HeaderField, Provenance, Span, Work

PARSER_VERSION = "2"
CHAPTER_IN_TITLE = "chapter_in_title"
"""The page's title names the chapter beside the work: pages of one folder may be one work."""
_TITLE_PARTS = re.compile(r"\s+[-–—|•»]{1,3}\s+")
TITLE_FROM_FIRST_LINE = "title_from_first_line"
_EAST_ASIAN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]")
MIN_LETTERS = 100
"""Less text than this on a whole page is no story; notices of sites and servers are shorter, or say what they are."""
_CONTENT = (
    *("#storytext", ".storytext", "#story", ".story", "#chapter-content", ".chapter-content", ".chapter-inner"),
    *(".entry-content", ".post-content", ".post-body", "article", '[role="main"]', "main", "#content", ".content"),
)
_CHROME = (
    *(
        "nav",
        "header",
        "footer",
        "aside",
        "form",
        ".comments",
        "#comments",
        ".comment",
        ".sidebar",
        "#sidebar",
        ".menu",
    ),
    *(".navigation", ".breadcrumb", ".breadcrumbs", ".share", ".related", ".advert", ".cookie", "#footer", "#header"),
)
_BLOCKED = re.compile(
    r"just a moment\.\.\.|attention required|checking your browser|shields are up|access denied|cf-browser-verification"
    r"|verify (?:that )?you are (?:a )?human|enable javascript and cookies to continue",
    re.IGNORECASE,
)
_REFUSALS = (
    (re.compile(r"retry later|too many requests|error 429|rate limit", re.IGNORECASE), "rate_limited"),
    (re.compile(r"\b404\b|not found|does not exist|no longer available|page missing", re.IGNORECASE), "deleted"),
    (
        re.compile(r"\b50[0234]\b|internal server error|bad gateway|service unavailable|gateway time", re.IGNORECASE),
        "site_error",
    ),
    (re.compile(r"log ?in|sign ?in|members only|registered users", re.IGNORECASE), "restricted"),
    (re.compile(r"adult content|age verification|are you over 18|mature content", re.IGNORECASE), "adult_gate"),
)


def recognise(page: Page) -> bool:
    """Any page."""
    return page.tree.root is not None


def read(page: Page, provenance: Provenance) -> Sequence[Work]:
    """The work of a page that nobody else knows.

    Raises ``Refused`` for error pages, login forms and pages with hardly any text.
    """
    tree = page.tree
    title = _title(tree)
    main = _main(tree)
    story = passage(main, leave_out=_CHROME) if main is not None else Passage("")
    letters = _letters(story.text[:20_000])
    start = f"{title} {story.text[:2000]}"
    if letters < 8 * MIN_LETTERS and _BLOCKED.search(page.html[:20_000]):
        raise Refused("blocked", "a challenge page of the site's protection")
    if letters < 4 * MIN_LETTERS:
        for pattern, reason in _REFUSALS:
            if pattern.search(start):
                raise Refused(reason, f"the page says {pattern.search(start)[0]!r}")  # type: ignore[index]
    if letters < MIN_LETTERS:
        raise Refused("no_story", f"{letters} letters on the whole page")
    title, title_flags = (title, ()) if title else _title_of_text(story, provenance)
    name, place = (title, None) if title_flags else _chapter_in_title(title)
    typed = typed_header(story, title=name)
    values = _values(page, typed)
    flags = (*provenance.flags, *story.flags, *(typed.flags if typed else ()), *title_flags, "origin_unknown")
    chapters = _chapters(typed.rest if typed else story)
    if typed and typed.chapter_number is not None and len(chapters) == 1:
        chapters = [chapters[0].model_copy(update={"number": typed.chapter_number})]
    elif place is not None and len(chapters) == 1:
        chapters = [chapters[0].model_copy(update={"number": place.number, "title": place.title})]
        flags = (*flags, CHAPTER_IN_TITLE)
    else:
        name = title
    known = provenance.model_copy(
        update={"format": "html", "parser_version": PARSER_VERSION, "layout": "generic", "flags": flags}
    )
    values = {"title": name} | values
    more = [HeaderField(label="Page title", value=title)] if not title_flags and values["title"] != title else []
    header = (*more, *(typed.header if typed else ()))
    return [Work(**values, header=header, chapters=tuple(chapters), provenance=known)]


def _values(page: Page, typed: Typed | None) -> dict[str, Any]:
    """Fields by the page's markup, and over them what the author typed above the story."""
    origin = origin_of(page.url) if page.url else None
    values: dict[str, Any] = {
        "source": origin.source if origin else "file",
        "source_work_id": origin.work_id if origin else None,
        "url": page.url,
        "authors": _authors(page.tree),
        "language_raw": _attribute(page.tree, "html", "lang") or _attribute(page.tree, "body", "lang"),
    }
    own = dict(typed.values) if typed else {}
    if origin is not None:
        own = {name: value for name, value in own.items() if name not in ("source", "source_work_id", "url")}
    return values | own


def _letters(text: str) -> int:
    """Letters and digits of a text; a sign of Chinese, Japanese or Korean says as much as three."""
    return sum(map(str.isalnum, text)) + 2 * len(_EAST_ASIAN.findall(text))


def _chapter_in_title(title: str) -> tuple[str, Heading | None]:
    """Title of the work and the chapter that a page's title names beside it: ``The Fog - Chapter 3: Rain``."""
    pieces = _TITLE_PARTS.split(title, maxsplit=8)
    for own, rest in ((pieces[-1], pieces[:-1]), (pieces[0], pieces[1:])):
        heading = heading_of(own.strip()) if rest else None
        if heading is not None and heading.kind in ("chapter", "part") and heading.number is not None:
            return " - ".join(rest), heading
    return title, None


def _title_of_text(story: Passage, provenance: Provenance) -> tuple[str, tuple[str, ...]]:
    """Title of a page that states none, and its flag: a first line in bold type or centred, else the file's name."""
    apart = {(span.start, span.end) for span in story.spans if span.kind in ("strong", "underline", "align")}
    for block in story.blocks[:1]:
        first = story.text[block.start : block.end]
        if (block.start, block.end) in apart and len(first) <= MAX_HEADING and "\n" not in first and block.kind == "p":
            return first, (TITLE_FROM_FIRST_LINE,)
    return title_from_path(provenance), ("title_from_file_name",)


def _title(tree: LexborHTMLParser) -> str:
    for selector, attribute in (('meta[property="og:title"]', "content"), ("title", None), ("h1", None), ("h2", None)):
        node = tree.css_first(selector)
        if node is not None and (found := (node.attributes.get(attribute) or "") if attribute else line(node)):
            return " ".join(found.split())
    return ""


def _authors(tree: LexborHTMLParser) -> tuple[Author, ...]:
    name = _attribute(tree, 'meta[name="author"]', "content")
    return (Author(name=name),) if name else ()


def _attribute(tree: LexborHTMLParser, selector: str, name: str) -> str | None:
    node = tree.css_first(selector)
    found = (node.attributes.get(name) or "").strip() if node is not None else ""
    return found or None


def _main(tree: LexborHTMLParser) -> LexborNode | None:
    """The known container with most text in paragraphs, if it has most of the page's; else the whole body."""
    body = tree.body
    if body is None:
        return None
    whole = _prose(body)
    for selector in _CONTENT:
        candidates = tree.css(selector)[:50]
        if candidates:
            best = max(candidates, key=_prose)
            if _prose(best) * 2 > whole:
                return best
    return body


def _prose(node: LexborNode) -> int:
    """Characters of an element that stand outside links."""
    linked = sum(len(link.text(deep=True)) for link in node.css("a")[:2000])
    return len(node.text(deep=True)) - linked


def _chapters(story: Passage) -> list[Chapter]:
    """Chapters by headings that say so, at least two; else one. The headings go into number and title."""
    cuts = _marked_headings(story) or _set_apart(story)
    if len(cuts) < 2:
        return [Chapter(text=story.text, blocks=story.blocks, spans=story.spans)]
    chapters = []
    if story.text[: cuts[0][0].start].strip():
        chapters.append(_cut(story, 0, cuts[0][0].start))
    for (block, number, title), following in zip(cuts, [*cuts[1:], None], strict=True):
        end = following[0].start if following else len(story.text)
        chapters.append(_cut(story, block.end, end).model_copy(update={"number": number, "title": title}))
    return chapters


def _marked_headings(story: Passage) -> list[tuple[Block, int | None, str | None]]:
    """Headings of chapters that the markup calls headings."""
    cuts = []
    for block in story.blocks:
        heading = _heading_at(story, block) if block.kind == "heading" else None
        if heading is not None:
            cuts.append((block, heading.number, heading.title))
    return cuts if len(cuts) > 1 else []


def _set_apart(story: Passage) -> list[tuple[Block, int | None, str | None]]:
    """Headings of chapters that are paragraphs in bold type, underlined or centred, and that count on from 0 or 1."""
    apart = {(span.start, span.end) for span in story.spans if span.kind in ("strong", "underline", "align")}
    cuts: list[tuple[Block, int | None, str | None]] = []
    for block in story.blocks:
        if (block.start, block.end) not in apart or block.end - block.start > MAX_HEADING:
            continue
        heading = _heading_at(story, block)
        if heading is not None and (heading.number is None or heading.number == _next_number(cuts)):
            cuts.append((block, heading.number, heading.title))
    return cuts if len(cuts) > 1 and any(number for _, number, _ in cuts) else []


def _next_number(cuts: Sequence[tuple[Block, int | None, str | None]]) -> int:
    numbers = [number for _, number, _ in cuts if number is not None]
    return numbers[-1] + 1 if numbers else 1


def _heading_at(story: Passage, block: Block) -> Heading | None:
    heading = heading_of(story.text[block.start : block.end].strip())
    return heading if heading is not None and heading.kind != "number" else None


def _cut(story: Passage, start: int, end: int) -> Chapter:
    """The part of a passage between two offsets."""
    while start < end and story.text[start].isspace():
        start += 1
    while end > start and story.text[end - 1].isspace():
        end -= 1
    return Chapter(
        text=story.text[start:end],
        blocks=tuple(_within(mark, start) for mark in story.blocks if start <= mark.start and mark.end <= end),
        spans=tuple(_within(mark, start) for mark in story.spans if start <= mark.start and mark.end <= end),
    )


_Mark = TypeVar("_Mark", Block, Span)


def _within(mark: _Mark, start: int) -> _Mark:
    return mark.model_copy(update={"start": mark.start - start, "end": mark.end - start})


KIND_GENERIC = PageKind(
    name="html",
    version=PARSER_VERSION,
    recognised_by="any other page of HTML",
    yields="one work: title, author where marked up, main text, chapters by headings",
    lost="everything that only the site's own structure would tell",
    recognise=recognise,
    read=read,
)
