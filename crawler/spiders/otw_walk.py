"""The walk through a list of an OTW archive: which page comes next, when the list has been seen whole.

A list moves while it is read: a new or changed work goes to its top and pushes the others down, a deleted one
lets them move up past a page that was read already. Both leave traces (works that were seen before, a smaller or larger
total), and only then pages are read again: until one brings nothing new.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any, Final, Literal, Self
from urllib.parse import parse_qsl, urlsplit

from crawler.spiders.otw_addresses import with_parameters

MAX_RESULTS: Final = 100_000
"""The archive shows no more of a list; a page beyond is the last one again."""
MAX_PASSES: Final = 2
"""A list is read from its top so many times at most, where works are missing in the end."""

Phase = Literal["forward", "back", "head", "again", "done"]


@dataclass
class Walk:
    """Where the reading of one list is. All of it is kept in the ledger, so that a killed crawl goes on from here."""

    phase: Phase = "forward"
    """forward; back: pages before the present one are read again; head: from the top until nothing is new; again:
    a whole pass more; done."""
    page: int = 1
    """Page to read now."""
    furthest: int = 0
    """Last page of the forward pass so far."""
    total: int | None = None
    """Works of the list, as it last stated."""
    n_listed: int = 0
    """Works seen in it."""
    n_others: int = 0
    """Entries of the forward pass that are no works: mysteries, deleted ones, works elsewhere."""
    n_absent: int = 0
    """Places of full pages that were empty: the archive counts works that it no longer shows."""
    per_page: int = 0
    """Entries of a full page."""
    has_moved: bool = False
    """Whether something has come to the top since the walk began."""
    pages: int = 0
    """Pages read."""
    passes: int = 1
    last_ids: tuple[str, ...] = ()
    """Works of the last page read: the same again means that the archive has no such page."""
    may_repeat: bool = False
    """Whether one work may stand in the list more than once: bookmarks."""
    limit: int = MAX_RESULTS
    """Works of a list that the archive shows."""
    is_cut: bool = False
    """Whether the walk ended before the end of the list: ``max_works``, a page that did not come, the cap."""

    @classmethod
    def through(cls, address: str, limit: int) -> Self:
        """The walk through a list, before its first page."""
        return cls(limit=limit, may_repeat=urlsplit(address).path.endswith("/bookmarks"))

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """The walk that ``as_state`` gave."""
        known = dict(state)
        known["last_ids"] = tuple(known.get("last_ids", ()))
        return cls(**known)

    def as_state(self) -> dict[str, Any]:
        """The walk as JSON."""
        return asdict(self) | {"last_ids": list(self.last_ids)}

    @property
    def is_done(self) -> bool:
        """Whether no page of the list is to be read any more."""
        return self.phase == "done"

    def took(self, ids: Iterable[str], new: Collection[str], *, total: int | None, others: int, has_next: bool) -> None:
        """A page was read: works on it in order, those of them that the walk had not seen, and what it states."""
        on_page = tuple(ids)
        before, self.last_ids = self.last_ids, on_page
        growth = (total - self.total) if self.total is not None and total is not None else 0
        self.total = total if total is not None else self.total
        self.n_listed += len(new)
        self.pages += 1
        if self.phase == "forward":
            if self.page > self.furthest:
                self.furthest = self.page
                self.n_others += others + (len(on_page) - len(new) if self.may_repeat else 0)
                self.per_page = max(self.per_page, len(on_page) + others)
                self.n_absent += self.per_page - len(on_page) - others if has_next else 0
            self._went_forward(on_page, before, new, growth=growth, has_next=has_next)
        elif self.phase == "back":
            self._went_back(new, growth)
        elif self.phase == "head" and growth > 0:
            self.page = 1
        elif has_next and (new if self.phase == "head" else self.missing):
            self.page += 1
        else:
            self._check()

    def _went_forward(
        self, ids: tuple[str, ...], before: tuple[str, ...], new: Collection[str], *, growth: int, has_next: bool
    ) -> None:
        is_clamped = bool(ids) and ids == before
        overlaps = self.page > 1 and len(new) < len(ids) and not self.may_repeat
        self.has_moved |= growth != 0 or (overlaps and not is_clamped)
        if is_clamped:
            self._end_pass()
        elif growth < 0 and self.page > 1:
            self.phase, self.page = "back", self.page - 1
        elif has_next:
            self.page += 1
        else:
            self._end_pass()

    def _went_back(self, new: Collection[str], growth: int) -> None:
        if (new or growth < 0) and self.page > 1:
            self.page -= 1
        else:  # the pages from here on are no longer those that were read
            self.phase, self.page = "forward", self.page + 1

    def cut(self) -> None:
        """Read no further."""
        self.is_cut = True
        self.phase = "done"

    @property
    def missing(self) -> int:
        """Works that the list states and that have not been seen."""
        return max(0, (self.total or 0) - self.n_listed - self.n_others - self.n_absent)

    def _end_pass(self) -> None:
        self.last_ids = ()
        if self.has_moved:
            self.has_moved = False
            self.phase, self.page = "head", 1
        else:
            self._check()

    def _check(self) -> None:
        """Read the list once more where it states more works than were seen."""
        if self.missing and self.passes < MAX_PASSES and (self.total or 0) <= self.limit:
            self.passes += 1
            self.last_ids = ()
            self.phase, self.page = "again", 1
            return
        self.phase = "done"


def slices(address: str, first: date, last: date) -> list[str]:
    """A list that is longer than the archive shows, in two by date; itself where it is of one day."""
    given = dict(parse_qsl(urlsplit(address).query))
    start = date.fromisoformat(given.get("work_search[date_from]") or first.isoformat())
    end = date.fromisoformat(given.get("work_search[date_to]") or last.isoformat())
    if start >= end:
        return [address]
    middle = start + timedelta(days=(end - start).days // 2)
    halves = ((start, middle), (middle + timedelta(days=1), end))
    return [
        with_parameters(address, [("work_search[date_from]", a.isoformat()), ("work_search[date_to]", b.isoformat())])
        for a, b in halves
    ]


def can_be_sliced(address: str) -> bool:
    """Whether the archive's date filter works for a list: those of works, not series or bookmarks."""
    return urlsplit(address).path.endswith("/works")
