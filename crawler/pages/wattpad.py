"""Wattpad: story pages, part pages, and the bare paragraphs that its text API gives (``<p data-p-id>``).

The pages embed what they show as JSON (``window.prefetched``, ``window.__remixContext``, ``__NEXT_DATA__``), which
outlives their changing class names; the elements of the older layouts are read where it is absent.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawler.origins import origin_of
from crawler.pages import statements as st
from crawler.pages.body import Passage, passage, plain_of_html
from crawler.pages.page import Page, PageKind
from schemas.vocabulary import AuthorKind
from schemas.work import Author, Chapter, Engagement, ListedChapter, Provenance, Work

PARSER_VERSION: Final = "2"

_SITE: Final = "https://www.wattpad.com"
_PART_URL: Final = re.compile(r"wattpad\.com/(\d{1,12})(?:[-/?#]|$)")
_EMBEDDED: Final = re.compile(r"window\.(?:prefetched|__remixContext|__PRELOADED_STATE__)\s*=\s*(?=\{)")
_UI: Final = (".comment-marker", ".component-wrapper", ".num-comment", "button", ".trinityAudioPlaceholder")
_PARAGRAPHS: Final = "p[data-p-id]"


def recognise(page: Page) -> bool:
    """Whether a page or fragment is Wattpad's, by its paragraphs, its elements or its address."""
    if "wattpad" not in page.html and "data-p-id" not in page.html and not page.given_url:
        return False
    if page.tree.css_first(_PARAGRAPHS) is not None:
        return True
    return st.meta(page.tree, "og:site_name") == "Wattpad" or st.host_of(page.url).endswith("wattpad.com")


def read(page: Page, provenance: Provenance) -> Sequence[Work]:
    """The one chapter of a part page or fragment, or the work of a story page (without chapters).

    Raises ``Refused``: ``deleted``, ``restricted``, ``blocked``, ``site_error``, ``no_story``.
    """
    paragraphs = page.tree.css(_PARAGRAPHS)
    if paragraphs:
        return [_part_page(page, paragraphs, provenance)]
    story = _embedded_story(page)
    if story or page.tree.css_first(".story-info, .story-header, .story-parts, .table-of-contents") is not None:
        work = _story_page(page, story, provenance)
        if work is not None:
            return [work]
    raise st.refusal(page, "Wattpad")


def _embedded(page: Page) -> list[Any]:
    """JSON values that the page's scripts hold."""
    values = []
    for script in page.tree.css("script"):
        text = script.text(deep=True)
        if st.attribute(script, "id") == "__NEXT_DATA__":
            values.append(st.json_value(text))
        elif match := _EMBEDDED.search(text):
            try:
                values.append(json.JSONDecoder().raw_decode(text, match.end())[0])
            except (ValueError, RecursionError):
                continue
    return values


def _embedded_story(page: Page) -> dict[str, Any]:
    """The story that the page's JSON describes: an object with a title, parts and its author."""
    origin = origin_of(page.url or "")
    found: dict[str, Any] = {}
    for value in _embedded(page):
        for item in st.objects_of(value):
            if not (item.get("title") and isinstance(item.get("parts"), list) and isinstance(item.get("user"), dict)):
                continue
            if origin is not None and str(item.get("id")) == origin.work_id:
                return item
            found = found or item
    return found


def _embedded_part(page: Page, part_id: str | None) -> dict[str, Any]:
    """The part that the page's JSON describes, with the story that it belongs to under ``group``."""
    for value in _embedded(page):
        for item in st.objects_of(value):
            if "title" in item and isinstance(item.get("group"), dict) and part_id in (None, str(item.get("id"))):
                return item
    return {}


def _story_page(page: Page, story: dict[str, Any], provenance: Provenance) -> Work | None:
    tree = page.tree
    origin = origin_of(page.url or "") or origin_of(_text(story.get("url")) or "")
    shown = tree.css_first(".story-info__title, .story-header h1, .story-info h1, h1")
    title = _text(story.get("title")) or st.line_of(shown)
    if not title:
        return None
    described = tree.css_first(".description-text, .description pre, pre.description")
    summary = plain_of_html(_breaks(_text(story.get("description")))) if story.get("description") else None
    tags = [tag for tag in story.get("tags") or [] if isinstance(tag, str) and tag]
    parts = story.get("parts") or tree.css(".story-parts li, ul.table-of-contents li")
    return Work(
        source="wattpad",
        source_work_id=_text(story.get("id")) or (origin.work_id if origin else None),
        url=origin.url if origin else None,
        title=title,
        authors=_authors(tree, story),
        summary=summary or (plain_of_html(described.html or "") if described is not None else None),
        freeforms=tuple(dict.fromkeys(tags)) or st.lines_of(tree.css(".tag-items a, .tag-items .tag-item")),
        rating_raw=_rating(tree, story),
        status_raw=_status(tree, story),
        language_raw=_language(story),
        n_chapters_source=_number(story.get("numParts")) or len(parts) or None,
        listed_chapters=tuple(_listed(tree, story)),
        published_date=st.utc_day(_text(story.get("createDate"))),
        updated_date=st.utc_day(_text(story.get("modifyDate"))),
        engagement=_counts(tree, story),
        chapters=(),
        provenance=st.stamped(provenance, "wattpad", PARSER_VERSION, "story_json" if story else "story"),
    )


def _listed(tree: LexborHTMLParser, story: dict[str, Any]) -> Iterator[ListedChapter]:
    """Parts of the story, from the page's data, else from its table of contents."""
    parts = story.get("parts")
    for part in parts if isinstance(parts, list) else ():
        if isinstance(part, dict) and (part_id := _text(part.get("id"))):
            yield ListedChapter(
                title=_text(part.get("title")),
                id=part_id,
                url=_text(part.get("url")),
                published_date=st.utc_day(_text(part.get("createDate"))),
                n_words=_number(part.get("wordCount")),
            )
    if isinstance(parts, list) and parts:
        return
    for link in tree.css(".story-parts li a[href], ul.table-of-contents li a[href]"):
        url = st.absolute(_SITE, st.attribute(link, "href")) or ""
        if match := _PART_URL.search(url):
            yield ListedChapter(title=st.line_of(link), id=match[1], url=url)


def _text(value: object) -> str | None:
    """A JSON string or number as text."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return str(value).strip() or None


def _breaks(text: str | None) -> str:
    """A description with its lines as HTML."""
    return re.sub(r"\r?\n", "<br>", text or "")


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _authors(tree: LexborHTMLParser, story: dict[str, Any]) -> tuple[Author, ...]:
    user = story.get("user")
    if isinstance(user, dict) and (name := _text(user.get("username") or user.get("name"))):
        return (Author(name=name, id=name, url=f"{_SITE}/user/{name}", kind=AuthorKind.USER),)
    places = ".author-info__username a, .story-header .author a, .part-header .author a, .author a.on-navigate"
    for link in tree.css(f'{places}, .author-info a[href*="/user/"], a.on-navigate[href*="/user/"]'):
        match = re.search(r"/user/([\w.-]{1,60})", st.attribute(link, "href"))
        shown = (st.line_of(link) or "").removeprefix("by ").strip()
        if match and shown:
            return (Author(name=shown, id=match[1], url=f"{_SITE}/user/{match[1]}", kind=AuthorKind.USER),)
    return ()


def _rating(tree: LexborHTMLParser, story: dict[str, Any]) -> str | None:
    if story.get("mature") is True or tree.css_first(".story-badges .mature, .mature-tag") is not None:
        return "Mature"
    return None


def _status(tree: LexborHTMLParser, story: dict[str, Any]) -> str | None:
    if isinstance(story.get("completed"), bool):
        return "Complete" if story["completed"] else "Ongoing"
    return st.line_of(tree.css_first(".story-badges .completed, .story-badges .icon.completed, .story-status"))


def _language(story: dict[str, Any]) -> str | None:
    language = story.get("language")
    return _text(language.get("name")) if isinstance(language, dict) else None


def _counts(tree: LexborHTMLParser, story: dict[str, Any]) -> Engagement | None:
    """Reads, votes and comments; those that the page shows rounded (``1.2M``) only where an attribute is exact."""
    counts = {
        "hits": _number(story.get("readCount")),
        "likes": _number(story.get("voteCount")),
        "comments": _number(story.get("commentCount")),
    }
    for item in tree.css(".stats-item, .story-stats li, .story-stats span"):
        label = (st.line_of(item.css_first(".stats-label__text, .stats-label")) or st.line_of(item) or "").casefold()
        name = next((name for word, name in (("read", "hits"), ("vote", "likes")) if word in label), None)
        said = st.attribute(item.css_first("[data-original-title], [aria-label]"), "data-original-title")
        value = st.whole_number(said or st.line_of(item.css_first(".stats-value")) or st.line_of(item))
        if name and counts[name] is None:
            counts[name] = value
    for item in tree.css(".story-header [title], .story-info [title], .meta [title]"):
        if match := re.fullmatch(r"([\d,]{1,15}) (Reads|Votes)", st.attribute(item, "title")):
            name = "hits" if match[2] == "Reads" else "likes"
            counts[name] = counts[name] if counts[name] is not None else st.whole_number(match[1])
    return Engagement(**counts) if any(value is not None for value in counts.values()) else None


def _told(paragraphs: Sequence[LexborNode]) -> Passage:
    """Text of the paragraphs, whatever stands between them (pages of a part, advertisements)."""
    body = LexborHTMLParser("".join(node.html or "" for node in paragraphs)).body
    return passage(body, leave_out=_UI) if body is not None else Passage("", (), ())


def _part_page(page: Page, paragraphs: Sequence[LexborNode], provenance: Provenance) -> Work:
    tree = page.tree
    told = _told(paragraphs)
    if not told.text.strip():
        raise st.refusal(page, "Wattpad, a part without text")
    match = _PART_URL.search(page.url or "")
    part = _embedded_part(page, match[1] if match else None)
    story = part.get("group") or {}
    part_id = match[1] if match else _text(part.get("id"))
    title, name = _titles(page, part)
    flags = [st.ORDERED_BY_ID] if part_id else []
    if name is None:
        flags.append("title_from_chapter" if title else "title_from_file_name")
    link = tree.css_first('a[href*="/story/"]')
    origin = origin_of(_text(story.get("url")) or st.absolute(_SITE, st.attribute(link, "href")) or "")
    work_id = _text(story.get("id")) or (origin.work_id if origin and origin.source == "wattpad" else None)
    chapter = Chapter(
        text=told.text,
        blocks=told.blocks,
        spans=told.spans,
        title=title,
        source_chapter_id=part_id,
        url=page.url,
        published_date=st.utc_day(_text(part.get("createDate"))),
        updated_date=st.utc_day(_text(part.get("modifyDate"))),
        hits=_number(part.get("readCount")),
    )
    return Work(
        source="wattpad",
        source_work_id=work_id,
        url=f"{_SITE}/story/{work_id}" if work_id else None,
        title=name or title or st.title_from_path(provenance),
        authors=_authors(tree, story),
        language_raw=_language(story),
        chapters=(chapter,),
        part_number=st.identifier(part_id),
        provenance=st.stamped(provenance, "wattpad", PARSER_VERSION, "part" if title else "fragment", flags),
    )


def _titles(page: Page, part: dict[str, Any]) -> tuple[str | None, str | None]:
    """Titles of the part and of the story; the page's head writes ``Story - Part - Wattpad``."""
    title = _text(part.get("title")) or st.line_of(page.tree.css_first(".part-header h1, h1.h2, h1"))
    story = part.get("group")
    name = _text(story.get("title")) if isinstance(story, dict) else None
    name = name or st.line_of(page.tree.css_first(".part-header .title.h5, .toc-header .title, .story-info h2.title"))
    whole = (st.meta(page.tree, "og:title") or st.line_of(page.tree.css_first("title")) or "").strip()
    whole = re.sub(r"\s[-|]\sWattpad$", "", whole)
    if name is None and title and whole.endswith(f" - {title}"):
        name = whole.removesuffix(f" - {title}").strip() or None
    return title, name


KIND_WATTPAD: Final = PageKind(
    name="wattpad",
    version=PARSER_VERSION,
    recognised_by="paragraphs with data-p-id, og:site_name or address",
    yields="one chapter of a work, or a work without text from a story page",
    lost="comments, covers, rounded counts",
    recognise=recognise,
    read=read,
)
