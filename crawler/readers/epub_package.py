"""An EPUB as a package: its zip opened within limits, what its OPF states, its spine and its table of contents.

Source: EPUB 3.3 and OPF 2.0.1. Nothing is written to disk, so paths are only names to look members up by. XML is
read by lxml without DTD, network or entities, and mended where it is broken; chapters are never read as XML.
"""

from __future__ import annotations

import lzma
import re
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import BinaryIO, Final
from urllib.parse import unquote

from crawler.readers import epub_opf as opf
from crawler.readers.container_whole import WholeMembers
from crawler.readers.epub_document import Document, document_of
from crawler.readers.epub_markup import flattened, text_of_xhtml
from crawler.readers.epub_opf import Metadata, elements, resolve
from crawler.readers.epub_toc import Entry, read_nav, read_ncx
from crawler.readers.source import Source, Unreadable
from crawler.readers.text_mojibake import MOJIBAKE_FIXED

CONTAINER_MISSING: Final = "container_missing"
OPF_MISSING: Final = "opf_missing"
OPF_DAMAGED: Final = "opf_damaged"
SPINE_ITEM_MISSING: Final = "spine_item_missing"
MARKUP_FLATTENED: Final = "markup_flattened"
SPINE_ITEM_DAMAGED: Final = "spine_item_damaged"

_CONTAINER: Final = "META-INF/container.xml"
_PLAIN_CONTAINER: Final = re.compile(
    rb"""(?:<\?xml\ version="1\.0"(?:\ encoding="(?i:utf-8)")?(?:\ standalone="(?:yes|no)")?\ ?\?>)?[\ \t\r\n]*
    <container(?:\ version="1\.0")?\ xmlns="urn:oasis:names:tc:opendocument:xmlns:container"(?:\ version="1\.0")?>
    [\ \t\r\n]*<rootfiles>
    [\ \t\r\n]*<rootfile\ full-path="([\w./-]{1,200})"\ media-type="application/oebps-package\+xml"\ ?/>
    [\ \t\r\n]*</rootfiles>
    [\ \t\r\n]*</container>[\ \t\r\n]*""",
    re.VERBOSE,
)
"""A container as nearly all tools write it, to be read without a parser."""
_ENCRYPTION: Final = "META-INF/encryption.xml"
_PAGES: Final = (".xhtml", ".html", ".htm", ".xml")
_PAGE_TYPES: Final = frozenset({"application/xhtml+xml", "text/html", "application/xml", "text/x-oeb1-document"})
_FONTS: Final = ("obfuscation", "#RC")
_DAMAGE: Final = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    OSError,
    ValueError,
    RuntimeError,
    struct.error,
)
_RATIO_FROM: Final = 2**20
_MAX_MEMBERS: Final = 200_000
_PAGES_KEPT: Final = 3
_LONGEST_KEPT: Final = 1_000_000
_MAX_SPINE: Final = 50_000
_PLAIN_NAME: Final = re.compile(r"[!-$&-.0-\[\]-~][ -$&-\[\]-~]{0,300}")
"""ASCII without ``%``, backslash and a slash at its start: but for case there is one way to spell it."""


@dataclass(frozen=True, slots=True)
class Item:
    """A document of the spine. ``path`` is as the manifest has it, resolved against the OPF's folder."""

    path: str
    id: str = ""
    linear: bool = True
    properties: str = ""


@dataclass
class Package:
    """An open EPUB."""

    source: Source
    stream: BinaryIO
    archive: zipfile.ZipFile
    flags: list[str] = field(default_factory=list)
    metadata: Metadata = field(default_factory=Metadata)
    spine: list[Item] = field(default_factory=list)
    toc: list[Entry] = field(default_factory=list)
    landmarks: dict[str, str] = field(default_factory=dict)
    """Path to kind of page (``cover``, ``toc``, ``bodymatter`` …), by guide and landmarks."""

    _pages: dict[str, Document | None] = field(default_factory=dict)

    @cached_property
    def _whole(self) -> WholeMembers:
        return WholeMembers(self.stream, self.archive.infolist())

    @cached_property
    def _names(self) -> dict[str, zipfile.ZipInfo]:
        """Members by their name and by what else a careless tool may call them; exact names win."""
        exact = {info.filename: info for info in reversed(self._files())}
        loose: dict[str, zipfile.ZipInfo] = {}
        for name, info in exact.items():
            for other in _spellings(name):
                loose.setdefault(other, info)
        return loose | exact

    def _files(self) -> list[zipfile.ZipInfo]:
        """Members that are files; ``is_dir`` of ``zipfile`` fails for an empty name."""
        return [info for info in self.archive.infolist() if info.filename and not info.filename.endswith("/")]

    def names(self) -> list[str]:
        """Names of all members but folders, as the zip has them."""
        return [info.filename for info in self._files()]

    def find(self, path: str) -> zipfile.ZipInfo | None:
        """The member of a path: exact, else percent-decoded, in other case or Unicode form."""
        names = self._names
        return names.get(path) or next((names[other] for other in _spellings(path) if other in names), None)

    def read(self, info: zipfile.ZipInfo) -> bytes:
        """Bytes of a member, within the limits of the source.

        Raises ``Unreadable``: ``encrypted``, ``too_large``, ``suspicious_ratio``, ``format_not_supported`` or
        ``damaged``.
        """
        limits, budget = self.source.limits, self.source.budget
        cap = min(self.source.max_bytes, limits.max_bytes, limits.max_unpacked_bytes - budget.unpacked_bytes)
        if info.flag_bits & 0x1:
            raise Unreadable("encrypted", f"{_shown(info)} is encrypted")
        most = max(_RATIO_FROM, int(limits.max_ratio * max(info.compress_size, 1)))
        if info.file_size > most:
            raise Unreadable("suspicious_ratio", f"{_shown(info)} unpacks to {info.file_size} bytes")
        if info.file_size > cap:
            raise Unreadable("too_large", f"{_shown(info)} unpacks to {info.file_size} bytes")
        if (data := self._whole.read(info)) is None:
            data = self._streamed(info, min(cap, most) + 1)  # declared sizes may lie
        budget.unpacked_bytes += len(data)
        if len(data) > min(cap, most):
            raise Unreadable("too_large", f"{_shown(info)} unpacks to more than it declares")
        return data

    def _streamed(self, info: zipfile.ZipInfo, size: int) -> bytes:
        """Bytes of a member, ``size`` at most. Raises ``Unreadable``."""
        try:
            with self.archive.open(info) as stream:
                return stream.read(size)
        except NotImplementedError as error:
            raise Unreadable("format_not_supported", f"{_shown(info)}: {error}") from None
        except _DAMAGE as error:
            raise Unreadable("damaged", f"{_shown(info)}: {str(error)[:200]}") from None

    def page(self, item: Item) -> Document | None:
        """A document of the spine; ``None``, flagged, where it is absent or damaged.

        The first pages are asked for more than once, by those who tell the maker: they are kept.
        """
        if item.path in self._pages:
            return self._pages[item.path]
        page = self._page(item)
        if len(self._pages) < _PAGES_KEPT and (page is None or len(page.source) < _LONGEST_KEPT):
            self._pages[item.path] = page
        return page

    def _page(self, item: Item) -> Document | None:
        info = self.find(item.path)
        if info is None:
            self.flag(SPINE_ITEM_MISSING)
            return None
        try:
            page = document_of(self.read(info))
        except Unreadable as error:
            if error.reason != "damaged":
                raise
            self.flag(SPINE_ITEM_DAMAGED)
            return None
        if page.is_mended:
            self.flag(MOJIBAKE_FIXED)
        if page.is_flattened:
            self.flag(MARKUP_FLATTENED)
        return page

    def flag(self, name: str) -> None:
        """Notes once what was mended or left out."""
        if name not in self.flags:
            self.flags.append(name)


def open_package(source: Source, stream: BinaryIO) -> Package:
    """Opens an EPUB and reads its OPF, navigation and spine.

    Raises ``Unreadable``: ``damaged``, ``encrypted``, ``too_many_members``, ``no_story`` (no page at all), and as
    ``Package.read``.
    """
    _check_directory(source, stream)
    try:
        archive = zipfile.ZipFile(stream)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, OSError, ValueError, NotImplementedError, struct.error) as error:
        raise Unreadable("damaged", f"no readable zip: {str(error)[:200]}") from None
    package = Package(source, stream, archive)
    _check_encryption(package)
    opf_path = _opf_path(package)
    if opf_path is not None:
        _read_opf(package, opf_path)
    if not any(package.find(item.path) for item in package.spine):
        _pages_by_name(package)
    return package


def _check_directory(source: Source, stream: BinaryIO) -> None:
    """Refuses a central directory of more members than the limits allow before ``zipfile`` reads it whole."""
    size = stream.seek(0, 2)
    stream.seek(max(0, size - 65_557))
    tail = stream.read()
    stream.seek(0)
    end = tail.rfind(b"PK\5\6")
    if end < 0 or len(tail) < end + 22:
        raise Unreadable("damaged", "the zip has no end: the file is cut off or no zip")
    members, directory = struct.unpack_from("<HL", tail, end + 10)
    zip64 = tail.rfind(b"PK\6\6", 0, end)
    if zip64 >= 0 and len(tail) >= zip64 + 48:
        members, directory = struct.unpack_from("<QQ", tail, zip64 + 32)
    source.budget.members += min(members, directory // 46)
    least = 46  # bytes of a directory entry without its name
    if (
        directory > least * _MAX_MEMBERS * 4
        or members > _MAX_MEMBERS
        or source.budget.members > source.limits.max_members
    ):
        raise Unreadable("too_many_members", f"{members} members in {directory} bytes of directory")


def _check_encryption(package: Package) -> None:
    """Refuses DRM: ``encryption.xml`` names pages, not only fonts that are obfuscated."""
    info = package.find(_ENCRYPTION)
    root = _xml(package, info) if info else None
    if root is None:
        return
    for data in elements(root, "EncryptedData"):
        method = next((each.get("Algorithm") or "" for each in elements(data, "EncryptionMethod")), "")
        paths = [unquote(each.get("URI") or "") for each in elements(data, "CipherReference")]
        if not any(mark in method for mark in _FONTS) and any(path.casefold().endswith(_PAGES) for path in paths):
            raise Unreadable("encrypted", "the pages are encrypted (DRM)")


def _opf_path(package: Package) -> str | None:
    """Path of the OPF: as the container says, else the one whose path is shortest."""
    container = package.find(_CONTAINER)
    named = _rootfiles(package, container) if container else None
    if named is None:
        package.flag(CONTAINER_MISSING)
    for name in named or ():
        path = resolve("", name)[0]
        if package.find(path):
            return path
    found = [name for name in package.names() if name.casefold().endswith(".opf") and not name.startswith("__MACOSX/")]
    if found:
        return min(found, key=lambda name: (name.count("/"), name))
    package.flag(OPF_MISSING)
    return None


def _rootfiles(package: Package, container: zipfile.ZipInfo) -> list[str] | None:
    """The packages that a container names; ``None`` where it cannot be read."""
    data = _data(package, container)
    if data is not None and (plain := _PLAIN_CONTAINER.fullmatch(data)):
        return [plain[1].decode("ascii")]
    root = opf.parse(data) if data is not None else None
    return None if root is None else [each.get("full-path") or "" for each in elements(root, "rootfile")]


def _read_opf(package: Package, path: str) -> None:
    info = package.find(path)
    root = _xml(package, info) if info else None
    if root is None:
        package.flag(OPF_DAMAGED)
        return
    package.metadata = opf.metadata_of(root)
    manifest: dict[str, tuple[str, str, str]] = {}
    for item in elements(root, "item"):
        href, _ = resolve(path, item.get("href") or "")
        manifest.setdefault(item.get("id") or "", (href, item.get("media-type") or "", item.get("properties") or ""))
    spine = next(iter(elements(root, "spine")), None)
    for ref in elements(spine, "itemref") if spine is not None else ():
        known = manifest.get(ref.get("idref") or "")
        if known is None:
            package.flag(SPINE_ITEM_MISSING)
        elif len(package.spine) < _MAX_SPINE and (known[1] in _PAGE_TYPES or known[0].casefold().endswith(_PAGES)):
            linear = (ref.get("linear") or "yes") != "no"
            package.spine.append(Item(known[0], ref.get("idref") or "", linear, known[2]))
    for reference in elements(root, "reference"):
        target, _ = resolve(path, reference.get("href") or "")
        package.landmarks.setdefault(target, (reference.get("type") or "").casefold())
    _read_toc(package, manifest, spine.get("toc") if spine is not None else None)


def _read_toc(package: Package, manifest: dict[str, tuple[str, str, str]], ncx_id: str | None) -> None:
    """Titles by EPUB 3 navigation, else by NCX; the one with more lines where both are there."""
    nav = next((href for href, _, properties in manifest.values() if "nav" in properties.split()), None)
    ncx = [href for key, (href, kind, _) in manifest.items() if key == ncx_id or kind == "application/x-dtbncx+xml"]
    ncx += [name for name in package.names() if name.casefold().endswith(".ncx")] if not ncx else []
    if nav and (info := package.find(nav)):
        package.toc, landmarks = read_nav(flattened(text_of_xhtml(package.read(info))), nav)
        for path, kind in landmarks.items():
            package.landmarks.setdefault(path, kind)
        package.landmarks[nav] = "toc"
    if ncx and (info := package.find(ncx[0])):
        root = _xml(package, info)
        listed = read_ncx(root, ncx[0]) if root is not None else []
        if len(listed) > len(package.toc):
            package.toc = listed


def _pages_by_name(package: Package) -> None:
    """A package without a spine: all its pages by name, numbers counted as numbers."""
    if OPF_MISSING not in package.flags:
        package.flag(OPF_DAMAGED)
    names = [
        name
        for name in package.names()
        if name.casefold().endswith(_PAGES[:3]) and not name.startswith(("__MACOSX/", "META-INF/"))
    ]
    if not names:
        raise Unreadable("no_story", "no spine and no pages")
    package.spine = [Item(name) for name in sorted(names, key=_natural)[:_MAX_SPINE]]


def _natural(name: str) -> tuple[tuple[int, str], ...]:
    return tuple((int(part), "") if part.isdecimal() else (0, part) for part in re.split(r"(\d{1,9})", name))


def _xml(package: Package, info: zipfile.ZipInfo) -> opf.Element | None:
    """Root of an XML member; ``None`` where nothing can be read. Raises as ``_data``."""
    data = _data(package, info)
    return None if data is None else opf.parse(data)


def _data(package: Package, info: zipfile.ZipInfo) -> bytes | None:
    """Bytes of an XML member; ``None`` where it is damaged.

    Raises ``Unreadable`` (``too_large``) for one beyond what XML is read of, and as ``Package.read``.
    """
    try:
        data = package.read(info)
    except Unreadable as error:
        if error.reason == "damaged":
            return None
        raise
    if len(data) > opf.MAX_BYTES:
        raise Unreadable("too_large", f"{_shown(info)} has {len(data)} bytes")
    return data


def _spellings(name: str) -> Iterable[str]:
    """What else a name may be called: percent-decoded, in NFC, in lower case, in the encoding it was written in."""
    if _PLAIN_NAME.fullmatch(name):
        yield name.lower()
        return
    plain = unicodedata.normalize("NFC", unquote(name.replace("\\", "/").lstrip("/")))
    yield plain
    yield plain.casefold()
    try:
        yield unicodedata.normalize("NFC", name.encode("cp437").decode("utf-8")).casefold()
    except UnicodeError:
        return


def _shown(info: zipfile.ZipInfo) -> str:
    return info.filename[:120].encode("utf-8", "backslashreplace").decode("utf-8")
