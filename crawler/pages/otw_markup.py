"""What the templates of the OTW-archive software have in common: nodes, addresses, numbers, days, the archive's name.

The templates are those of ``github.com/otwcode/otwarchive`` from 2010 on. Authors can set classes in their texts,
but no ids; so texts (``.userstuff``) are never searched, and what stands beside them is found by walking children.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final
from urllib.parse import unquote, urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawler.origins import origin_of, slug_of
from crawler.pages.page import Page
from schemas.work import Provenance

_SURROGATES: Final = re.compile(r"[\ud800-\udfff]")
_WORK_PATH: Final = re.compile(r"/(?:works|downloads)/(\d{1,12})(?:[/?#.]|$)", re.ASCII)
_ROOTED: Final = re.compile(r"(?!.*/\.)/[\w%~:@!$&'()*+,=-][\w/%~:@!$&'()*+,=. -]*(?<! )", re.ASCII)
"""Paths from the root that need no joining: nothing of them is resolved or left out."""
_WHOLE: Final = re.compile(rf"https?://[a-z\d.-]+(?:{_ROOTED.pattern})", re.ASCII)
"""Addresses of that kind that are whole."""
_ESCAPED: Final = re.compile(r'<\\(?=[/!a-z])|<[a-z]{1,10} [a-z]{1,20}=\\"')
_ESCAPES: Final = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))")
_SEPARATORS: Final = re.compile(r"[,.\s\u00a0\u202f]")
_CONTROLS: Final = {"n": "\n", "r": "\r", "t": "\t", "f": "\f", "b": ""}
_MONTHS: Final = dict(
    zip(["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], range(1, 13), strict=True)
)
_ISO_DAY: Final = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})", re.ASCII)
_SHORT_DAY: Final = re.compile(r"(\d{1,2}) ([A-Za-z]{3})[a-z]* (\d{4})", re.ASCII)
_ARCHIVES: Final = {
    "archive of our own": ("ao3", "archiveofourown.org"),
    "squidgeworld": ("squidgeworld", "squidgeworld.org"),
    "squidgeworld archive": ("squidgeworld", "squidgeworld.org"),
    "superlove": ("superlove", "superlove.sayitditto.net"),
    "cfaa": ("cfaarchive", "cfaarchive.org"),
    "ad astra": ("ad-astra", "ad-astra.lcarscom.net"),
}
"""Archives by the name that they print in the header and in ``<title>`` (``… [Archive of Our Own]``)."""
_AO3_ALIASES: Final = frozenset(
    {"ao3.org", "archiveofourown.com", "archiveofourown.net", "archiveofourown.gay", "insecure.archiveofourown.org"}
)


@dataclass(frozen=True, slots=True)
class Archive:
    """The archive that a page is of: its slug and its address; ``file`` and none where the page names none."""

    source: str
    base: str | None

    def url(self, href: str | None) -> str | None:
        """An address of the page made whole; ``None`` where it cannot be."""
        if href and self.base and _ROOTED.fullmatch(href):
            return self.base.rstrip("/") + href
        if href and _WHOLE.fullmatch(href):
            return href
        try:
            address = urljoin(self.base or "", (href or "").strip())
            return address if urlsplit(address).scheme in ("http", "https") else None
        except ValueError:
            return None


def mended(page: Page) -> tuple[Page, tuple[str, ...]]:
    """The page, unescaped where it was saved as a JSON or JavaScript string, and a flag that says so."""
    if not page.opens_with(b"\\"):
        return page, ()
    html = page.html
    if "\\n" not in html[:4096] or not _ESCAPED.search(html[:65536]):
        return page, ()
    html = _SURROGATES.sub("\ufffd", _ESCAPES.sub(_unescaped, _paired(html)))
    return Page(html, page.given_url), ("unescaped",)


def holds_any(page: Page, marks: Iterable[bytes]) -> bool:
    """Whether a page holds one of some strings."""
    return any(mark in page.utf8 for mark in marks)


def _paired(html: str) -> str:
    r"""JSON writes characters beyond the 16-bit plane as two ``\u``; here they become one character."""
    pair = re.compile(r"\\u(d[89ab][0-9a-f]{2})\\u(d[c-f][0-9a-f]{2})", re.IGNORECASE)
    return pair.sub(lambda m: chr(0x10000 + ((int(m[1], 16) & 0x3FF) << 10) + (int(m[2], 16) & 0x3FF)), html)


def _unescaped(match: re.Match[str]) -> str:
    return chr(int(match[1], 16)) if match[1] else _CONTROLS.get(match[2], match[2])


def classes(node: LexborNode) -> list[str]:
    """The classes of an element."""
    return (node.attributes.get("class") or "").split()


def attribute(node: LexborNode | None, name: str) -> str:
    """Value of an attribute; empty where it or the element is absent."""
    return "" if node is None else (node.attributes.get(name) or "")


def children(node: LexborNode | None) -> Iterator[LexborNode]:
    """The elements right below another."""
    child = node.child if node is not None else None
    while child is not None:
        if child.is_element_node:
            yield child
        child = child.next


def child_of(node: LexborNode | None, *names: str, tag: str | None = None) -> LexborNode | None:
    """The first element right below another that has all of some classes and, if given, a tag name."""
    for child in children(node):
        if (tag is None or child.tag == tag) and set(names) <= set(classes(child)):
            return child
    return None


def said(node: LexborNode | None) -> str:
    """What an element says, on one line."""
    return "" if node is None else " ".join(node.text(deep=True).split())


def labelled(text: str) -> str:
    """A label without its colon."""
    return text.strip().rstrip(":").strip()


def number(text: str | None) -> int | None:
    """``1,234`` → 1234; ``None`` for ``?`` and anything else that is no number."""
    digits = _SEPARATORS.sub("", text or "")
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 15 else None


def day(text: str | None) -> date | None:
    """``2021-12-26`` or ``09 Jun 2025``; ``None`` for ``3 days ago``."""
    words = (text or "").strip()
    try:
        if match := _ISO_DAY.fullmatch(words):
            return date(int(match[1]), int(match[2]), int(match[3]))
        if (match := _SHORT_DAY.fullmatch(words)) and (month := _MONTHS.get(match[2].lower())):
            return date(int(match[3]), month, int(match[1]))
    except ValueError:
        return None
    return None


def epoch_time(seconds: str | None) -> str | None:
    """Seconds since 1970 as time in UTC: ``2025-06-09T07:26:54Z``."""
    if not seconds or not re.fullmatch(r"\d{1,10}", seconds, re.ASCII):
        return None
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def work_id_in(href: str | None) -> str | None:
    """Id of the work that an address of the archive leads to."""
    match = _WORK_PATH.search(href or "")
    return match[1] if match else None


def path_part(href: str, after: str) -> str | None:
    """The piece of a path after a given one, decoded: ``/users/NAME/pseuds/X`` and ``users`` → ``NAME``."""
    match = re.search(rf"/{after}/([^/?#]{{1,200}})", href)
    return _SURROGATES.sub("\ufffd", unquote(match[1])) if match else None


def archive_of(page: Page) -> Archive:
    """The archive that a page is of: by its address, by absolute links to works, by the name that it prints."""
    tree = page.frame
    for address in (page.url, attribute(tree.css_first("base"), "href")):
        if found := archive_at(address):
            return found
    for name in _printed_names(tree):
        if known := _ARCHIVES.get(name.strip().casefold()):
            return Archive(known[0], f"https://{known[1]}/")
    nav = tree.css_first("ul.work.navigation")
    for link in [*tree.css("a[rel=author]")[:1], *(nav.css("a") if nav is not None else [])]:
        href = attribute(link, "href")
        own = "/users/" in href or (work_id_in(href) and "url=" not in href)
        if own and (found := archive_at(href)):
            return found
    return Archive("file", None)


def _printed_names(tree: LexborHTMLParser) -> Iterator[str]:
    """What may be the archive's name, the surest first."""
    title = said(tree.css_first("title"))
    yield title.rpartition("[")[2].rstrip("] ")
    yield title.rpartition("|")[2].strip()
    yield attribute(tree.css_first('meta[property="og:site_name"]'), "content")
    yield said(_header_name(tree))


def _header_name(tree: LexborHTMLParser) -> LexborNode | None:
    """Name of the archive in ``#header > h1 > a > span``."""
    heading = child_of(tree.css_first("#header"), tag="h1")
    return child_of(child_of(heading, tag="a"), tag="span")


def archive_at(url: str | None) -> Archive | None:
    """The archive at an absolute address of a page."""
    try:
        parts = urlsplit((url or "").strip())
        host = (parts.hostname or "").removeprefix("www.").removeprefix("download.")
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or "." not in host:
        return None
    if host in _AO3_ALIASES:
        host = "archiveofourown.org"
    for source, known in _ARCHIVES.values():
        if host == known:
            return Archive(source, f"https://{host}/")
    return Archive(slug_of(host), f"{parts.scheme}://{host}/")


def work_at(url: str | None) -> tuple[str, str, str] | None:
    """Source, id and canonical address of the work at an address, also on hosts that ``origins`` does not know."""
    if not url:
        return None
    if origin := origin_of(url):
        return origin.source, origin.work_id, origin.url
    archive, number_ = archive_at(url), work_id_in(url)
    if archive is None or number_ is None:
        return None
    return archive.source, number_, f"{archive.base}works/{number_}"


def robots_flags(tree: LexborHTMLParser) -> list[str]:
    """``noindex`` where all creators asked that search engines leave the work out."""
    content = attribute(tree.css_first('meta[name="robots"]'), "content")
    return ["noindex"] if "noindex" in content.casefold() else []


def stamped(provenance: Provenance, kind: str, version: str, layout: str, flags: list[str]) -> Provenance:
    """Provenance with what a parser knows of itself."""
    noticed = tuple(dict.fromkeys((*provenance.flags, *flags)))
    return provenance.model_copy(update={"format": kind, "parser_version": version, "layout": layout, "flags": noticed})
