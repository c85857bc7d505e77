"""What the elements of HTML mean for a text: which end a paragraph, which are dropped, which mark a stretch of it."""

from __future__ import annotations

import html
import re
from functools import lru_cache
from typing import Final, NamedTuple

from schemas.work import BlockKind, SpanKind

BLOCKS: Final = frozenset(
    (
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "caption",
        "center",
        "dd",
        "details",
        "dialog",
        "dir",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hgroup",
        "hr",
        "html",
        "legend",
        "li",
        "listing",
        "main",
        "menu",
        "nav",
        "ol",
        "p",
        "plaintext",
        "pre",
        "search",
        "section",
        "summary",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "ul",
        "xmp",
    )
)
"""Elements that end a paragraph where they begin and where they end (HTML, rendering: flow content)."""

RAW: Final = frozenset({"script", "style", "iframe", "noembed", "noframes", "xmp", "plaintext"})
"""Elements whose content is serialised as it stands (HTML, serialising fragments)."""

DROPPED: Final = frozenset(
    (
        "script",
        "style",
        "iframe",
        "noembed",
        "noframes",
        "noscript",
        "template",
        "svg",
        "head",
        "title",
        "select",
        "datalist",
        "audio",
        "video",
        "canvas",
        "rp",
    )
)
"""Elements that hold no text of a reader's."""

VOID: Final = frozenset(
    (
        "area",
        "base",
        "basefont",
        "bgsound",
        "br",
        "col",
        "embed",
        "frame",
        "hr",
        "img",
        "input",
        "keygen",
        "link",
        "meta",
        "param",
        "source",
        "track",
        "wbr",
    )
)

_KINDS: Final[dict[str, BlockKind]] = {
    **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6"), "heading"),
    **dict.fromkeys(("ul", "ol", "menu", "dir"), "list"),
    "blockquote": "quote",
}
LISTS: Final = frozenset({"ul", "ol", "menu", "dir"})

_SPANS: Final[dict[str, SpanKind]] = {
    **dict.fromkeys(("em", "i", "cite"), "emphasis"),
    **dict.fromkeys(("strong", "b"), "strong"),
    **dict.fromkeys(("u", "ins"), "underline"),
    **dict.fromkeys(("s", "strike", "del"), "strike"),
    **dict.fromkeys(("code", "tt", "kbd", "samp"), "code"),
}
PLAIN_MARKS: Final = _SPANS
"""Elements that mark a stretch of text and do nothing else, where they have no attributes."""
_TITLED: Final = frozenset({"a", "span", "abbr", "acronym"})
_ALIGNED: Final = frozenset({"center", "right", "justify"})
_VERSE: Final = frozenset({"verse", "poem", "poetry", "stanza"})

_ATTRIBUTE: Final = re.compile(r' (=?[^\s=/>"]+)="([^"]*)"')
_STYLE: Final = re.compile(
    r"(?i)(?:^|;)\s*(font-style|font-weight|text-decoration(?:-line)?|text-align|white-space)\s*:([^;]{1,80})"
)


class Meaning(NamedTuple):
    """What an element does to the text in it."""

    name: str
    block: bool
    kind: BlockKind | None
    marks: tuple[tuple[SpanKind, str | None], ...]
    keeps_lines: bool
    image: str | None
    """Alternative text of an image."""


@lru_cache(maxsize=4096)
def meaning(name: str, attributes: str) -> Meaning:
    """Meaning of an element by its name and its ``attributes`` as serialised."""
    values = attributes_of(attributes) if attributes else {}
    css = _css(values.get("style", ""))
    return Meaning(
        name,
        name in BLOCKS,
        _kind(name, values),
        _marks(name, values, css),
        name in ("pre", "listing", "xmp", "plaintext") or css.get("white-space", "").startswith("pre"),
        " ".join(values.get("alt", "").split()) or None if name == "img" else None,
    )


def attributes_of(serialised: str) -> dict[str, str]:
    """Attributes of a serialised start tag; their values are unescaped."""
    return {name: html.unescape(value) for name, value in _ATTRIBUTE.findall(serialised)}


def _css(style: str) -> dict[str, str]:
    return {name.lower(): value.strip().lower() for name, value in _STYLE.findall(style)} if style else {}


def _kind(name: str, values: dict[str, str]) -> BlockKind | None:
    if "class" in values and not _VERSE.isdisjoint(values["class"].lower().split()):
        return "verse"
    return _KINDS.get(name)


def _marks(name: str, values: dict[str, str], css: dict[str, str]) -> tuple[tuple[SpanKind, str | None], ...]:
    marks: list[tuple[SpanKind, str | None]] = []
    if plain := _SPANS.get(name):
        marks.append((plain, None))
    href = " ".join(values.get("href", "").split()) if name == "a" else ""
    if href and href != "#" and not href.lower().startswith("javascript:"):
        marks.append(("link", href))
    if name in _TITLED and (title := " ".join(values.get("title", "").split())):
        marks.append(("translation", title))
    marks += [(kind, None) for kind in _styled(css) if (kind, None) not in marks]
    align = (css.get("text-align") or values.get("align", "")).strip().lower()
    if name == "center":
        align = "center"
    if name in BLOCKS and align in _ALIGNED:
        marks.append(("align", align))
    return tuple(marks)


def _styled(css: dict[str, str]) -> list[SpanKind]:
    kinds: list[SpanKind] = []
    if css.get("font-style", "").startswith(("italic", "oblique")):
        kinds.append("emphasis")
    weight = css.get("font-weight", "").split()
    if weight and (weight[0] in ("bold", "bolder") or (weight[0].isdecimal() and int(weight[0]) >= 600)):
        kinds.append("strong")
    decoration = f"{css.get('text-decoration', '')} {css.get('text-decoration-line', '')}"
    if "underline" in decoration:
        kinds.append("underline")
    if "line-through" in decoration:
        kinds.append("strike")
    return kinds
