"""HTML inside a text file: stray tags are left as they are, paragraphs made of tags become paragraphs."""

from __future__ import annotations

import html
import re
from typing import Final

MARKUP_IN_TEXT: Final = "markup_in_text"

_INLINE: Final = "i|b|em|strong|u|s|span|font|a|small|big|sup|sub|del|ins|strike|tt|code|cite"
_BLOCK: Final = "p|div|center|blockquote|h[1-6]|ul|ol|li|pre|section"
_TAG: Final = re.compile(rf"</?(?:{_INLINE}|{_BLOCK}|br|hr)(?:\s[^<>]{{0,500}})?\s?/?>", re.IGNORECASE)
_PARAGRAPH: Final = re.compile(r"</?(?:p|div)(?:\s[^<>]{0,500})?>|<br\s?/?>\s{0,4}<br\s?/?>", re.IGNORECASE)
_BREAKS: Final = re.compile(rf"(?<!\s)\s*</?(?:{_BLOCK})(?:\s[^<>]{{0,500}})?\s?/?>", re.IGNORECASE)
_LINE_BREAK: Final = re.compile(r"<br(?:\s[^<>]{0,500})?\s?/?>\n?", re.IGNORECASE)
_RULE: Final = re.compile(r"<hr(?:\s[^<>]{0,500})?\s?/?>", re.IGNORECASE)
_FEW: Final = 3


def has_markup(text: str) -> bool:
    """Whether the text holds a tag of HTML."""
    return "<" in text and _TAG.search(text) is not None


def without_paragraph_tags(body: str) -> str | None:
    """Body whose paragraphs were tags, as plain paragraphs; ``None`` where tags do not make the paragraphs.

    They do if there are at least three, and more of them than of blank lines.
    """
    paragraphs = len(_PARAGRAPH.findall(body))
    if paragraphs < _FEW or paragraphs < body.count("\n\n"):
        return None
    text = _RULE.sub("\n\n* * *\n\n", body)
    text = _LINE_BREAK.sub("\n", text)
    text = html.unescape(_TAG.sub("", _BREAKS.sub("\n\n", text)))
    return re.sub(r"\n\s{2,}", "\n\n", text)
