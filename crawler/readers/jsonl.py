"""JSON of any shape → works: a record per line, a list of records, or one record; lines are read one at a time."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import orjson

from crawler.readers import tables
from crawler.readers.encoding import ENCODING_ERRORS
from crawler.readers.jsonl_lines import lines_of, object_of
from crawler.readers.source import Item, Rejected, Source, Span, Unreadable
from crawler.readers.tables import Row, Table, rows_in
from crawler.readers.tables_lines import can_be_cut, encoding_of, open_narrow

PARSER_VERSION: Final = tables.PARSER_VERSION

_WHITE: Final = b" \t\n\r\xef\xbb\xbf\x00"
_MEMBER: Final = re.compile(rb'"[^"\\]{1,200}"\s*:\s*(\{.*\})\Z', re.DOTALL)
_START: Final = re.compile(rb'\{\s*(?:"(?:[^"\\]|\\.){0,200}"\s*:|\}|\Z)|\[\s*(?:[{\["\]]|\Z)', re.DOTALL)
_NAME: Final = re.compile(r"\.(?:json|jsonl|ndjson|jl)\Z", re.IGNORECASE)
_LISTS: Final = ("works", "stories", "data", "rows", "records", "items", "fics", "results", "books", "documents")
_PAGES: Final = re.compile(rb'"format"\s*:\s*"json-pages-')
_BAD_AT_FIRST: Final = 100


def recognise(head: bytes, name: str) -> bool:
    """Whether an input is JSON or JSON lines, by its first characters; a name alone only with a brace or bracket."""
    start = head.lstrip(_WHITE)
    return _START.match(start) is not None or (start[:1] in (b"{", b"[") and _NAME.search(name) is not None)


def read(source: Source, fields: Mapping[str, str] | None = None) -> Iterator[Item]:
    """Works of JSON, with the columns mapped as told, else as their names say.

    Raises ``Unreadable``: ``bad_json``, ``no_story``, ``bad_mapping``, ``too_large`` (one value, no lines).
    """
    table = Table(source, "jsonl", fields, encoding="utf-8")
    rows = rows_of(source, table)
    yield from tables.works_of(rows if source.span is None else rows_in(rows, source.span, table), table)


def reads_spans(source: Source) -> bool:
    """Whether an input can be read in parts: one that has a record a line, in an encoding that keeps lines apart."""
    encoding = encoding_of(source)
    return can_be_cut(source, encoding) and not _PAGES.search(source.head[:4096]) and _by_line(source, encoding)


def describe_mapping(source: Source, fields: Mapping[str, str] | None = None) -> str:
    """Which column would be which field, with an example of each."""
    table = Table(source, "jsonl", fields)
    return tables.describe_mapping(rows_of(source, table), table)


def rows_of(source: Source, table: Table) -> Iterator[Row | Rejected]:
    """Records of any JSON.

    Raises ``Unreadable``: ``bad_json``, ``no_story`` (the page list of a web archive), ``too_large``.
    """
    if _PAGES.search(source.head[:4096]):
        raise Unreadable("no_story", "the page list of a web archive")
    encoding = encoding_of(source)
    if _by_line(source, encoding):
        yield from _lines(source, table, encoding)
    else:
        yield from _document(source, encoding)


def _by_line(source: Source, encoding: str) -> bool:
    """Whether each line is a value of its own: the first or, after a bracket alone, the second parses."""
    head = _narrow_head(source, encoding)
    lines = [line for line in head.split(b"\n", 5) if line.strip(_WHITE)]
    if len(lines) < 2:
        return False
    first = lines[0].strip(_WHITE)
    if first in (b"[", b"{"):
        second = lines[1].strip(_WHITE).removesuffix(b",")
        return len(lines) > 2 and (loads(second) is not None or _MEMBER.match(second) is not None)
    if len(lines) == 2 and not head.endswith(b"\n") and len(head) >= 65536:
        return isinstance(loads(first), dict)
    return any(isinstance(loads(line.strip(_WHITE)), dict) for line in lines[:3])


def _narrow_head(source: Source, encoding: str) -> bytes:
    if encoding.startswith(("utf-16", "utf-32")):
        return source.head.decode(encoding, "replace").lstrip("\ufeff").encode("utf-8", "replace")
    head = source.head
    if b"\n" not in head:  # the first record may be longer than the head
        with source.open() as stream:
            line = stream.readline(source.max_bytes)
            return line + stream.read(65536)
    return head


def _lines(source: Source, table: Table, encoding: str) -> Iterator[Row | Rejected]:
    span = source.span or Span(0, 1, None)
    good, bad = int(not span.is_first), 0  # a part follows on a first one that held works
    with open_narrow(source, encoding) as stream:
        if not span.is_first:
            stream.seek(span.start)
        for number, line, parted in lines_of(stream, source.max_bytes, span.line):
            if line is None:
                yield table.rejected(str(number), "too_large", f"a line of more than {source.max_bytes // 2**20} MiB")
                continue
            value = object_of(line) or _value(bytes(line))
            if not value:
                continue
            flags: tuple[str, ...] = ()
            is_parted = parted
            try:
                record = orjson.loads(value)
            except orjson.JSONDecodeError:
                is_parted = False  # it may hold what is no Unicode
                record, flags = _record(bytes(value))
            if isinstance(record, dict):
                good += 1
                yield Row(str(number), record, value, flags, None, is_parted)
                continue
            bad += 1
            if not good and bad >= _BAD_AT_FIRST:
                raise Unreadable("bad_json", f"the first {bad} lines are no JSON objects")
            yield table.rejected(
                str(number), "bad_row", "no JSON object" if record is None else "no object but a value"
            )


def _value(line: bytes) -> bytes:
    """The value of a line that may be one of a list or of an object; nothing of what only opens or closes them."""
    value = line.strip(_WHITE).removesuffix(b",")
    if value in (b"[", b"]", b"{", b"}"):
        return b""
    member = _MEMBER.match(value)
    return member[1] if member else value


def _record(value: bytes) -> tuple[Any, tuple[str, ...]]:
    """Value of a line, and flags; ``None`` for what is no JSON."""
    found = loads(value)
    if found is not None:
        return found, ()
    text = value.decode("utf-8", "replace")
    return (None, ()) if text.encode() == value else (loads(text.encode()), (ENCODING_ERRORS,))


def loads(value: bytes) -> Any:
    """Value of JSON; NaN and lone surrogates, which Python's own writer makes, are read too. ``None`` if broken."""
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError:
        return _loads_of_python(value)


def _loads_of_python(value: bytes) -> Any:
    if b"\\u" not in value and b"NaN" not in value and b"Infinity" not in value:
        return None
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return None


def _document(source: Source, encoding: str) -> Iterator[Row]:
    data = source.data
    if encoding.startswith(("utf-16", "utf-32")):
        data = data.decode(encoding, "replace").encode("utf-8", "replace")
    found, flags = _record(data.strip(_WHITE))
    if found is None:
        raise Unreadable("bad_json", "no valid JSON, neither as a whole nor line by line")
    for place, record in _records(found):
        yield Row(place, record, orjson.dumps(_hashable(record), option=orjson.OPT_SORT_KEYS), flags)


def _hashable(record: dict[str, Any]) -> Any:
    """The record as it can be written again: lone surrogates cannot."""
    try:
        orjson.dumps(record)
    except (TypeError, orjson.JSONEncodeError):
        return json.dumps(record, sort_keys=True)
    return record


def _records(found: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Records of a document with their places.

    Raises ``Unreadable`` (``no_story``) where it holds no object.
    """
    if isinstance(found, dict):
        if inner := next((found[key] for key in _LISTS if _are_objects(found.get(key))), None):
            found = inner
        elif len(found) > 1 and all(isinstance(value, dict) for value in found.values()):
            yield from ((str(key), value) for key, value in found.items())
            return
        else:
            found = [found]
    if not isinstance(found, list) or not any(isinstance(value, dict) for value in found):
        raise Unreadable("no_story", "JSON without an object")
    yield from ((str(place), value) for place, value in enumerate(found, 1) if isinstance(value, dict))


def _are_objects(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, dict) for item in value)
