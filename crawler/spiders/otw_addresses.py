"""Addresses of OTW archives: what a user names or pastes, as the address that robots.txt allows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from pipelines.errors import WrongUsage

_ENCODED: Final = {"/": "*s*", "&": "*a*", ".": "*d*", "?": "*q*", "#": "*h*"}
"""What the archive writes for characters that mean something in a path."""
_WORK: Final = re.compile(r"/works/(\d{1,12})(?:/|$)", re.ASCII)
_ALLOWED_PATHS: Final = (
    re.compile(r"/tags/[^/]+/(?:works|bookmarks)"),
    re.compile(r"/users/[^/]+(?:/pseuds/[^/]+)?/(?:works|bookmarks)"),
    re.compile(r"/collections/[^/]+/(?:works|bookmarks)"),
    re.compile(r"/series/\d+"),
    re.compile(r"/series/\d+/bookmarks"),
)
_SEARCHES: Final = ("/works/search", "/bookmarks/search", "/tags/search", "/people/search")
_DROPPED: Final = frozenset(
    {"utf8", "commit", "page", "view_adult", "view_full_work", "user_id", "tag_id", "fandom_id"}
)
_NAME: Final = re.compile(r"[^/?#]{1,200}")

Parameters = Sequence[tuple[str, str]]


def encoded_tag(tag: str) -> str:
    """A tag as it stands in an address: ``Sherlock Holmes/John Watson`` → ``Sherlock%20Holmes*s*John%20Watson``."""
    return quote("".join(_ENCODED.get(character, character) for character in tag), safe="*!'()~_-")


def tag_listing(base: str, tag: str) -> str:
    """The list of works of a tag. ``base`` ends with ``/``."""
    return f"{base}tags/{encoded_tag(tag)}/works"


def user_listing(base: str, user: str) -> str:
    """The list of works of a user, or of one pseud: ``NAME`` or ``NAME/PSEUD``."""
    name, _, pseud = user.partition("/")
    path = f"users/{quote(name)}" + (f"/pseuds/{quote(pseud)}" if pseud else "")
    return f"{base}{path}/works"


def series_listing(base: str, series: str) -> str:
    """The list of works of a series, by number or address. Raises ``WrongUsage``."""
    found = re.fullmatch(r"(?:.*/series/)?(\d{1,12})/?", series.partition("?")[0])
    if not found:
        raise WrongUsage(f"series={series}: give the number of a series or its address")
    return f"{base}series/{found[1]}"


def collection_listing(base: str, collection: str) -> str:
    """The list of works of a collection, by its name in addresses, or address. Raises ``WrongUsage``."""
    found = re.fullmatch(r"(?:.*/collections/)?([^/?#\s]{1,200})(?:/.*)?", collection)
    if not found:
        raise WrongUsage(f"collection={collection}: give the name that stands in the collection's address")
    return f"{base}collections/{quote(unquote(found[1]))}/works"


def bookmarks_listing(base: str, user: str) -> str:
    """The list of a user's bookmarks. Raises ``WrongUsage``."""
    name, _, pseud = user.partition("/")
    if not _NAME.fullmatch(name):
        raise WrongUsage(f"bookmarks={user}: give the name of a user")
    path = f"users/{quote(name)}" + (f"/pseuds/{quote(pseud)}" if pseud else "")
    return f"{base}{path}/bookmarks"


def work_page(base: str, number: str) -> str:
    """The one page that holds a whole work, whoever looks at it."""
    return f"{base}works/{number}?view_adult=true&view_full_work=true"


def navigate_page(base: str, number: str) -> str:
    """The index of a work's chapters with their dates."""
    return f"{base}works/{number}/navigate"


def work_number(text: str) -> str | None:
    """Number of the work that an id, an address or a key ``ao3:123`` names."""
    word = text.strip()
    if re.fullmatch(r"\d{1,12}", word, re.ASCII):
        return word
    if found := re.fullmatch(r"[\w-]{1,60}:(\d{1,12})", word, re.ASCII):
        return found[1]
    found = _WORK.search(word.partition("?")[0].partition("#")[0])
    return found[1] if found else None


def with_parameters(address: str, parameters: Iterable[tuple[str, str]]) -> str:
    """An address with more parameters in its query; those of the same name are replaced."""
    parts = urlsplit(address)
    more = list(parameters)
    names = {name for name, _ in more}
    query = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] not in names] + more
    return parts._replace(query=urlencode(query, quote_via=quote, safe="*")).geturl()


def page_of(address: str, number: int) -> str:
    """A page of a list; the first one has no number."""
    return with_parameters(address, [("page", str(number))]) if number > 1 else address


def rewritten(pasted: str, base: str) -> str:
    """The list that a pasted address shows, as an address that robots.txt allows.

    The archive's own "Sort and Filter" form leads to ``/works?tag_id=…&work_search[…]=…``, which robots.txt forbids;
    ``/tags/TAG/works?work_search[…]=…`` shows the same list. Raises ``WrongUsage`` for searches, downloads, single
    works and addresses elsewhere.
    """
    parts = urlsplit(pasted.strip())
    host = (parts.hostname or "").removeprefix("www.")
    own = urlsplit(base).hostname or ""
    if parts.scheme not in ("http", "https") or host != own:
        raise WrongUsage(f"url={pasted}: this spider crawls {own}; for other archives: scrapy crawl otw -a site=HOST")
    query = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] not in _DROPPED and pair[1]]
    given = dict(parse_qsl(parts.query))
    path = parts.path.rstrip("/")
    if path == "/works":
        if tag := given.get("tag_id"):
            path = f"/tags/{encoded_tag(tag) if '*' not in tag else quote(tag, safe='*')}/works"
        elif user := given.get("user_id"):
            path = f"/users/{quote(user)}/works"
        else:
            raise WrongUsage(f"url={pasted}: robots.txt forbids lists of works without a tag; choose a tag first")
    elif path.startswith(_SEARCHES):
        raise WrongUsage(f"url={pasted}: robots.txt forbids searches; use the list of a tag and its filters")
    elif path.startswith("/downloads/"):
        raise WrongUsage(f"url={pasted}: robots.txt forbids downloads; give the work's number: -a works=…")
    elif (
        re.fullmatch(r"/tags/[^/]+", path)
        or re.fullmatch(r"/users/[^/]+(?:/pseuds/[^/]+)?", path)
        or re.fullmatch(r"/collections/[^/]+", path)
    ):
        path += "/works"
    if not any(pattern.fullmatch(path) for pattern in _ALLOWED_PATHS):
        hint = "; for single works: -a works=…" if _WORK.search(path) else ""
        raise WrongUsage(
            f"url={pasted}: no list of works; paste the address of a tag, user, series or collection{hint}"
        )
    address = f"{base.rstrip('/')}{path}"
    return with_parameters(address, query) if query else address
