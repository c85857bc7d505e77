"""Cells of tables and JSON values → text, lists, counts and days, without guessing."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, NamedTuple

import numpy as np

from crawler.readers import text_fields
from crawler.readers.text_coded import codes_of, has_pairs

SPLIT_AT_COMMAS: Final = "lists_split_at_commas"

_MAX_COUNT: Final = 2**31 - 1
_MAX_LIST: Final = 200_000
_MAX_NUMBER: Final = 40
_SURROGATES: Final = re.compile("[\ud800-\udfff]")
_MISSING: Final = frozenset({"", "null", "nan", "none", "n/a", "<na>", "\\n"})
_LONGEST_MISSING: Final = max(map(len, _MISSING))
_BEGINNING: Final = 200
_NO_DIGITS: Final = re.compile(r"\D")
_SECONDS: Final = re.compile(r"\d{9,13}(?:\.\d{1,9})?", re.ASCII)
_COUNT: Final = re.compile(r"\d{1,12}|\d{1,3}(?:[,\u202f\xa0 ]\d{3}){1,4}|\d{1,3}(?:\.\d{3}){2,3}", re.ASCII)
_DECIMAL: Final = re.compile(r"-?\d{1,12}(?:\.\d{1,20})?", re.ASCII)
_OF: Final = re.compile(r"(\d{1,6}|\?)\s*/\s*(\d{1,6}|\?)", re.ASCII)
_ISO: Final = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.\d{1,9})?)?\s?(Z|UTC|[+-]\d\d:?\d\d)?)?", re.ASCII
)
_SLASHED: Final = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})", re.ASCII)
_EPOCH: Final = (631_152_000, 4_102_444_800)  # 1990 to 2100: no fan fiction on the web is older
_COMMA: Final = re.compile(r",\s+(?![^()]{0,200}\))")
_BLOCK: Final = re.compile(r"<(?:p|br|div|hr|h[1-6]|li|blockquote|center)(?:\s[^<>]{0,2000})?/?>", re.IGNORECASE)
_INLINE: Final = re.compile(r"</(?:em|i|b|strong|span|a|u|s|strike|del|sup|sub|small)>", re.IGNORECASE)


class Prose(NamedTuple):
    """Prose as it stands in a cell."""

    text: str
    is_parted: bool = False
    """Whether no line follows another for sure, so that blank lines part its paragraphs."""


def prose_of(value: object, raw: bytes | None = None, *, is_parted: bool = False) -> Prose | None:
    """Prose of a cell; lists of paragraphs are joined by blank lines; ``None`` where nothing can be seen.

    ``raw`` is the cell in UTF-8 where it is at hand. With ``is_parted`` it is known to be so, without NULs and lone
    surrogates.
    """
    if isinstance(value, list | tuple):
        value = "\n\n".join(part for part in value if isinstance(part, str))
    if not isinstance(value, str):
        return None
    if not is_visible(value):
        return None
    if is_parted:
        return Prose(value, is_parted=True)
    try:
        codes = codes_of(value) if raw is None else np.frombuffer(raw, np.uint8)
    except UnicodeEncodeError:
        text = printable(value)
    else:
        if codes.min():
            return Prose(value, is_parted="\r" not in value and not has_pairs(codes))
        text = printable(value)
    return Prose(text) if is_visible(text) else None


def is_visible(text: str) -> bool:
    """Whether a text holds more than blank space."""
    if (start := text[:_BEGINNING].strip()) and start.strip("\ufeff\u200b"):
        return True
    return bool(text.strip("\ufeff\u200b") and text.strip())


def printable(text: str) -> str:
    """Text without what Arrow and files cannot hold: NULs go, lone surrogates become U+FFFD."""
    if "\0" in text:
        text = text.replace("\0", "")
    if text.isascii():
        return text
    try:
        text.encode("utf-16-le")  # the fastest scan for surrogates
    except UnicodeEncodeError:
        return _SURROGATES.sub("\ufffd", text)
    return text


def line_of(value: object) -> str | None:
    """A statement in one line; ``None`` for what programs write where nothing is known (``null``, ``NaN`` …)."""
    if type(value) is str:
        return _words_of(value)
    if value is None:
        return None
    if type(value) is int:
        return str(value)
    if isinstance(value, dict):
        value = next((value[key] for key in ("name", "title", "value", "label") if key in value), None)
    if isinstance(value, list | tuple) and len(value) == 1:
        value = value[0]
    if isinstance(value, bool | list | tuple | dict):
        return None
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        value = int(value)
    return _words_of(str(value))


def _words_of(text: str) -> str | None:
    if "\0" in text or not text.isascii():
        text = printable(text)
    words = " ".join(text.split())
    return None if len(words) <= _LONGEST_MISSING and words.casefold() in _MISSING else words


def items_of(value: object, flags: list[str]) -> tuple[str, ...]:
    """Items of a list, or of a cell that holds one.

    A cell is parted at line ends, else at semicolons, else at commas before a blank and outside parentheses
    (flag ``lists_split_at_commas``: a name that holds such a comma comes apart).
    """
    if isinstance(value, str):
        value = listed(value)
    if isinstance(value, dict):
        value = [value]
    if isinstance(value, list | tuple):
        return _distinct(line_of(item) for item in value)
    if not isinstance(value, str):
        return _distinct([line_of(value)])
    for mark in ("\n", ";"):
        if mark in value.strip():
            return _distinct(line_of(item) for item in value.split(mark))
    return comma_items(value, flags)


def comma_items(value: str, flags: list[str]) -> tuple[str, ...]:
    """Items between ``, ``, but not inside parentheses; the flag says that they were parted."""
    parts = _COMMA.split(value.strip().rstrip(",")[:_MAX_LIST])
    if len(parts) > 1:
        flags.append(SPLIT_AT_COMMAS)
    return _distinct(line_of(part) for part in parts)


def _distinct(items: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(item for item in items if item))


def listed(cell: str) -> list[Any] | str:
    """List that a cell writes out, as Python (``['a', 'b']``) or JSON does; the cell itself where it is none."""
    cell = cell.strip()
    if not (cell.startswith("[") and cell.endswith("]")) or len(cell) > _MAX_LIST or "[" in cell[1:2]:
        return cell
    try:
        found = ast.literal_eval(cell)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return cell
    return found if isinstance(found, list) else cell


def count_of(value: object) -> int | None:
    """A count: an integer, or digits with or without marks between thousands; ``None`` for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, float):
        value = int(value) if value.is_integer() and abs(value) <= _MAX_COUNT else None
    if isinstance(value, str):
        digits = value.strip()[:_MAX_NUMBER].removesuffix(".0")
        value = int(_NO_DIGITS.sub("", digits)) if _COUNT.fullmatch(digits) else None
    return value if isinstance(value, int) and 0 <= value <= _MAX_COUNT else None


def number_of(value: object) -> float | None:
    """A decimal number, such as an average rating."""
    if isinstance(value, str) and _DECIMAL.fullmatch(value.strip()[:_MAX_NUMBER]):
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) < 1e15 else None


def chapters_of(value: object) -> tuple[int | None, int | None]:
    """Published and planned chapters of a statement: ``3/5``, ``3/?``, ``3``."""
    if isinstance(value, str) and (match := _OF.fullmatch(value.strip()[:_MAX_NUMBER])):
        return count_of(match[1]), count_of(match[2])
    return count_of(value), None


def truth_of(value: object) -> bool | None:
    """A yes or no."""
    if isinstance(value, str):
        return {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}.get(
            value.strip().casefold()
        )
    if isinstance(value, bool):
        return value
    return bool(value) if isinstance(value, int) and value in (0, 1) else None


def day_of(value: object, *, month_first: bool | None = None) -> date | None:
    """The day that a value names: ISO, seconds or milliseconds since 1970, or words; times with a zone in UTC.

    ``2/3/2021`` is read only where ``month_first`` says how its table writes dates. A bare year is no day, and the
    first of January 1970 is what programs write for none.
    """
    if isinstance(value, datetime):
        value = value.astimezone(UTC).date() if value.tzinfo else value.date()
    if isinstance(value, date):
        return value if value.year > 1970 else None
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return _epoch(value)
    if not isinstance(value, str):
        return None
    words = value.strip()[:80]
    if match := _ISO.fullmatch(words):
        return _iso_day(match)
    if _SECONDS.fullmatch(words):
        return _epoch(float(words))
    if month_first is not None and (match := _SLASHED.fullmatch(words)):
        month, day = (match[1], match[2]) if month_first else (match[2], match[1])
        return _day(int(match[3]), int(month), int(day))
    return text_fields.date_of(words)


def _iso_day(match: re.Match[str]) -> date | None:
    found = _day(int(match[1]), int(match[2]), int(match[3]))
    zone = match[7]
    if found is None or not zone or zone in ("Z", "UTC"):
        return found if found and found.year > 1970 else None
    away = int(zone[1:3]) * 60 + int(zone[-2:])
    minutes = int(match[4]) * 60 + int(match[5]) - (away if zone[0] == "+" else -away)
    found = found + timedelta(days=minutes // 1440) if 1900 < found.year < 9000 else found
    return found if found > date(1970, 1, 1) else None


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _epoch(value: float) -> date | None:
    seconds = value / 1000 if value > 1e11 else value
    if not _EPOCH[0] <= seconds <= _EPOCH[1]:
        return None
    return datetime.fromtimestamp(seconds, UTC).date()


def month_first(days: Iterable[str]) -> bool | None:
    """How a table writes ``2/26/2021``: by the first day of it that can be read in one way only."""
    for words in days:
        match = _SLASHED.fullmatch(words.strip()[:20])
        if match and max(int(match[1]), int(match[2])) > 12:
            return int(match[2]) > 12
    return None


def is_html(text: str) -> bool:
    """Whether prose has markup that must be read as such."""
    return "<" in text and (_BLOCK.search(text) is not None or _INLINE.search(text) is not None)


def as_blocks(text: str) -> str:
    """Markup whose line ends mean something: where no element parts the paragraphs, line ends become elements."""
    if _BLOCK.search(text):
        return text
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(f"<p>{part.replace(chr(10), '<br>')}</p>" for part in re.split(r"\n{2,}", text) if part.strip())
