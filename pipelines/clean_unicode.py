"""Canonical form of text: one kind of line end, one kind of space, NFC, nothing invisible."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Iterable
from functools import cache

import numpy as np
import numpy.typing as npt
import regex

from pipelines.clean_utf8 import DELETE, Utf8

_LINE_ENDS = dict.fromkeys("\r\v\x85\u2028\u2029", "\n") | {"\f": "\n\n"}
_SPACES = dict.fromkeys("\t\xa0\u1680\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B))), " ")
_CONTROLS = "".join(chr(c) for c in [*range(0x20), *range(0x7F, 0xA0)] if chr(c) not in "\n\r\v\f\t\x85")
_BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"  # Unicode: Bidi_Control

# Removed or replaced character by character: (flag, {character: replacement}). Mere white space has no flag.
_REPLACED: tuple[tuple[str, dict[str, str]], ...] = (
    ("", _LINE_ENDS | _SPACES),
    ("controls_removed", dict.fromkeys(_CONTROLS, "")),
    ("bidi_removed", dict.fromkeys(_BIDI, "")),
    ("zero_width_removed", dict.fromkeys("\u200b\u2060\ufeff", "")),
    ("soft_hyphens_removed", {"\xad": ""}),
)
_REPLACEMENT = {char: new for _, table in _REPLACED for char, new in table.items()}
_IS_SPECIAL = np.zeros(0x10000, np.bool_)
_IS_SPECIAL[[ord(char) for char in _REPLACEMENT]] = True
_PIECE = 1 << 18
"""Characters that are looked up at once: what fits a processor's cache."""

_SHORT = 400
"""Characters: up to so many, the look at a whole text costs more than the steps."""
_STABLE = (
    *((0x00, 0x02FF), (0x0391, 0x03CE), (0x0400, 0x0482), (0x048A, 0x052F)),  # Latin, Greek, Cyrillic
    *((0x1E00, 0x1EFF), (0x2010, 0x2027), (0x2030, 0x205E), (0x20A0, 0x20C0)),  # more Latin, punctuation, currencies
    *((0x2190, 0x2328), (0x2460, 0x27FF), (0x3001, 0x3029), (0x3041, 0x3096)),  # symbols, kana
    *((0x30A0, 0x30FF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xAC00, 0xD7A3)),  # ideographs, Hangul
    (0xFF01, 0xFF9D),
)
"""Characters that are in NFC by themselves and beside any other one of these."""

_SURROGATES = re.compile("[\ud800-\udbff][\udc00-\udfff]|[\ud800-\udfff]")
_BLANK_LINES = re.compile(r"\n{3,}")

# CPython sorts combining marks by insertion: a run of n marks costs n² steps. No script stacks this many.
_LONGEST_MARKS = 64
_MARKS = regex.compile(r"\p{M}{2,}+")


def canonical(text: str) -> tuple[str, tuple[str, ...]]:
    r"""Canonical form of ``text`` and what was changed in kind.

    - Line ends of any kind, NEL, VT and the Unicode line and paragraph separators become ``\n``; a form feed
      is a paragraph break.
    - Tabs and all Unicode spaces become a space; runs of spaces one space; no line has spaces at its edges.
    - A paragraph break is exactly ``\n\n`` (lines of spaces count as blank); a single ``\n`` stays.
    - C0 and C1 controls, bidi controls, U+FEFF, U+200B, U+2060 and soft hyphens go; ZWJ and ZWNJ stay.
    - Surrogate pairs become their character, lone surrogates U+FFFD; the rest is NFC.

    Curly quotes, dashes, ellipses, full-width forms and ligatures stay. The flags, in this order:
    ``controls_removed``, ``bidi_removed``, ``zero_width_removed``, ``soft_hyphens_removed``,
    ``surrogates_replaced``, ``nfc``; white space has none. Idempotent; time and memory are linear.
    """
    return (text, ()) if is_canonical(text) else made_canonical(text)


def is_canonical(text: str, utf8: Utf8 | None = None) -> bool:
    """Whether ``text`` is surely in canonical form: a quick look, which some scripts do not pass.

    ``utf8`` is its UTF-8, where that is at hand.
    """
    if len(text) < _SHORT:
        return text.isascii() and text.isprintable() and "  " not in text and text.strip(" ") == text
    if utf8 is None:
        try:
            utf8 = Utf8(text.encode())
        except UnicodeEncodeError:
            return False
    if not utf8.is_well_spaced() or DELETE in utf8.data:
        return False
    beyond = utf8.beyond_data.decode().encode("utf-16-le")
    return not (beyond and needs_care()[np.frombuffer(beyond, np.dtype("<u2"))].any())


@cache
def needs_care() -> npt.NDArray[np.bool_]:
    """By UTF-16 unit: characters that are replaced, and those that may change, or be changed by, their neighbours."""
    care = np.ones(0x10000, np.bool_)
    for first, last in _STABLE:
        care[first : last + 1] = False
    care[[ord(char) for char in _REPLACEMENT]] = True
    return care


def made_canonical(text: str) -> tuple[str, tuple[str, ...]]:
    """``canonical`` of a text that is not surely canonical."""
    if "\r" in text:
        text = text.replace("\r\n", "\n")
    flags = []
    for flag, table in _REPLACED if _holds_specials(text) else ():
        size = len(text)
        for char in [char for char in table if char in text]:
            text = text.replace(char, table[char])
        if flag and len(text) != size:
            flags.append(flag)
    if not text.isascii():
        text, more = _encoded_well(text)
        flags += more
    return _spaced_well(text), tuple(flags)


def _holds_specials(text: str) -> bool:
    """Whether any character of ``text`` is to be replaced: cheaper than to look for each of them.

    Searching strings of one byte a character takes next to no time anyway.
    """
    if text.isascii():
        return not text.isprintable()
    for start in range(0, len(text), _PIECE):
        units = text[start : start + _PIECE].encode("utf-16-le", "surrogatepass")
        if _IS_SPECIAL[np.frombuffer(units, np.dtype("<u2"))].any():
            return True
    return False


def _encoded_well(text: str) -> tuple[str, list[str]]:
    flags = []
    if not _encodes(text):
        text = _SURROGATES.sub(_character, text)
        flags.append("surrogates_replaced")
    if not unicodedata.is_normalized("NFC", text):
        text = _nfc(text)
        flags.append("nfc")
    return text, flags


def _encodes(text: str) -> bool:
    """Whether ``text`` is free of surrogates; the codec is the fastest scan for them."""
    try:
        text.encode("utf-16-le")
    except UnicodeEncodeError:
        return False
    return True


def _character(match: re.Match[str]) -> str:
    code_units = match[0]
    return "\ufffd" if len(code_units) == 1 else code_units.encode("utf-16", "surrogatepass").decode("utf-16")


def _nfc(text: str) -> str:
    """NFC of ``text`` in linear time: the same string as ``unicodedata.normalize`` gives."""
    return unicodedata.normalize("NFC", _MARKS.sub(_in_canonical_order, text))


def _in_canonical_order(match: regex.Match[str]) -> str:
    marks: str = match[0]
    if len(marks) <= _LONGEST_MARKS:
        return marks
    ordered: list[str] = []
    run: list[str] = []
    for mark in "".join(unicodedata.normalize("NFD", mark) for mark in marks):
        if unicodedata.combining(mark):
            run.append(mark)
            continue
        ordered += sorted(run, key=unicodedata.combining)
        ordered.append(mark)
        run = []
    return "".join(ordered + sorted(run, key=unicodedata.combining))


def _spaced_well(text: str) -> str:
    while "  " in text:  # halves every run: cheaper than a pattern, and no more passes than a run's logarithm
        text = text.replace("  ", " ")
    if " \n" in text:
        text = text.replace(" \n", "\n")
    if "\n " in text:
        text = text.replace("\n ", "\n")
    if "\n\n\n" in text:
        text = _BLANK_LINES.sub("\n\n", text)
    return text.strip(" \n")


# The same steps as patterns, for the rare text whose marks must move along with it.
_SPECIALS = re.compile("\r\n|[" + re.escape("".join(_REPLACEMENT)) + "]")
_CLUSTER = regex.compile(r"\X", regex.DOTALL)
_STEPS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    (_SPECIALS, lambda match: _REPLACEMENT.get(match[0], "\n")),
    (_SURROGATES, _character),
)
_SPACING: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    (re.compile(" {2,}"), lambda _: " "),
    (re.compile(" ?\n ?"), lambda _: "\n"),
    (_BLANK_LINES, lambda _: "\n\n"),
    (re.compile(r"\A[ \n]+"), lambda _: ""),
)


def moved(text: str, offsets: Iterable[int]) -> dict[int, int]:
    """Where each of ``offsets`` into ``text`` stands in ``canonical(text)``.

    An offset inside of something replaced stands inside of, or at the end of, its replacement.
    """
    old = sorted(set(offsets))
    new = old
    for pattern, replacement in _STEPS:
        text, new = _edited(text, new, ((*match.span(), replacement(match)) for match in pattern.finditer(text)))
    text, new = _edited(text, new, _compositions(text))
    for pattern, replacement in _SPACING:
        text, new = _edited(text, new, ((*match.span(), replacement(match)) for match in pattern.finditer(text)))
    size = len(text.rstrip(" \n"))
    return {before: min(after, size) for before, after in zip(old, new, strict=True)}


def _edited(text: str, offsets: list[int], edits: Iterable[tuple[int, int, str]]) -> tuple[str, list[int]]:
    """``text`` with each stretch (start, end, replacement) replaced, in order, and the offsets moved along."""
    starts, ends, shifts, sizes = [0], [0], [0], [0]
    parts: list[str] = []
    done = shift = 0
    for start, end, new in edits:
        parts += text[done:start], new
        starts.append(start)
        ends.append(end)
        shifts.append(shift)
        sizes.append(len(new))
        shift += len(new) - (end - start)
        done = end
    if not parts:
        return text, offsets
    after = [*shifts[1:], shift]
    result = []
    for offset in offsets:
        at = bisect_right(starts, offset) - 1
        inside = offset < ends[at]
        result.append(starts[at] + shifts[at] + min(offset - starts[at], sizes[at]) if inside else offset + after[at])
    return "".join([*parts, text[done:]]), result


def _compositions(text: str) -> Iterable[tuple[int, int, str]]:
    """Edits that bring ``text`` to NFC, each as small as can be told."""
    if unicodedata.is_normalized("NFC", text):
        return
    at = 0
    for line in text.splitlines(keepends=True):
        whole = _nfc(line)
        if whole != line:
            clusters = [(match.start(), match[0], _nfc(match[0])) for match in _CLUSTER.finditer(line)]
            if "".join(new for _, _, new in clusters) == whole:
                yield from ((at + i, at + i + len(old), new) for i, old, new in clusters if new != old)
            else:
                yield at, at + len(line), whole
        at += len(line)
