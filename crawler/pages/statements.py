"""What pages of fiction sites state in attributes, numbers and JSON, and the pages that come in their place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

import orjson
from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawler.pages.body import line
from crawler.pages.page import Page, Refused
from crawler.readers.text import title_from_name
from schemas.work import HeaderField, Provenance

ORDERED_BY_ID: Final = "part_ordered_by_chapter_id"
"""The page does not say which chapter it holds: ``part_number`` is the archive's id of the chapter, which rises."""

_NUMBER: Final = re.compile(r"\d{1,3}(?:[,. \u00a0\u202f’'](?=\d{3}(?!\d))\d{3}){1,4}|\d{1,18}")
_ROUNDED: Final = re.compile(r"\s?[kKmMbB]\b|\s?(?:thousand|million)\b|[.,]\d")
_ISO: Final = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2})?)(?:\.\d{1,9})?\s?(Z|[+-]\d{2}:?\d{2})?)?"
)
_MAX_EPOCH: Final = 4_102_444_800  # the year 2100, in seconds
_MAX_ID: Final = 2**53
_SURROGATES: Final = re.compile(r"[\ud800-\udfff]")

_SIGNS: Final = (
    (
        "blocked",
        (
            "just a moment",
            "attention required",
            "cloudflare",
            "ddos-guard",
            "captcha",
            "are you a robot",
            "are you human",
            "verify you are human",
            "checking your browser",
            "security check",
            "one more step",
        ),
    ),
    (
        "rate_limited",
        (
            "too many requests",
            "retry later",
            "rate limit",
            "429 ",
        ),
    ),
    (
        "deleted",
        (
            "404",
            "not found",
            "could not be found",
            "cannot be found",
            "does not exist",
            "doesn't exist",
            "no longer available",
            "has been deleted",
            "has been removed",
            "was deleted",
            "no longer exists",
            "invalid story",
            "invalid series",
            "no entry with this id",
            "error 410",
        ),
    ),
    (
        "hidden",
        (
            "has not been validated",
            "not been approved",
            "is a draft",
            "awaiting approval",
        ),
    ),
    (
        "adult_gate",
        (
            "adult content",
            "discretion advised",
            "appropriate for minors",
            "age restriction",
            "age consent",
            "over 18",
            "18 or older",
            "at least 18",
            "adult concepts",
            "years of age",
            "mature content",
        ),
    ),
    (
        "restricted",
        (
            "access denied",
            "log in",
            "login",
            "logged in",
            "logged-in",
            "sign in",
            "registered users",
            "registered members",
            "members only",
            "do not have permission",
            "not authorised",
            "not authorized",
            "must be registered",
            "friends only",
            "friends-only",
            "private entry",
            "protected entry",
        ),
    ),
    (
        "site_error",
        (
            "500",
            "502",
            "503",
            "504",
            "bad gateway",
            "service unavailable",
            "maintenance",
            "server error",
            "database error",
            "temporarily unavailable",
            "gateway time",
            "fatal error",
            "offline",
            "oops! we ran into some problems",
        ),
    ),
)
_ERROR_PLACES: Final = "title, h1, h2, .errortext, .errormsg, .errorcontent, .blockMessage, .baseHtml, .error"


def whole_number(text: str | None) -> int | None:
    """The number that a statement gives: ``1,234`` and ``1 234``; ``None`` where it is rounded (``2.5k``)."""
    match = _NUMBER.search(text or "")
    if not match or _ROUNDED.match(text or "", match.end()):
        return None
    return int(re.sub(r"\D", "", match[0]))


def decimal(text: str | None) -> float | None:
    """An average rating: ``4.68`` or ``4,68 / 5``."""
    match = re.search(r"\d{1,4}(?:[.,]\d{1,9})?", text or "")
    return float(match[0].replace(",", ".")) if match else None


def utc_day(stamp: str | None) -> date | None:
    """Day of an ISO 8601 date or time: in UTC where an offset is given, else as written."""
    match = _ISO.match((stamp or "").strip())
    if not match:
        return None
    try:
        if not match[5]:
            return date(int(match[1]), int(match[2]), int(match[3]))
        zone = match[5].replace("Z", "+00:00")
        moment = datetime.fromisoformat(f"{match[1]}-{match[2]}-{match[3]}T{match[4]}{zone}")
        return moment.astimezone(UTC).date()
    except (ValueError, OverflowError):
        return None


def epoch_day(seconds: str | int | None) -> date | None:
    """Day in UTC of a time in seconds since 1970."""
    text = str(seconds or "").strip()
    if not re.fullmatch(r"\d{6,10}", text, re.ASCII) or int(text) > _MAX_EPOCH:
        return None
    return datetime.fromtimestamp(int(text), UTC).date()


def time_day(node: LexborNode | None) -> date | None:
    """Day of a ``<time>``, ``<abbr>`` or ``<span>`` that holds a machine-readable stamp."""
    if node is None:
        return None
    for name in ("data-timestamp", "data-time", "unixtime"):
        if day := epoch_day(attribute(node, name)):
            return day
    return utc_day(attribute(node, "datetime")) or utc_day(attribute(node, "title"))


def attribute(node: LexborNode | None, name: str) -> str:
    """Value of an attribute; empty where it or the element is absent."""
    return "" if node is None else (node.attributes.get(name) or "").strip()


def meta(tree: LexborHTMLParser, *names: str) -> str | None:
    """Content of the first of some ``<meta>`` by ``property`` or ``name``."""
    for name in names:
        for key in ("property", "name"):
            if content := attribute(tree.css_first(f'meta[{key}="{name}"]'), "content"):
                return content
    return None


def lines_of(nodes: Iterable[LexborNode]) -> tuple[str, ...]:
    """One-line texts of elements, each once, in order."""
    return tuple(dict.fromkeys(text for node in nodes if (text := line(node))))


def line_of(node: LexborNode | None) -> str | None:
    """One-line text of an element, ``None`` where there is none."""
    return (line(node) or None) if node is not None else None


def outermost(nodes: Iterable[LexborNode]) -> list[LexborNode]:
    """Elements that lie in no other of them; given in the order of the page. Linear in the size of the page."""
    found = []
    inside: set[int] = set()
    for node in nodes:
        if node.mem_id not in inside:
            found.append(node)
            inside.update(inner.mem_id for inner in node.traverse())
    return found


def host_of(url: str | None) -> str:
    """Host of an address, without ``www.``; empty where there is none."""
    try:
        return (urlsplit(url or "").hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def absolute(base: str | None, href: str | None) -> str | None:
    """An address of a page made whole; ``None`` where it cannot be."""
    try:
        address = urljoin(base or "", (href or "").strip())
        return address if urlsplit(address).scheme in ("http", "https") else None
    except ValueError:
        return None


def identifier(text: str | None) -> int | None:
    """An archive's number of a chapter, usable to put chapters in order."""
    if text and re.fullmatch(r"\d{1,16}", text, re.ASCII) and int(text) < _MAX_ID:
        return int(text)
    return None


def json_value(text: str) -> Any:
    """Value of a JSON text; ``None`` where it is none (truncated, nested beyond reason, lone surrogates)."""
    try:
        return orjson.loads(text)
    except (orjson.JSONDecodeError, UnicodeEncodeError):
        return None


def linked_data(tree: LexborHTMLParser, *types: str) -> dict[str, Any]:
    """The first JSON-LD object of one of some schema.org types, also within ``@graph``; empty where there is none."""
    for script in tree.css('script[type="application/ld+json"]'):
        found = json_value(script.text(deep=True))
        candidates = found if isinstance(found, list) else [found]
        for candidate in candidates:
            if isinstance(candidate, dict) and isinstance(graph := candidate.get("@graph"), list):
                candidates = [*candidates, *graph]
        for candidate in candidates:
            if isinstance(candidate, dict) and candidate.get("@type") in types:
                return candidate
    return {}


def objects_of(value: Any, *, at_most: int = 200_000) -> Iterator[dict[str, Any]]:
    """All objects within a JSON value, outermost first."""
    waiting = [value]
    for position in range(at_most):
        if position >= len(waiting):
            return
        item = waiting[position]
        if isinstance(item, dict):
            yield item
            waiting.extend(inner for inner in item.values() if isinstance(inner, dict | list))
        elif isinstance(item, list):
            waiting.extend(inner for inner in item if isinstance(inner, dict | list))


def header_fields(pairs: Iterable[tuple[str, str | None]]) -> tuple[HeaderField, ...]:
    """Statements without a field of their own, those that say nothing left out."""
    return tuple(HeaderField(label=label, value=value) for label, value in pairs if value)


def stamped(provenance: Provenance, kind: str, version: str, layout: str, flags: Iterable[str] = ()) -> Provenance:
    """Provenance with what the parser knows of itself."""
    noticed = tuple(dict.fromkeys((*provenance.flags, *flags)))
    return provenance.model_copy(update={"format": kind, "parser_version": version, "layout": layout, "flags": noticed})


def refusal(page: Page, what: str) -> Refused:
    """Why a page of a known site holds no work, by its title, headings and error boxes."""
    said = [title for title in lines_of(page.tree.css(_ERROR_PLACES)[:40]) if len(title) < 1000]
    words = " \n ".join(said).casefold()
    shown = said[0][:120] if said else "no title"
    for reason, signs in _SIGNS:
        if any(sign in words for sign in signs):
            return Refused(reason, f"{what}: {shown}")
    if page.tree.css_first(
        "#challenge-form, #challenge-running, #cf-wrapper, .cf-error-details, #cf-challenge-running"
    ):
        return Refused("blocked", f"{what}: a challenge in place of the page")
    if page.tree.css_first('input[type="password"]') is not None:
        return Refused("restricted", f"{what}: {shown}")
    return Refused("no_story", f"{what}: {shown}")


def title_from_path(provenance: Provenance) -> str:
    """Title that a file's name gives, for fragments of pages that state none."""
    name = _SURROGATES.sub("\ufffd", provenance.path or "")
    return title_from_name(re.sub(r"(?i)\.x?html?$", "", name)) or "untitled"
