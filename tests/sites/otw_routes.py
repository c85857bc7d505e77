"""Which page the test archive gives for which address."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from tests.sites import otw_lists as lists
from tests.sites import otw_pages as pages
from tests.sites import otw_refusals as refusals
from tests.sites.otw_catalogue import HIDDEN
from tests.sites.otw_frame import author_link, tag_link, tag_of_path, tag_path, user_links
from tests.sites.otw_ids import (
    COLLECTION_BLOCK,
    chapter_id,
    chapter_of,
    collection_of,
    mix,
    number_of,
    series_members,
    series_title,
    user_number,
    work_id_of,
)
from tests.sites.otw_search import search_matches
from tests.sites.otw_works import KNOWN_TAGS, PEOPLE, SYNONYMS, Facets

if TYPE_CHECKING:
    from tests.sites.otw import Archive

ROBOTS: Final = """User-agent: *
Disallow: /works?
Disallow: /works/search?
Disallow: /bookmarks/search?
Disallow: /tags/search?
Disallow: /people/search?
Disallow: /autocomplete/
Disallow: /downloads/
Disallow: /external_works/
{delay}
User-agent: Googlebot
Disallow: /works?
Disallow: /works/*view_adult
Disallow: /downloads/

User-agent: Slurp
Crawl-delay: 30

User-agent: CCBot
Disallow: /

User-agent: GPTBot
Disallow: /

User-agent: ChatGPT-User
Disallow: /
"""
_BOOKMARKS: Final = 45


@dataclass(frozen=True)
class Answer:
    """An answer before it is sent."""

    status: int = 200
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    kind: str = "text/html; charset=utf-8"


@dataclass(frozen=True)
class Asked:
    """A request: path without per-cent codes of its parts, query, cookies."""

    path: str
    query: list[tuple[str, str]]
    cookie: str = ""

    def get(self, name: str) -> str:
        return next((value for key, value in self.query if key == name), "")

    @property
    def page(self) -> int:
        text = self.get("page")
        return max(1, int(text)) if text.isdigit() and len(text) < 9 else 1

    @property
    def filters(self) -> tuple[tuple[str, str], ...]:
        return tuple(
            sorted((key, value) for key, value in self.query if key.startswith(("work_search[", "include_work")))
        )


class Router:
    """Answers for the addresses of an archive."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        self.catalogue = archive.catalogue
        self.host = archive.host
        self._routes: list[tuple[re.Pattern[str], Callable[..., Answer]]] = [
            (re.compile(pattern), answer)
            for pattern, answer in (
                (r"/robots\.txt", self.robots),
                (r"/works/(\d+)", self.work),
                (r"/works/(\d+)/chapters/(\d+)", self.chapter),
                (r"/chapters/(\d+)", self.bare_chapter),
                (r"/works/(\d+)/navigate", self.navigate),
                (r"/downloads/(\d+)/.*", self.download),
                (r"/tags/([^/]+)/works", self.tag),
                (r"/tags/([^/]+)", self.tag),
                (r"/works(?:/search)?", self.works),
                (r"/users/([^/]+)(?:/pseuds/[^/]+)?/works", self.user),
                (r"/users/([^/]+)(?:/pseuds/[^/]+)?/bookmarks", self.bookmarks),
                (r"/users/login", self.login),
                (r"/collections/([^/]+)/works", self.collection),
                (r"/series/(\d+)", self.series),
                (r"/timeout_error", self.timeout),
                (r"/", self.home),
            )
        ]

    def answer(self, target: str, cookie: str = "") -> Answer:
        """The answer for a path and query."""
        parts = urlsplit(target)
        asked = Asked(parts.path, parse_qsl(parts.query, keep_blank_values=True), cookie)
        for pattern, answer in self._routes:
            if match := pattern.fullmatch(parts.path):
                return answer(asked, *(unquote(part) for part in match.groups()))
        return self.missing()

    def missing(self) -> Answer:
        return Answer(404, refusals.error_page(self.host, 404, "There is nothing at this address."))

    def moved(self, where: str, headers: Mapping[str, str] | None = None) -> Answer:
        return Answer(302, "", {"Location": where, **(headers or {})})

    def robots(self, asked: Asked) -> Answer:
        robots = self.archive.robots
        if isinstance(robots, int):
            return Answer(robots, refusals.error_page(self.host, robots, "No rules today."))
        delay = "" if self.archive.crawl_delay is None else f"Crawl-delay: {self.archive.crawl_delay:g}\n"
        return Answer(200, ROBOTS.format(delay=delay) if robots is None else robots, kind="text/plain")

    def home(self, asked: Asked) -> Answer:
        tags = (self.archive.tag, *(f"{PEOPLE[0]}/{name}" for name in PEOPLE[1:4]))
        items = "".join(f"<li>{tag_link(tag)}</li>" for tag in tags)
        return Answer(200, refusals.plain_page(self.host, "Home", "home", f'<ul class="tags">{items}</ul>'))

    def timeout(self, asked: Asked) -> Answer:
        return Answer(504, refusals.error_page(self.host, 504, "The page took too long to make."))

    def login(self, asked: Asked) -> Answer:
        return Answer(200, refusals.login_page(self.host, restricted=asked.get("restricted") == "true"))

    # Single works

    def _barred(self, facets: Facets | None, asked: Asked) -> Answer | None:
        """What comes in place of a work that a guest may not see."""
        if facets is None or facets.outcome == "deleted":
            return self.missing()
        back = quote(asked.path, safe="")
        if facets.outcome == "restricted":
            return self.moved(f"/users/login?restricted=true&return_to={back}")
        if facets.outcome == "hidden":
            return self.moved(f"/users/login?return_to={back}")
        if facets.outcome == "unrevealed":
            return Answer(200, refusals.unrevealed_page(self.host, facets.n))
        return None

    def _gate(self, facets: Facets, asked: Asked) -> Answer | None:
        """The question before adult works."""
        agreed = asked.get("view_adult") == "true" or "view_adult=true" in asked.cookie
        if facets.outcome != "adult" and (agreed or not facets.adult):
            return None
        shown = self.catalogue.blurb(facets.n)
        return Answer(200, refusals.adult_page(self.host, f"{asked.path}?view_adult=true", shown))

    def _headers(self, facets: Facets, asked: Asked) -> dict[str, str]:
        headers = {}
        if asked.get("view_adult") == "true":
            headers["Set-Cookie"] = "view_adult=true; path=/; HttpOnly"
        if facets.outcome == "tdm" and not facets.n % 2:
            headers["tdm-reservation"] = "1"
        return headers

    def work(self, asked: Asked, work_id: str) -> Answer:
        facets = self.catalogue.facets(number_of(work_id))
        if (barred := self._barred(facets, asked)) is not None:
            return barred
        assert facets is not None
        if (gate := self._gate(facets, asked)) is not None:
            return gate
        headers = self._headers(facets, asked)
        if facets.chaptered and asked.get("view_full_work") != "true":
            return self.moved(f"/works/{work_id}/chapters/{chapter_id(facets.n, 1)}", headers)
        return Answer(200, pages.work_page(self.catalogue.whole(facets)), headers)

    def chapter(self, asked: Asked, work_id: str, chapter: str) -> Answer:
        facets = self.catalogue.facets(number_of(work_id))
        if (barred := self._barred(facets, asked)) is not None:
            return barred
        assert facets is not None
        place = chapter_of(chapter)
        if place is None or place[0] != facets.n or place[1] > facets.chapters:
            return self.missing()
        if (gate := self._gate(facets, asked)) is not None:
            return gate
        headers = self._headers(facets, asked)
        if not facets.chaptered:
            return self.moved(f"/works/{work_id}", headers)
        return Answer(200, pages.work_page(self.catalogue.whole(facets, place[1]), place[1]), headers)

    def bare_chapter(self, asked: Asked, chapter: str) -> Answer:
        place = chapter_of(chapter)
        if place is None:
            return self.missing()
        return self.moved(f"/works/{work_id_of(place[0])}/chapters/{chapter}")

    def navigate(self, asked: Asked, work_id: str) -> Answer:
        facets = self.catalogue.facets(number_of(work_id))
        if (barred := self._barred(facets, asked)) is not None:
            return barred
        assert facets is not None
        return Answer(200, pages.navigate_page(self.catalogue.whole(facets, 0)))

    def download(self, asked: Asked, work_id: str) -> Answer:
        facets = self.catalogue.facets(number_of(work_id))
        return self._barred(facets, asked) or Answer(
            200, refusals.plain_page(self.host, "Download", "downloads", "<p>A crawler may not come here.</p>")
        )

    # Lists

    def _cut(self, found: list[int], asked: Asked) -> tuple[list[int], int, int]:
        """The works of a page, the page that it is (the last one for numbers beyond) and the number of pages."""
        size = self.archive.per_page
        total = min(len(found), self.archive.max_results)
        count = max(1, -(-total // size))
        page = min(asked.page, count)
        return found[: self.archive.max_results][(page - 1) * size : page * size], page, count

    def _items(self, found: list[int]) -> str:
        items = []
        for n in found:
            facets = self.catalogue.facets(n)
            assert facets is not None
            hidden = facets.outcome == "unrevealed"
            items.append(lists.mystery(facets.id) if hidden else self.catalogue.blurb(n))
        return "".join(items)

    def _index(
        self,
        asked: Asked,
        key: object,
        matches: Callable[[Facets], bool],
        where: str,
        *,
        main: str = "works-index filtered",
        pagy: bool = True,
        mysteries: bool = False,
    ) -> Answer:
        """A list of works with filters, sorted as asked."""
        try:
            filters = search_matches(asked.filters)
        except ValueError:
            filters = search_matches(())

        def fits(facets: Facets) -> bool:
            return (mysteries or facets.outcome != "unrevealed") and matches(facets) and filters(facets)

        order = asked.get("work_search[sort_column]") or "revised_at"
        up = asked.get("work_search[sort_direction]") == "asc"
        found = self.catalogue.list((key, asked.filters, mysteries), fits, order, up=up)
        shown, page, count = self._cut(found, asked)
        heading = lists.count_heading(page, self.archive.per_page, len(found), "Work", where)
        links = lists.pagination(asked.path, asked.query, page, count, pagy=pagy)
        return Answer(200, lists.index_page(self.host, "List", main, heading, self._items(shown), links))

    def tag(self, asked: Asked, part: str) -> Answer:
        tag = tag_of_path(part)
        if tag in SYNONYMS:
            return self.moved(f"/tags/{tag_path(SYNONYMS[tag])}/works")
        if tag not in KNOWN_TAGS:
            return self.missing()
        return self._index(asked, ("tag", tag), lambda facets: tag in facets.tags, f"in {tag_link(tag)}")

    def works(self, asked: Asked) -> Answer:
        pagy = asked.path == "/works"
        main = "works-index" if pagy else "works-search"
        return self._index(asked, "all", lambda _: True, "", main=main, pagy=pagy)

    def user(self, asked: Asked, name: str) -> Answer:
        number = user_number(name)
        if number is None:
            return self.missing()

        def by(facets: Facets) -> bool:
            return number in facets.users and not facets.anonymous

        link = author_link(name, name)
        return self._index(asked, ("user", name), by, f"by {link}", main="works-index dashboard")

    def collection(self, asked: Asked, name: str) -> Answer:
        block = name.rpartition("_")[2]
        if not block.isdigit() or int(block) * COLLECTION_BLOCK >= self.catalogue.size:
            return self.missing()

        def within(facets: Facets) -> bool:
            return facets.n // COLLECTION_BLOCK == int(block) and facets.collected

        title = collection_of(int(block) * COLLECTION_BLOCK)[1]
        where = f'in <a href="/collections/{escape(name)}">{title}</a>'
        return self._index(asked, ("collection", block), within, where, main="works-index", mysteries=True)

    def series(self, asked: Asked, series_id: str) -> Answer:
        found = [n for n in series_members(int(series_id)) if n >= 0 and self.catalogue.shown(n)]
        if not found:
            return self.missing()
        shown, page, count = self._cut(found, asked)
        members = [facets for n in found if (facets := self.catalogue.facets(n)) is not None]
        facts = lists.SeriesFacts(
            series_title(series_id),
            user_links(dict.fromkeys(facets.user for facets in members[:3])),
            (min(facets.created for facets in members), max(facets.revised for facets in members)),
            sum(facets.words for facets in members),
            len(found),
        )
        links = lists.pagination(asked.path, asked.query, page, count, pagy=False)
        body = lists.series_page(self.host, facts, self._items(shown), links)
        return Answer(200, body)

    def bookmarks(self, asked: Asked, name: str) -> Answer:
        user = user_number(name)
        if user is None:
            return self.missing()
        found = list(range(_BOOKMARKS))
        shown, page, count = self._cut(found, asked)
        heading = lists.count_heading(page, self.archive.per_page, len(found), "Bookmark", f"by {escape(name)}")
        items = "".join(self._bookmark(name, user, place) for place in shown)
        links = lists.pagination(asked.path, asked.query, page, count, pagy=True)
        return Answer(200, lists.bookmarks_page(self.host, heading, items, links))

    def _bookmark(self, name: str, user: int, place: int) -> str:
        opening = f'id="bookmark_{user * 100 + place}" class="bookmark blurb group"'
        n = self.archive.bookmarked(name, place)
        if n is None:
            return lists.other_bookmark(opening, place)
        facets = self.catalogue.facets(n)
        assert facets is not None
        if facets.outcome in HIDDEN or facets.outcome == "unrevealed":
            return f'<li {opening}><p class="message">This has been deleted, sorry!</p></li>\n'
        note = lists.bookmark_note(name, mix(user, place) % 3)
        opening = f'{opening[:-1]} work-{facets.id} user-{facets.user}"'
        return self.catalogue.blurb(n, item=opening, extra=note)
