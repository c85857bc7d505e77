"""Which archive an address belongs to, and which work there: the same work has the same key wherever it is named."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, parse_qs, urlsplit

_MAX_URL: Final = 2000
_SCHEME: Final = re.compile(r"https?://", re.IGNORECASE)
_HOST: Final = re.compile(r"[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63}){1,6}")
_MIRRORS: Final = re.compile(r"\A(?:www|m|mobile|download)\.")
_SPLIT_WORDS: Final = frozenset({"train", "test", "dev", "valid", "validation", "eval", "evaluation"})
"""Words that `datasets` takes for the name of a split when they stand in a path."""


@dataclass(frozen=True, slots=True)
class Origin:
    """A work of an archive: the archive's slug, the archive's own id of the work, and its canonical address."""

    source: str
    work_id: str
    url: str


def origin_of(url: str) -> Origin | None:
    """The work that an address of a known archive belongs to; ``None`` for anything else.

    Chapter pages, mobile hosts, collections and downloads lead to the work itself.
    """
    found = _split(url)
    if found is None:
        return None
    parts, host = found[0], _MIRRORS.sub("", found[1])
    if rule := _RULES.get(host):
        return rule(parts)
    if host.endswith(".adult-fanfiction.org"):
        return _adult_fanfiction(parts)
    for suffix, journal in _JOURNALS.items():
        if host.endswith(f".{suffix}"):
            return _journal(parts, host.removesuffix(f".{suffix}"), journal, suffix)
    return _efiction(parts)


def slug_of(host: str) -> str:
    """Slug of an archive without one of its own: its host name in ``[a-z0-9-]``, never the name of a split."""
    slug = re.sub(r"[^a-z0-9]+", "-", host.casefold().removeprefix("www.")).strip("-")
    return "-".join(f"{part}x" if part in _SPLIT_WORDS else part for part in slug.split("-"))


def _split(url: str) -> tuple[SplitResult, str] | None:
    """Parts of an address, and its host."""
    address = url.strip()[:_MAX_URL].strip("<>()[]\"'.,; \t")
    if not _SCHEME.match(address):
        address = "https://" + address.removeprefix("//")
    try:
        parts = urlsplit(address)
        host = parts.hostname
    except ValueError:
        return None
    return (parts, host) if host and _HOST.fullmatch(host) else None


_Rule = Callable[[SplitResult], Origin | None]


def _path(source: str, pattern: str, canonical: str) -> _Rule:
    """Rule for archives whose works stand under a path that holds the id as its first group."""
    compiled = re.compile(pattern, re.IGNORECASE)

    def rule(parts: SplitResult) -> Origin | None:
        match = compiled.match(parts.path)
        return Origin(source, match[1], canonical.format(match[1])) if match else None

    return rule


_OTW_PATH = r"(?:/collections/[^/]+|/users/[^/]+)?/(?:works|downloads)/(\d{1,12})(?:[/.?]|$)"


def _otw(source: str, host: str) -> _Rule:
    return _path(source, _OTW_PATH, f"https://{host}/works/{{}}")


def _forum(source: str, host: str) -> _Rule:
    """Rule for XenForo forums: ``/threads/a-title.123/page-2`` or ``/threads/123/``."""
    return _path(source, r"/threads/(?:[^/]*\.)?(\d{1,12})(?:/|$)", f"https://{host}/threads/{{}}/")


def _query(source: str, path: str, key: str, canonical: str) -> _Rule:
    """Rule for archives that name the work in the query."""

    def rule(parts: SplitResult) -> Origin | None:
        given = parse_qs(parts.query, max_num_fields=20).get(key, [""])[0] if parts.path.endswith(path) else ""
        return Origin(source, given, canonical.format(given)) if re.fullmatch(r"\d{1,12}", given, re.ASCII) else None

    return lambda parts: _guarded(rule, parts)


def _guarded(rule: _Rule, parts: SplitResult) -> Origin | None:
    try:
        return rule(parts)
    except ValueError:  # parse_qs: more fields than any address of an archive has
        return None


def _efiction(parts: SplitResult) -> Origin | None:
    """Works of any archive that runs eFiction: ``…/viewstory.php?sid=123``."""
    host = (parts.hostname or "").removeprefix("www.")
    folder = parts.path.removesuffix("viewstory.php")
    return _query(slug_of(host), "/viewstory.php", "sid", f"{parts.scheme}://{host}{folder}viewstory.php?sid={{}}")(
        parts
    )


def _journal(parts: SplitResult, user: str, source: str, suffix: str) -> Origin | None:
    """Entry of a LiveJournal or Dreamwidth journal: ``user.host/123.html``, ``community.host/user/123.html``."""
    match = re.fullmatch(r"/(?:(?:users/|community/)?([\w-]{1,40})/)?(\d{1,12})\.html", parts.path, re.ASCII)
    if not match or (match[1] is None and user in ("users", "community")):
        return None
    name = (match[1] or user).replace("_", "-").casefold()
    return Origin(source, f"{name}-{match[2]}", f"https://{name}.{suffix}/{match[2]}.html")


def _shared_journal(source: str, suffix: str) -> _Rule:
    """Rule for the old addresses ``www.livejournal.com/users/name/123.html`` and ``/~name/123.html``."""

    def rule(parts: SplitResult) -> Origin | None:
        path = parts.path.replace("/~", "/users/")
        return _journal(parts._replace(path=path), "users", source, suffix)

    return rule


def _adult_fanfiction(parts: SplitResult) -> Origin | None:
    """Adult-FanFiction numbers the works of each of its zones apart: ``hp.adult-fanfiction.org/story.php?no=5``."""
    zone = (parts.hostname or "").split(".")[0]
    found = _query("adult-fanfiction", "/story.php", "no", f"http://{zone}.adult-fanfiction.org/story.php?no={{}}")(
        parts
    )
    return Origin(found.source, f"{zone}-{found.work_id}", found.url) if found else None


_JOURNALS: Final = {
    "livejournal.com": "livejournal",
    "dreamwidth.org": "dreamwidth",
    "insanejournal.com": "insanejournal",
}
_RULES: Final[dict[str, _Rule]] = {
    "archiveofourown.org": _otw("ao3", "archiveofourown.org"),
    "archiveofourown.com": _otw("ao3", "archiveofourown.org"),
    "archiveofourown.net": _otw("ao3", "archiveofourown.org"),
    "archiveofourown.gay": _otw("ao3", "archiveofourown.org"),
    "ao3.org": _otw("ao3", "archiveofourown.org"),
    "squidgeworld.org": _otw("squidgeworld", "squidgeworld.org"),
    "superlove.sayitditto.net": _otw("superlove", "superlove.sayitditto.net"),
    "cfaarchive.org": _otw("cfaarchive", "cfaarchive.org"),
    "ad-astra.lcarscom.net": _otw("ad-astra", "ad-astra.lcarscom.net"),
    "fanfiction.net": _path("ffnet", r"/s/(\d{1,12})(?:/|$)", "https://www.fanfiction.net/s/{}/1/"),
    "fictionpress.com": _path("fictionpress", r"/s/(\d{1,12})(?:/|$)", "https://www.fictionpress.com/s/{}/1/"),
    "fimfiction.net": _path(
        "fimfiction", r"/story/(?:download/)?(\d{1,12})(?:/|$)", "https://www.fimfiction.net/story/{}"
    ),
    "fimfetch.net": _path("fimfiction", r"/story/(\d{1,12})(?:/|$)", "https://www.fimfiction.net/story/{}"),
    "royalroad.com": _path("royalroad", r"/fiction/(\d{1,12})(?:/|$)", "https://www.royalroad.com/fiction/{}"),
    "royalroadl.com": _path("royalroad", r"/fiction/(\d{1,12})(?:/|$)", "https://www.royalroad.com/fiction/{}"),
    "wattpad.com": _path("wattpad", r"/story/(\d{1,12})(?:[-/]|$)", "https://www.wattpad.com/story/{}"),
    "scribblehub.com": _path("scribblehub", r"/series/(\d{1,12})(?:/|$)", "https://www.scribblehub.com/series/{}/"),
    "forums.spacebattles.com": _forum("spacebattles", "forums.spacebattles.com"),
    "forums.sufficientvelocity.com": _forum("sufficientvelocity", "forums.sufficientvelocity.com"),
    "forum.questionablequesting.com": _forum("questionablequesting", "forum.questionablequesting.com"),
    "questionablequesting.com": _forum("questionablequesting", "forum.questionablequesting.com"),
    "forums.questionablequesting.com": _forum("questionablequesting", "forum.questionablequesting.com"),
    "alternatehistory.com": _path(
        "alternatehistory",
        r"/forum/threads/(?:[^/]*\.)?(\d{1,12})(?:/|$)",
        "https://www.alternatehistory.com/forum/threads/{}/",
    ),
    "ficwad.com": _path("ficwad", r"/story/(\d{1,12})(?:/|$)", "https://ficwad.com/story/{}"),
    "fanfiktion.de": _path("fanfiktion", r"/s/([0-9a-f]{8,40})(?:/|$)", "https://www.fanfiktion.de/s/{}"),
    "ficbook.net": _path("ficbook", r"/readfic/([0-9a-z-]{1,60})(?:[/?]|$)", "https://ficbook.net/readfic/{}"),
    "asianfanfics.com": _path(
        "asianfanfics", r"/story/view/(\d{1,12})(?:/|$)", "https://www.asianfanfics.com/story/view/{}"
    ),
    "quotev.com": _path("quotev", r"/story/(\d{1,12})(?:/|$)", "https://www.quotev.com/story/{}"),
    "mediaminer.org": _path(
        "mediaminer", r"/fanfic/s/.{0,200}/(\d{1,12})(?:/|$)", "https://www.mediaminer.org/fanfic/view_st.php/{}"
    ),
    "hpfanficarchive.com": _query(
        "hpfanficarchive", "/viewstory.php", "sid", "http://www.hpfanficarchive.com/stories/viewstory.php?sid={}"
    ),
    "livejournal.com": _shared_journal("livejournal", "livejournal.com"),
    "dreamwidth.org": _shared_journal("dreamwidth", "dreamwidth.org"),
    "insanejournal.com": _shared_journal("insanejournal", "insanejournal.com"),
}
