"""Compressed streams: read a piece at a time, checked against the limits while they are read."""

from __future__ import annotations

import bz2
import io
import lzma
import sys
import zlib
from collections.abc import Callable
from typing import Any, BinaryIO, Final, Protocol

from crawler.readers.source import Source, Unreadable

CHUNK: Final = 64 * 1024
FREE_OF_RATIO: Final = 2**20
"""Bytes up to which nothing unpacks to too many."""
_LZMA_MEMORY: Final = 256 * 2**20
_SKIPPABLE_ZSTD: Final = tuple(bytes([low]) + b"\x2a\x4d\x18" for low in range(0x50, 0x60))
_WARC_DICTIONARY: Final = b"\x5d\x2a\x4d\x18"

MAGIC: Final = {"gz": b"\x1f\x8b", "bz2": b"BZh", "xz": b"\xfd7zXZ\0", "zst": b"(\xb5/\xfd"}
"""First bytes of the compressions of single files."""


class Decompressor(Protocol):
    """What ``bz2``, ``lzma`` and ``compression.zstd`` have in common."""

    @property
    def eof(self) -> bool:
        """Whether the end of the stream was read."""
        ...

    @property
    def needs_input(self) -> bool:
        """Whether nothing is left of the data given."""
        ...

    @property
    def unused_data(self) -> bytes:
        """Bytes after the end of the stream."""
        ...

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        """The next unpacked bytes, ``max_length`` at most."""
        ...


class Inflater:
    """``zlib`` with the manners of the other decompressors."""

    def __init__(self, window_bits: int) -> None:
        self._zlib = zlib.decompressobj(window_bits)

    @property
    def eof(self) -> bool:
        """Whether the end of the stream was read."""
        return self._zlib.eof

    @property
    def needs_input(self) -> bool:
        """Whether nothing is left of the data given."""
        return not self._zlib.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        """Bytes after the end of the stream."""
        return self._zlib.unused_data

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        """The next unpacked bytes, ``max_length`` at most."""
        return self._zlib.decompress(self._zlib.unconsumed_tail + data, max(max_length, 0))


class Stored:
    """No compression: bytes pass as they are."""

    eof = False
    unused_data = b""

    def __init__(self) -> None:
        self._left = b""

    @property
    def needs_input(self) -> bool:
        """Whether nothing is left of the data given."""
        return not self._left

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        """The next bytes, ``max_length`` at most."""
        data = self._left + data
        end = len(data) if max_length < 0 else max_length
        self._left = data[end:]
        return data[:end]


def zstd_module() -> Any:
    """The module of Python 3.14, or its backport.

    Raises ``Unreadable`` (``format_not_supported``) where there is none.
    """
    try:
        if sys.version_info >= (3, 14):
            from compression import zstd  # noqa: PLC0415 - only where something is zstd
        else:
            from backports import zstd  # noqa: PLC0415
    except ImportError as error:
        raise Unreadable(
            "format_not_supported", 'Zstandard needs Python 3.14 or: pip install "fanthology[archives]"'
        ) from error
    return zstd


def decompressor_of(kind: str) -> Callable[[], Decompressor]:
    """Makes decompressors of a kind: ``gz``, ``bz2``, ``xz`` or ``zst``.

    Raises ``Unreadable`` (``format_not_supported``) for zstd without a library.
    """
    if kind == "gz":
        return lambda: Inflater(31)
    if kind == "bz2":
        return bz2.BZ2Decompressor
    if kind == "xz":
        return lambda: lzma.LZMADecompressor(memlimit=_LZMA_MEMORY)
    made: Callable[[], Decompressor] = zstd_module().ZstdDecompressor
    return made


class Meter:
    """Counts what one stream unpacks to. A stream that is opened again costs nothing until it passes its mark."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._mark = 0

    def count(self, unpacked: int, packed: int) -> None:
        """State how far the stream has been read, in bytes.

        Raises ``Unreadable``: ``suspicious_ratio``, or ``too_large`` for all that the input unpacks to.
        """
        if unpacked <= self._mark:
            return
        self._source.budget.unpacked_bytes += unpacked - self._mark
        self._mark = unpacked
        if absurd(self._source, unpacked, packed):
            raise suspicious_ratio(f"more than {self._source.limits.max_ratio:g} times its packed size")
        within_budget(self._source)


def suspicious_ratio(detail: str) -> Unreadable:
    """What a bomb ends as."""
    return Unreadable("suspicious_ratio", detail)


def within_budget(source: Source) -> None:
    """Raise ``Unreadable`` (``too_large``, ``too_many_members``) where an input has cost more than it may."""
    limits, budget = source.limits, source.budget
    if budget.unpacked_bytes > limits.max_unpacked_bytes:
        raise Unreadable("too_large", f"unpacks to more than {limits.max_unpacked_bytes // 2**20} MiB")
    if budget.members > limits.max_members:
        raise Unreadable("too_many_members", f"more than {limits.max_members} members")


def absurd(source: Source, unpacked: int, packed: int) -> bool:
    """Whether sizes that an archive states are those of a bomb."""
    return unpacked > FREE_OF_RATIO and unpacked > source.limits.max_ratio * packed


def some(stream: BinaryIO, size: int) -> bytes:
    """The bytes that can be had in one go, ``size`` at most: ``read`` loses those before a damage that it meets."""
    data: bytes = getattr(stream, "read1", stream.read)(size)
    return data


class Unpacking(io.RawIOBase):
    """The unpacked bytes of a compressed stream, or of several in a row as gzip, xz and the others allow.

    Reading raises ``Unreadable``: ``damaged``, ``suspicious_ratio``, ``too_large``.
    """

    def __init__(
        self, packed: BinaryIO, make: Callable[[], Decompressor], meter: Meter, magic: bytes = b"", *, several: bool
    ) -> None:
        self._packed = packed
        self._make = make
        self._meter = meter
        self._magic = magic
        self._several = several
        self._decompressor: Decompressor | None = make()
        self._read = 0
        self.unpacked = 0
        """Bytes given so far."""

    @property
    def packed(self) -> int:
        """Packed bytes used so far; exact once the end was read."""
        unused = 0 if self._decompressor is None else len(self._decompressor.unused_data)
        return self._read - unused

    @property
    def ended(self) -> bool:
        """Whether the compressed stream came to its own end."""
        return self._decompressor is None or self._decompressor.eof

    def readable(self) -> bool:
        """Whether it can be read: always."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer, at most."""
        size = len(buffer)
        while self._decompressor is not None:
            piece = self._piece(min(size, 4 * CHUNK))
            if piece:
                self.unpacked += len(piece)
                self._meter.count(self.unpacked, self._read)
                buffer[: len(piece)] = piece
                return len(piece)
            if self.ended:
                self._next()
        return 0

    def _piece(self, size: int) -> bytes:
        assert self._decompressor is not None
        if self._decompressor.eof:
            return b""
        data = b""
        if self._decompressor.needs_input:
            data = self._packed.read(CHUNK)
            self._read += len(data)
            if not data:
                return self._at_end_of_input(size)
        try:
            return self._decompressor.decompress(data, size)
        except (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError) as error:
            raise _damage(error) from error
        except Exception as error:
            if type(error).__name__ != "ZstdError":  # the library may be absent
                raise
            raise _damage(error) from error

    def _at_end_of_input(self, size: int) -> bytes:
        assert self._decompressor is not None
        if isinstance(self._decompressor, Stored):
            self._decompressor = None
            return b""
        if isinstance(self._decompressor, Inflater):  # zlib may hold back what it has unpacked
            piece = self._decompressor.decompress(b"", size)
            if piece or self._decompressor.eof:
                return piece
        raise Unreadable("damaged", "ends too soon: cut off")

    def _next(self) -> None:
        """Go on with the stream that follows; bytes that are no such stream end it, as all tools have it."""
        if self._decompressor is None:
            return None
        rest = self._decompressor.unused_data
        if not self._several:
            return self._stop(rest)
        while True:
            if len(rest) < len(self._magic):
                more = self._packed.read(CHUNK)
                self._read += len(more)
                rest += more
            if rest[:1] != b"\0":
                break
            rest = rest.lstrip(b"\0")  # padding
        skippable = self._magic == MAGIC["zst"] and rest.startswith(_SKIPPABLE_ZSTD)
        if not rest.startswith(self._magic) and not skippable:
            return self._stop(rest)
        self._packed = _Prefixed(rest, self._packed)  # type: ignore[assignment]
        self._read -= len(rest)
        self._decompressor = self._make()
        return None

    def _stop(self, rest: bytes) -> None:
        self._read -= len(rest)
        self._decompressor = None

    def close(self) -> None:
        """Close the packed stream too."""
        if not self.closed:
            self._packed.close()
        super().close()


class _Prefixed:
    """Bytes that were read too far, and the stream that they were read from."""

    def __init__(self, prefix: bytes, stream: Any) -> None:
        self._prefix = prefix
        # Streams in a row must not nest: each would cost a call for every read after it.
        self._stream: Any = stream.spent() if isinstance(stream, _Prefixed) else stream

    def spent(self) -> Any:
        """The stream alone, once the prefix is used up."""
        return self if self._prefix else self._stream

    def read(self, size: int) -> bytes:
        if not self._prefix:
            data: bytes = self._stream.read(size)
            return data
        data, self._prefix = self._prefix[:size], self._prefix[size:]
        return data

    def close(self) -> None:
        self._stream.close()


def _damage(error: Exception) -> Unreadable:
    told = str(error)
    if "emory" in told:
        return Unreadable("too_large", f"a window larger than {_LZMA_MEMORY // 2**20} MiB: {told}")
    return Unreadable("damaged", told or type(error).__name__)


def unpacked(source: Source, kind: str, meter: Meter) -> BinaryIO:
    """The content of a compressed file as a stream that cannot seek.

    Raises ``Unreadable`` (``format_not_supported``) for zstd without a library; reading raises as ``Unpacking``.
    """
    make = decompressor_of(kind)
    packed = source.open()
    if kind == "zst":
        packed, make = _with_dictionary(packed, make)
    return io.BufferedReader(Unpacking(packed, make, meter, MAGIC[kind], several=True), CHUNK)


def _with_dictionary(packed: BinaryIO, make: Callable[[], Decompressor]) -> tuple[BinaryIO, Callable[[], Decompressor]]:
    """The frames of a file, and decompressors for them.

    A ``.warc.zst`` may begin with a dictionary for all its frames, in a skippable frame of its own:

    https://iipc.github.io/warc-specifications/specifications/warc-zstd/
    """
    start = packed.read(8)
    if start[:4] != _WARC_DICTIONARY:
        return _Prefixed(start, packed), make  # type: ignore[return-value]
    length = int.from_bytes(start[4:], "little")
    if length > 16 * 2**20:
        raise Unreadable("too_large", "a dictionary larger than 16 MiB")
    content = packed.read(length)
    zstd = zstd_module()
    try:
        if content.startswith(MAGIC["zst"]):
            content = zstd.ZstdDecompressor().decompress(content, 64 * 2**20)
        dictionary = zstd.ZstdDict(content)
    except (zstd.ZstdError, ValueError) as error:
        raise Unreadable("damaged", f"dictionary: {error}") from error
    return packed, lambda: zstd.ZstdDecompressor(zstd_dict=dictionary)
