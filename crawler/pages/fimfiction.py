"""Pages of FimFiction: story pages (facts without text) and chapter pages, as the site has built them since 2012.

Facts of a work lie in ``div.story_content_box`` (a page may list several), tags by class (``tag-genre`` …; before
2015 ``story_category`` and icons of characters). The text of a chapter is in ``#chapter-body .bbcode`` since 2017
and was in ``#chapter_container``, ``.chapter_content`` before; notes of the author are boxes beside it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final, Never

from selectolax.lexbor import LexborNode

from crawler.pages.body import line, passage, plain
from crawler.pages.ffnet import innermost
from crawler.pages.fimfiction_facts import (
    BASE,
    STORY,
    day_of,
    description_of,
    engagement_of,
    groups_of,
    rating_of_box,
    sequels_of,
    status_of_box,
    tags_of,
)
from crawler.pages.page import Page, PageKind, Refused
from crawler.pages.statements import attribute, host_of, meta, stamped, whole_number
from schemas.vocabulary import AuthorKind
from schemas.work import Author, Chapter, ListedChapter, Provenance, Work

_VERSION: Final = "2"
_SOURCE: Final = "fimfiction"
_NUMBER_UNKNOWN: Final = "chapter_number_unknown"

_BOX: Final = "div.story_content_box, article.story_content_box"
_TEXTS: Final = ("#chapter-body", "#chapter_container", ".chapter_content .inner_margin", ".chapter_content")
_NO_STORY: Final = (
    "script",
    "style",
    "noscript",
    "iframe",
    "ins",
    "form",
    "textarea",
    ".authors-note",
    ".youtube_container",
    ".adsbygoogle",
)
_HEADS: Final = ".story-page-header h1, .story-page-header h2, .user-page-header h1, .chapter-header h1"
_USER: Final = re.compile(r"/user/(?:(\d{1,12})/)?([^/?#]+)", re.ASCII)
_CHAPTER_ID: Final = re.compile(
    r"(?:download_chapter\.php\?chapter=|/chapters?/(?:download/)?|data-chapter(?:-id)?=\"?)(\d{1,12})\b", re.ASCII
)
_ROW_ID: Final = re.compile(r'data-chapter(?:-id)?="(\d{1,12})"', re.ASCII)
_SITE_TITLE: Final = re.compile(r" - FIMFiction(?:\.net)?\s*$", re.IGNORECASE)
_NOTE_LABEL: Final = re.compile(r"Author['’]s? Notes?\s?:?\s*", re.IGNORECASE)
_TAGS: Final = {
    "fandoms": "a.tag-series, a.tag-fandom",
    "genres": "a.tag-genre, a.story_category",
    "characters": "a.tag-character, a.character_icon",
    "warnings_raw": "a.tag-warning, a.tag-content",
}
_GATE: Final = "This story has been marked as having adult content"
_REFUSALS: Final = (
    ("deleted", ("404", "not found", "does not exist", "has been deleted", "no longer exists")),
    ("hidden", ("not been published", "not yet been approved", "unpublished", "password protected")),
    ("rate_limited", ("too many requests", "429")),
    ("site_error", ("mysql_fetch_array()", "internal server error", "maintenance", "bad gateway")),
)


def recognise_chapter(page: Page) -> bool:
    """A page with the text of a chapter."""
    html = page.html
    if "chapter" not in html or not ("story_content_box" in html or b"fimfiction" in page.lowered):
        return False
    return page.tree.css_first("#chapter-body, #chapter_container, .chapter_content_box .chapter_content") is not None


def read_chapter(page: Page, provenance: Provenance) -> list[Work]:
    """The chapter of a page with what the page states of the work.

    Raises ``Refused``: ``adult_gate``, ``parse_error`` (no title), ``no_story`` (no text).
    """
    story = next((node for place in _TEXTS if (node := page.tree.css_first(place)) is not None), None)
    if story is None:
        raise Refused("parse_error", "a chapter page without its text")
    box = page.tree.css_first(_BOX)
    work_id, number = _place(page, box)
    chosen, n_chapters = _menu(page, work_id)
    number = number or chosen
    title = _work_title(page, box)
    if not title:
        raise Refused("parse_error", "a chapter page without the title of its work")
    body = passage(story, leave_out=_NO_STORY)
    if not body.text.strip():
        raise Refused("no_story", "the chapter is empty")
    before, after = _notes(page, story)
    found = _CHAPTER_ID.search(page.html)
    chapter = Chapter(
        text=body.text,
        blocks=body.blocks,
        spans=body.spans,
        title=_chapter_title(page, title),
        number=number,
        source_chapter_id=found[1] if found else None,
        notes_before=before,
        notes_after=after,
        hits=_views_of_chapter(page),
    )
    flags = [_NUMBER_UNKNOWN] if number is None and n_chapters != 1 else []
    return [
        _work(page, box, provenance, title, work_id, layout="chapter", flags=flags).model_copy(
            update={
                "chapters": (chapter,),
                "part_number": number if n_chapters != 1 else None,
                "n_chapters_source": n_chapters,
            }
        )
    ]


def recognise_story(page: Page) -> bool:
    """A story page, or a list of works in full."""
    return "story_content_box" in page.html and page.tree.css_first(_BOX) is not None and not recognise_chapter(page)


def read_stories(page: Page, provenance: Provenance) -> list[Work]:
    """A work without chapters for each box of the page.

    Raises ``Refused``: ``adult_gate``, ``parse_error``.
    """
    if _GATE in page.html:
        raise Refused("adult_gate", _GATE)
    works = []
    boxes = innermost(page.tree.css(_BOX))
    for box in boxes:
        link = box.css_first("a.story_name")
        title = line(link) if link is not None else None
        title = title or (_work_title(page, box) if len(boxes) == 1 else None)
        found = re.search(r"\d{1,12}", attribute(box, "id")) or STORY.search(attribute(link, "href"))
        if not title:
            continue
        work_id = found[found.lastindex or 0] if found else _place(page, None)[0]
        alone = len(boxes) == 1
        works.append(_work(page, box, provenance, title, work_id, layout="story" if alone else "listing", alone=alone))
    if not works:
        raise Refused("parse_error", "boxes of works without a title")
    return works


def _work(
    page: Page,
    box: LexborNode | None,
    provenance: Provenance,
    title: str,
    work_id: str | None,
    *,
    layout: str,
    alone: bool = True,
    flags: Iterable[str] = (),
) -> Work:
    summary, related = description_of(box)
    counts = engagement_of(page.tree.css_first("body") if alone else box)
    fields: dict[str, Any] = {name: tags_of(box, selector) for name, selector in _TAGS.items()}
    links = box.css("ul.chapters a.chapter-title, a.chapter_link, a.chapter-title") if box is not None else []
    words = box.css_first(".chapters-footer .word_count, .bottom .word_count") if box is not None else None
    return Work(
        source=_SOURCE,
        title=title,
        chapters=(),
        provenance=stamped(provenance, "fimfiction", _VERSION, layout, flags),
        source_work_id=work_id,
        url=f"{BASE}/story/{work_id}" if work_id else None,
        authors=_authors(page, box, alone=alone),
        summary=summary,
        short_summary=meta(page.tree, "og:description") if alone else None,
        rating_raw=rating_of_box(box),
        status_raw=status_of_box(box),
        n_chapters_source=len({attribute(link, "href") for link in links}) or None,
        listed_chapters=tuple(_listed(links)),
        n_words_source=whole_number(line(words)) if words is not None else None,
        published_date=day_of(box.css_first(".approved-date") if box is not None else None),
        updated_date=day_of(box.css_first(".last_modified, .last-modified") if box is not None else None),
        collections=groups_of(page) if alone else (),
        related=(*related, *(sequels_of(page) if alone else ())),
        engagement=counts,
        engagement_at=provenance.retrieved_at if counts else None,
        **fields,
    )


def _listed(links: Iterable[LexborNode]) -> Iterator[ListedChapter]:
    """Chapters of a box, by their links and what stands in their rows."""
    seen: set[str] = set()
    for link in links:
        href = attribute(link, "href")
        place = STORY.search(href)
        if not place or not place[2] or href in seen or not (title := line(link)):
            continue
        seen.add(href)
        row = link.parent
        for _ in range(4):
            if row is None or row.tag == "li" or row.css_first(".word_count") is not None:
                break
            row = row.parent
        words = row.css_first(".word_count") if row is not None else None
        day = row.css_first(".date-approved, .date_approved, .date") if row is not None else None
        chapter_id = _ROW_ID.search((row.html or "")[:5000]) if row is not None else None
        yield ListedChapter(
            title=title,
            number=int(place[2]),
            id=chapter_id[1] if chapter_id else None,
            url=f"{BASE}{href}" if href.startswith("/") else href,
            published_date=day_of(day),
            n_words=whole_number(line(words)) if words is not None else None,
        )


def _place(page: Page, box: LexborNode | None) -> tuple[str | None, int | None]:
    """Id of the work and number of the chapter, by the addresses that the page gives of itself."""
    own = [page.url, meta(page.tree, "og:url"), attribute(page.tree.css_first("link[rel=canonical]"), "href")]
    work_id: str | None = None
    for address in own:
        found = STORY.search(address or "")
        if found and found[2]:
            return found[1], int(found[2])
        work_id = work_id or (found[1] if found else None)
    found_in_box = re.search(r"\d{1,12}", attribute(box, "id") or attribute(box, "data-story"))
    return work_id or (found_in_box[0] if found_in_box else None), None


def _menu(page: Page, work_id: str | None) -> tuple[int | None, int | None]:
    """Number of the chosen chapter and how many there are, by the menu of chapters."""
    numbers: dict[int, bool] = {}
    for option in page.tree.css('select option[value*="/story/"]'):
        found = STORY.search(attribute(option, "value"))
        if found and found[2] and work_id in (None, found[1]):
            numbers[int(found[2])] = "selected" in option.attributes
    return next((number for number, chosen in numbers.items() if chosen), None), len(numbers) or None


def _work_title(page: Page, box: LexborNode | None) -> str | None:
    for head in page.tree.css(_HEADS):
        for link in head.css('a[href*="/story/"]'):
            if title := line(link):
                return title
    for link in box.css("a.story_name") if box is not None else ():
        if attribute(link, "id") != "chapter_title" and (title := line(link)):
            return title
    return meta(page.tree, "og:title")


def _chapter_title(page: Page, title: str) -> str | None:
    node = page.tree.css_first("#chapter_title, #chapter-title, .chapter-header h1 .chapter-title")
    if node is not None and (named := line(node)):
        return named
    heading = page.tree.css_first("title")
    named = _SITE_TITLE.sub("", line(heading)[:1000]) if heading is not None else ""
    return named.removesuffix(f" - {title}") if named.endswith(f" - {title}") else None


def _authors(page: Page, box: LexborNode | None, *, alone: bool) -> tuple[Author, ...]:
    places = [node for node in page.tree.css(f"{_HEADS}, .info-container") if alone]
    for place in [*places, *([box] if box is not None else [])]:
        for link in place.css('a[href*="/user/"]'):
            found = _USER.search(attribute(link, "href"))
            if found and (name := line(link)):
                url = f"{BASE}{found[0]}"
                return (Author(name=name, id=found[1], url=url, kind=AuthorKind.USER),)
    return ()


def _views_of_chapter(page: Page) -> int | None:
    node = page.tree.css_first(".chapter_footer")
    found = re.match(r"([\d,]+) views?\b", line(node)[:200]) if node is not None else None
    return whole_number(found[1]) if found else None


def _notes(page: Page, story: LexborNode) -> tuple[str | None, str | None]:
    """The author's notes above the text and below it."""
    before: list[str] = []
    after: list[str] = []
    reached = False
    inner = next((node for node in story.css(".bbcode") if not _in_note(node)), story)
    for node in page.tree.css(", ".join((*_TEXTS, ".bbcode", ".authors-note"))):
        if node.mem_id == inner.mem_id:
            reached = True
        elif "authors-note" in attribute(node, "class"):
            text = plain(node) or ""
            label = _NOTE_LABEL.match(text)
            (after if reached else before).append(text[label.end() if label else 0 :].strip())
    return "\n\n".join(filter(None, before)) or None, "\n\n".join(filter(None, after)) or None


def _in_note(node: LexborNode) -> bool:
    """Whether an element is the text of a note, whose box stands at most three above."""
    above = node.parent
    for _ in range(3):
        if above is None:
            return False
        if "authors-note" in attribute(above, "class"):
            return True
        above = above.parent
    return False


def recognise_refused(page: Page) -> bool:
    """A page of the site without a work; to be asked after the others."""
    if _GATE in page.html or host_of(page.url) in ("fimfiction.net", "m.fimfiction.net"):
        return True
    node = page.tree.css_first("title")
    return node is not None and _SITE_TITLE.search(line(node)[:1000]) is not None


def refuse(page: Page, provenance: Provenance) -> Never:
    """Raises ``Refused`` with what the page says of itself."""
    del provenance
    if _GATE in page.html:
        raise Refused("adult_gate", _GATE)
    said = [line(node)[:300] for node in page.tree.css("title, h1, .error-message, .error_message")[:20]]
    words = " \n ".join(said).casefold()
    for reason, signs in _REFUSALS:
        if any(sign in words for sign in signs):
            raise Refused(reason, said[0][:200])
    raise Refused("no_story", said[0][:200] if said else "a page without a story")


FIMFICTION_CHAPTER: Final = PageKind(
    name="fimfiction",
    version=_VERSION,
    recognised_by="#chapter-body, #chapter_container or .chapter_content of FimFiction",
    yields="one work with the chapter of the page, notes apart",
    lost="comments; pictures",
    recognise=recognise_chapter,
    read=read_chapter,
)
FIMFICTION_STORY: Final = PageKind(
    name="fimfiction_story",
    version=_VERSION,
    recognised_by="div.story_content_box without the text of a chapter",
    yields="a work without chapters for each box: the text is on the chapters' pages",
    lost="titles, dates and word counts of single chapters; comments; cover",
    recognise=recognise_story,
    read=read_stories,
)
FIMFICTION_REFUSED: Final = PageKind(
    name="fimfiction_refused",
    version=_VERSION,
    recognised_by="the site's title or address, without a work",
    yields="a reject with the reason that the page gives",
    lost="profiles, groups, blogs, which are not read",
    recognise=recognise_refused,
    read=refuse,
)
