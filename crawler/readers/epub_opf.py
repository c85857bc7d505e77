"""What the OPF of an EPUB states; XML read without DTD, network or entities, and mended where it is broken.

Source: OPF 2.0.1 and EPUB 3.3 (package document); calibre's own ``meta`` elements.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from lxml import etree  # type: ignore[import-untyped] # lxml has no types of its own

MAX_BYTES: Final = 10_000_000
"""Size of an XML document that is read: what lxml takes without ``huge_tree``."""

_LISTS: Final = {
    "title": "titles",
    "language": "languages",
    "description": "descriptions",
    "subject": "subjects",
    "publisher": "publishers",
    "rights": "rights",
    "relation": "relations",
}

_PLAIN: Final = re.compile(r"(?:[\w-][\w.-]*/)*[\w-][\w.-]*(?:#[\w.-]*)?")
"""Paths that are what they say: no part begins with a dot, nothing is percent-encoded."""

_OPTIONS: Final = {"resolve_entities": False, "no_network": True, "load_dtd": False, "huge_tree": False}
_PARSERS: Final = tuple(etree.XMLParser(recover=recover, **_OPTIONS) for recover in (False, True))

Element = Any
"""An element of lxml, which has no types."""


@dataclass(frozen=True, slots=True)
class Named:
    """A person of the OPF: ``dc:creator`` or ``dc:contributor`` with the role that the OPF states (MARC relators)."""

    name: str
    role: str | None = None


@dataclass(frozen=True, slots=True)
class Stated:
    """A value of the OPF with its qualifier: the event of a date, the scheme of an identifier."""

    value: str
    kind: str | None = None


@dataclass
class Metadata:
    """What the OPF states, in its order and spelling."""

    titles: list[str] = field(default_factory=list)
    creators: list[Named] = field(default_factory=list)
    contributors: list[Named] = field(default_factory=list)
    languages: list[str] = field(default_factory=list)
    descriptions: list[str] = field(default_factory=list)
    subjects: list[str] = field(default_factory=list)
    publishers: list[str] = field(default_factory=list)
    rights: list[str] = field(default_factory=list)
    dates: list[Stated] = field(default_factory=list)
    identifiers: list[Stated] = field(default_factory=list)
    sources: list[Stated] = field(default_factory=list)
    """Values of ``dc:source``; ``kind`` is the element's id (WebToEpub states one for each chapter)."""
    relations: list[str] = field(default_factory=list)
    metas: dict[str, str] = field(default_factory=dict)
    """``meta`` elements: name or property to content, the first of each."""
    series: list[tuple[str, str | None]] = field(default_factory=list)
    """Series and place in it, as calibre or EPUB 3 states them."""


def metadata_of(root: Element) -> Metadata:
    """The statements of an OPF."""
    found = Metadata()
    refined = _metas(root, found)
    for element in root.iter("{http://purl.org/dc/elements/1.1/}*", "{http://purl.org/dc/elements/1.0/}*"):
        value = _text(element).strip()
        if value:
            _take(found, element, value, refined.get(element.get("id") or "", {}))
    return found


def _metas(root: Element, found: Metadata) -> dict[str, dict[str, str]]:
    """Takes the ``meta`` elements; gives what they say of other elements, by id and property."""
    refined: dict[str, dict[str, str]] = {}
    collections: list[tuple[str, str]] = []
    for meta in elements(root, "meta"):
        name = meta.get("name") or meta.get("property") or ""
        value = (meta.get("content") or _text(meta)).strip()
        if refines := (meta.get("refines") or "").removeprefix("#"):
            refined.setdefault(refines, {}).setdefault(name, value)
        elif name and value:
            found.metas.setdefault(name, value)
            if name == "belongs-to-collection":
                collections.append((value, meta.get("id") or ""))
    if series := found.metas.get("calibre:series"):
        found.series.append((series, found.metas.get("calibre:series_index")))
    for title, key in collections:
        known = refined.get(key, {})
        if known.get("collection-type", "series") == "series":
            found.series.append((title, known.get("group-position")))
    return refined


def _take(found: Metadata, element: Element, value: str, known: dict[str, str]) -> None:
    """Takes one Dublin Core element; ``known`` is what ``meta`` elements say of it."""
    name = _local(element).casefold()
    if name in _LISTS:
        getattr(found, _LISTS[name]).append(value)
    elif name in ("creator", "contributor"):
        people = found.creators if name == "creator" else found.contributors
        people.append(Named(" ".join(value.split()), _opf(element, "role") or known.get("role")))
    elif name == "modified":
        found.dates.append(Stated(value, "modification"))
    elif name == "date":
        found.dates.append(Stated(value, _opf(element, "event")))
    elif name == "identifier":
        found.identifiers.append(Stated(value, _opf(element, "scheme") or known.get("identifier-type")))
    elif name == "source":
        found.sources.append(Stated(value, element.get("id")))


def _opf(element: Element, name: str) -> str | None:
    value: str | None = element.get(f"{{http://www.idpf.org/2007/opf}}{name}") or element.get(name)
    return value


def parse(data: bytes) -> Element | None:
    """Root of an XML document, mended where it is broken; ``None`` where there is no element in it."""
    for parser in _PARSERS:
        try:
            root = etree.fromstring(data.strip(b"\0 \t\r\n"), parser)
        except (etree.XMLSyntaxError, ValueError, LookupError):
            continue
        if root is not None:
            return root
    return None


def elements(root: Element, name: str) -> Iterator[Element]:
    """Elements of a local name in any namespace or none."""
    yield from root.iter(f"{{*}}{name}")


def _local(element: Element) -> str:
    return str(element.tag).rsplit("}", 1)[-1]


def _text(element: Element) -> str:
    if not len(element):
        return element.text or ""
    return "".join(part for part in element.itertext(tag=None) if isinstance(part, str))


def resolve(base: str, href: str) -> tuple[str, str]:
    """Path inside the zip and fragment of a link that stands in the member ``base``."""
    if _PLAIN.fullmatch(href) and _PLAIN.fullmatch(base):
        name, _, fragment = href.partition("#")
        return f"{base[: base.rfind('/') + 1]}{name}", fragment
    try:
        parts = urlsplit(href.strip())
    except ValueError:
        return href, ""
    if parts.scheme or parts.netloc:
        return href, ""
    if not parts.path:
        return base, unquote(parts.fragment)
    folder = base.rsplit("/", 1)[0].split("/") if "/" in base and not parts.path.startswith("/") else []
    path: list[str] = []
    for part in (*folder, *unquote(parts.path).split("/")):
        if part == "..":
            del path[-1:]
        elif part not in ("", "."):
            path.append(part)
    return "/".join(path), unquote(parts.fragment)
