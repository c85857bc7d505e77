"""Paragraphs with plain marks read where they stand in the source of a page, at the speed of C.

Nothing is parsed: HTML of this kind says what a parser would find. Where it holds anything else, nothing is read.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate
from typing import Final

import numpy as np
from numpy.typing import NDArray

from crawler.pages.body_marks import PLAIN_MARKS, meaning
from crawler.pages.body_plain import ODD, Found, RawSpan
from crawler.pages.body_walk import SCENE_BREAK

_WHITE: Final = bytes.maketrans(b"\t\n\f\r", b"    ")
_FOREIGN_OR_GRAPHIC: Final = bytes(range(0x20, 0x100)) + b"\t\n\f\r"
BLANK: Final = b" \t\n\f\r"
"""White space of HTML."""
_ENTITY: Final = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")
_NO_BREAK: Final = re.compile(rb"\xc2\xa0|&nbsp;|&#160;|&#xa0;", re.IGNORECASE)
_NAMES: Final = "|".join(sorted(PLAIN_MARKS, key=len, reverse=True))
_ALIGNED: Final = "\x1f"
"""Begins the name of a mark that stands for the alignment of a paragraph: no page that is taken holds it."""
_MARKS: Final = re.compile(f"<(/?)({_NAMES}|{_ALIGNED}[a-z]+)>")
_SOME: Final = f"((?:</?(?:{_NAMES}|{_ALIGNED}[a-z]+)>)+)"
_ASTRAY: Final = (
    (re.compile(rf" {_SOME} "), r" \1"),
    (re.compile(rf"(?<=\n){_SOME} |\A{_SOME} "), r"\1\2"),
    (re.compile(rf" {_SOME}(?=\n|\Z)"), r"\1"),
)
"""Spaces on both sides of marks, or beside marks at the edge of a paragraph: HTML shows one, or none."""
_ATTRIBUTES: Final = r'((?: [A-Za-z][\w:.-]{0,40}="[^"<>&]{0,2000}")+) ?'
_DRESSED: Final = re.compile(rf"<(p|{_NAMES}|span){_ATTRIBUTES}>")
"""Paragraphs and marks that have attributes."""
_NESTED: Final = re.compile(f"<(/?)(p|span|{_NAMES})>")
_WHOLE: Final = re.compile(rf"<p{_ATTRIBUTES}>([^<]*+(?:<(?!/?p\b)[^<]*+)*+)</p>")
_RULE: Final = re.compile(r'<hr(?: [A-Za-z][\w:.-]{0,40}(?:="?[^"<>&]{0,200}"?)?){0,8} ?/?>')
_BREAK: Final = "\x1e"
"""Stands for a thematic break among the paragraphs: no page that is taken holds it."""
_LONGEST_BREAK: Final = 100
"""White space between two paragraphs that is looked through."""
_DEEPEST: Final = 64
"""Marks within marks: the walker keeps no more."""


def paragraphs_of(markup: bytes, *, is_plain: bool = False) -> Found | None:
    """Text and spans of HTML that is nothing but ``<p>`` with plain marks and ``<hr>`` between them, in UTF-8.

    The text is canonical (``pipelines.clean.canonical``). ``None`` for HTML of any other kind. ``is_plain`` says that
    no character of it beyond ASCII, nor DEL, is one that cleaning may change: they are not looked at again.
    """
    return _tidy(markup, is_plain=is_plain) or _untidy(markup, is_plain=is_plain)


def _tidy(markup: bytes, *, is_plain: bool) -> Found | None:
    """The same where nothing needs to be changed but the tags: no entities, and no white space that collapses."""
    opening, closing, end = markup[: markup.find(b">") + 1], markup.find(b"</p>"), len(markup) - len(b"</p>")
    following = markup.find(b"<p", closing, closing + _LONGEST_BREAK) if closing < end else -1
    parted = markup[closing : following + len(opening)] if following >= 0 else b"</p>"
    between = parted[len(b"</p>") : len(parted) - len(opening)]
    if (not parted.endswith(opening) and following >= 0) or between.strip(BLANK) or b"&" in markup:
        return None
    if not markup.endswith(b"</p>") or not _is_paragraph(opening.decode("utf-8", "replace")):
        return None
    parts = markup[len(opening) : end].split(parted)
    data = b"\n\n".join(parts)
    codes = np.frombuffer(data, np.uint8)
    if np.count_nonzero(codes < 0x20) > 2 * len(parts) - 2 or not _has_single_spaces(codes, len(parts) - 1):
        return None
    if not is_plain and (foreign := _beyond_ascii(codes)) and ODD.search(foreign):
        return None
    marked = _marked(data.decode())
    return None if marked is None else Found(*marked, [], between.decode())


def _beyond_ascii(codes: NDArray[np.uint8]) -> str:
    """The characters beyond ASCII, and DEL, of a text in UTF-8."""
    return codes[codes >= 0x7F].tobytes().decode("utf-8", "replace")


def _has_single_spaces(codes: NDArray[np.uint8], breaks: int) -> bool:
    """Whether a text with so many blank lines has no other pairs of blanks, and none at its edges."""
    if not len(codes):
        return False
    is_blank = codes <= ord(" ")
    return np.count_nonzero(is_blank[1:] & is_blank[:-1]) == breaks and not is_blank[0] and not is_blank[-1]


def _untidy(markup: bytes, *, is_plain: bool) -> Found | None:
    """The same where there are attributes, entities, thematic breaks, and white space that collapses."""
    codes = np.frombuffer(markup, np.uint8)
    has_controls = np.count_nonzero(codes < 0x20) > markup.count(b"\n")
    if has_controls and markup.translate(None, _FOREIGN_OR_GRAPHIC):
        return None
    odd = "" if is_plain else _beyond_ascii(codes)
    if "\xa0" in odd or (b"&" in markup and (b"&nbsp;" in markup or b"&#" in markup)):
        markup = _NO_BREAK.sub(b" ", markup)
        odd = odd.replace("\xa0", "")
        codes = np.frombuffer(markup, np.uint8)
    if odd and ODD.search(odd):
        return None
    blank = codes <= 0x20
    again = blank[1:] & blank[:-1]
    if not np.count_nonzero(again):  # a twentieth of ``any``
        if not has_controls and (found := _parted(markup.decode())) is not None:
            return found
    else:
        markup = markup[:1] + codes[1:][~again].tobytes()
    return _parted(_undressed(markup.translate(_WHITE).decode()))


def _parted(text: str) -> Found | None:
    """Text and spans of paragraphs with the same between each two of them."""
    opening, closing, end = text[: text.find(">") + 1], text.find("</p>"), len(text) - 4
    following = text.find(opening, closing) if closing < end else -1
    parted = text[closing : following + len(opening)] if following >= 0 else "</p>"
    if not _is_paragraph(opening) or parted[4 : len(parted) - len(opening)].strip():
        return None
    parts = [part for one in text[len(opening) : end].split(parted) if (part := one.strip(" "))]
    breaks = [number for number, part in enumerate(parts) if part == _BREAK] if _BREAK in text else []
    for number in breaks:
        parts[number] = SCENE_BREAK
    if "\n" in "".join(parts):
        return None
    marked = _marked("\n\n".join(parts))
    if marked is None:
        return None
    return Found(*marked, breaks, parted[4 : len(parted) - len(opening)])


def _undressed(text: str) -> str:
    """HTML with its tags in one form: without attributes that mean nothing, ``<hr>`` as a paragraph of its own."""
    if "=" in text:
        text = _DRESSED.sub(_without_attributes, text)
        if "<p " in text:
            text = _WHOLE.sub(_aligned, text)
    if "<span>" in text and "<span " not in text and _has_closed_spans(text):
        text = text.replace("<span>", "").replace("</span>", "")
        while "  " in text:
            text = text.replace("  ", " ")
    if "<hr" in text:
        text = _RULE.sub(f"<p>{_BREAK}</p>", text)
    return text.replace("</p><p>", "</p> <p>") if "</p> <p>" in text else text


def _has_closed_spans(text: str) -> bool:
    """Whether every ``<span>`` is in a paragraph, and closes in order: any other would stay open behind it."""
    stack: list[str] = []
    for closes, name in _NESTED.findall(text):
        if closes:
            if not stack or stack.pop() != name:
                return False
        elif (name == "p") == bool(stack):
            return False
        else:
            stack.append(name)
    return not stack


@lru_cache(maxsize=4096)
def _is_paragraph(opening: str) -> bool:
    """Whether a start tag is that of a plain paragraph."""
    dressed = _DRESSED.fullmatch(opening)
    return opening == "<p>" or (dressed is not None and dressed[1] == "p" and is_plain("p", dressed[2]))


def _aligned(match: re.Match[str]) -> str:
    """A paragraph that is aligned and nothing else, with a mark around all that it holds."""
    does, bare = meaning("p", match[1].rstrip()), meaning("p", "")
    if len(does.marks) != 1 or does.marks[0][0] != "align" or does._replace(marks=()) != bare:
        return match[0]
    return f"<p><{_ALIGNED}{does.marks[0][1]}>{match[2]}</{_ALIGNED}{does.marks[0][1]}></p>"


def _without_attributes(match: re.Match[str]) -> str:
    return f"<{match[1]}>" if is_plain(match[1], match[2]) else match[0]


def _marked(text: str) -> tuple[str, list[RawSpan]] | None:
    """Text without its marks, and the spans that they are; ``None`` where they do not close in order."""
    if "<" not in text:
        plain = _unescaped(text) if "&" in text else text
        return None if plain is None else (plain, [])
    pieces = _MARKS.split(text)
    texts = pieces[::3]
    plain = "".join(texts)
    if "<" in plain:
        return None
    if not _is_spaced_well(texts):
        for pattern, spaced in _ASTRAY:
            text = pattern.sub(spaced, text)
        pieces = _MARKS.split(text)
        texts = pieces[::3]
        if not _is_spaced_well(texts):
            return None
        plain = "".join(texts)
    if "&" in plain:
        resolved = [_unescaped(piece) if "&" in piece else piece for piece in texts]
        texts = [piece for piece in resolved if piece is not None]
        if len(texts) < len(resolved):
            return None
        plain = "".join(texts)
    spans = _spans(plain, texts, pieces)
    return None if spans is None else (plain, spans)


def _unescaped(text: str) -> str | None:
    """Text with its entities resolved; ``None`` where that gives a character which cleaning would change."""
    if "&" in _ENTITY.sub("", text).replace("& ", ""):
        return None
    for entity in set(_ENTITY.findall(text)):
        char = html.unescape(entity)
        if len(char) != 1 or not (" " < char < "\x7f" or (char > "\x7f" and ODD.search(char) is None)):
            return None
    return html.unescape(text)


def _is_spaced_well(texts: Sequence[str]) -> bool:
    """Whether no spaces meet where a mark stood between them, or stand at an edge of a paragraph; none is empty."""
    left = "\n"
    for text in texts:
        if text:
            if left in " \n" and text[0] in " \n":
                return False
            left = text[-1]
    return left not in " \n"


def _spans(plain: str, texts: Sequence[str], pieces: Sequence[str]) -> list[RawSpan] | None:
    """Spans of the marks between ``texts``, in order of their start, each once.

    ``None`` for marks that do not close in order, or in another paragraph.
    """
    closes, names = pieces[1::3], pieces[2::3]
    if not any(closes[::2]) and all(closes[1::2]) and names[::2] == names[1::2] and "\n" not in "".join(texts[1::2]):
        ends = list(accumulate(map(len, texts)))
        marks = zip(names[::2], ends[::2], ends[1::2], strict=False)
        if _ALIGNED in "".join(names):
            spans = [_span(*mark, plain) for mark in marks]
        else:  # as ``_span`` has them; of the many marks of a story a call for each is a third of the cost
            spans = [
                (PLAIN_MARKS[name], start + (plain[start] == " "), end - (plain[end - 1] == " "), None)
                for name, start, end in marks
                if start < end
            ]
        return [span for span in spans if span[1] < span[2]]
    return _nested_spans(plain, texts, pieces)


def _span(name: str, start: int, end: int, plain: str) -> RawSpan:
    """The span of a mark, without the spaces at its edges; it may turn out to be empty."""
    start += plain[start : start + 1] == " "
    end -= plain[end - 1 : end] == " "
    return ("align", start, end, name[1:]) if name[0] == _ALIGNED else (PLAIN_MARKS[name], start, end, None)


def _nested_spans(plain: str, texts: Sequence[str], pieces: Sequence[str]) -> list[RawSpan] | None:
    """The same, where marks stand within marks."""
    spans: list[RawSpan] = []
    stack: list[tuple[str, int]] = []
    nested = False
    for at, closes, name, before in zip(accumulate(map(len, texts)), pieces[1::3], pieces[2::3], texts, strict=False):
        if not closes:
            if stack:
                nested = True
                if "\n" in before or len(stack) == _DEEPEST:
                    return None
            stack.append((name, at))
            continue
        opened, start = stack.pop() if stack else ("", at)
        if opened != name or "\n" in before:
            return None
        span = _span(name, start, at, plain)
        if span[1] < span[2]:
            spans.append(span)
    if nested:
        spans = sorted(set(spans), key=lambda span: (span[1], -span[2], span[0], span[3] or ""))
    return None if stack else spans


@lru_cache(maxsize=4096)
def is_plain(name: str, attributes: str) -> bool:
    """Whether an element with attributes does to a text what it does without them."""
    if re.fullmatch(_ATTRIBUTES, attributes) is None:
        return False
    dressed, bare = meaning(name, attributes.rstrip()), meaning(name, "")
    return dressed == bare
