"""Lines of files larger than memory, each of bounded length."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from typing import BinaryIO, Final, Self

from crawler.readers.encoding import decode
from crawler.readers.source import Source

TOO_LONG: Final = b""
"""Stands for a line past the limit: no line is empty, its end belongs to it."""

_WIDE: Final = frozenset({"utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be", "utf-16", "utf-32"})
_PIECE: Final = 1 << 20
_RUN: Final = 1 << 18


def runs_of(stream: BinaryIO, limit: int) -> Iterator[bytes]:
    """Lines, many in one piece, ends included; ``TOO_LONG`` for a line of more than ``limit`` bytes."""
    while run := stream.read(min(_RUN, limit)):
        rest = b"" if run.endswith(b"\n") else stream.readline(limit + 1)
        last = run.rfind(b"\n") + 1
        if not rest or len(run) - last + len(rest) <= limit:
            yield run + rest
            continue
        if last:
            yield run[:last]
        while rest and not rest.endswith(b"\n"):
            rest = stream.readline(_PIECE)
        yield TOO_LONG


def lines_of(stream: BinaryIO, limit: int, first: int = 1) -> Iterator[tuple[int, bytes]]:
    """Lines with their numbers from ``first`` on, ends included; ``TOO_LONG`` for one of more than ``limit`` bytes."""
    number = first - 1
    while line := stream.readline(limit + 1):
        number += 1
        if len(line) <= limit:
            yield number, line
            continue
        while line and not line.endswith(b"\n"):
            line = stream.readline(_PIECE)
        yield number, TOO_LONG


def encoding_of(source: Source) -> str:
    """Encoding of a table by its head, cut at a line end; what is ASCII there may be UTF-8 further on."""
    head = source.head
    end = head.rfind(b"\n") + 1
    found = decode(head[:end] if end and len(head) >= 65536 else head).encoding
    return "utf-8" if found == "ascii" else found


def open_narrow(source: Source, encoding: str) -> BinaryIO:
    """The bytes as a stream; UTF-16 and UTF-32 are brought to UTF-8, so that lines can be told."""
    if b"\n" not in source.head and b"\r" in source.head:  # line ends of the old Mac
        return io.BytesIO(source.data.replace(b"\r", b"\n"))
    stream = source.open(_RUN)
    return _Narrow(stream, encoding) if encoding in _WIDE else stream  # type: ignore[return-value]


def can_be_cut(source: Source, encoding: str) -> bool:
    """Whether its lines are lines of the file itself, so that reading may begin at any of them."""
    is_file = source.content is None and source.opener is None
    return is_file and encoding not in _WIDE and (b"\n" in source.head or b"\r" not in source.head)


class _Narrow:
    """A stream of UTF-8 made of one in a wide encoding; it knows only ``read``, ``readline`` and ``with``."""

    def __init__(self, stream: BinaryIO, encoding: str) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder(encoding)("replace")
        self._left = b""

    def read(self, limit: int) -> bytes:
        while not self._left and (raw := self._stream.read(8192)):
            self._left = self._decoder.decode(raw).replace("\ufeff", "").encode("utf-8", "replace")
        return self._taken(min(len(self._left), limit))

    def readline(self, limit: int) -> bytes:
        pieces = []
        size = 0
        while True:
            end = self._left.find(b"\n") + 1 or len(self._left)
            piece = self._taken(min(end, limit - size))
            pieces.append(piece)
            size += len(piece)
            if piece.endswith(b"\n") or size >= limit:
                break
            raw = self._stream.read(8192)
            if not raw:
                break
            self._left = self._decoder.decode(raw).replace("\ufeff", "").encode("utf-8", "replace")
        return b"".join(pieces)

    def _taken(self, size: int) -> bytes:
        piece, self._left = self._left[:size], self._left[size:]
        return piece

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()


def text_of_line(line: bytes, encoding: str) -> tuple[str, bool]:
    """A line as text, and whether bytes had to be replaced: UTF-8 where it is valid, else as the table's head says."""
    try:
        return line.decode("utf-8"), False
    except UnicodeDecodeError:
        pass
    if encoding not in _WIDE and encoding != "utf-8":
        text = line.decode(encoding, "replace")
        return text, "\ufffd" in text
    text = line.decode("cp1252", "replace") if not _mostly_utf8(line) else line.decode("utf-8", "replace")
    return text, "\ufffd" in text


def _mostly_utf8(line: bytes) -> bool:
    """Whether a broken line has more characters of UTF-8 than broken bytes."""
    text = line.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    return sum(character > "\x7f" for character in text) > 2 * broken
