"""Members of a zip unpacked in one go: nearly all are small, and streams of Python cost more than to unpack them.

Nothing is judged here. Whatever is odd about a member gives ``None``, and who reads it as a stream says what it is.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterable
from typing import BinaryIO, Final

LARGEST: Final = 16 * 2**20
"""Bytes, packed and unpacked, of a member that is held whole."""

_UNBOUNDED: Final = 32 * 1024
"""Bytes of Deflate that are unpacked in one piece, whatever size they have: a thousand times as much at most."""

_LOCAL: Final = b"PK\3\4"
_ODD: Final = 0x1 | 0x20 | 0x40
"""Flags of members that are encrypted or patches."""
_UTF8: Final = 0x800


def unpacked(packed: bytes, method: int, size: int, crc: int) -> bytes | None:
    """What a member unpacks to; ``None`` unless that has the size and the checksum that are stated of it."""
    if method == zipfile.ZIP_DEFLATED and len(packed) <= _UNBOUNDED:
        try:
            data = zlib.decompress(packed, -zlib.MAX_WBITS, max(size, 1))
        except zlib.error:
            return None
    elif method == zipfile.ZIP_DEFLATED:
        inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            data = inflater.decompress(packed, size + 1)
        except zlib.error:
            return None
        if not inflater.eof:
            return None
    elif method == zipfile.ZIP_STORED:
        data = packed
    else:
        return None
    return data if len(data) == size and zlib.crc32(data) == crc else None


class WholeMembers:
    """The members of a zip that ``zipfile`` has opened, by their places in its stream."""

    def __init__(self, stream: BinaryIO, members: Iterable[zipfile.ZipInfo]) -> None:
        self._stream = stream
        starts = sorted(info.header_offset for info in members)
        self._ends = dict(zip(reversed(starts[:-1]), reversed(starts[1:]), strict=True))

    def read(self, info: zipfile.ZipInfo) -> bytes | None:
        """Bytes of a member; ``None`` where it is large, packed in a rare way, or not as the directory has it."""
        if info.flag_bits & _ODD or max(info.compress_size, info.file_size) > LARGEST:
            return None
        try:
            packed = self._packed(info)
        except (OSError, OverflowError, ValueError):
            return None
        if packed is None:
            return None
        return unpacked(packed, info.compress_type, info.file_size, info.CRC)

    def _packed(self, info: zipfile.ZipInfo) -> bytes | None:
        """The bytes after a local header that names the same member, as many as stated."""
        stream, start = self._stream, info.header_offset
        stream.seek(start)
        header = stream.read(30)
        if len(header) < 30 or not header.startswith(_LOCAL):
            return None
        flags, name_size, extra_size = struct.unpack("<6xH18xHH", header)
        end = start + 30 + name_size + extra_size + info.compress_size
        if end > self._ends.get(start, end):
            return None  # members that share bytes: newer versions of zipfile refuse them
        if stream.read(name_size) != info.orig_filename.encode("utf-8" if flags & _UTF8 else "cp437"):
            return None
        if extra_size:
            stream.seek(extra_size, io.SEEK_CUR)
        packed = stream.read(info.compress_size)
        return packed if len(packed) == info.compress_size else None
