"""ZIP archives, by PKWARE's APPNOTE 6.3.10: members in the order of the central directory, read one at a time.

``zipfile`` builds an object for each entry before the first is read, and reads nothing of an archive that is
cut off. This reads entry by entry, and goes by the local headers where the directory is lost.
"""

from __future__ import annotations

import bz2
import io
import lzma
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, BinaryIO, Final, NamedTuple

from crawler.readers.container_members import Member, Unread, decoded, seekable
from crawler.readers.container_streams import (
    CHUNK,
    FREE_OF_RATIO,
    Decompressor,
    Inflater,
    Meter,
    Stored,
    Unpacking,
    absurd,
    suspicious_ratio,
    zstd_module,
)
from crawler.readers.container_whole import unpacked
from crawler.readers.source import Source, Unreadable

_END: Final = b"PK\5\6"
_LOCATOR: Final = b"PK\6\7"
_END_64: Final = b"PK\6\6"
_CENTRAL: Final = b"PK\1\2"
_LOCAL: Final = b"PK\3\4"
_DESCRIPTOR: Final = b"PK\7\x08"
_SPANNED: Final = (b"PK\7\x08", b"PK00")

_ENCRYPTED: Final = 0x1 | 0x40 | 0x2000
_SIZES_FOLLOW: Final = 0x8
_UTF8: Final = 0x800
_METHODS: Final = {
    1: "shrink",
    **dict.fromkeys((2, 3, 4, 5), "reduce"),
    6: "implode",
    9: "deflate64",
    10: "implode (IBM TERSE)",
    18: "IBM TERSE",
    19: "LZ77",
    94: "MP3",
    95: "xz",
    96: "JPEG",
    97: "WavPack",
    98: "PPMd",
}


class Entry(NamedTuple):
    """What a directory says of a member. Sizes in bytes; ``offset`` is that of the local header."""

    name: str
    flags: int
    method: int
    crc: int
    packed: int
    unpacked: int | None
    offset: int
    disk: int
    mode: int

    @property
    def is_folder(self) -> bool:
        """Whether it is a directory."""
        return self.name.endswith(("/", "\\")) and not self.unpacked


def members(source: Source) -> Iterator[Member | Unread]:
    """Members of a ZIP archive.

    Raises ``Unreadable``: ``damaged``, ``format_not_supported`` (parts of an archive), ``suspicious_ratio`` (members
    that share their bytes), ``too_large``.
    """
    with seekable(source) as stream:
        size = stream.seek(0, io.SEEK_END)
        directory = _directory(stream, size)
        if directory is None:
            yield from _by_local_headers(source, stream, size)
            return
        shared = 0
        count = 0
        with seekable(source) as listing:
            for entry in _entries(listing, directory):
                count += 1
                if entry.is_folder:
                    continue
                shared += entry.packed + 30 + len(entry.name)
                if shared > size + CHUNK:
                    raise suspicious_ratio("members share their bytes")
                yield _member(source, stream, entry, _data_of(stream, entry, directory.shift, size))
        if count % 0x10000 != directory.count % 0x10000:
            raise Unreadable("damaged", f"the directory states {directory.count} members and lists {count}")


@dataclass(frozen=True, slots=True)
class _Directory:
    start: int
    size: int
    count: int
    shift: int
    """Bytes before the archive that its offsets do not count."""


def _directory(stream: BinaryIO, size: int) -> _Directory | None:
    """Where the central directory is; ``None`` where it is lost.

    Raises ``Unreadable`` (``format_not_supported``) for a part of an archive that was split.
    """
    tail_at = max(0, size - 22 - 0xFFFF)
    stream.seek(tail_at)
    tail = stream.read(22 + 0xFFFF)
    at = tail.rfind(_END)
    while at >= 0 and len(tail) - at < 22:
        at = tail.rfind(_END, 0, at)
    if at < 0:
        return None
    disk, first_disk, here, count, length, start, _ = struct.unpack_from("<4H2LH", tail, at + 4)
    end = tail_at + at
    if (at >= 20 and tail[at - 20 : at - 16] == _LOCATOR) and (found := _end_64(stream, end - 20, tail[at - 16 : at])):
        end, disk, first_disk, here, count, length, start = found
    if (disk or first_disk or here != count) and disk != 0xFFFF:
        raise Unreadable("format_not_supported", f"part {disk + 1} of an archive that was split")
    shift = end - length - start
    for place, moved in ((end - length, shift), (start, 0)):
        if place >= 0 and (count == 0 or _at(stream, place, 4) == _CENTRAL):
            return _Directory(place, end - place, count, moved)
    return None


def _end_64(stream: BinaryIO, locator: int, told: bytes) -> tuple[int, int, int, int, int, int, int] | None:
    """The ZIP64 end of the directory, where it says that it is or right before its locator."""
    (stated,) = struct.unpack_from("<Q", told, 4)
    for place in (stated, locator - 56):
        if place < 0 or place > locator:
            continue
        record = _at(stream, place, 56)
        if record[:4] == _END_64 and len(record) == 56:
            disk, first_disk, here, count, length, start = struct.unpack_from("<2L4Q", record, 16)
            return place, disk, first_disk, here, count, length, start
    return None


def _at(stream: BinaryIO, place: int, count: int) -> bytes:
    try:
        stream.seek(place)
    except (OSError, OverflowError, ValueError):
        return b""
    return stream.read(count)


def _entries(listing: BinaryIO, directory: _Directory) -> Iterator[Entry]:
    listing.seek(directory.start)
    left = directory.size
    while left >= 46:
        fixed = listing.read(46)
        if len(fixed) < 46 or fixed[:4] != _CENTRAL:
            return
        (_, flags, method, _, _, crc, packed, unpacked, name_size, extra_size, comment_size, disk, _, mode, offset) = (
            struct.unpack_from("<LHHHHLLLHHHHHLL", fixed, 4)
        )
        more = listing.read(name_size + extra_size + comment_size)
        name, extra = more[:name_size], more[name_size : name_size + extra_size]
        left -= 46 + name_size + extra_size + comment_size
        unpacked, packed, offset, disk = _with_zip64(extra, unpacked, packed, offset, disk)
        kept = mode >> 16 if fixed[5] in (3, 19) else 0  # made on Unix or macOS: modes as of stat
        yield Entry(_name(name, flags, extra), flags, method, crc, packed, unpacked, offset, disk, kept)


def _fields(extra: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, at)
        yield kind, extra[at + 4 : at + 4 + length]
        at += 4 + length


def _with_zip64(extra: bytes, unpacked: int, packed: int, offset: int, disk: int) -> tuple[int, int, int, int]:
    """Sizes and offset with those values that only the extra field can hold."""
    values = [unpacked, packed, offset]
    if 0xFFFFFFFF not in values:
        return unpacked, packed, offset, 0 if disk == 0xFFFF else disk
    content = next((content for kind, content in _fields(extra) if kind == 1), b"")
    at = 0
    for index, value in enumerate(values):
        if value == 0xFFFFFFFF and at + 8 <= len(content):
            (values[index],) = struct.unpack_from("<Q", content, at)
            at += 8
    return values[0], values[1], values[2], 0 if disk == 0xFFFF else disk


def _name(name: bytes, flags: int, extra: bytes) -> str:
    """A name: UTF-8 where the flag or Info-ZIP's extra field says so."""
    if flags & _UTF8:
        return name.decode("utf-8", "replace")
    for kind, content in _fields(extra):
        if kind == 0x7075 and content[:1] == b"\1" and content[1:5] == struct.pack("<L", zlib.crc32(name)):
            return content[5:].decode("utf-8", "replace")
    return decoded(name)


def _data_of(stream: BinaryIO, entry: Entry, shift: int, size: int) -> int | None:
    """Where the data of a member begin; ``None`` where no local header is where the directory says."""
    place = entry.offset + shift
    local = _at(stream, place, 30) if 0 <= place < size else b""
    if len(local) < 30 or local[:4] != _LOCAL:
        return None
    name_size, extra_size = struct.unpack_from("<HH", local, 26)
    return place + 30 + int(name_size) + int(extra_size)


def _member(source: Source, stream: BinaryIO, entry: Entry, data: int | None) -> Member | Unread:
    if entry.flags & _ENCRYPTED or entry.method == 99:
        return Unread(entry.name, "encrypted", "needs a password")
    if entry.mode & 0o170000 not in (0, 0o100000):
        return Unread(entry.name, "not_a_file", "a link or a device")
    if entry.disk:
        return Unread(entry.name, "format_not_supported", f"in part {entry.disk + 1} of an archive that was split")
    if data is None:
        return Unread(entry.name, "damaged", "not where the directory says")
    if entry.unpacked is not None and absurd(source, entry.unpacked, entry.packed):
        return Unread(entry.name, "suspicious_ratio", f"{entry.packed} bytes would be {entry.unpacked}")
    if entry.method not in (0, 8, 12, 14, 20, 93):
        method = _METHODS.get(entry.method, f"method {entry.method}")
        return Unread(entry.name, "format_not_supported", f"packed by {method}")
    meter = Meter(source)
    opened = partial(_open, source, entry, data, meter)
    return Member(entry.name, opened, partial(_whole, stream, entry, data, meter))


def _whole(stream: BinaryIO, entry: Entry, data: int, meter: Meter) -> bytes | None:
    """A small member's bytes at once; ``None`` for one that is to be opened: large, or not as the directory has it.

    They are read from the archive's stream, which is open until the next member is asked for.
    """
    if entry.unpacked is None or max(entry.packed, entry.unpacked) > FREE_OF_RATIO:
        return None
    packed = _at(stream, data, entry.packed)
    if len(packed) < entry.packed or (held := unpacked(packed, entry.method, entry.unpacked, entry.crc)) is None:
        return None
    meter.count(len(held), len(packed))
    return held


def _open(source: Source, entry: Entry, data: int, meter: Meter) -> BinaryIO:
    stream = seekable(source)
    stream.seek(data)
    packed = _Slice(stream, entry.packed)
    unpacking = Unpacking(packed, _decompressor(entry.method), meter, several=False)  # type: ignore[arg-type]
    return io.BufferedReader(_Checked(unpacking, entry), CHUNK)


def _decompressor(method: int) -> Callable[[], Decompressor]:
    if method == 0:
        return Stored
    if method == 8:
        return lambda: Inflater(-15)
    if method == 12:
        return bz2.BZ2Decompressor
    if method == 14:
        return _Lzma
    made: Callable[[], Decompressor] = zstd_module().ZstdDecompressor
    return made


class _Lzma:
    """LZMA as ZIP has it: two bytes of version, the size of the properties, the properties, raw data."""

    def __init__(self) -> None:
        self._start = b""
        self._lzma: lzma.LZMADecompressor | None = None

    def __getattr__(self, name: str) -> Any:
        unset = {"eof": False, "needs_input": True, "unused_data": b""}
        return unset[name] if self._lzma is None else getattr(self._lzma, name)

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        """The next unpacked bytes, ``max_length`` at most."""
        if self._lzma is None:
            self._start += data
            if len(self._start) < 9:
                return b""
            if self._start[2:4] != b"\5\0" or self._start[4] >= 9 * 5 * 5:
                raise ValueError("no properties of LZMA")
            packed_properties, window = struct.unpack_from("<BL", self._start, 4)
            rest, lc = divmod(packed_properties, 9)
            pb, lp = divmod(rest, 5)
            if window > 256 * 2**20:
                raise ValueError("needs too much memory")
            chain = [{"id": lzma.FILTER_LZMA1, "dict_size": max(window, 4096), "lc": lc, "lp": lp, "pb": pb}]
            self._lzma = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=chain)
            data = self._start[9:]
        return self._lzma.decompress(data, max_length)


class _Slice:
    """The next bytes of a stream, so many and no more."""

    def __init__(self, stream: BinaryIO, size: int) -> None:
        self._stream = stream
        self._left = size

    def read(self, size: int) -> bytes:
        data = self._stream.read(min(size, self._left))
        self._left -= len(data)
        return data

    def close(self) -> None:
        self._stream.close()


class _Checked(io.RawIOBase):
    """A member's bytes, with its size and checksum compared at the end."""

    def __init__(self, unpacking: Unpacking, entry: Entry) -> None:
        self._unpacking = unpacking
        self._entry = entry
        self._crc = 0

    def readable(self) -> bool:
        """Whether it can be read: always."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer, at most."""
        if self._unpacking.unpacked == self._entry.unpacked and self._entry.method == 14:
            count = 0  # LZMA need not mark its end
        else:
            count = self._unpacking.readinto(buffer)
        entry = self._entry
        if count:
            self._crc = zlib.crc32(buffer[:count], self._crc)
            if entry.unpacked is not None and self._unpacking.unpacked > entry.unpacked:
                raise Unreadable("damaged", f"unpacks to more than the {entry.unpacked} bytes stated")
        elif entry.unpacked is not None:
            if self._unpacking.unpacked != entry.unpacked:
                raise Unreadable("damaged", f"{self._unpacking.unpacked} bytes of {entry.unpacked}")
            if self._crc != entry.crc:
                raise Unreadable("damaged", "the checksum does not fit")
        return count

    def close(self) -> None:
        """Close the archive's stream too."""
        if not self.closed:
            self._unpacking.close()
        super().close()


def _by_local_headers(source: Source, stream: BinaryIO, size: int) -> Iterator[Member | Unread]:
    """Members of an archive whose end is lost, as far as their own headers lead."""
    place = 4 if _at(stream, 0, 4) in _SPANNED else 0
    while True:
        fixed = _at(stream, place, 30)
        if len(fixed) < 30 or fixed[:4] != _LOCAL:
            break
        _, flags, method, _, crc, packed, unpacked, name_size, extra_size = struct.unpack_from("<HHHLLLLHH", fixed, 4)
        name = stream.read(name_size)
        extra = stream.read(extra_size)
        data = place + 30 + name_size + extra_size
        unpacked, packed, _, _ = _with_zip64(extra, unpacked, packed, 0, 0)
        entry = Entry(_name(name, flags, extra), flags, method, crc, packed, unpacked, place, 0, 0)
        if flags & _SIZES_FOLLOW and not packed and not entry.flags & _ENCRYPTED:
            entry = entry._replace(packed=size - data, unpacked=None)
            if not entry.is_folder:
                yield _member(source, stream, entry, data)
            place = _end_of(source, entry, data)
        else:
            if not entry.is_folder:
                yield _member(source, stream, entry, data)
            place = data + packed
    raise Unreadable("damaged", "cut off: the directory at the end of the archive is missing")


def _end_of(source: Source, entry: Entry, data: int) -> int:
    """Where the header after a member of unstated size is: its data say where they end."""
    if entry.method not in (8, 12, 93):
        raise Unreadable("damaged", f"{entry.name}: its size is lost with the directory")
    with seekable(source) as stream:
        stream.seek(data)
        packed = _Slice(stream, entry.packed)
        unpacking = Unpacking(packed, _decompressor(entry.method), Meter(source), several=False)  # type: ignore[arg-type]
        buffer = bytearray(CHUNK)
        while unpacking.readinto(buffer):
            pass
        end = data + unpacking.packed
        descriptor = _at(stream, end, 28)
    end += 4 if descriptor.startswith(_DESCRIPTOR) else 0
    descriptor = descriptor.removeprefix(_DESCRIPTOR)
    return end + next((length for length in (12, 20) if descriptor[length : length + 4] in (_LOCAL, _CENTRAL)), 12)
