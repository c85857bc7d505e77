"""What went over the line, kept as WARC 1.1 files (ISO 28500): compressed by the record, valid at any moment."""

from __future__ import annotations

import io
import logging
import os
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import responses as reasons
from pathlib import Path
from typing import BinaryIO, Final

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

try:
    import fcntl
except ImportError:  # pragma: no cover - Windows
    fcntl = None  # type: ignore[assignment]

logger = logging.getLogger(__name__)

Headers = Sequence[tuple[str, str]]

_OPEN: Final = ".open"
_PIECE: Final = 16 * 1024
"""Bytes read at once: what they unpack to, at most 16 MiB, is held."""
_FRAMING: Final = frozenset({"transfer-encoding", "content-length", "trailer"})


@dataclass(frozen=True)
class Exchange:
    """A request and what came of it, as received: the body with its content encodings, without chunks."""

    url: str
    fetched_at: datetime
    """UTC: when the request went out."""
    method: str
    request_headers: Headers
    request_body: bytes = b""
    status: int | None = None
    """Null where no answer came; ``error`` says why."""
    protocol: str = "HTTP/1.1"
    headers: Headers = ()
    body: bytes = b""
    ip_address: str | None = None
    truncated: bool = False
    """Whether the connection broke before the body was complete."""
    error: str = ""


def rendered(exchange: Exchange) -> bytes:
    """The records of an exchange: the response, then the request; without a response, request and failure."""
    url = exchange.url.partition("#")[0]
    out = io.BytesIO()
    writer = WARCWriter(out, gzip=True, warc_version="WARC/1.1")
    date = exchange.fetched_at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    known = {"WARC-Date": date} | ({"WARC-IP-Address": exchange.ip_address} if exchange.ip_address else {})
    request = writer.create_warc_record(
        url,
        "request",
        payload=io.BytesIO(exchange.request_body),
        length=len(exchange.request_body),
        http_headers=StatusAndHeaders(
            f"{exchange.method} {_target(url)} HTTP/1.1", list(exchange.request_headers), is_http_request=True
        ),
        warc_headers_dict=dict(known),
    )
    if exchange.status is None:
        writer.write_record(request)
        concurrent = {"WARC-Concurrent-To": request.rec_headers.get_header("WARC-Record-ID")}
        failure = f"fetchError: {' '.join(exchange.error.split())}\r\n".encode()
        metadata = writer.create_warc_record(
            url,
            "metadata",
            payload=io.BytesIO(failure),
            length=len(failure),
            warc_headers_dict=known | concurrent,
        )
        writer.write_record(metadata)
        return out.getvalue()
    truncated = {"WARC-Truncated": "disconnect"} if exchange.truncated else {}
    status_line = f"{exchange.status} {reasons.get(exchange.status, '')}".rstrip()
    response = writer.create_warc_record(
        url,
        "response",
        payload=io.BytesIO(exchange.body),
        length=len(exchange.body),
        http_headers=StatusAndHeaders(status_line, framed(exchange.headers, len(exchange.body)), exchange.protocol),
        warc_headers_dict=known | truncated,
    )
    writer.write_request_response_pair(request, response)
    return out.getvalue()


def framed(headers: Headers, size: int) -> list[tuple[str, str]]:
    """Headers of a response that fit a body of ``size`` bytes without chunks.

    What was stated of chunks and length, where it does not fit, stays under ``X-Archive-Orig-``.
    """
    kept = []
    for name, value in headers:
        if name.lower() not in _FRAMING:
            kept.append((name, value))
        elif not (name.lower() == "content-length" and value.strip() == str(size)):
            kept.append((f"X-Archive-Orig-{name}", value))
    return [*kept, ("Content-Length", str(size))]


def _target(url: str) -> str:
    """What a request line asks for: path and query."""
    path = url.partition("://")[2]
    start = min((at for mark in "/?" if (at := path.find(mark)) >= 0), default=len(path))
    return path[start:] if path[start : start + 1] == "/" else "/" + path[start:]


class WarcFiles:
    """Writes WARC files into a folder, one after the other; the one being written ends in ``.open``.

    What ``write`` has written is on disk when it comes back.
    """

    def __init__(self, folder: Path, prefix: str, info: Mapping[str, str], *, max_size: int) -> None:
        """Raises ``OSError`` where the folder cannot be made, or files of a run that was cut off cannot be mended."""
        self._folder, self._prefix, self._info, self._max_size = folder, prefix, dict(info), max_size
        self._file: BinaryIO | None = None
        self._path: Path | None = None
        self._size = 0
        self._serial = 0
        self._leads_on = False  # an index of chapters stays in one file with the work that comes after it
        self.names: list[str] = []
        """Names of the files begun, without ``.open``."""
        folder.mkdir(parents=True, exist_ok=True)
        self.mended = list(mend(folder))
        """Names of files that an earlier run left open."""

    def write(self, exchange: Exchange) -> None:
        """Append an exchange, durably. Raises ``OSError``; the file then ends with the last whole exchange."""
        if self._file is not None and self._size >= self._max_size and not self._leads_on:
            self.close()
        if self._file is None:
            self._begin()
        self._append(rendered(exchange))
        self._leads_on = exchange.url.endswith("/navigate")

    def close(self) -> None:
        """Finish the file at hand, if any. Raises ``OSError``."""
        if self._file is None or self._path is None:
            return
        self._file.close()
        self._file = None
        final = self._path.with_name(self._path.name.removesuffix(_OPEN))
        self._path.replace(final)
        _sync_folder(self._folder)

    def _begin(self) -> None:
        moment = datetime.now(UTC).strftime("%Y%m%d%H%M%S")
        while True:
            self._serial += 1
            name = f"{self._prefix}-{moment}-{self._serial:05d}.warc.gz"
            if not (self._folder / name).exists():
                break
        self._path = self._folder / (name + _OPEN)
        self._file = self._path.open("xb")
        _locked(self._file)
        self._size = 0
        self.names.append(name)
        _sync_folder(self._folder)
        out = io.BytesIO()
        writer = WARCWriter(out, gzip=True, warc_version="WARC/1.1")
        writer.write_record(writer.create_warcinfo_record(name, self._info))
        self._append(out.getvalue())

    def _append(self, data: bytes) -> None:
        assert self._file is not None
        try:
            self._file.write(data)
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError:
            self._cut()
            raise
        self._size += len(data)

    def _cut(self) -> None:
        """Take back what was half written."""
        assert self._file is not None
        assert self._path is not None
        try:
            self._file.close()
        except OSError:
            logger.debug("the file could not be closed either", exc_info=True)
        self._file = None
        try:
            os.truncate(self._path, self._size)
        except OSError:  # the next run mends it
            logger.debug("the file could not be cut either", exc_info=True)


def mend(folder: Path) -> Iterator[str]:
    """Finish the files that a killed crawl left open: cut after the last whole record, renamed; gives their names.

    One without a whole record is deleted; one that a process is still writing is left alone.
    """
    for path in sorted(folder.glob(f"*.warc.gz{_OPEN}")):
        with path.open("r+b") as stream:
            if not _locked(stream):
                logger.warning("%s is being written by another crawl", path.name)
                continue
            end = whole(stream)
            stream.truncate(end)
            stream.flush()
            os.fsync(stream.fileno())
        final = path.with_name(path.name.removesuffix(_OPEN))
        if end == 0:
            path.unlink()
            logger.info("%s held no whole record and is gone", path.name)
            continue
        path.replace(final)
        yield final.name
    _sync_folder(folder)


def whole(stream: BinaryIO) -> int:
    """Where the last whole gzip member of a stream ends, in bytes from its start; reads a piece at a time.

    Each of our records is one member.
    """
    stream.seek(0)
    end = at = 0
    member = zlib.decompressobj(zlib.MAX_WBITS | 16)
    data = stream.read(_PIECE)
    while data:
        try:
            member.decompress(data)
        except zlib.error:
            return end
        at += len(data) - len(member.unused_data)
        data = member.unused_data
        if member.eof:
            end = at
            member = zlib.decompressobj(zlib.MAX_WBITS | 16)
        data = data or stream.read(_PIECE)
    return end


def _locked(stream: BinaryIO) -> bool:
    """Whether a file is ours now; it is until it is closed, or we die. Always where the system knows no such locks."""
    if fcntl is None:
        return True
    try:
        fcntl.flock(stream.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return True
    return True


def _sync_folder(folder: Path) -> None:
    """Make names in a folder durable, where the system can."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
