"""Posts of a XenForo thread page: whose they are, when they were written, and their threadmarks."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Final

from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawler.pages import statements as st
from crawler.readers.text_fields import date_of

_POSTS: Final = "article.message--post, article.message[data-content], li.message[id]"
_BODY: Final = (
    ".message-body .bbWrapper, .message-userContent .bbWrapper, .bbWrapper, blockquote.messageText, .messageText"
)
_DATES: Final = (
    ".message-attribution-main time, .message-attribution time",
    ".messageMeta .DateTime, .datePermalink .DateTime",
    ".messageDetails .DateTime, .messageInfo .DateTime, time.u-dt",
)
"""Where the day of a post stands; an edit's day stands before it on the pages of XenForo 1."""
_CONTROLS: Final = ("a", "ul", "li", "label", ".threadmark-control", ".label", ".threadmarkNav", "button")
_CATEGORY: Final = re.compile(r"(?:Threadmarks?|Sidestory|Apocrypha|Omake|Media|Informational|Staff Post)\s*:\s*")
_TIME_OF_DAY: Final = re.compile(r",?\s+(?:at\s+)?\d{1,2}:\d{2}.*$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Post:
    """A post. ``threadmark`` is the label of its threadmark, empty where the mark has none, ``None`` without one."""

    id: str | None
    author: str
    author_link: LexborNode | None
    body: LexborNode
    threadmark: str | None
    published: date | None
    edited: date | None
    is_start: bool


def posts_of(tree: LexborHTMLParser) -> list[Post]:
    """Posts of a page in order, each once: a sticky first post is repeated on later pages."""
    posts: dict[object, Post] = {}
    for node in tree.css(_POSTS):
        if (post := _post(node)) is not None:
            posts.setdefault(post.id or node.mem_id, post)
    return list(posts.values())


def _post(node: LexborNode) -> Post | None:
    body = node.css_first(_BODY)
    if body is None:
        return None
    classes = (node.attributes.get("class") or "").split()
    link = node.css_first("a.username")
    said = st.attribute(node, "data-author") or st.line_of(link) or st.line_of(node.css_first(".username")) or ""
    identity = f"{st.attribute(node, 'data-content')} {node.id or ''}"
    match = re.search(r"post-(\d{1,15})", identity)
    return Post(
        id=match[1] if match else None,
        author=said,
        author_link=link,
        body=body,
        threadmark=_threadmark(node, classes),
        published=next((day for place in _DATES if (day := day_of(node.css_first(place)))), None),
        edited=day_of(node.css_first(".message-lastEdit time, .editDate .DateTime")),
        is_start="first-post" in classes or "message-threadStarterPost" in classes or _is_first(node),
    )


def _is_first(node: LexborNode) -> bool:
    """Whether the post carries the number 1 of its thread."""
    numbers = node.css(".message-attribution-opposite a, .postNumber")
    return any((st.line_of(number) or "") == "#1" for number in numbers)


def day_of(node: LexborNode | None) -> date | None:
    """Day of a stamp, else of the words that XenForo 1 writes for older posts: ``Nov 14, 2015 at 4:23 AM``."""
    if node is None:
        return None
    said = st.attribute(node, "title") or st.line_of(node) or ""
    return st.time_day(node) or date_of(_TIME_OF_DAY.sub("", said).strip())


def _threadmark(node: LexborNode, classes: list[str]) -> str | None:
    label = node.css_first(".threadmarkLabel")
    if label is not None:
        return _CATEGORY.sub("", st.line_of(label) or "", count=1).strip()
    header = node.css_first(".message-cell--threadmark-header, .threadmark-header, .threadmarker")
    if header is not None:
        whole = st.line_of(header) or ""
        for control in header.css(", ".join(_CONTROLS))[:20]:
            whole = whole.replace(st.line_of(control) or "", " ", 1)
        named = _CATEGORY.sub("", " ".join(whole.split()), count=1).strip(" :")
        return named or _CATEGORY.sub("", st.line_of(header) or "", count=1).strip()
    marked = any(name == "hasThreadmark" or name.startswith("threadmark-category") for name in classes)
    return "" if marked else None
