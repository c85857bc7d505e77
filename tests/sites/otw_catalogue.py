"""What the test archive holds at a moment: which works, what has happened to them, which lists they are in."""

from __future__ import annotations

from bisect import insort
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter
from threading import RLock
from typing import Any, Final

from tests.sites.otw_ids import BEGUN, DAY, INTERVAL, series_ids, series_members, series_title, user_name, work_id_of
from tests.sites.otw_lists import blurb
from tests.sites.otw_pages import Place, Relation, Whole
from tests.sites.otw_works import UNCHANGED, Change, Facets, Recipe, Story, chapters, story

HIDDEN: Final = frozenset({"restricted", "hidden", "deleted"})
"""Outcomes of works that no guest sees in any list."""
_ORDERS: Final = {"created_at": "created", "word_count": "words"}
_CACHED: Final = 8


@dataclass
class _List:
    """The answer to a question, as of a version of the catalogue: values and numbers, ascending."""

    version: int
    keys: list[tuple[int, int]]
    numbers: list[int]


class Catalogue:
    """The works of an archive and their changes; each method may be called from any thread."""

    def __init__(self, recipe: Recipe, host: str) -> None:
        self.recipe = recipe
        self.host = host
        self.size = recipe.works
        self.now = BEGUN + recipe.works * INTERVAL + 90 * DAY
        self._changes: dict[int, Change] = {}
        self._stale: set[int] = set()
        self._log: list[int] = []
        self._lists: OrderedDict[object, _List] = OrderedDict()
        self._lock = RLock()

    # What happens to works

    def tick(self) -> int:
        """The next moment of the archive's clock, in seconds since 1970: later than every work so far."""
        self.now += 3_600
        return self.now

    def change(self, n: int, **fields: Any) -> None:
        """Record what has happened to a work."""
        with self._lock:
            self._changes[n] = self._changes.get(n, UNCHANGED)._replace(**fields)
            self._log.append(n)

    def revise(self, n: int) -> None:
        """The author adds to the work; it moves to the top of lists by date of change."""
        with self._lock:
            self.change(n, revision=self._changes.get(n, UNCHANGED).revision + 1, revised=self.tick(), stamp=None)

    def insert(self) -> int:
        """A new work, on top of every list by date; always ok."""
        with self._lock:
            n, self.size = self.size, self.size + 1
            now = self.tick()
            self.change(n, outcome="ok", created=now, revised=now)
            return n

    def leave_listed(self, n: int) -> None:
        """Let lists go on showing a work that is gone, as a slow index does."""
        with self._lock:
            self._stale.add(n)
            self._log.append(n)

    # Single works

    def facets(self, n: int | None) -> Facets | None:
        """The facets of a work; none where there never was one."""
        if n is None or not 0 <= n < self.size:
            return None
        return self.recipe.facets(n, self._changes.get(n, UNCHANGED))

    def story(self, facets: Facets) -> Story:
        return story(self.recipe, facets)

    def visible(self, facets: Facets | None) -> bool:
        """Whether a guest sees the work in lists, as a blurb or as a mystery."""
        return facets is not None and (facets.outcome not in HIDDEN or facets.n in self._stale)

    def shown(self, n: int) -> bool:
        """Whether a guest may read the work."""
        facets = self.facets(n)
        return facets is not None and facets.outcome not in HIDDEN and facets.outcome != "unrevealed"

    def whole(self, facets: Facets, only: int | None = None) -> Whole:
        """The work with all that its page says; ``only`` as for ``chapters``."""
        told = chapters(self.recipe, facets, only)
        return Whole(self.host, self.story(facets), told, self.places(facets.n), self.relations(facets.n))

    def places(self, n: int) -> list[Place]:
        """Series of a work, with its place among the works that a guest sees."""
        found = []
        for series_id in series_ids(n):
            members = [m for m in series_members(int(series_id)) if m == n or self.shown(m)]
            at = members.index(n)
            near = [work_id_of(members[i]) if 0 <= i < len(members) else None for i in (at - 1, at + 1)]
            found.append(Place(series_id, series_title(series_id), at + 1, *near))
        return found

    def stored_places(self, n: int) -> list[Place]:
        """Series of a work, with the place that is stored: blurbs show this one."""
        return [
            Place(series_id, series_title(series_id), series_members(int(series_id)).index(n) + 1)
            for series_id in series_ids(n)
        ]

    def relations(self, n: int) -> list[Relation]:
        """Works that a work names."""
        kind, other = {
            7: ("inspired_by", n - 2),
            5: ("inspired", n + 2),
            11: ("translation_of", n - 3),
            8: ("translated_as", n + 3),
        }.get(n % 30, ("", -1))
        facets = self.facets(other) if kind else None
        if facets is None or not self.shown(other):
            return []
        told = self.story(facets)
        author = user_name(facets.user)
        return [Relation(kind, facets.id, told.title, author, facets.tongue.name)]

    def blurb(self, n: int, **options: str) -> str:
        """The work as lists show it."""
        facets = self.facets(n)
        assert facets is not None
        return blurb(self.story(facets), self.stored_places(n), **options)

    # Lists

    def list(self, key: object, matches: Callable[[Facets], bool], order: str, *, up: bool) -> list[int]:
        """Numbers of the works that match, in order; ``key`` names the question, so that it is worked out once."""
        key = (key, order, up)
        value = attrgetter(_ORDERS.get(order, "revised"))
        with self._lock:
            known = self._lists.pop(key, None)
            if known is None:
                known = _List(0, [], [])
                changed = set(range(self.size))
            else:
                changed = set(self._log[known.version :])
            if changed:
                keys = [item for item in known.keys if item[1] not in changed]
                fresh = [(value(f), f.n) for f in map(self.facets, changed) if f and self.visible(f) and matches(f)]
                if len(fresh) > 100:
                    keys = sorted(keys + fresh)
                else:
                    for item in fresh:
                        insort(keys, item)
                known.keys, known.numbers = keys, [n for _, n in (keys if up else reversed(keys))]
            known.version = len(self._log)
            self._lists[key] = known
            if len(self._lists) > _CACHED:
                self._lists.popitem(last=False)
            return known.numbers
