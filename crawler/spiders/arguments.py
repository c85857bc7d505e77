"""What ``scrapy crawl -a NAME=VALUE`` may say to the spider of an OTW archive."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import Field, ValidationError, field_validator, model_validator

from crawler.spiders.otw_addresses import (
    bookmarks_listing,
    collection_listing,
    rewritten,
    series_listing,
    tag_listing,
    user_listing,
    with_parameters,
    work_number,
)
from pipelines.errors import WrongUsage
from schemas.base import Record
from schemas.vocabulary import Rating, language_of, rating_of

_RATING_IDS: Final = {
    Rating.NOT_RATED: "9",
    Rating.GENERAL: "10",
    Rating.TEEN: "11",
    Rating.MATURE: "12",
    Rating.EXPLICIT: "13",
}
"""Ids of the rating tags, which every OTW archive is seeded with."""
LISTINGS: Final = ("tag", "url", "series", "user", "collection", "bookmarks")
FILTERS: Final = ("since", "until", "language", "complete", "rating")
FIRST_DAY: Final = date(2008, 1, 1)
"""No work of an OTW archive was updated before: the software is of 2008, imported works have later dates of change."""


class Arguments(Record):
    """Arguments of a crawl, each optional, one of the first seven needed."""

    tag: str | None = None
    """Tag whose works to fetch, as the archive spells it."""
    url: str | None = None
    """Address of a list of works, such as a pasted "Sort and Filter" address."""
    works: str | None = None
    """Ids or addresses of works, separated by commas, or a file with one a line."""
    series: str | None = None
    """Number or address of a series."""
    user: str | None = None
    """User whose works to fetch: NAME or NAME/PSEUD."""
    collection: str | None = None
    """Name of a collection, as in its address."""
    bookmarks: str | None = None
    """User whose bookmarked works to fetch."""
    site: str | None = None
    """Host of the archive, for the spider `otw`."""
    text: bool = True
    """false: metadata only, from the lists, 20 works a request."""
    since: date | None = None
    """Only works updated on this day or later (YYYY-MM-DD)."""
    until: date | None = None
    """Only works updated on this day or earlier (YYYY-MM-DD)."""
    language: str | None = None
    """Only works that state this language, by name or code, such as en, Deutsch, pt-BR."""
    complete: bool | None = None
    """true: only complete works; false: only works in progress."""
    rating: Rating | None = None
    """Only works of this rating: general, teen, mature, explicit, not_rated."""
    max_works: Annotated[int, Field(ge=1)] | None = None
    """Take the first so many works of the list."""
    chapter_dates: bool = False
    """true: the days on which the chapters were published, for one more request a work."""
    refresh: bool = False
    """true: fetch works again that are held and have not changed."""
    dry_run: bool = False
    """true: say how many works, requests and hours it would take, from one request, and store nothing."""

    @field_validator("rating", mode="before")
    @classmethod
    def _is_rating(cls, value: Any) -> Any:
        found = rating_of(value.replace("_", " ")) if isinstance(value, str) else value
        if value is not None and found is None:
            raise ValueError(f"{value!r} is no rating; choose general, teen, mature, explicit or not_rated")
        return found

    @field_validator("language")
    @classmethod
    def _is_language(cls, value: str | None) -> str | None:
        if value is not None and (found := language_of(value)) is None:
            raise ValueError(f"{value!r} is no language; give a name or code such as en, Deutsch, pt-BR")
        return found if value is not None else None

    @field_validator("site")
    @classmethod
    def _is_host(cls, value: str | None) -> str | None:
        host = re.sub(r"^https?://", "", value or "").rstrip("/").casefold()
        if value is not None and not re.fullmatch(r"[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})+", host):
            raise ValueError(f"{value!r} is no host name; give one such as squidgeworld.org")
        return host or None

    @model_validator(mode="after")
    def _belong_together(self) -> Arguments:
        named = [name for name in (*LISTINGS, "works") if getattr(self, name) is not None]
        if len(named) != 1:
            what = " and ".join(named) if named else "nothing"
            raise ValueError(
                f"say what to crawl, in one of tag, url, works, series, user, collection, bookmarks: got {what}"
            )
        if named == ["works"]:
            filters = [name for name in FILTERS if getattr(self, name) is not None]
            if filters:
                raise ValueError(f"{filters[0]} chooses from a list; works= names the works already")
            if not self.text:
                raise ValueError("text=false reads lists; works= needs the works' own pages")
        if self.since and self.until and self.since > self.until:
            raise ValueError(f"since={self.since} is later than until={self.until}")
        if self.chapter_dates and not self.text:
            raise ValueError("chapter_dates=true needs the works' pages; leave out text=false")
        return self

    def asked(self) -> dict[str, Any]:
        """What the crawl is of: equal for commands that mean the same list."""
        values = self.model_dump(mode="json", exclude_none=True, exclude={"dry_run", "refresh", "site"})
        if self.works is not None:
            values["works"] = list(work_numbers(self.works))
        return values


def arguments_of(given: Mapping[str, Any]) -> Arguments:
    """Validate the arguments of a command line. Raises ``WrongUsage`` with one line that says what is allowed."""
    values = {name: value.strip() if isinstance(value, str) else value for name, value in given.items()}
    try:
        found = Arguments.model_validate(values, strict=False)
    except ValidationError as error:
        raise WrongUsage(_explained(error)) from None
    if found.works is not None:
        work_numbers(found.works)
    return found


def _explained(error: ValidationError) -> str:
    first = error.errors()[0]
    name = str(first["loc"][0]) if first["loc"] else ""
    if first["type"] == "extra_forbidden":
        known = sorted(Arguments.model_fields)
        near = difflib.get_close_matches(name, known, n=1)
        hint = f" (did you mean {near[0]}?)" if near else ""
        return f"-a {name}=…: no such argument{hint}; there are {', '.join(known)}"
    if first["type"] == "value_error":
        said = str(first["ctx"]["error"])
        return f"-a {name}: {said}" if name else said
    expected = next((words for start, words in _EXPECTED.items() if first["type"].startswith(start)), first["msg"])
    return f"-a {name}={first['input']}: expected {expected}"


_EXPECTED: Final = {
    "bool": "true or false",
    "date": "a day such as 2024-01-31",
    "int": "a whole number",
    "greater_than_equal": "a number from 1 on",
}


def work_numbers(works: str) -> tuple[str, ...]:
    """Numbers of the works that ``works=`` names, each once, in order. Raises ``WrongUsage``."""
    path = Path(works).expanduser()
    lines = [works]
    where = "works="
    if re.fullmatch(r"[\d,\s]+", works) is None and "://" not in works and not re.fullmatch(r"[\w-]+:\d+", works):
        where = f"works={works}"
        try:
            lines = path.read_text(encoding="utf-8-sig").splitlines()
        except FileNotFoundError:
            raise WrongUsage(f"{where}: no such file; give a file with one id or address a line, or ids") from None
        except (OSError, UnicodeDecodeError) as error:
            raise WrongUsage(f"{where}: cannot be read: {error}") from None
    found: list[str] = []
    for line_number, line in enumerate(lines, start=1):
        for word in re.split(r"[,\s]+", line.partition(" #")[0].strip()):
            if not word or line.startswith("#"):
                continue
            number = work_number(word)
            if number is None:
                at = f", line {line_number}" if len(lines) > 1 else ""
                raise WrongUsage(f"{where}{at}: {word!r} is no id or address of a work")
            found.append(number)
    if not found:
        raise WrongUsage(f"{where}: names no works")
    return tuple(dict.fromkeys(found))


def listing_of(arguments: Arguments, base: str) -> str | None:
    """Address of the list that the arguments ask for, with its filters; ``None`` for single works.

    Raises ``WrongUsage``.
    """
    if arguments.works is not None:
        return None
    if arguments.tag is not None:
        address = tag_listing(base, arguments.tag)
    elif arguments.url is not None:
        address = rewritten(arguments.url, base)
    elif arguments.user is not None:
        address = user_listing(base, arguments.user)
    elif arguments.collection is not None:
        address = collection_listing(base, arguments.collection)
    elif arguments.series is not None:
        return series_listing(base, arguments.series)
    else:
        return bookmarks_listing(base, arguments.bookmarks or "")
    more = _filters(arguments)
    return with_parameters(address, more) if more else address


def _filters(arguments: Arguments) -> list[tuple[str, str]]:
    """What of the arguments the archive's own filters do."""
    more: list[tuple[str, str]] = []
    if arguments.since is not None:
        more.append(("work_search[date_from]", arguments.since.isoformat()))
    if arguments.until is not None:
        more.append(("work_search[date_to]", arguments.until.isoformat()))
    if arguments.language is not None:
        more.append(("work_search[language_id]", _short(arguments.language)))
    if arguments.complete is not None:
        more.append(("work_search[complete]", "T" if arguments.complete else "F"))
    if arguments.rating is not None:
        more.append(("include_work_search[rating_ids][]", _RATING_IDS[arguments.rating]))
    return more


def _short(tag: str) -> str:
    """The archive's short name of a language: ``en``, ``zh``, ``ptBR``."""
    special = {"pt-BR": "ptBR", "pt-PT": "ptPT", "zh-Hans": "zh", "zh-Hant": "zh"}
    return special.get(tag, tag.partition("-")[0])
