"""The story of an element taken from the page's own source, where that is nothing but paragraphs with plain marks.

Nearly every story is. To serialise the tree again and to walk over it costs twenty times the parse; the source needs a
few passes at the speed of C. What is taken is proven: the parser opens the element there (``body_open``), or the tree
says the same, letter by letter. Where the source holds anything that would need the walker (``body_walk``) nothing is
taken at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final

from selectolax.lexbor import LexborNode

from crawler.pages.body_open import is_opened_by
from crawler.pages.body_paragraphs import BLANK, is_plain, paragraphs_of
from crawler.pages.body_plain import Found

_MARK_TAG: Final = re.compile(rb"<(/?)([a-z]+)[^<>]*>")
_TAG: Final = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9]{0,20})([^<>]{0,2000})>")
_HEADING: Final = re.compile(
    r"<(h[1-6])(?: [^<>]{0,2000})?>(?:(?!<(?:h[1-6]|img|hr|br|/h[1-6])\b)[\s\S]){0,4000}</\1\s?>"
)
_WRAPPERS: Final = frozenset({"div", "section", "article", "main", "body"})
_MOST_TRIED: Final = 3
_PASSES: Final = 16
_LEAST_LOOKED_THROUGH: Final = 1 << 20
_LONGEST: Final = 32 << 20
"""Bytes of a page that stories are taken from: they are held several times over, the page until the next one."""
_LONGEST_HEAD: Final = 20_000


class _Places:
    """Where in the source of one page elements are looked for: they are asked for in order, as a rule.

    What is looked through in all is bounded, or a page of a hundred thousand elements would cost its square.
    """

    def __init__(self, source: bytes) -> None:
        self.source = source
        self.end = 0
        """Where the last element was found."""
        self.left = _PASSES * len(source) + _LEAST_LOOKED_THROUGH

    def find(self, tag: bytes, start: int) -> int:
        """Offset of a start tag from ``start`` on; -1 where there is none, or enough was looked through."""
        if self.left <= 0:
            return -1
        at = self.source.find(tag, start)
        self.left -= (at if at >= 0 else len(self.source)) - start
        return at


_last = _Places(b"")
"""Those of the page that was read last."""


def _places_of(source: bytes) -> _Places:
    global _last  # noqa: PLW0603 - the parser's tree has no place for what is known of its source
    places = _last
    if places.source is not source:
        places = _last = _Places(source)
    return places


def story_in_source(node: LexborNode, skipped: Sequence[LexborNode] = ()) -> Found | None:
    """Text and spans of an element by the source that its page was parsed from; ``None`` where they need the walker.

    ``skipped`` are elements in it that are left out.
    """
    source = node.parser.raw_html
    if len(source) > _LONGEST:
        return None
    places = _places_of(source)
    words: str | None = None
    left = ""
    for inside, start, end in _slices(node, places):
        if (found := paragraphs_of(places.source[start:end])) is None:
            return None
        if inside and not skipped and is_opened_by(node, places.source[:inside], end - start):
            places.end = end
            return found
        if words is None:
            words = node.text(deep=True)
            left = "".join([one.text(deep=True) for one in skipped])
        if _says(found, words, left) and _is_open(node, places.source, start):
            places.end = end
            return found
    return None


def _says(found: Found, words: str, left: str) -> bool:
    """Whether what was found, after what is left out, is all that an element says; white space does not count."""
    one, first = words.strip(" \n"), left.strip(" \n")
    if found.between in ("", "\n") and one.startswith(first):
        one = one[len(first) :].lstrip(" \n") if first else one
        if found.between:
            one = one.replace("\n", "\n\n")
        if one == (found.text if found.between else found.text.replace("\n", "")):
            return True
    text = found.text
    if found.breaks:
        gone = set(found.breaks)
        text = "".join([part for number, part in enumerate(text.split("\n\n")) if number not in gone])
    return _letters(left) + _letters(text) == _letters(words)


def _slices(node: LexborNode, places: _Places) -> Iterator[tuple[int, int, int]]:
    """Where the content of an element may stand in the source: from its first ``<p`` to its last ``</p>``.

    Before them, where its start tag ends, if there is nothing else in it; else 0.
    """
    source, name = places.source, node.tag or ""
    tag, at = _tag_of(node, places)
    if at < 0 and name == "body":
        at, tag = max(source.find(b"<body"), 0), b""
    elif at >= 0:
        places.end = at + len(tag)  # taken or not: the next element of the same kind stands behind it
    for _ in range(_MOST_TRIED):
        if at < 0:
            return
        inside = at + len(tag)
        end = source.rfind(b"</body", inside) if name == "body" else _end_of(name, source, inside)
        end = len(source) if end < 0 else end
        places.left -= end - inside
        first = source.find(b"<p", inside, end)
        last = source.rfind(b"</p>", inside, end) + 4
        if 0 <= first < last:
            before, after = source[inside:first], source[last:end]
            if not before.strip(BLANK) and not after.strip(BLANK):
                yield (inside if name != "body" else 0), first, last
            elif _is_bare(before, after):
                yield 0, first, last
        at = places.find(tag, inside) if tag else -1


def _end_of(name: str, source: bytes, start: int) -> int:
    """Offset of the next end tag of a name; -1 where there is none."""
    found = _end_tag(name).search(source, start)  # faster than ``find`` where many tags end alike
    return found.start() if found is not None else -1


@lru_cache(maxsize=256)
def _end_tag(name: str) -> re.Pattern[bytes]:
    return re.compile(re.escape(f"</{name}>".encode()))


def _tag_of(node: LexborNode, places: _Places) -> tuple[bytes, int]:
    """The start tag of an element as its source may have it, and where that stands first; -1 where it does not."""
    tag, at = b"", -1
    for quote in "\"'":
        tag = f"<{node.tag}{''.join(_written(*pair, quote) for pair in node.attributes.items())}>".encode()
        at = places.find(tag, places.end)
        if at < 0 and places.end:
            at = places.find(tag, 0)
        if at >= 0:
            break
    return tag, at


def _written(name: str, value: str | None, quote: str) -> str:
    return f" {name}={quote}{value}{quote}" if value is not None else f" {name}"


def _is_bare(before: bytes, after: bytes) -> bool:
    """Whether around the paragraphs there are but wrappers, which mean nothing, and headings, which may be gone."""
    if len(before) > _LONGEST_HEAD or len(after) > _LONGEST_HEAD:
        return False
    head = _HEADING.sub("", before.decode("utf-8", "replace").translate({9: " ", 10: " ", 12: " ", 13: " "}))
    tail = after.decode("utf-8", "replace")
    if _TAG.sub("", head).strip() or _TAG.sub("", tail).strip():
        return False
    opened = all(not tag[1] and _is_wrapper(tag[2], tag[3].rstrip()) for tag in _TAG.finditer(head))
    return opened and all(tag[1] and tag[2] in _WRAPPERS for tag in _TAG.finditer(tail))


@lru_cache(maxsize=4096)
def _is_wrapper(name: str, attributes: str) -> bool:
    return name in _WRAPPERS and (not attributes or is_plain(name, attributes))


def _is_open(node: LexborNode, source: bytes, start: int) -> bool:
    """Whether the first paragraph begins in the tree as in the source: no mark is still open from before.

    A parser opens such a mark again before the first character or mark of the paragraph (HTML, reconstructing the
    active formatting elements): the tree then has one element more on the way down.
    """
    paragraph = node.css_first("p")
    inside = paragraph.child if paragraph is not None else None
    at = source.index(b">", start) + 1
    has_mark = False
    while source[at : at + 1] == b"<":
        tag = _MARK_TAG.match(source, at)
        if tag is None:
            return False
        if tag[1]:
            return has_mark and inside is None
        if inside is None or inside.tag != tag[2].decode():
            return False
        if tag[2] in (b"br", b"hr"):
            return True
        inside, at, has_mark = inside.child, tag.end(), True
    return inside is not None and inside.tag == "-text"


def _letters(text: str) -> bytes:
    """All but white space."""
    letters = text.encode("utf-8", "surrogatepass").translate(None, BLANK)
    return letters.replace(b"\xc2\xa0", b"") if b"\xc2" in letters else letters
