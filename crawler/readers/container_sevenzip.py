"""7z archives, by py7zr, which unpacks a block of many members in one go and pushes what comes out.

A thread unpacks and waits while the member before is read: one member is in memory at a time. py7zr has no
streams to pull from, so members larger than ``max_bytes`` are not read.
"""

from __future__ import annotations

import io
import queue
import struct
import threading
from collections.abc import Iterator
from typing import Any, BinaryIO, Final

from crawler.readers.container_members import Member, Unread, seekable
from crawler.readers.container_streams import absurd, suspicious_ratio, within_budget
from crawler.readers.source import Source, Unreadable

_HIGHEST_MEMORY: Final = 512 * 2**20
_LZMA: Final = b"\3\1\1"
_PPMD: Final = b"\3\4\1"
_AES: Final = b"\6\xf1\7\1"


def members(source: Source) -> Iterator[Member | Unread]:
    """Members of a 7z archive, in the order of its blocks.

    Raises ``Unreadable``: ``format_not_supported`` (a method, or py7zr is not installed), ``encrypted``, ``damaged``,
    ``suspicious_ratio``, ``too_large``.
    """
    try:
        import py7zr  # noqa: PLC0415 - optional, and slow to import
    except ImportError as error:
        raise Unreadable("format_not_supported", '7z needs: pip install "fanthology[archives]"') from error
    with seekable(source) as stream:
        size = stream.seek(0, io.SEEK_END)
        stream.seek(0)
        try:
            archive = py7zr.SevenZipFile(stream)
            files = list(archive.files)
        except Exception as error:  # py7zr parses what it is given, and fails in any way
            raise _unreadable(error) from error
        _check(source, archive, files, size)
        yield from _pushed(source, archive, files)


def _check(source: Source, archive: Any, files: list[Any], size: int) -> None:
    """Raise ``Unreadable`` for archives that would cost too much, by what they state and py7zr goes by."""
    stated = sum(file.uncompressed or 0 for file in files if not file.emptystream)
    if absurd(source, stated, size):
        raise suspicious_ratio(f"{size} bytes would be {stated}")
    source.budget.unpacked_bytes += stated
    within_budget(source)
    streams = getattr(archive.header, "main_streams", None)
    for folder in streams.unpackinfo.folders if streams is not None else ():
        for coder in folder.coders:
            method, properties = coder.get("method"), coder.get("properties") or b""
            if method == _AES:
                raise Unreadable("encrypted", "needs a password")
            if method in (_LZMA, _PPMD) and len(properties) >= 5:
                (memory,) = struct.unpack_from("<L", properties, 1)
                if memory > _HIGHEST_MEMORY:
                    raise Unreadable("too_large", f"unpacking needs {memory // 2**20} MiB of memory")


def _pushed(source: Source, archive: Any, files: list[Any]) -> Iterator[Member | Unread]:
    """Members as a thread unpacks them; it ends with the last one, with an error, or when nobody asks any more."""
    wanted: dict[int, str] = {}
    for file in files:
        if file.is_directory:
            continue
        if file.is_symlink or file.is_junction or file.is_socket:
            yield Unread(file.filename, "not_a_file", "a link or a device")
        elif not file.emptystream and (file.uncompressed or 0) > source.max_bytes:
            detail = f"{file.uncompressed} bytes, which 7z gives only as a whole; unpack it first"
            yield Unread(file.filename, "too_large", detail)
        else:
            wanted[file.id] = file.filename
    done: queue.Queue[tuple[str, bytes] | Unreadable | None] = queue.Queue(maxsize=1)
    stopped = threading.Event()
    thread = threading.Thread(target=_unpack, args=(archive, wanted, done, stopped), daemon=True)
    thread.start()
    try:
        while (item := done.get()) is not None:
            if isinstance(item, Unreadable):
                raise item
            name, content = item
            yield Member(name, _Content(content))
    finally:
        stopped.set()
        while thread.is_alive():
            try:
                done.get(timeout=0.01)
            except queue.Empty:
                continue


class _Content:
    """Opens bytes."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def __call__(self) -> BinaryIO:
        return io.BytesIO(self._content)


class _Stopped(Exception):
    """Raised in the thread when nobody reads on."""


class _Writer:
    """Holds one member, and gives it away when py7zr closes it: it does so for members whose checksum fits."""

    def __init__(self, name: str, done: queue.Queue[Any], stopped: threading.Event) -> None:
        self._name = name
        self._done = done
        self._stopped = stopped
        self._pieces: list[bytes] = []

    def write(self, piece: bytes | bytearray) -> int:
        """Take the next bytes."""
        if self._stopped.is_set():
            raise _Stopped
        self._pieces.append(bytes(piece))
        return len(piece)

    def seek(self, offset: int, whence: int = 0) -> int:  # noqa: ARG002 - asked for by the interface
        """Do nothing: py7zr rewinds what it has written."""
        return 0

    def close(self) -> None:
        """Give the member away."""
        if self._stopped.is_set():
            raise _Stopped
        content, self._pieces = b"".join(self._pieces), []
        self._done.put((self._name, content))


class _Writers:
    """Makes the writer of each member; py7zr asks by the name given, which is a number here."""

    def __init__(self, wanted: dict[int, str], done: queue.Queue[Any], stopped: threading.Event) -> None:
        self._wanted = wanted
        self._done = done
        self._stopped = stopped

    def create(self, filename: str) -> _Writer:
        """The writer of a member."""
        return _Writer(self._wanted[int(filename)], self._done, self._stopped)


def _unpack(archive: Any, wanted: dict[int, str], done: queue.Queue[Any], stopped: threading.Event) -> None:
    """Unpack the wanted members into the queue, then ``None`` or the error."""
    from py7zr.io import MemIO  # noqa: PLC0415 - optional

    writers: Any = _Writers(wanted, done, stopped)
    try:
        for file in archive.files:
            # Not by extractall(): it makes paths of the names, and fails on those that lead out of the folder.
            archive.worker.register_filelike(file.id, MemIO(str(file.id), writers) if file.id in wanted else None)
        archive.worker.extract(archive.fp, None, parallel=False)
        done.put(None)
    except _Stopped:
        pass
    except Exception as error:  # noqa: BLE001 - py7zr fails in any way
        done.put(_unreadable(error))


def _unreadable(error: Exception) -> Unreadable:
    kind = type(error).__name__
    if kind == "PasswordRequired":
        return Unreadable("encrypted", "needs a password")
    if kind == "UnsupportedCompressionMethodError":
        return Unreadable("format_not_supported", "packed by a method that py7zr does not read")
    return Unreadable("damaged", f"{kind}: {str(error)[:200]}")
