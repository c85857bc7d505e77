"""Statements of OTW-archive pages and downloads: bylines, tags, series, related works, counts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from selectolax.lexbor import LexborNode

from crawler.pages.body_plain import unescaped
from crawler.pages.otw_markup import Archive, attribute, children, classes, day, labelled, number, path_part, said
from schemas.vocabulary import AuthorKind
from schemas.work import Author, Engagement, HeaderField, RelatedWork, RelationKind, Series

_SERIES: Final = re.compile(r"/series/(\d{1,12})(?:[/?#]|$)", re.ASCII)
_PART: Final = re.compile(r"\bPart\s+(\d{1,6})\b", re.ASCII)
_ARCHIVED: Final = re.compile(r"([^\[\]\x00]{1,300}?)\s*\[archived by ?\x00(\d+)\x00\]")
_LINK: Final = re.compile(r"\x00(\d+)\x00")
_INTO: Final = re.compile(r"(?i)translation into (.{1,80}?) available")
_WORK_LINK: Final = re.compile(r"/(?:works|external_works)/\d", re.ASCII)
_CHAPTERS: Final = re.compile(r"([\d,.\s]{1,12})/\s*([\d,.]{1,12}|\?)", re.ASCII)
_TAG_LINK: Final = re.compile(r'<a(?: class="tag" href="[^"]*"| href="[^"]*/tags/[^"]*")>([^<]*)</a>')
"""A link to a tag, as a parser serialises it."""
_LIST: Final = re.compile(r'[^<]*+(?:</?(?:ul|li)(?: class="[a-z ]*")?>[^<]*+)*+')
"""What stands around the links of a list that holds no others."""
_STAT: Final = re.compile(
    r'<dt class="[a-z ]*">([^<]*)</dt>\s*<dd class="([a-z]+)">(?:<a href="[^"]*">)?([^<]*)(?:</a>)?</dd>'
)
_MAX_BYLINE: Final = 50_000
_ABSENT_IS_ZERO: Final = ("comments", "kudos", "bookmarks")
_RELATIONS: Final[tuple[tuple[str, RelationKind], ...]] = (
    ("translation into", "translated_as"),
    ("a translation of", "translation_of"),
    ("inspired by", "inspired_by"),
    ("in response to a prompt", "prompt"),
    ("a remix of", "inspired_by"),
)
TAG_FIELDS: Final[Mapping[str, str]] = {
    "warning": "warnings_raw",
    "warnings": "warnings_raw",
    "archive warning": "warnings_raw",
    "archive warnings": "warnings_raw",
    "category": "categories_raw",
    "categories": "categories_raw",
    "fandom": "fandoms",
    "fandoms": "fandoms",
    "relationship": "relationships",
    "relationships": "relationships",
    "pairing": "relationships",
    "pairings": "relationships",
    "character": "characters",
    "characters": "characters",
    "freeform": "freeforms",
    "freeforms": "freeforms",
    "additional tag": "freeforms",
    "additional tags": "freeforms",
    "tags": "freeforms",
    "collections": "collections",
    "collection": "collections",
}
"""Field by the class of a ``dd`` or the label of its ``dt``, both in lower case."""


def authors_of(
    byline: LexborNode | None, archive: Archive, after: LexborNode | None = None
) -> tuple[tuple[Author, ...], list[HeaderField]]:
    """Bylines in order, and who archived works of authors without an account (``X [archived by Y]``).

    ``after`` is the link that holds the title, where title and byline share a heading.
    """
    if byline is None:
        return (), []
    text, links = _with_marks(byline.child if after is None else after.next)
    text = re.sub(r"^\s*by\s+", "", text)
    found: list[tuple[int, Author]] = []
    header: list[HeaderField] = []
    archivists: set[int] = set()
    for match in _ARCHIVED.finditer(text) if "[archived by" in text else ():
        name = " ".join(_LINK.sub("", match[1]).split()).strip(" ,")
        index = int(match[2])
        if name and index < len(links) and index not in archivists:
            archivists.add(index)
            found.append((match.start(), Author(name=name)))
            header.append(HeaderField(label="Archived by", value=said(links[index])))
    # The author of an anonymous work sees the name in brackets: published it is without.
    if (spot := re.search(r"(?:^|[\s,>])Anonymous\b", _LINK.sub(" ", text))) is not None:
        found.append((spot.start(), Author(name="Anonymous", kind=AuthorKind.ANONYMOUS)))
    else:
        for match in _LINK.finditer(text):
            index = int(match[1])
            if index < len(links) and index not in archivists and said(links[index]):
                found.append((match.start(), _user(links[index], archive)))
    if not found and (name := re.sub(r"(?:^| )for[\s,]*$", "", " ".join(_LINK.sub("", text).split()))):
        found.append((0, Author(name=name)))
    authors = [author for _, author in sorted(found, key=lambda item: item[0])]
    return tuple(dict.fromkeys(authors)), header


def _with_marks(child: LexborNode | None) -> tuple[str, list[LexborNode]]:
    """Text from a node on, with the number of each link to a user, between NULs, in its place; no gifts."""
    parts: list[str] = []
    links: list[LexborNode] = []
    while child is not None:
        if child.tag == "a" and "gift" in attribute(child, "href"):
            pass
        elif child.tag == "a" and "/users/" in attribute(child, "href"):
            parts.append(f"\0{len(links)}\0")
            links.append(child)
        elif child.is_text_node or child.is_element_node:
            inner = [] if child.is_text_node else [a for a in child.css("a") if "/users/" in attribute(a, "href")]
            if inner:  # some skins and user scripts wrap the links
                for link in inner:
                    parts.append(f"\0{len(links)}\0 ")
                    links.append(link)
            elif child.tag == "a" and attribute(child, "rel") == "author":
                parts.append(f"\0{len(links)}\0")
                links.append(child)
            else:
                parts.append(child.text(deep=True).replace("\0", ""))
        child = child.next
    return " ".join("".join(parts)[:_MAX_BYLINE].split()), links


def _user(link: LexborNode, archive: Archive) -> Author:
    href = attribute(link, "href")
    name = path_part(href, "users")
    kind = AuthorKind.ORPHANED if name == "orphan_account" else AuthorKind.USER
    return Author(name=said(link), id=name, url=archive.url(href), kind=kind)


def tags_of(dd: LexborNode) -> list[str]:
    """Tags of a ``dd``: the links to tags (those to ``Show warnings`` are none), else the text as it stands."""
    markup = dd.inner_html or ""
    pieces = _TAG_LINK.split(markup)
    if len(pieces) > 1 and _LIST.fullmatch("".join(pieces[::2])):
        found = (" ".join(unescaped(piece).split()) for piece in pieces[1::2])
        return list(dict.fromkeys(tag for tag in found if tag))
    links = dd.css("a")
    tags = [said(link) for link in links if "tag" in classes(link) or "/tags/" in attribute(link, "href")]
    tags = tags or [said(link) for link in links if not _work_link(link)]
    if not links and (text := said(dd)):
        tags = [text]
    return list(dict.fromkeys(tag for tag in tags if tag))


def _work_link(link: LexborNode) -> bool:
    return _WORK_LINK.search(attribute(link, "href")) is not None


def series_of(nodes: Iterable[LexborNode]) -> tuple[Series, ...]:
    """Series with the place that the text before each link states: ``Part 2 of the <a>X</a> series``."""
    found: dict[str, Series] = {}
    for node in nodes:
        for link in node.css("a"):
            match = _SERIES.search(attribute(link, "href"))
            title = said(link)
            if match and title:
                place = _PART.findall(_text_before(link))
                found.setdefault(match[1], Series(title=title, id=match[1], position=int(place[-1]) if place else None))
    return tuple(found.values())


def _text_before(link: LexborNode) -> str:
    parts: list[str] = []
    before = link.prev
    while before is not None and before.tag != "a" and len(parts) < 8:
        parts.append(before.text(deep=True))
        before = before.prev
    return " ".join(reversed(parts))


def associations(items: Iterable[LexborNode], archive: Archive) -> tuple[list[str], list[RelatedWork], list[str]]:
    """Gifts, related works and what else the list above the notes says (``ul.associations li``)."""
    gifts: list[str] = []
    related: list[RelatedWork] = []
    others: list[str] = []
    for item in items:
        text = said(item)
        lower = text.casefold()
        receivers = [said(a) for a in item.css("a") if "gift" in attribute(a, "href")]
        kind = next((kind for words, kind in _RELATIONS if lower.startswith(words)), None)
        if kind:
            related.append(related_work(item, kind, archive))
        elif receivers:
            gifts += receivers
        elif lower.startswith("for ") and len(text) < 300:
            gifts.append(text[4:].rstrip(". "))
        elif text:
            others.append(text)
    return gifts, related, others


def related_work(item: LexborNode, kind: RelationKind, archive: Archive) -> RelatedWork:
    """A work that a list item names: ``… <a>Title</a> by <a rel=author>Name</a>``; restricted ones have no title."""
    text = said(item)
    links = item.css("a")
    if kind == "prompt":
        return _prompt(text, links, archive)
    work = next((a for a in links if _work_link(a)), None)
    names = [said(a) for a in links if a != work and "/users/" in attribute(a, "href")]
    author = ", ".join(names)
    if not author and " by " in text:
        author = text.rpartition(" by ")[2].rstrip(". ")
    language = _INTO.search(text)
    return RelatedWork(
        kind=kind,
        title=(said(work) or None) if work is not None else None,
        url=archive.url(attribute(work, "href")) if work is not None else None,
        author=author or None,
        language=language[1].strip() if language else None,
    )


def _prompt(text: str, links: list[LexborNode], archive: Archive) -> RelatedWork:
    """A prompt, which has no title: ``In response to a <a>prompt</a> by X in the <a>Y</a> collection``."""
    hrefs = [attribute(link, "href") for link in links if "/users/" not in attribute(link, "href")]
    href = next((href for href in hrefs if "/prompts/" in href), hrefs[0] if hrefs else None)
    author = text.partition(" by ")[2].partition(" in the ")[0].rstrip(". ")
    return RelatedWork(kind="prompt", url=archive.url(href), author=author or None)


def chapter_counts(text: str | None) -> tuple[int | None, int | None]:
    """``3/5`` → 3 and 5; ``3/?`` → 3 and none."""
    match = _CHAPTERS.search(text or "")
    return (number(match[1]), number(match[2])) if match else (None, None)


def completeness(published: int | None, planned: int | None) -> str | None:
    """The archive's word for the chapters that it states, where it prints none: ``3/3`` is a complete work."""
    if published is None:
        return None
    return "Complete" if published == planned else "Work in Progress"


def stats_of(dl: LexborNode | None) -> tuple[dict[str, str], dict[str, str]]:
    """Texts and labels of ``dl.stats`` by class, or by label in the oldest pages, which have no classes there."""
    texts: dict[str, str] = {}
    labels: dict[str, str] = {}
    label = ""
    pieces = _STAT.split((dl.inner_html or "") if dl is not None else "")
    if not "".join(pieces[::4]).strip():  # nothing but what the archive has written since it has classes there
        for stated, name, text in zip(pieces[1::4], pieces[2::4], pieces[3::4], strict=True):
            key = "status" if name in ("updated", "completed") else name
            texts.setdefault(key, " ".join(unescaped(text).split()))
            labels.setdefault(key, labelled(" ".join(unescaped(stated).split())))
        return texts, labels
    for child in children(dl):
        names = classes(child)
        if child.tag == "dt":
            label = labelled(said(child))
        elif child.tag == "dd" and (name := names[0] if names else label.casefold()):
            name = "status" if name in ("updated", "completed") else name
            texts.setdefault(name, said(child))
            labels.setdefault(name, label)
    return texts, labels


def stats_fields(texts: Mapping[str, str], labels: Mapping[str, str]) -> dict[str, Any]:
    """Fields of a work that its block of counts states. Comments, kudos and bookmarks are left out when 0."""
    published, planned = chapter_counts(texts.get("chapters"))
    status = labels.get("status") or None
    values: dict[str, Any] = {
        "n_chapters_source": published,
        "n_chapters_planned": planned,
        "n_words_source": number(texts.get("words")),
        "published_date": day(texts.get("published")),
        "updated_date": day(texts.get("status")),
        "status_raw": status or completeness(published, planned),
    }
    if texts:
        counts = {name: number(texts[name]) if name in texts else 0 for name in _ABSENT_IS_ZERO}
        values["engagement"] = Engagement(hits=number(texts.get("hits")), **counts)
    return values


_STATEMENT: Final = re.compile(
    r"(Published|Updated|Completed|Words|Chapters|Comments|Kudos|Bookmarks|Hits)\s*:\s*"
    r"(\d[\d,.-]*(?:\s*/\s*(?:[\d,.]+|\?))?)",
    re.ASCII,
)


def stats_in(text: str) -> tuple[dict[str, str], dict[str, str]]:
    """Texts and labels of counts in running text: ``Published: 2012-05-06 Words: 1,234 Chapters: 3/?``."""
    texts: dict[str, str] = {}
    labels: dict[str, str] = {}
    for label, value in _STATEMENT.findall(text[:2000]):
        name = "status" if label in ("Updated", "Completed") else label.casefold()
        texts.setdefault(name, value.rstrip(",."))
        labels.setdefault(name, label)
    return texts, labels
