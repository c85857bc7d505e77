"""How a text file parts its paragraphs, and the same text with a blank line between them.

Three conventions: a blank line between paragraphs (the rule), one paragraph per line, and lines wrapped at a fixed
width as mail and news were. The whole file is judged at once, on a bounded sample.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Final, Literal

Convention = Literal["blank_line", "paragraphs_by_line", "hard_wrapped"]

_SAMPLE: Final = 200_000  # code points
_WIDTHS: Final = range(40, 101)
_JUDGED: Final = 500  # line ends that are looked at
_SLACK: Final = 14  # a hand-wrapped line may fall this much short of the width
_FEW: Final = 3

_INNER: Final = re.compile(r"\n(?<=[^\n]\n)(?=[^\n])")
_SENTENCE_END: Final = frozenset(".!?…:\"”’'»«)*~—-。！？」』）＊;]>")
_NO_SPACES: Final = re.compile(r"[\u3000-\u30ff\u3400-\u9fff\uff00-\uff60]")
_OPENS_SPEECH: Final = re.compile(r"[\"“„«‘「『]|[-–—]\s")


@dataclass(frozen=True, slots=True)
class Paragraphs:
    """Convention of a file; ``width`` in code points where its lines are wrapped."""

    convention: Convention
    width: int = 0


def convention_of(body: str) -> Paragraphs:
    """How a body parts its paragraphs. Verse, letters and single line breaks in prose keep ``blank_line``."""
    lines = body[:_SAMPLE].split("\n")
    if not (pairs := _pairs(lines)):
        return Paragraphs("blank_line")
    full = [line for line in lines if line]
    if width := wrap_width(lines):
        return Paragraphs("hard_wrapped", width)
    return Paragraphs("paragraphs_by_line" if _by_line(full, pairs) else "blank_line")


def _pairs(lines: Sequence[str]) -> list[tuple[str, str]]:
    """Each line with the line that follows it, where neither is blank."""
    return [(line, following) for line, following in pairwise(lines) if line and following]


def wrap_width(lines: Sequence[str]) -> int:
    """Width in code points at which lines are wrapped; 0 where they are not.

    Wrapped lines are full: the next line's first word would not have fitted. A line or two may be longer (an address).
    """
    pairs = _pairs(lines)
    if len(pairs) < _FEW:
        return 0
    full = [line for line in lines if line]
    lengths = sorted(map(len, full))
    width = lengths[-1 - len(lengths) // 50]
    if width not in _WIDTHS or lengths[-1] > 4 * width:
        return 0
    judged = pairs[:_JUDGED]
    filled = sum(_is_full(line, following, width, _SLACK // 2) for line, following in judged)
    return width if filled * 10 >= len(judged) * 6 else 0


def _is_full(line: str, following: str, width: int, slack: int) -> bool:
    following = following.lstrip()
    space = 1 if following[:1] >= "\u3000" else following.find(" ")
    return len(line) + 1 + (space if space > 0 else len(following)) > width - slack


def _by_line(full: list[str], pairs: list[tuple[str, str]]) -> bool:
    """Whether every line is a paragraph: most lines follow each other, are long, and end like sentences."""
    if len(pairs) * 5 < len(full) * 2:
        return False
    lengths = [len(line) for line, _ in pairs]
    ended = sum(line[-1] in _SENTENCE_END for line, _ in pairs)
    if max(lengths) > 2 * _WIDTHS.stop or median(lengths) > _WIDTHS.stop:
        return ended * 2 > len(pairs)
    return ended * 10 >= len(pairs) * 7


def with_blank_lines(text: str, paragraphs: Paragraphs) -> str:
    """Text with its paragraphs parted by blank lines, and wrapped lines joined by a space (none in East Asian text).

    No word is lost or glued to another: a line that a hyphen ends is joined as it stands.
    """
    if paragraphs.convention == "paragraphs_by_line":
        return _INNER.sub("\n\n", text)
    if paragraphs.convention == "hard_wrapped":
        return "\n\n".join(_unwrapped(block, paragraphs.width) for block in _blocks(text))
    return text


def _blocks(text: str) -> list[str]:
    return [block.strip("\n") for block in text.split("\n\n") if block.strip("\n")]


def _unwrapped(block: str, width: int) -> str:
    lines = block.split("\n")
    if len(lines) == 1:
        return block
    pairs = list(pairwise(lines))
    filled = [_is_full(line, following, width, _SLACK) for line, following in pairs]
    if sum(filled) * 2 < len(filled):
        return block  # verse, an address, a list: the breaks are meant
    parts = [lines[0].strip()]
    for (line, following), is_full in zip(pairs, filled, strict=True):
        parts += [_joint(line, following, width, is_full=is_full), following.strip()]
    return "".join(parts)


def _joint(line: str, following: str, width: int, *, is_full: bool) -> str:
    """What stands between two lines of a block of prose once it is unwrapped."""
    if following[0] in " \t" and line[0] not in " \t":
        return "\n\n"  # the first line of a paragraph is set in
    ended = line[-1] in _SENTENCE_END
    if not is_full and ended and (_OPENS_SPEECH.match(following) or len(line) * 10 < width * 6):
        return "\n"
    if not is_full and len(line) * 2 < width:
        return "\n"
    if _NO_SPACES.match(line[-1]) and _NO_SPACES.match(following):
        return ""
    hyphen = line[-1] == "-" and line[-2:-1].isalpha() and following[0].islower()
    return "" if hyphen else " "
