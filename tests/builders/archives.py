"""Archives for tests, good and hostile, the same bytes each time."""

import bz2
import gzip
import io
import lzma
import struct
import tarfile
import zipfile
import zlib

DATE = (2020, 2, 2, 2, 2, 2)


def zipped(members, method=zipfile.ZIP_DEFLATED):
    """A zip of names (or ``ZipInfo``) and bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in members.items() if isinstance(members, dict) else members:
            info = name if isinstance(name, zipfile.ZipInfo) else zipfile.ZipInfo(name, DATE)
            info.compress_type = method
            archive.writestr(info, content)
    return out.getvalue()


class _Unseekable(io.BytesIO):
    def seekable(self):
        return False

    def seek(self, *_):
        raise io.UnsupportedOperation

    def tell(self):
        raise io.UnsupportedOperation


def zip_streamed(members):
    """A zip written to a pipe: sizes follow the data."""
    out = _Unseekable()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name, DATE), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def zip_of_one_kernel(count):
    """Many directory entries for one member (after D. Fifield's overlapping zip bomb)."""
    one = zipped({"a.txt": b"Holmes and Watson. " * 2000})
    end = one.rfind(b"PK\5\6")
    (start,) = struct.unpack_from("<L", one, end + 16)
    entries = one[start:end] * count
    return one[:start] + entries + b"PK\5\6" + struct.pack("<4H2LH", 0, 0, count, count, len(entries), start, 0)


def gzip_bomb(mebibytes):
    """Zeros, without unpacking them here: one deflate stream."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    zeros = bytes(2**20)
    return b"".join([*(packer.compress(zeros) for _ in range(mebibytes)), packer.flush()])


def tarred(members, pack=None):
    """A tar of names (or ``TarInfo``) and bytes, packed as a whole."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, content in members.items() if isinstance(members, dict) else members:
            info = name if isinstance(name, tarfile.TarInfo) else tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return pack(out.getvalue()) if pack else out.getvalue()


def gzipped(content):
    return gzip.compress(content, mtime=0)


PACKERS = {"gz": gzipped, "bz2": bz2.compress, "xz": lzma.compress}


def response(body, status="200 OK", **headers):
    """An HTTP response."""
    named = {"Content-Type": "text/html; charset=utf-8"} | {
        key.replace("_", "-"): value for key, value in headers.items()
    }
    head = "".join(f"{key}: {value}\r\n" for key, value in named.items())
    return f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + body


def warc_record(url, block, kind="response", date="2021-03-04T05:06:07Z"):
    """A WARC record."""
    head = (
        f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: {url}\r\nWARC-Date: {date}\r\nContent-Length: {len(block)}"
    )
    return head.encode() + b"\r\nContent-Type: application/http; msgtype=response\r\n\r\n" + block + b"\r\n\r\n"


def warc(pages, pack=bytes):
    """A web archive of addresses and HTTP responses, each record packed by itself."""
    return b"".join(pack(warc_record(url, block)) for url, block in pages.items())
