"""tar archives, plain or compressed as a whole, read forwards: v7, ustar, GNU and pax headers.

``tarfile`` keeps an object for each member, and reads headers of any stated size into memory. Headers are
parsed by it one at a time here.
"""

from __future__ import annotations

import io
import re
import tarfile
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, BinaryIO, Final

from crawler.readers.container_members import Member, Unread
from crawler.readers.container_streams import CHUNK, some
from crawler.readers.source import Unreadable

BLOCK: Final = 512
_CHECKSUM: Final = 148  # its place in a header; 8 bytes
_NO_CHECKSUM: Final = re.compile(rb"[\x01-\x7f]{0,7}[A-NP-Za-np-z]")
"""Letters, which are no octal digits: soon told of nearly every text."""
_LARGEST_HEADER: Final = 2**20
_FILES: Final = (tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.CONTTYPE)
_PAX: Final = (tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE)
_END: Final = b"\0" * BLOCK
_NUMERAL: Final = b"01234567oO_+- \t\n\r\f\v\x1c\x1d\x1e\x1f"
"""What ``tarfile`` may take for a number, but for numbers in base 256."""


def is_tar(head: bytes) -> bool:
    """Whether a file begins with the header of a tar member, by its checksum."""
    return len(head) >= BLOCK and not _NO_CHECKSUM.match(head, _CHECKSUM) and _header(head[:BLOCK]) is not None


def members(opened: Callable[[], BinaryIO]) -> Iterator[Member | Unread]:
    """Members of a tar archive; ``opened`` opens its (unpacked) bytes.

    A member opens on the stream as it passes by; opened again, it is looked for from the start of the archive.
    Raises ``Unreadable`` (``damaged``), and what reading the stream raises.
    """
    index = 0
    with opened() as stream:
        for header in _headers(stream):
            what = _kind(header)
            body = _Body(stream, header.size)
            if what is None:
                yield Member(_printable(header.name), _Once(body, partial(_again, opened, index)))
            elif header.type != tarfile.DIRTYPE:
                yield Unread(_printable(header.name), *what)
            body.skip()
            index += 1


def _again(opened: Callable[[], BinaryIO], index: int) -> BinaryIO:
    """The member of that number, on a stream of its own."""
    stream = opened()
    for number, header in enumerate(_headers(stream)):
        body = _Body(stream, header.size, owned=True)
        if number == index:
            return io.BufferedReader(body, CHUNK)
        body.skip()
    raise Unreadable("damaged", "a member is no longer there")


class _Once:
    """Opens a member on the passing stream the first time, and anew from then on."""

    def __init__(self, body: _Body, again: Callable[[], BinaryIO]) -> None:
        self._body: _Body | None = body
        self._again = again

    def __call__(self) -> BinaryIO:
        if self._body is not None:
            body, self._body = self._body, None
            return io.BufferedReader(body, CHUNK)
        return self._again()


class _Body(io.RawIOBase):
    """The content of a member, as the stream passes by it."""

    def __init__(self, stream: BinaryIO, size: int, *, owned: bool = False) -> None:
        self._stream = stream
        self._left = size
        self._padding = -size % BLOCK
        self._owned = owned

    def readable(self) -> bool:
        """Whether it can be read: always."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer, at most."""
        data = some(self._stream, min(len(buffer), self._left)) if self._left else b""
        if not data and self._left and len(buffer):
            raise Unreadable("damaged", "ends too soon: cut off")
        self._left -= len(data)
        buffer[: len(data)] = data
        return len(data)

    def skip(self) -> None:
        """Go to the header that follows."""
        left = self._left + self._padding
        self._left = self._padding = 0
        while left:
            data = self._stream.read(min(left, 4 * CHUNK))
            if not data:
                raise Unreadable("damaged", "ends too soon: cut off")
            left -= len(data)

    def close(self) -> None:
        """Close the stream, if it is the member's own."""
        if self._owned and not self.closed:
            self._stream.close()
        super().close()


def _kind(header: tarfile.TarInfo) -> tuple[str, str] | None:
    """Why a member is not opened; ``None`` for a file."""
    if header.type == tarfile.GNUTYPE_SPARSE or any(key.startswith("GNU.sparse.") for key in header.pax_headers):
        return "format_not_supported", "a sparse file"
    return None if header.type in _FILES else ("not_a_file", "a link, a device or a folder")


def _headers(stream: BinaryIO) -> Iterator[tarfile.TarInfo]:
    """Headers of the members, with the long names and sizes that headers before them state.

    The stream must be taken to the next header by the caller.
    """
    known: dict[str, str] = {}
    first = True
    while block := stream.read(BLOCK):
        if block == _END:
            return
        header = _header(block)
        if header is None:
            raise Unreadable("damaged", "no header of a member where one must be" if not first else "no tar header")
        first = False
        if header.type in (tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK, *_PAX):
            content = _content(stream, header.size)
            if header.type == tarfile.GNUTYPE_LONGNAME:
                known["path"] = _text(content.rstrip(b"\0"))
            elif header.type in _PAX and header.type != tarfile.XGLTYPE:
                known |= _pax(content)
            continue
        yield _completed(stream, header, known)
        known = {}


def _completed(stream: BinaryIO, header: tarfile.TarInfo, known: dict[str, str]) -> tarfile.TarInfo:
    header.name = known.get("path", header.name)
    if known.get("size", "").isdecimal() and len(known["size"]) < 20:
        header.size = int(known["size"])
    header.pax_headers = known
    if header.type == tarfile.GNUTYPE_SPARSE:
        _skip_sparse_headers(stream, header)
    elif header.type not in _FILES:
        header.size = header.size if header.type not in (tarfile.LNKTYPE, tarfile.SYMTYPE, tarfile.DIRTYPE) else 0
    return header


def _skip_sparse_headers(stream: BinaryIO, header: tarfile.TarInfo) -> None:
    """Read past the maps of an old GNU sparse file: each block says whether another follows."""
    more = getattr(header, "_sparse_structs", (None, False, 0))[1]
    while more:
        block = stream.read(BLOCK)
        more = len(block) == BLOCK and bool(block[504])


def _header(block: bytes) -> tarfile.TarInfo | None:
    try:
        header = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except tarfile.HeaderError:
        return None
    except (ValueError, OverflowError):
        return None
    return header if header.size >= 0 else None


def _content(stream: BinaryIO, size: int) -> bytes:
    """Content of a header that names or describes the next member."""
    if size > _LARGEST_HEADER:
        raise Unreadable("damaged", f"a header of {size} bytes")
    content = stream.read(size + -size % BLOCK)
    if len(content) < size:
        raise Unreadable("damaged", "ends too soon: cut off")
    return content[:size]


def _pax(content: bytes) -> dict[str, str]:
    """Records of a pax header: ``length key=value`` and a newline."""
    found: dict[str, str] = {}
    at = 0
    while at < len(content):
        digits, blank, _ = content[at : at + 20].partition(b" ")
        if not blank or not digits.isdigit():
            break
        length = int(digits)
        key, equals, value = content[at + len(digits) + 1 : at + length].partition(b"=")
        if not equals or length <= len(digits):
            break
        found[_text(key)] = _text(value.removesuffix(b"\n"))
        at += length
    return found


def _text(name: bytes) -> str:
    return name.decode("utf-8", "surrogateescape")


def _printable(name: str) -> str:
    """A name that is not UTF-8 was written in some encoding of Western Europe, where nothing else is known."""
    raw = name.encode("utf-8", "surrogateescape")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")
