"""The pages of an EPUB made fit for an HTML parser: XHTML has spellings that HTML reads otherwise.

``<title/>`` or ``<p/>`` closes in XHTML and opens in HTML, where an empty title would swallow the page; CDATA sections
and the inner part of a DOCTYPE are unknown to HTML. No entity of a DOCTYPE is ever resolved.
"""

from __future__ import annotations

import html
import re
from typing import Final

import numpy as np
from numpy.typing import NDArray

from crawler.readers.encoding import decode
from crawler.readers.source import Unreadable

_VOID: Final = frozenset(
    {
        "area",
        "base",
        "br",
        "col",
        "embed",
        "frame",
        "hr",
        "img",
        "input",
        "link",
        "meta",
        "param",
        "source",
        "track",
        "wbr",
    }
)
_BLOCKS: Final = frozenset(
    {
        "address",
        "article",
        "aside",
        "blockquote",
        "center",
        "dd",
        "div",
        "dl",
        "dt",
        "figure",
        "footer",
        "form",
        "header",
    }
    | {
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "li",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "table",
        "td",
        "th",
        "tr",
        "ul",
    }
)
_CLOSE_THEMSELVES: Final = frozenset({"p", "li", "dd", "dt", "td", "th", "tr", "option", "html", "head", "body"})
_TAG: Final = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9]{0,20})[^<>]{0,20000}>")
MANY_TAGS: Final = 4000
"""Tags of a page up to which it is never flattened."""
_MAX_DEPTH: Final = 1500  # parsers look through all open elements at each tag: a page of 50,000 took 8 seconds
_CLOSED: Final = re.compile(rf"<(?!(?:{'|'.join(sorted(_VOID))})[\s/])([A-Za-z][\w:.-]{{0,60}})(\s[^<>]{{0,20000}})?/>")
"""Elements that are closed in their start tag, but most of the void ones."""
_CDATA: Final = re.compile(r"<!\[CDATA\[(.*?)\]\]>", re.DOTALL)
_DECLARED: Final = re.compile(rb"""(?:encoding|charset)\s{0,4}=\s{0,4}["']?\s{0,4}([A-Za-z][\w.:-]{1,40})""")
_SURROGATES: Final = re.compile(r"[\ud800-\udfff]")


def text_of_xhtml(raw: bytes) -> str:
    """Markup of a page for an HTML parser: decoded, without NULs, its closed elements spelled out."""
    return spelled_out(_decoded(raw))


def spelled_out(text: str) -> str:
    """Markup of a page in XHTML as HTML has it: without NULs, its closed elements spelled out."""
    if "\0" in text:
        text = text.replace("\0", "")
    start = text.find("<!DOCTYPE", 0, 4096)
    if start >= 0 and 0 <= text.find("[", start, start + 2000) < text.find(">", start):
        end = text.find("]>", start)
        text = text[:start] + (text[end + 2 :] if end >= 0 else "")
    if "<![CDATA[" in text:
        text = _CDATA.sub(_escaped, text)
    if "/>" in text:
        text = _CLOSED.sub(_spelled_out, text)
    return text


def utf8_of(raw: bytes) -> bytes | None:
    """A page without its byte order mark, where it is valid UTF-8; else ``None``."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return None
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return raw.removeprefix(b"\xef\xbb\xbf")


def foreign_in(source: bytes, codes: NDArray[np.uint8]) -> str | None:
    """The characters beyond ASCII of a page; ``None`` where it is not UTF-8.

    Where they are few, they alone are decoded: it is UTF-8 if they are, and the bytes of each stand side by side.
    """
    is_foreign = codes >= 0x80
    try:
        if np.count_nonzero(is_foreign) * 8 > len(codes):
            source.decode("utf-8")
            return codes[is_foreign].tobytes().decode("utf-8")
        places = is_foreign.nonzero()[0]
        letters = codes[places]
        foreign = letters.tobytes().decode("utf-8")
    except UnicodeDecodeError:
        return None
    is_inner = letters[1:] < 0xC0
    return None if np.count_nonzero(is_inner & (places[1:] - places[:-1] > 1)) else foreign


def flattened(text: str) -> str:
    """The page itself, or what stands in for one that is nested too deep to be parsed at a bounded cost.

    The latter has paragraphs for its blocks, and no other elements but void ones.
    """
    return _TAG.sub(_flat, text) if text.count("<") > MANY_TAGS and _is_deep(text) else text


def has_many_tags(raw: bytes) -> bool:
    """Whether a page in UTF-8 may have to be flattened: told from its bytes at a quarter of the cost of the text's."""
    return int(np.count_nonzero(np.frombuffer(raw, np.uint8) == ord("<"))) > MANY_TAGS


def _is_deep(text: str) -> bool:
    """Whether elements are nested deeper than any writing needs; those that close themselves do not count."""
    depth = 0
    for match in _TAG.finditer(text):
        name = match[2].casefold()
        if name not in _VOID and name not in _CLOSE_THEMSELVES:
            depth = max(0, depth - 1) if match[1] else depth + 1
            if depth > _MAX_DEPTH:
                return True
    return False


def _flat(match: re.Match[str]) -> str:
    name = match[2].casefold()
    if name in _BLOCKS:
        return "<p>"
    return match[0] if name in _VOID or name in ("html", "head", "body", "title", "style", "script") else ""


def _spelled_out(match: re.Match[str]) -> str:
    name = match[1]
    if name.rsplit(":", 1)[-1].casefold() in _VOID:
        return match[0]
    return f"<{name}{match[2] or ''}></{name}>"


def _escaped(match: re.Match[str]) -> str:
    content = match[1]
    return content if "{" in content or "function" in content else html.escape(content, quote=False)


def _decoded(raw: bytes) -> str:
    """Text of a page: UTF-8 unless a byte order mark, the bytes or the declaration say otherwise."""
    if (source := utf8_of(raw)) is not None:
        return source.decode("utf-8")
    if not raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        declared = _DECLARED.search(raw[:1024])
        name = declared[1].decode("ascii") if declared else ""
        if name and name.casefold().replace("_", "-") not in ("utf-8", "utf8"):
            try:
                return _SURROGATES.sub("\ufffd", raw.decode(name))
            except (UnicodeError, LookupError):
                pass
    try:
        return _SURROGATES.sub("\ufffd", decode(raw).text)
    except Unreadable:
        return raw.decode("utf-8", "replace")
