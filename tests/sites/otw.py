"""A test archive on the loopback interface that behaves as the OTW-archive software does (AO3 and others).

``with Archive(seed=1, works=1000) as archive`` serves made works at ``archive.url``; ``tests.sites.mapping`` makes the
crawler find it under its real name. Everything follows from the seed; nothing but what has changed is kept in memory.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from threading import Event, Thread
from types import TracebackType
from typing import Any, NamedTuple, Self

from tests.sites import otw_expected
from tests.sites.otw_catalogue import Catalogue
from tests.sites.otw_faults import Fault, Faults
from tests.sites.otw_ids import mix, number_of, user_number, work_id_of
from tests.sites.otw_server import Server
from tests.sites.otw_works import OUTCOMES, TAG, Facets, Recipe

WORKS = r"^/works/\d+(\?|$)"
"""Paths of work pages, for ``Archive.fault``."""


class Request(NamedTuple):
    """A request that came in, and the status that went out (0: the connection was closed before one)."""

    time: float
    host: str
    method: str
    target: str
    """Path and query."""
    status: int
    user_agent: str


class Archive:
    """The archive.

    ``outcomes`` says which share of the works has which outcome; ``words`` the least and most words of a work;
    ``per_page`` and ``max_results`` how lists are cut; ``rate_limit`` how many requests in how many seconds;
    ``robots`` an HTTP status instead of robots.txt, or another text; ``delay`` seconds before each answer.
    """

    def __init__(
        self,
        seed: int = 1,
        works: int = 1000,
        host: str = "archiveofourown.org",
        *,
        port: int = 0,
        words: tuple[int, int] = (100, 20_000),
        outcomes: Mapping[str, float] = OUTCOMES,
        per_page: int = 20,
        max_results: int = 100_000,
        rate_limit: tuple[int, float] | None = None,
        robots: int | str | None = None,
        crawl_delay: float | None = None,
        delay: float = 0.0,
        gzip: bool = True,
    ) -> None:
        self.host = host
        self.tag = TAG
        """A tag that all works have."""
        self.catalogue = Catalogue(Recipe(seed, works, words, dict(outcomes)), host)
        self.faults = Faults(rate_limit)
        self.per_page = per_page
        self.max_results = max_results
        self.robots = robots
        self.crawl_delay = crawl_delay
        self.delay = delay
        self.gzip = gzip
        self.requests: list[Request] = []
        self.stopping = Event()
        self._port = port
        self._server: Server | None = None
        self._thread: Thread | None = None

    # Serving

    @property
    def url(self) -> str:
        """Where it listens: ``http://127.0.0.1:PORT``."""
        assert self._server is not None, "not started"
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def hosts(self) -> dict[str, str]:
        """The map of names for ``tests.sites.mapping``."""
        return {self.host: self.url}

    def start(self) -> str:
        """Begin to serve in a thread; returns ``url``. Raises ``OSError`` where the port is taken."""
        if self._server is not None:
            return self.url
        self.stopping.clear()
        self._server = Server(self, self._port)
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()
        return self.url

    def stop(self) -> None:
        """End all connections and the thread."""
        self.stopping.set()
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()
        self._server = self._thread = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def record(self, host: str, method: str, target: str, status: int, user_agent: str) -> None:
        """Note a request."""
        self.requests.append(Request(time.time(), host, method, target, status, user_agent))

    # What it holds

    def ids(self, *outcomes: str) -> list[str]:
        """Ids of all works, or of those with some outcomes, the oldest first."""
        return [
            work_id_of(n) for n in range(self.catalogue.size) if not outcomes or self.outcome(work_id_of(n)) in outcomes
        ]

    def listed(self, tag: str = TAG) -> list[str]:
        """Ids in the list of a tag, in order: the last changed first."""

        def fits(facets: Facets) -> bool:
            return facets.outcome != "unrevealed" and tag in facets.tags

        return [work_id_of(n) for n in self.catalogue.list(("listed", tag), fits, "revised_at", up=False)]

    def expected(self, work_id: str | int) -> dict[str, Any]:
        """What a right reading of the work's page gives, by the names of ``schemas.work.Work``.

        Besides: ``language`` (code), ``complete``, ``updated_at`` (seconds since 1970, as lists state it) and for each
        chapter ``paragraphs`` instead of ``text``; a chapter's ``published_date`` stands on ``/navigate`` only.
        """
        return otw_expected.expected(self.catalogue, work_id)

    def expected_blurb(self, work_id: str | int) -> dict[str, Any]:
        """What a right reading of the work's blurb gives."""
        return otw_expected.expected_blurb(self.catalogue, work_id)

    def outcome(self, work_id: str | int) -> str:
        """ok, restricted, unrevealed, hidden, deleted, noindex, tdm, noai, or adult (a gate that stays shut)."""
        facets = self.catalogue.facets(number_of(work_id))
        return "deleted" if facets is None else facets.outcome

    def is_adult(self, work_id: str | int) -> bool:
        """Whether the page asks for ``view_adult=true``."""
        facets = self.catalogue.facets(number_of(work_id))
        return facets is not None and facets.adult

    def bookmarked(self, user: str, place: int) -> int | None:
        """Number of the work of a user's bookmark; none for bookmarks of series and of works elsewhere."""
        if place % 15 in (7, 8):
            return None
        recipe = self.catalogue.recipe
        return mix(recipe.seed, user_number(user) or 0, place, 9) % recipe.works

    # What happens

    def change(self, work_id: str | int) -> None:
        """The author adds to the work: text, words, dates and ``updated_at`` change, and its place in lists."""
        self.catalogue.revise(self._number(work_id))

    def touch(self, work_id: str | int) -> None:
        """``updated_at`` changes and nothing else, as by a bookmark."""
        self.catalogue.change(self._number(work_id), stamp=self.catalogue.tick())

    def delete(self, work_id: str | int, *, listed: bool = False) -> None:
        """The work is gone; with ``listed`` lists go on showing it."""
        self.become(work_id, "deleted")
        if listed:
            self.catalogue.leave_listed(self._number(work_id))

    def become(self, work_id: str | int, outcome: str) -> None:
        """The work gets another outcome, such as ``restricted`` or ``ok``."""
        self.catalogue.change(self._number(work_id), outcome=outcome)

    def insert(self, count: int = 1) -> list[str]:
        """New works on top of the lists, so that pages shift; returns their ids."""
        return [work_id_of(self.catalogue.insert()) for _ in range(count)]

    def fault(
        self,
        kind: str,
        path: str = WORKS,
        *,
        count: int = 1,
        after: int = 0,
        every: int = 1,
        retry_after: int | None = None,
        seconds: float = 3600.0,
    ) -> Fault:
        """Spoil the next ``count`` answers to requests whose path and query match; kinds: ``otw_faults.KINDS``."""
        return self.faults.add(Fault(kind, re.compile(path), count, after, every, retry_after, seconds))

    def _number(self, work_id: str | int) -> int:
        n = number_of(work_id)
        assert n is not None, f"not an id of this archive: {work_id}"
        return n
