"""Spiders of AO3 and of every other archive on the OTW-archive software: which pages, in which order, when to stop.

One request at a time: each answer asks for the next. What has been seen and done is in the ledger of the corpus,
so that a crawl that is killed goes on where it was, and one that is repeated fetches only what has changed.
"""

from __future__ import annotations

import logging
import shlex
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from typing import Any, ClassVar, Concatenate, ParamSpec, Self

from scrapy import Request, Spider
from scrapy.crawler import Crawler
from scrapy.http import Response
from scrapy.settings import BaseSettings
from twisted.python.failure import Failure

from crawler.pages.otw_answers import Answer, index_of, listing_page, outcome_of, work_of
from crawler.pages.otw_blurb import Index, read_listing
from crawler.pages.otw_markup import archive_at
from crawler.pages.page import Refused
from crawler.preparation import current_preparation
from crawler.spiders.arguments import Arguments, arguments_of, listing_of, work_numbers
from crawler.spiders.otw_addresses import navigate_page, work_page
from crawler.spiders.otw_navigation import Navigation
from crawler.spiders.otw_walk import MAX_RESULTS
from crawler.stopping import CrawlStopped, stop_crawl
from pipelines.corpus import Corpus
from pipelines.crawl_stage import Gathering, Refusal
from pipelines.errors import FanthologyError, WrongUsage
from schemas.program import program_version
from schemas.work import Work

logger = logging.getLogger(__name__)
_P = ParamSpec("_P")


@dataclass(frozen=True)
class Estimate:
    """What a crawl would take."""

    n_works: int
    n_requests: int
    hours: float


_Callback = Callable[Concatenate["OtwSpider", _P], Iterator[Any]]


def guarded(callback: _Callback[_P]) -> _Callback[_P]:
    """A callback in which any error ends the crawl: it is one of the ledger, the disk or ours, and never of a page."""

    @wraps(callback)
    def safe(self: OtwSpider, /, *args: _P.args, **kwargs: _P.kwargs) -> Iterator[Any]:
        try:
            yield from callback(self, *args, **kwargs)
        except Exception as error:  # noqa: BLE001 - Scrapy would log it and go on
            self.fail(error)

    return safe


class OtwSpider(Spider):
    """Any archive on the OTW-archive software: ``scrapy crawl otw -a site=HOST``."""

    name = "otw"
    site: ClassVar[str | None] = None
    always_obeys_robots: ClassVar[bool] = True
    max_results = MAX_RESULTS

    def __init__(self, **kwargs: Any) -> None:
        """Raises ``WrongUsage`` for arguments that make no sense."""
        super().__init__()
        self.arguments: Arguments = arguments_of(kwargs)
        host = self.site or self.arguments.site
        if host is None:
            raise WrongUsage("say which archive: scrapy crawl otw -a site=HOST")
        if self.site and self.arguments.site:
            raise WrongUsage(
                f"-a site: {self.name} is the spider of {self.site}; scrapy crawl otw takes other archives"
            )
        self.base = f"https://{host}/"
        archive = archive_at(self.base)
        assert archive is not None
        self.source = archive.source
        self.first_listing = listing_of(self.arguments, self.base)
        self.gathering: Gathering | None = None
        self.estimate: Estimate | None = None
        self.navigation: Navigation | None = None
        self._errors: list[str] = []

    @property
    def errors(self) -> list[str]:
        """What kept the crawl from being whole, in lines for a person."""
        return self._errors + (self.navigation.errors if self.navigation else [])

    @classmethod
    def update_settings(cls, settings: BaseSettings) -> None:
        """Name the user to the archive. Source: ``Spider``."""
        super().update_settings(settings)
        if contact := settings.get("CONTACT"):
            settings.set("USER_AGENT", f"fanthology/{program_version()} (+{contact})", priority="spider")
        if settings.get("CORPUS") is None:
            settings.set("CORPUS", f"datasets/{cls.name}", priority="spider")

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        """Take hold of the corpus. Raises as ``Gathering.open``. Source: ``Spider``."""
        spider = super().from_crawler(crawler, *args, **kwargs)
        spider.max_results = crawler.settings.getint("MAX_LIST_RESULTS", MAX_RESULTS)
        if not spider.arguments.dry_run:
            gathering = Gathering.open(
                Corpus(Path(crawler.settings["CORPUS"]).expanduser()),
                spider.source,
                spider.arguments.asked(),
                command=crawler.settings.get("COMMAND_LINE") or shlex.join(["scrapy", *sys.argv[1:]]),
                preparation=current_preparation(),
            )
            spider.gathering = gathering
            spider.navigation = Navigation(
                *(spider.arguments, spider.base, spider.source, gathering), max_results=spider.max_results
            )
        return spider

    @property
    def warc_info(self) -> dict[str, str]:
        """What the WARC files say of themselves: whether their lists are data, or only led to the works."""
        return {"fanthology-lists": "lead" if self.arguments.text else "data"}

    def closed(self, reason: str) -> None:
        """Note how the crawl ended and let the corpus go. Source: ``Spider``."""
        if self.gathering is None or self.navigation is None:
            return
        try:
            counts = self.gathering.close(
                reason,
                is_finished=reason == "finished" and self.navigation.is_finished,
                is_complete=self.navigation.is_complete,
            )
        except FanthologyError as error:
            self.fail(error)
        else:
            for outcome, count in counts.items():
                self.crawler.stats.set_value(f"fanthology/outcomes/{outcome}", count)

    # Which page is next

    async def start(self) -> AsyncIterator[Any]:
        """The first request; each answer asks for the next. Source: ``Spider``."""
        if self.navigation is None:
            if self.first_listing is None:
                self._estimate(len(work_numbers(self.arguments.works or "")), 0)
            else:
                yield self._request(self.first_listing, self.parse_estimate)
            return
        try:
            self.navigation.begin(self.first_listing)
            self._count(Counter())
            request = None if self._has_waiting() else self._next()  # JOBDIR may keep the request that goes on
        except Exception as error:  # noqa: BLE001 - the ledger cannot be read or written: nothing may go on
            self.fail(error)
            return
        if request is not None:
            yield request

    def _has_waiting(self) -> bool:
        """Whether requests of a former run wait in the queue that JOBDIR keeps."""
        engine = self.crawler.engine
        assert engine is not None
        assert engine._slot is not None  # noqa: SLF001 - Scrapy shows its scheduler nowhere else
        return engine._slot.scheduler.has_pending_requests()  # noqa: SLF001

    def _next(self) -> Request | None:
        """The request for the page that comes next."""
        assert self.navigation is not None
        step = self.navigation.next()
        self.crawler.stats.set_value("fanthology/known_total", self.navigation.known_total)
        if step is None:
            return None
        if step.listing is not None:
            return self._request(step.page, self.parse_listing, listing=step.listing)
        known = {"number": step.number, "place": step.place}
        if self.arguments.chapter_dates:
            return self._request(navigate_page(self.base, step.number), self.parse_index, **known)
        return self._request(work_page(self.base, step.number), self.parse_work, **known)

    def _request(self, address: str, callback: Any, **known: Any) -> Request:
        return Request(
            address,
            callback=callback,
            errback=self.failed,
            cb_kwargs=known,
            dont_filter=True,
            meta={"handle_httpstatus_all": True, "fanthology": known},
        )

    def _go_on(self) -> Iterator[Request]:
        if request := self._next():
            yield request

    # What has come

    @guarded
    def parse_listing(self, response: Response, listing: str) -> Iterator[Any]:
        """A page of a list."""
        assert self.navigation is not None
        before = self.navigation.outcomes.copy()
        yield from self.navigation.take_page(answer_of(response), listing)
        self._count(before)
        yield from self._go_on()

    def _count(self, before: Counter[str]) -> None:
        """Count the works that the lists say need not be fetched."""
        assert self.navigation is not None
        for outcome, count in (self.navigation.outcomes - before).items():
            self.crawler.stats.inc_value(f"fanthology/outcome/{outcome}", count)

    @guarded
    def parse_index(self, response: Response, number: str, place: int) -> Iterator[Any]:
        """The index of a work's chapters; its page comes next."""
        self._passed(place)
        answer = answer_of(response)
        try:
            index = index_of(answer, number)
        except Refused as refused:
            yield self._refusal(number, refused, answer)
            yield from self._go_on()
            return
        yield self._request(work_page(self.base, number), self.parse_work, number=number, place=place, index=index)

    def _passed(self, place: int) -> None:
        assert self.navigation is not None
        self.navigation.passed(place)

    @guarded
    def parse_work(self, response: Response, number: str, place: int, index: Index | None = None) -> Iterator[Any]:
        """A work's page."""
        self._passed(place)
        answer = answer_of(response)
        try:
            yield self._work(answer, number, index)
        except Refused as refused:
            if again := self._again(response, refused):
                yield again
                return
            yield self._refusal(number, refused, answer)
        yield from self._go_on()

    def _again(self, response: Response, refused: Refused) -> Request | None:
        """The request once more, where the site was not well and its status did not say so."""
        request = response.request
        tries = response.meta.get("site_errors", 0)
        if refused.reason != "site_error" or request is None or tries >= self.crawler.settings.getint("RETRY_TIMES"):
            return None
        return request.replace(meta=request.meta | {"site_errors": tries + 1})

    def _work(self, answer: Answer, number: str, index: Index | None) -> Work:
        try:
            return work_of(answer, number, index)
        except Refused:
            raise
        except Exception as error:
            logger.warning("%s: %s: %s; please report it", answer.url, type(error).__name__, error)
            raise Refused("parse_error", f"{type(error).__name__}: {error}") from error

    def _refusal(self, number: str, refused: Refused, answer: Answer | None) -> Refusal:
        outcome = outcome_of(refused.reason)
        if outcome == "parse_error" and answer is not None and self.gathering is not None:
            self.gathering.keep_page(self.source, number, answer.body)
        return Refusal(
            work_id=f"{self.source}:{number}",
            url=f"{self.base}works/{number}",
            source=self.source,
            outcome=outcome,
            detail=refused.detail,
            http_status=answer.status if answer else None,
            raw_sha256=answer.source().sha256 if answer and answer.body and outcome == "parse_error" else None,
            fetched_at=answer.retrieved_at if answer else datetime.now(UTC),
        )

    @guarded
    def failed(self, failure: Failure) -> Iterator[Any]:
        """A request without an answer: time-out, half a body, robots.txt."""
        if isinstance(failure.value, CrawlStopped):
            return
        request: Request = failure.request  # type: ignore[attr-defined]
        known = request.meta["fanthology"]
        detail = f"{type(failure.value).__name__}: {failure.value}"[:300]
        if self.navigation is None:
            self._say(f"{request.url}: {detail}")
            return
        if listing := known.get("listing"):
            self.navigation.listing_failed(listing, "blocked", detail)
        else:
            self._passed(known["place"])
            yield self._refusal(known["number"], Refused("blocked", detail), None)
        yield from self._go_on()

    # Dry run

    def parse_estimate(self, response: Response) -> None:
        """The first page of a list, for a dry run."""
        try:
            page, provenance = listing_page(answer_of(response))
        except Refused as refused:
            self._say(f"{response.url}: {refused.reason}: {refused.detail}")
            return
        found = read_listing(page, provenance)
        n_works = found.n_total if found.n_total is not None else len(found.works)
        n_works = min(n_works, self.arguments.max_works or n_works)
        per_page = max(1, len(found.works) + found.n_others) if found.next_url else 20
        n_pages = max(1, -(-n_works // per_page))
        n_slices = -(-n_works // self.max_results)
        self._estimate(n_works, n_pages + (2 * n_slices if n_slices > 1 else 0))

    def _estimate(self, n_works: int, n_pages: int) -> None:
        each = (2 if self.arguments.chapter_dates else 1) if self.arguments.text else 0
        n_requests = 1 + n_pages + n_works * each
        delay = self.crawler.settings.getfloat("DOWNLOAD_DELAY")
        self.estimate = Estimate(n_works, n_requests, n_requests * delay / 3600)

    # What went wrong

    def _say(self, line: str) -> None:
        self._errors.append(line)
        logger.error("%s", line)

    def fail(self, error: BaseException) -> None:
        """End the crawl: what comes could not be kept."""
        line = str(error) if isinstance(error, FanthologyError) else f"{type(error).__name__}: {error}"
        self._errors.append(line)
        if not isinstance(error, FanthologyError):
            logger.error("the crawl's own error", exc_info=error)
        stop_crawl(self.crawler, "storage_error", line)


class Ao3Spider(OtwSpider):
    """The Archive of Our Own."""

    name = "ao3"
    site = "archiveofourown.org"


class SquidgeWorldSpider(OtwSpider):
    """SquidgeWorld."""

    name = "squidgeworld"
    site = "squidgeworld.org"


def answer_of(response: Response) -> Answer:
    """A response as the page parsers' rules take it. When it was fetched is what the WARC file says too."""
    headers = {
        name.decode("latin-1").lower(): values[0].decode("latin-1")
        for name, values in response.headers.items()
        if values
    }
    fetched_at = response.meta.get("fetched_at") or datetime.now(UTC).replace(microsecond=0)
    return Answer(
        response.request.url if response.request else response.url, response.status, headers, response.body, fetched_at
    )
