"""The tables of contents of an EPUB: navigation documents (EPUB 3) and NCX (EPUB 2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from lxml import etree  # type: ignore[import-untyped] # lxml has no types of its own
from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawler.readers.epub_opf import Element, resolve

_MAX_ENTRIES: Final = 50_000


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the table of contents: where it leads, what it says, how deep it stands (0 is the outermost)."""

    path: str
    fragment: str
    title: str
    depth: int


def read_ncx(root: Element, path: str) -> list[Entry]:
    """Lines of an NCX in its order; ``path`` is the NCX's own, to resolve links."""
    entries: list[Entry] = []
    depth = -1

    for event, point in etree.iterwalk(root, events=("start", "end")):
        if not isinstance(point.tag, str) or point.tag.rsplit("}", 1)[-1] != "navPoint":
            continue
        depth += 1 if event == "start" else -1
        if event == "start" and len(entries) < _MAX_ENTRIES:
            label = next((text for text in point.iterfind("{*}navLabel/{*}text")), None)
            content = next((each for each in point.iterfind("{*}content")), None)
            title = " ".join("".join(label.itertext()).split()) if label is not None else ""
            if title and content is not None:
                target, fragment = resolve(path, content.get("src") or "")
                entries.append(Entry(target, fragment, title, depth))
    return entries


def read_nav(html: str, path: str) -> tuple[list[Entry], dict[str, str]]:
    """Lines of a navigation document, and its landmarks (path to kind of page)."""
    tree = LexborHTMLParser(html)
    toc: LexborNode | None = None
    landmarks: dict[str, str] = {}
    for nav in tree.css("nav"):
        kind = (nav.attributes.get("epub:type") or "").split()
        role = nav.attributes.get("role") or ""
        if "landmarks" in kind:
            for link in nav.css("a[href]"):
                target, _ = resolve(path, link.attributes.get("href") or "")
                kinds = (link.attributes.get("epub:type") or "").split()
                if kinds:
                    landmarks.setdefault(target, kinds[-1].casefold())
        elif toc is None and ("toc" in kind or role == "doc-toc" or not kind):
            toc = nav
    entries: list[Entry] = []
    for link in toc.css("a[href]")[:_MAX_ENTRIES] if toc is not None else ():
        title = " ".join(link.text(deep=True).split())
        if title:
            target, fragment = resolve(path, link.attributes.get("href") or "")
            entries.append(Entry(target, fragment, title, 0))
    return entries, landmarks
