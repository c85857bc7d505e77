"""WACZ 1: a zip of web archives with a description (https://specs.webrecorder.net/wacz/1.1.1/)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from crawler.readers import container_zip, warc
from crawler.readers.container_members import Member, ReadMember, Unread, hand_over, label
from crawler.readers.containers import kind_of
from crawler.readers.source import Item, Source, Unreadable

READER_VERSION: Final = "1"

_WARCS: Final = (".warc", ".warc.gz", ".warc.zst", ".arc", ".arc.gz")


def read(source: Source, read_member: ReadMember) -> Iterator[Item]:
    """Items of the pages in the web archives of a WACZ. Its indexes, page lists and logs repeat them and are not read.

    Raises ``Unreadable``: ``damaged`` for one that has no web archive, and as ``containers.read``.
    """

    def archive(member: Source) -> Iterable[Item]:
        if kind_of(member) != "warc":
            raise Unreadable("damaged", "no web archive, though its name says so")
        return warc.read(member, read_member)

    return hand_over(source, _archives(source), archive)


def _archives(source: Source) -> Iterator[Member | Unread]:
    found = False
    for member in container_zip.members(source):
        folder, _, name = label(member.name).rpartition("/")
        if name.lower().endswith(_WARCS) and folder.split("/")[-1] == "archive":
            found = True
            yield member
    if not found:
        raise Unreadable("damaged", "a WACZ without a web archive in archive/")
