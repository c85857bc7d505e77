"""What the test archive holds at a moment: which works, what has happened to them, which lists they are in."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import date
from threading import RLock
from typing import Any

from tests.sites.otw_lists import blurb
from tests.sites.otw_pages import Place, Relation, Whole
from tests.sites.otw_works import (
    BEGUN,
    CATEGORIES,
    DAY,
    INTERVAL,
    RATING_IDS,
    RATINGS,
    UNCHANGED,
    WARNINGS,
    Change,
    Facets,
    Recipe,
    Story,
    chapters,
    collection_of,
    day_of,
    in_collection,
    number_of,
    series_ids,
    series_members,
    series_title,
    story,
    user_name,
)

HIDDEN = frozenset({"restricted", "hidden", "deleted"})
"""Outcomes of works that no guest sees in any list."""
_SOURCES = {"archiveofourown.org": "ao3", "squidgeworld.org": "squidgeworld", "superlove.sayitditto.net": "superlove"}
_CACHED = 8


class Catalogue:
    """The works of an archive and their changes; each method may be called from any thread."""

    def __init__(self, recipe: Recipe, host: str) -> None:
        self.recipe = recipe
        self.host = host
        self.size = recipe.works
        self.now = BEGUN + recipe.works * INTERVAL + 90 * DAY
        self.version = 0
        self._changes: dict[int, Change] = {}
        self._stale: set[int] = set()
        self._lists: OrderedDict[object, list[int]] = OrderedDict()
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
            self.version += 1

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
            self.version += 1

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
        """The work with all that its page says; ``only`` makes the text of one chapter alone."""
        told = chapters(self.recipe, facets)
        return Whole(self.host, self.story(facets), told, self.places(facets.n), self.relations(facets.n))

    def places(self, n: int) -> list[Place]:
        """Series of a work, with its place among the works that a guest sees."""
        found = []
        for series_id in series_ids(n):
            members = [m for m in series_members(int(series_id)) if m == n or self.shown(m)]
            at = members.index(n)
            near = [number_to_id(members[i]) if 0 <= i < len(members) else None for i in (at - 1, at + 1)]
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

    def list(
        self, key: object, matches: Callable[[Facets], bool], order: str = "revised_at", *, up: bool = False
    ) -> list[int]:
        """Numbers of the works that match, in order; ``key`` names the question, to answer it once."""
        key = (key, order, up, self.version)
        with self._lock:
            if key not in self._lists:
                self._lists[key] = self._sorted(matches, order, up=up)
                if len(self._lists) > _CACHED:
                    self._lists.popitem(last=False)
            return self._lists[key]

    def _sorted(self, matches: Callable[[Facets], bool], order: str, *, up: bool) -> list[int]:
        name = {"created_at": "created", "word_count": "words"}.get(order, "revised")
        found = []
        for n in range(self.size):
            facets = self.facets(n)
            assert facets is not None
            if self.visible(facets) and matches(facets):
                found.append((getattr(facets, name), n))
        found.sort(reverse=not up)
        return [n for _, n in found]

    # What a right reading gives

    def expected(self, work_id: str | int) -> dict[str, Any]:
        """Fields as ``schemas.work.Work`` names them, of the work's page; see ``Archive.expected``."""
        facets = self.facets(number_of(work_id))
        assert facets is not None, work_id
        whole = self.whole(facets)
        told = whole.story
        base = f"https://{self.host}"
        status = ("Completed" if facets.complete else "Updated") if facets.chaptered else None
        return {
            "source": _SOURCES.get(self.host, self.host),
            "source_work_id": facets.id,
            "url": f"{base}/works/{facets.id}",
            "title": told.title,
            "authors": _authors(told),
            "fandoms": list(facets.fandoms),
            "relationships": list(facets.relationships),
            "characters": list(facets.characters),
            "freeforms": list(facets.additional),
            "rating_raw": RATINGS[facets.rating],
            "warnings_raw": list(WARNINGS[facets.warnings]),
            "categories_raw": list(CATEGORIES[facets.categories]),
            "language_raw": facets.tongue.name,
            "language": facets.tongue.code,
            "status_raw": status or "Complete",
            "complete": facets.complete,
            "published_date": day_of(facets.created),
            "updated_date": day_of(facets.revised) if facets.chaptered else None,
            "n_words_source": facets.words,
            "n_chapters_source": facets.chapters,
            "n_chapters_planned": facets.planned,
            "engagement": {
                "kudos": told.kudos,
                "hits": told.hits,
                "comments": told.comments,
                "bookmarks": told.bookmarks,
            },
            "series": [{"id": p.id, "title": p.title, "position": p.position} for p in whole.places],
            "collections": [collection_of(facets.n)[1]] if in_collection(facets) else [],
            "gifts": list(told.gifts),
            "related": [self._related(relation) for relation in whole.relations],
            "summary": told.summary,
            "notes_before": told.notes_before,
            "notes_after": told.notes_after,
            "updated_at": facets.stamp,
            "chapters": [self._chapter(facets, chapter) for chapter in whole.chapters],
        }

    def expected_blurb(self, work_id: str | int) -> dict[str, Any]:
        """The same of a blurb: no dates of publication, notes, collections' names or chapters."""
        facets = self.facets(number_of(work_id))
        assert facets is not None, work_id
        fields = self.expected(work_id)
        for name in ("chapters", "notes_before", "notes_after", "published_date", "collections", "related"):
            del fields[name]
        places = self.stored_places(facets.n)
        return fields | {
            "status_raw": "Complete Work" if facets.complete else "Work in Progress",
            "updated_date": day_of(facets.revised),
            "series": [{"id": p.id, "title": p.title, "position": p.position} for p in places],
        }

    def _related(self, relation: Relation) -> dict[str, Any]:
        return {
            "kind": relation.kind,
            "title": relation.title,
            "url": f"https://{self.host}/works/{relation.work_id}",
            "author": relation.author,
            "language": relation.language if relation.kind == "translated_as" else None,
        }

    def _chapter(self, facets: Facets, chapter: Any) -> dict[str, Any]:
        fields = asdict(chapter)
        named = facets.chaptered
        url = f"https://{self.host}/works/{facets.id}/chapters/{chapter.id}"
        return {
            "number": chapter.number if named else None,
            "source_chapter_id": chapter.id if named else None,
            "url": url if named else None,
            "title": chapter.title,
            "summary": chapter.summary,
            "notes_before": chapter.notes_before,
            "notes_after": chapter.notes_after,
            "authors": [chapter.co_author] if chapter.co_author else [],
            "published_date": chapter.published,
            "paragraphs": list(fields["paragraphs"]),
        }


def _authors(told: Story) -> list[dict[str, Any]]:
    if not told.authors:
        return [{"name": "Anonymous", "id": None, "kind": "anonymous"}]
    if told.archived_for:
        return [{"name": told.archived_for, "id": None}]
    return [
        {
            "name": pseud if pseud == account else f"{pseud} ({account})",
            "id": account,
            "kind": "orphaned" if account == "orphan_account" else "user",
        }
        for account, pseud in told.authors
    ]


def number_to_id(n: int) -> str:
    """The id of work ``n``."""
    return str(40_000_000 + 7 * n)


def search_matches(query: Sequence[tuple[str, str]]) -> Callable[[Facets], bool]:
    """Whether works match the filters ``work_search[…]`` of a query; those that the archive has and we do not, pass."""
    tests: list[Callable[[Facets], bool]] = []
    ratings: set[int] = set()
    for name, value in query:
        key = name.partition("[")[2].removesuffix("[]").removesuffix("]")
        if not value:
            continue
        if key == "language_id":
            tests.append(lambda f, v=value: f.tongue.code == v)  # type: ignore[misc]
        elif key == "complete":
            tests.append(lambda f, v=value in ("T", "true", "1"): f.complete == v)  # type: ignore[misc]
        elif key == "date_from":
            tests.append(lambda f, v=_day(value): f.revised // DAY >= v)  # type: ignore[misc]
        elif key == "date_to":
            tests.append(lambda f, v=_day(value): f.revised // DAY <= v)  # type: ignore[misc]
        elif key == "words_from":
            tests.append(lambda f, v=int(value): f.words >= v)  # type: ignore[misc]
        elif key == "words_to":
            tests.append(lambda f, v=int(value): f.words <= v)  # type: ignore[misc]
        elif key == "rating_ids" and value in RATING_IDS:
            ratings.add(RATING_IDS[value])
        elif key == "other_tag_names":
            tests.append(lambda f, v=value: all(tag.strip() in f.tags for tag in v.split(",")))  # type: ignore[misc]
        elif key == "excluded_tag_names":
            tests.append(lambda f, v=value: not any(tag.strip() in f.tags for tag in v.split(",")))  # type: ignore[misc]
    if ratings:
        tests.append(lambda f: f.rating in ratings)
    return lambda facets: all(test(facets) for test in tests)


def _day(text: str) -> int:
    """Days since 1970."""
    return date.fromisoformat(text).toordinal() - date(1970, 1, 1).toordinal()
