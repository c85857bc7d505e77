"""Archives and compressed files: every member goes to the reader of what it holds, none to the disk.

Limits (``source.Limits``) hold before and while a member is read: sizes that archives state are not believed.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from typing import BinaryIO, Final

from crawler.readers import container_tar, container_zip
from crawler.readers.container_members import Member, ReadMember, Unread, hand_over
from crawler.readers.container_streams import MAGIC, Meter, unpacked
from crawler.readers.source import Item, Limits, Source, Unreadable

READER_VERSION: Final = "1"

KINDS: Final = ("zip", "tar", "gz", "bz2", "xz", "zst", "7z")
"""What ``read`` reads; ``kind_of`` knows ``warc`` and ``wacz`` too, which have readers of their own."""

_PACKED_TOO: Final = {"tgz": "tar", "tbz": "tar", "tbz2": "tar", "txz": "tar", "tzst": "tar"}
_SUFFIXES: Final = {
    "gz": (".gz", ".gzip", ".z"),
    "bz2": (".bz2", ".bz"),
    "xz": (".xz",),
    "zst": (".zst", ".zstd"),
}
_ZIP: Final = (b"PK\3\4", b"PK\5\6", b"PK\7\x08PK\3\4", b"PK00PK\3\4")
_WARC: Final = (b"WARC/", b"filedesc://")
_DICTIONARY: Final = b"\x5d\x2a\x4d\x18"
_COMPRESSED: Final = (_DICTIONARY, *MAGIC.values())
_PEEKED: Final = 512


def kind_of(source: Source) -> str | None:
    """``zip``, ``tar``, ``gz``, ``bz2``, ``xz``, ``zst``, ``7z``, ``warc``, ``wacz``, or ``None`` for anything else.

    By content. A compressed tar is ``tar``, a compressed web archive ``warc``. ``zip`` says nothing about formats
    that are zip files themselves (EPUB, DOCX, FimFarchive), but for WACZ.
    """
    head = source.head
    if head.startswith(_ZIP):
        return "wacz" if _is_wacz(source) else "zip"
    if head.startswith(b"7z\xbc\xaf\x27\x1c"):
        return "7z"
    kind = compression_of(head)
    start = _peek(source, kind) if kind else head
    if start.startswith(_WARC):
        return "warc"
    if container_tar.is_tar(start):
        return "tar"
    return kind


def compression_of(head: bytes) -> str | None:
    """``gz``, ``bz2``, ``xz`` or ``zst`` by the first bytes; ``None`` for anything else."""
    if not head.startswith(_COMPRESSED):
        return None
    if head.startswith(_DICTIONARY):
        return "zst"
    kind = next((kind for kind, magic in MAGIC.items() if head.startswith(magic)), None)
    if kind == "bz2" and head[4:10] not in (b"1AY&SY", b"\x17\x72\x45\x38\x50\x90"):
        return None  # a text may begin with BZh
    return kind


def _peek(source: Source, kind: str) -> bytes:
    """The first bytes of what a compressed file holds; empty where it is damaged."""
    # Not counted against the limits of the input: it is read again.
    apart = Source(source.path, source.ref, limits=Limits(max_ratio=float("inf")))
    try:
        with unpacked(source, kind, Meter(apart)) as stream:
            return stream.read(_PEEKED)
    except Unreadable:
        return b""


def _is_wacz(source: Source) -> bool:
    """Whether a zip has the parts of a WACZ: a package description, and archives in their folder."""
    if source.ref.lower().endswith(".wacz"):
        return True
    head = source.head
    tail = head
    if source.opener is None:
        with source.open() as stream:
            size = stream.seek(0, io.SEEK_END)
            stream.seek(max(0, size - len(head)))
            tail = stream.read(len(head))
    return b"datapackage.json" in head + tail and b"archive/" in head + tail and b".warc" in head + tail


def read(source: Source, read_member: ReadMember) -> Iterator[Item]:
    """Items of all members of an archive or a compressed file, in its order.

    What gives no work is ``Rejected`` with the member's ref: ``encrypted``, ``damaged``, ``suspicious_ratio``,
    ``too_large``, ``not_a_file``, ``not_a_story``, ``format_not_supported``, and what ``read_member`` raises.
    Raises ``Unreadable`` with these reasons, ``too_deep`` or ``too_many_members`` where the whole gives nothing.
    """
    return hand_over(source, members(source), read_member)


def members(source: Source) -> Iterable[Member | Unread]:
    """Members of an archive, one by one; the only member of a compressed file.

    Raises ``Unreadable``, at once or when they are asked for.
    """
    kind = kind_of(source)
    if kind in ("zip", "wacz"):
        return container_zip.members(source)
    if kind == "7z":
        from crawler.readers import container_sevenzip  # noqa: PLC0415 - py7zr is optional

        return container_sevenzip.members(source)
    compression = compression_of(source.head)
    meter = Meter(source)

    def opened() -> BinaryIO:
        return source.open() if compression is None else unpacked(source, compression, meter)

    if kind == "tar":
        return container_tar.members(opened)
    if compression is not None:
        return [Member(name_inside(source.ref, compression), opened)]
    raise Unreadable("format_not_supported", "no archive")


def name_inside(ref: str, compression: str) -> str:
    """Name of the file that a compressed file holds: ``story.txt`` of ``story.txt.gz``."""
    name = ref.rsplit("/", 1)[-1]
    for suffix in _SUFFIXES[compression]:
        if name.lower().endswith(suffix) and len(name) > len(suffix):
            return name[: -len(suffix)]
    stem, dot, suffix = name.rpartition(".")
    return f"{stem}.tar" if dot and suffix.lower() in _PACKED_TOO else name
