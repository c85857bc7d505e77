"""The pages of an EPUB made fit for an HTML parser: XHTML has spellings that HTML reads otherwise.

``<title/>`` or ``<p/>`` closes in XHTML and opens in HTML, where an empty title would swallow the page; CDATA sections
and the inner part of a DOCTYPE are unknown to HTML. No entity of a DOCTYPE is ever resolved.
"""

from __future__ import annotations

import html
import re
from typing import Final

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
_CLOSED: Final = re.compile(r"<([A-Za-z][\w:.-]{0,60})(\s[^<>]{0,20000})?/>")
_CDATA: Final = re.compile(r"<!\[CDATA\[(.*?)\]\]>", re.DOTALL)
_DECLARED: Final = re.compile(rb"""(?:encoding|charset)\s{0,4}=\s{0,4}["']?\s{0,4}([A-Za-z][\w.:-]{1,40})""")
_SURROGATES: Final = re.compile(r"[\ud800-\udfff]")


def text_of_xhtml(raw: bytes) -> str:
    """Markup of a page for an HTML parser: decoded, without NULs, its closed elements spelled out."""
    text = _decoded(raw)
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
    if not raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            return raw.decode("utf-8-sig")
        except UnicodeDecodeError:
            pass
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
