"""EPUB → works: opened within limits, its maker told, and read as that maker writes.

AO3's own files are made by calibre from its HTML download, cut in files: they are put together again and read by the
parser of that HTML. FanFicFare's state all on a title page. All others are read alike, by OPF, spine and contents.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from typing import Any, Final

from selectolax.lexbor import LexborNode

from crawler.pages import otw_download
from crawler.pages.page import Page, Refused
from crawler.readers import epub_generic, fanficfare
from crawler.readers.epub_package import SPINE_ITEM_DAMAGED, Package, open_package
from crawler.readers.source import Item, Source, Unreadable
from schemas.work import Provenance, Work

AO3_FORMAT: Final = "ao3_epub"
PARSER_VERSION: Final = "2"

_AO3_PUBLISHER: Final = "archive of our own"
_AO3_PARTS: Final = ("preface", "chapters", "afterword")
_MIMETYPE: Final = b"application/epub+zip"
_MARKS: Final = (b"META-INF/container.xml", b".opf", b".xhtml")


def recognise(head: bytes, name: str = "") -> bool:
    """Whether the first bytes are those of an EPUB: a zip with its media type, its container or an OPF near its start.

    A zip that keeps those further back is told by its directory: ``is_epub``.
    """
    if not head.startswith(b"PK\3\4"):
        return False
    if _MIMETYPE in head[:200]:
        return True
    return any(mark in head for mark in _MARKS) or name.casefold().endswith((".epub", ".kepub"))


def is_epub(source: Source) -> bool:
    """Whether a zip is an EPUB: by the media type at its start, else by the names of its members.

    They tell it by a container or by one OPF that stands at most two deep.
    """
    if _MIMETYPE in source.head[:200]:
        return source.head.startswith(b"PK\3\4")
    try:
        with source.open() as stream, zipfile.ZipFile(stream) as archive:
            names = {name.casefold() for name in archive.namelist()[:5000]}
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return False
    packages = [name for name in names if name.endswith(".opf") and not name.startswith("__macosx/")]
    return "meta-inf/container.xml" in names or (len(packages) == 1 and packages[0].count("/") <= 2)


def read(source: Source) -> Iterator[Item]:
    """Works of an EPUB.

    Raises ``Unreadable``: ``damaged``, ``encrypted``, ``too_large``, ``too_many_members``, ``suspicious_ratio``,
    ``no_story``, ``format_not_supported``, ``parse_error``.
    """
    if source.opener is not None:
        raise Unreadable("too_large", "a member that is too large to be held, and a zip cannot be read as a stream")
    with source.open() as stream:
        package = open_package(source, stream)
        provenance = Provenance(
            format="epub",
            parser_version=PARSER_VERSION,
            raw_sha256=source.sha256,
            path=source.ref.encode("utf-8", "backslashreplace").decode("utf-8"),
            retrieved_at=source.retrieved_at,
        )
        try:
            yield from _works(package, provenance)
        except (Refused, Unreadable) as error:
            if error.reason == "no_story" and SPINE_ITEM_DAMAGED in package.flags:
                raise Unreadable("damaged", "none of the pages that hold text can be unpacked") from None
            raise Unreadable(error.reason, error.detail) from None


def _works(package: Package, provenance: Provenance) -> Iterator[Item]:
    if fanficfare.is_fanficfare(package):
        yield from fanficfare.read(package, provenance)
        return
    if markup := _ao3_markup(package):
        page = Page(markup)
        if otw_download.recognise(page):
            yield _ao3_work(package, page, provenance)
            return
    yield from epub_generic.read(package, provenance)


def _ao3_work(package: Package, page: Page, provenance: Provenance) -> Work:
    """The work of AO3's own file; what its preface lacks is taken from the OPF, whose date and subjects mix kinds."""
    stated = epub_generic.opf_values(package)
    known: dict[str, Any] = {
        name: stated[name] for name in ("title", "authors", "summary", "language_raw") if name in stated
    }
    work = otw_download.read_download(page, provenance, known=known)
    flags = tuple(dict.fromkeys((*work.provenance.flags, *package.flags)))
    marked = work.provenance.model_copy(update={"format": AO3_FORMAT, "flags": flags})
    return work.model_copy(update={"provenance": marked})


def _ao3_markup(package: Package) -> str | None:
    """The HTML that calibre made an AO3 file of: bodies in spine order, elements of the same id merged.

    ``None`` for other files: AO3's name its publisher, or begin with a preface that holds ``dl.tags``.
    """
    named = any(_AO3_PUBLISHER in publisher.casefold() for publisher in package.metadata.publishers)
    if not named:  # told by the source before anything is parsed
        mark = "preface" if len(package.spine) > 2 else "tags"
        if not any((page := package.page(item)) and page.says(mark) for item in package.spine[:2]):
            return None
    parts: dict[str, list[str]] = {}
    title = ""
    for place, item in enumerate(package.spine):
        page = package.page(item)
        if page is None:
            continue
        if place > 1 and not named and "preface" not in parts:
            return None
        tree = page.parsed()
        if not title and (head := tree.css_first("title")) is not None:
            title = head.text(deep=True)
        if tree.body is not None:
            _gather(tree.body, parts)
    joined = "".join(_element(name, contents) for name, contents in parts.items())
    if 'class="tags"' not in joined:
        return None
    return f"<html><head><title>{_escaped(title)}</title></head><body>{joined}</body></html>"


def _gather(body: LexborNode, parts: dict[str, list[str]]) -> None:
    """Adds the children of a body, those of AO3's own elements to what these hold already."""
    inner = body
    while (only := _only_child(inner)) is not None and only.attributes.get("id") not in _AO3_PARTS:
        inner = only  # a wrapper of calibre's
    child = inner.child
    while child is not None:
        name = child.attributes.get("id") if child.tag == "div" else None
        if name in _AO3_PARTS:
            part = parts.setdefault(name, [])
            grandchild = child.child
            while grandchild is not None:
                part.append(grandchild.html or "")
                grandchild = grandchild.next
        else:
            parts.setdefault("", []).append(child.html or "")
        child = child.next


def _only_child(node: LexborNode) -> LexborNode | None:
    """The one ``div`` that an element holds beside white space."""
    found: LexborNode | None = None
    child = node.child
    while child is not None:
        if child.tag != "-text" or (child.text_content or "").strip():
            if found is not None or child.tag != "div":
                return None
            found = child
        child = child.next
    return found


def _element(name: str, contents: list[str]) -> str:
    inner = "".join(contents)
    if not name:
        return inner
    classes = ' class="userstuff"' if name == "chapters" else ""
    return f'<div id="{name}"{classes}>{inner}</div>'


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")
