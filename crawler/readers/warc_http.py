"""HTTP responses as web archives keep them: head, chunks and content encodings, as sent (RFC 9110 and 9112)."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Final

from crawler.readers.container_streams import CHUNK, Inflater, Meter, Unpacking, decompressor_of
from crawler.readers.source import Source, Unreadable

_HEAD: Final = 64 * 1024


@dataclass(frozen=True)
class Response:
    """A response without its body. Names of ``headers`` are in lower case; of several alike the first counts."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def media_type(self) -> str | None:
        """Media type and charset as stated."""
        return self.headers.get("content-type")


def parse(block: bytes) -> Response | None:
    """The response in a record's block; ``None`` where it is none."""
    head = block[:_HEAD]
    if not head.startswith((b"HTTP/", b"ICY ")):
        return None
    end, length = head.find(b"\r\n\r\n"), 4
    bare = head.find(b"\n\n", 0, end + 1 if end >= 0 else len(head))  # none is looked for behind the end
    if bare >= 0:
        end, length = bare, 2
    elif end < 0:
        end, length = len(head), 0
    lines = head[:end].decode("latin-1").splitlines()
    status = [*lines[0].split(None, 2), "", ""][1]
    if not (status.isascii() and status.isdigit() and len(status) == 3):
        return None
    headers: dict[str, str] = {}
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if colon and not line.startswith((" ", "\t")):
            headers.setdefault(name.strip().lower(), value.strip())
    return Response(int(status), headers, block[end + length :])


def content(response: Response, source: Source) -> bytes:
    """The body without chunks and content encodings. What was archived decoded already stays as it is.

    Raises ``Unreadable``: ``damaged``, ``format_not_supported``, ``suspicious_ratio``, ``too_large``.
    """
    body = response.body
    if "chunked" in response.headers.get("transfer-encoding", "").lower():
        body = without_chunks(body)
    encodings = response.headers.get("content-encoding", "").lower().split(",")
    for encoding in reversed([name.strip() for name in encodings if name.strip()]):
        body = _decoded(body, encoding, source)
    return body


def without_chunks(body: bytes) -> bytes:
    """Chunks joined; a body that has none is given back, as crawlers keep the header when they have joined them."""
    pieces: list[bytes] = []
    at = 0
    while at < len(body):
        end = body.find(b"\n", at, at + 1024)
        size = body[at:end].split(b";")[0].strip() if end >= 0 else b""
        try:
            count = int(size, 16) if size and size.isalnum() else -1
        except ValueError:
            count = -1
        if count < 0:
            if not pieces:
                return body
            raise Unreadable("damaged", "a chunk without its size")
        if count == 0:
            return b"".join(pieces)
        piece = body[end + 1 : end + 1 + count]
        if len(piece) < count:
            raise Unreadable("damaged", "the last chunk is cut off")
        pieces.append(piece)
        at = end + 1 + count
        at += 2 if body[at : at + 2] == b"\r\n" else body[at : at + 1] == b"\n"
    raise Unreadable("damaged", "no last chunk")


def _decoded(body: bytes, encoding: str, source: Source) -> bytes:
    if encoding in ("gzip", "x-gzip"):
        return _unpacked(body, "gz", source) if body.startswith(b"\x1f\x8b") else body
    if encoding == "zstd":
        return _unpacked(body, "zst", source) if body.startswith(b"(\xb5/\xfd") else body
    if encoding == "deflate":
        zlib_header = len(body) > 1 and body[0] & 15 == 8 and int.from_bytes(body[:2], "big") % 31 == 0
        return _unpacked(body, "deflate" if zlib_header else "raw", source)
    if encoding == "br":
        return _brotli(body, source)
    if encoding in ("identity", "utf-8", "none"):
        return body
    raise Unreadable("format_not_supported", f"content encoding {encoding[:40]}")


def _unpacked(body: bytes, kind: str, source: Source) -> bytes:
    raw = {"deflate": 15, "raw": -15}
    make = (lambda: Inflater(raw[kind])) if kind in raw else decompressor_of(kind)
    magic = body[:4] if kind == "zst" else body[:2]
    stream = Unpacking(io.BytesIO(body), make, Meter(source), magic, several=kind not in raw)
    pieces: list[bytes] = []
    buffer = bytearray(4 * CHUNK)
    while count := stream.readinto(buffer):
        pieces.append(bytes(buffer[:count]))
        if stream.unpacked > source.max_bytes:
            raise Unreadable("too_large", f"unpacks to more than {source.max_bytes // 2**20} MiB")
    return b"".join(pieces)


def _brotli(body: bytes, source: Source) -> bytes:
    try:
        import brotli  # type: ignore[import-untyped]  # noqa: PLC0415 - optional
    except ImportError as error:
        raise Unreadable("format_not_supported", "Brotli needs: pip install brotli") from error
    decompressor = brotli.Decompressor()
    meter = Meter(source)
    pieces: list[bytes] = []
    size = 0
    try:
        for at in range(0, len(body), 1024):  # what one piece unpacks to cannot be limited, so pieces are small
            piece = decompressor.process(body[at : at + 1024])
            pieces.append(piece)
            size += len(piece)
            meter.count(size, at + 1024)
            if size > source.max_bytes:
                raise Unreadable("too_large", f"unpacks to more than {source.max_bytes // 2**20} MiB")
        finished = decompressor.is_finished()
    except brotli.error:
        if not pieces:
            return body  # archived decoded
        raise Unreadable("damaged", "Brotli data") from None
    if not finished:
        raise Unreadable("damaged", "Brotli data are cut off")
    return b"".join(pieces)
