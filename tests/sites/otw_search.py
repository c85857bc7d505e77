"""The filters ``work_search[…]`` of the test archive's lists."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Final

from tests.sites.otw_ids import DAY
from tests.sites.otw_works import RATING_IDS, Facets

Match = Callable[[Facets], bool]


def _tags(value: str) -> set[str]:
    return {tag.strip() for tag in value.split(",")}


def _language(value: str) -> Match:
    return lambda facets: facets.tongue.code == value


def _complete(value: str) -> Match:
    wanted = value in ("T", "true", "1")
    return lambda facets: facets.complete == wanted


def _since(value: str) -> Match:
    day = _day(value)
    return lambda facets: facets.revised // DAY >= day


def _until(value: str) -> Match:
    day = _day(value)
    return lambda facets: facets.revised // DAY <= day


def _longer(value: str) -> Match:
    words = int(value)
    return lambda facets: facets.words >= words


def _shorter(value: str) -> Match:
    words = int(value)
    return lambda facets: facets.words <= words


def _tagged(value: str) -> Match:
    tags = _tags(value)
    return lambda facets: tags <= set(facets.tags)


def _untagged(value: str) -> Match:
    tags = _tags(value)
    return lambda facets: tags.isdisjoint(facets.tags)


_FILTERS: Final[dict[str, Callable[[str], Match]]] = {
    "language_id": _language,
    "complete": _complete,
    "date_from": _since,
    "date_to": _until,
    "words_from": _longer,
    "words_to": _shorter,
    "other_tag_names": _tagged,
    "excluded_tag_names": _untagged,
}


def search_matches(query: Sequence[tuple[str, str]]) -> Match:
    """Whether works match the filters of a query; filters that only the real archive has let all works pass.

    Raises ``ValueError`` for a number or a day that is none.
    """
    tests: list[Match] = []
    ratings: set[int] = set()
    for name, value in query:
        key = name.partition("[")[2].removesuffix("[]").removesuffix("]")
        if value and key in _FILTERS:
            tests.append(_FILTERS[key](value))
        elif key in ("rating_ids", "rating_ids]") and value in RATING_IDS:
            ratings.add(RATING_IDS[value])
    if ratings:
        tests.append(lambda facets: facets.rating in ratings)
    return _all(tests)


def _all(tests: Iterable[Match]) -> Match:
    found = tuple(tests)
    return lambda facets: all(test(facets) for test in found)


def _day(text: str) -> int:
    """Days since 1970."""
    return date.fromisoformat(text).toordinal() - date(1970, 1, 1).toordinal()
