"""Lines of JSON, many at a time: where one begins, and whether its strings part their paragraphs by blank lines."""

from __future__ import annotations

import io
from bisect import bisect_left
from collections.abc import Iterator
from typing import BinaryIO, Final

import numpy as np

from crawler.readers.tables_lines import TOO_LONG

_BACKSLASH, _ZERO, _N, _R, _U = b"\\0nru"
_RUN: Final = 1 << 20
"""Bytes that are looked at at once: few pieces cost least."""
_ESCAPE: Final = len(r"\n")
_OPENING, _CLOSING, _COMMA, _RETURN = b"{},\r"


def lines_of(stream: BinaryIO, limit: int, first: int = 1) -> Iterator[tuple[int, memoryview | None, bool]]:
    """Lines with their numbers from ``first`` on, without their ends, and whether each ``is_parted``.

    ``None`` stands for a line of more than ``limit`` bytes.
    """
    number = first
    for run, begin, stop in _runs(stream, limit):
        if run is TOO_LONG:
            yield number, None, False
            number += 1
            continue
        view = memoryview(run)
        places = unparted_in(view[begin:stop])
        start = begin
        while start < stop:
            end = run.find(b"\n", start, stop)
            if end < 0:
                end = stop
            yield number, view[start:end], not places or _none_within(places, start - begin, end - begin)
            number += 1
            start = end + 1


def _runs(stream: BinaryIO, limit: int) -> Iterator[tuple[bytes, int, int]]:
    """Whole lines, many in one piece: bytes, and where in them they begin and end; ``TOO_LONG`` for a longer line."""
    if isinstance(stream, io.BytesIO) and len(data := stream.getvalue()) <= limit:
        start = stream.tell()
        while start < len(data):
            stop = data.find(b"\n", start + _RUN) + 1 or len(data)
            yield data, start, stop
            start = stop
        return
    while run := stream.read(min(_RUN, limit)):
        last = run.rfind(b"\n") + 1
        if last:
            yield run, 0, last
        if last == len(run):
            continue
        rest = stream.readline(limit + 1)
        if len(run) - last + len(rest) <= limit:
            line = run[last:] + rest
            yield line, 0, len(line)
            continue
        while rest and not rest.endswith(b"\n"):
            rest = stream.readline(_RUN)
        yield TOO_LONG, 0, 0


def _none_within(places: list[int], start: int, end: int) -> bool:
    at = bisect_left(places, start)
    return at == len(places) or places[at] >= end


def object_of(line: memoryview) -> memoryview | None:
    """What stands between the braces that a line begins and ends with, a comma behind it aside."""
    end = len(line)
    if end and line[end - 1] == _RETURN:
        end -= 1
    if end and line[end - 1] == _COMMA:
        end -= 1
    if end < 2 or line[0] != _OPENING or line[end - 1] != _CLOSING:
        return None
    return line[:end]


def unparted_in(raw: bytes | memoryview) -> list[int]:
    """Places where a string in lines of JSON may have a line right below another, a carriage return or a NUL.

    An escaped line end stands among bytes as a backslash and a letter: they are found much sooner than in the string.
    What a backslash stands before may be an escape or not, so each counts.
    """
    codes = np.frombuffer(raw, np.uint8)
    places = (codes == _BACKSLASH).nonzero()[0]
    escaped = codes.take(places + 1, mode="clip")
    letters = escaped.tobytes()
    if letters.count(b"n") == len(letters):
        ends, found = places, []
    else:
        ends = places[escaped == _N]
        odd = (escaped == _BACKSLASH) | (escaped == _R)
        if b"u" in letters:
            digits = (codes.take(places + 2 + more, mode="clip") == _ZERO for more in range(3))
            odd |= np.logical_and.reduce([escaped == _U, *digits])  # a control
        found = places[odd].tolist()
    if len(ends):
        apart = np.ones(len(ends) + 1, np.bool_)
        np.not_equal(ends[1:] - ends[:-1], _ESCAPE, out=apart[1:-1])
        alone = apart[1:] & apart[:-1]
        if alone.any():
            found = sorted(found + ends[alone].tolist())
    return found
