"""Spiders of AO3 and of every other archive on the OTW-archive software: which pages, in which order, when to stop.

One request at a time: each answer asks for the next. What has been seen and done is in the ledger of the corpus,
so that a crawl that is killed goes on where it was, and one that is repeated fetches only what has changed.
"""

from __future__ import annotations

import logging
import shlex
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar, Final, Self
from urllib.parse import parse_qsl, urljoin, urlsplit

from scrapy import Request, Spider
from scrapy.crawler import Crawler
from scrapy.http import Response
from scrapy.settings import BaseSettings
from twisted.python.failure import Failure

from crawler.pages.otw_answers import Answer, index_of, listing_page, outcome_of, work_of
from crawler.pages.otw_blurb import Index, Listing, read_listing
from crawler.pages.otw_markup import archive_at
from crawler.pages.otw_outcomes import redirected
from crawler.pages.page import Refused
from crawler.preparation import current_preparation
from crawler.spiders.arguments import FIRST_DAY, Arguments, arguments_of, listing_of, work_numbers
from crawler.spiders.otw_addresses import navigate_page, page_of, rewritten, with_parameters, work_page
from crawler.spiders.otw_listed import is_wanted, listed_of
from crawler.spiders.otw_walk import MAX_RESULTS, Walk, can_be_sliced, slices
from crawler.stopping import CrawlStopped, stop_crawl
from pipelines.corpus import Corpus
from pipelines.crawl_ledger import Listed
from pipelines.errors import FanthologyError, WrongUsage
from pipelines.gather import Gathering, Refusal
from schemas.program import program_version
from schemas.work import Work

logger = logging.getLogger(__name__)

ARCHIVES: Final = {
    "archiveofourown.org": "ao3",
    "squidgeworld.org": "squidgeworld",
    "superlove.sayitditto.net": "superlove",
    "cfaarchive.org": "cfaarchive",
    "ad-astra.lcarscom.net": "ad-astra",
}
"""Spider by host, for archives that have one of their own."""


@dataclass(frozen=True)
class Estimate:
    """What a crawl would take."""

    n_works: int
    n_requests: int
    hours: float


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
        self.errors: list[str] = []
        """What kept the crawl from being whole, in lines for a person."""
        self._walks: dict[str, Walk] = {}
        self._seen: dict[str, set[str]] = {}
        self._failed: set[str] = set()
        self._place = 0
        self._n_listed = 0
        self._listed: set[str] = set()
        self._n_before = 0
        """Works of an unfinished crawl that were done before this run."""

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
            spider.gathering = Gathering.open(
                Corpus(Path(crawler.settings["CORPUS"]).expanduser()),
                spider.source,
                spider.arguments.asked(),
                command=crawler.settings.get("COMMAND_LINE") or shlex.join(["scrapy", *sys.argv[1:]]),
                preparation=current_preparation(),
            )
        return spider

    @property
    def warc_info(self) -> dict[str, str]:
        """What the WARC files say of themselves: whether their lists are data, or only led to the works."""
        return {"fanthology-lists": "lead" if self.arguments.text else "data"}

    def closed(self, reason: str) -> None:
        """Note how the crawl ended and let the corpus go. Source: ``Spider``."""
        if self.gathering is None:
            return
        walks = self._walks.values()
        is_finished = reason == "finished" and not self._failed and self._next() is None
        is_complete = not self._failed and not any(walk.is_cut for walk in walks)
        try:
            counts = self.gathering.close(reason, is_finished=is_finished, is_complete=is_complete)
        except FanthologyError as error:
            self.fail(error)
        else:
            for outcome, count in counts.items():
                self.crawler.stats.set_value(f"fanthology/outcomes/{outcome}", count)

    # Which page is next

    async def start(self) -> AsyncIterator[Any]:
        """The first request; each answer asks for the next. Source: ``Spider``."""
        if self.gathering is None:
            if self.first_listing is None:
                self._estimate(len(work_numbers(self.arguments.works or "")), 0)
            else:
                yield self._request(self.first_listing, self.parse_estimate)
            return
        try:
            self._begin(self.gathering)
        except FanthologyError as error:
            self.fail(error)
            return
        if self._has_waiting():  # JOBDIR kept the request that goes on
            return
        if request := self._next():
            yield request

    def _has_waiting(self) -> bool:
        """Whether requests of a former run wait in the queue that JOBDIR keeps."""
        engine = self.crawler.engine
        assert engine is not None
        assert engine._slot is not None  # noqa: SLF001 - Scrapy shows its scheduler nowhere else
        return engine._slot.scheduler.has_pending_requests()  # noqa: SLF001

    def _begin(self, gathering: Gathering) -> None:
        """Take up the lists of an unfinished crawl, or begin them."""
        ledger = gathering.ledger
        if self.first_listing is not None:
            if not ledger.listings(gathering.crawl):
                ledger.add_listings(gathering.crawl, [self.first_listing])
            self._load(gathering)
        else:
            known = [
                Listed(f"{self.source}:{number}", f"{self.base}works/{number}")
                for number in work_numbers(self.arguments.works or "")
            ]
            chosen = [gathering.judged(work) for work in known[: self.arguments.max_works]]
            self._count(
                ledger.record_page(
                    *(gathering.crawl, gathering.run, chosen), seen_at=None, refresh=self.arguments.refresh
                )
            )
        counts = ledger.counts(gathering.crawl)
        self._n_listed = sum(counts.values())
        self._listed = ledger.seen(gathering.crawl)
        self._n_before = sum(count for outcome, count in counts.items() if outcome != "pending")
        self._tell_total()
        if gathering.is_resumed:
            logger.info(
                "going on with an unfinished crawl: %d works listed, %d to fetch",
                self._n_listed,
                counts.get("pending", 0),
            )

    def _load(self, gathering: Gathering) -> None:
        for address, state, is_done in gathering.ledger.listings(gathering.crawl):
            walk = Walk.from_state(state) if state else Walk.through(address, self.max_results)
            if is_done:
                walk.phase = "done"
            elif gathering.is_resumed and address not in self._walks and state:
                walk.has_moved = True  # time has passed since its last page
                if not self.arguments.text and walk.page > 1:
                    walk.page -= 1  # the works of the last page may not have been taken
                self._seen[address] = gathering.ledger.seen(gathering.crawl)
            self._walks.setdefault(address, walk)

    def _next(self) -> Request | None:
        """The page to ask for now: lists first, which tell what is to be fetched."""
        assert self.gathering is not None
        for address, walk in self._walks.items():
            if not walk.is_done and address not in self._failed:
                return self._request(page_of(address, walk.page), self.parse_listing, listing=address)
        if not self.arguments.text:
            return None
        pending = self.gathering.ledger.next_pending(self.gathering.crawl, self._place)
        if pending is None:
            return None
        self._place = pending.place
        known: dict[str, Any] = {"number": pending.work_id.partition(":")[2], "place": pending.place}
        if self.arguments.chapter_dates:
            return self._request(navigate_page(self.base, known["number"]), self.parse_index, **known)
        return self._request(work_page(self.base, known["number"]), self.parse_work, **known)

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
        try:
            request = self._next()
        except Exception as error:  # noqa: BLE001 - the ledger cannot be read: nothing may go on
            self.fail(error)
            return
        if request is not None:
            yield request

    # What has come

    def parse_listing(self, response: Response, listing: str) -> Iterator[Any]:
        """A page of a list."""
        try:
            yield from self._take_page(response, listing)
        except Exception as error:  # noqa: BLE001 - the ledger cannot be written: nothing may go on
            self.fail(error)
            return
        yield from self._go_on()

    def _take_page(self, response: Response, listing: str) -> Iterator[Any]:
        assert self.gathering is not None
        walk = self._walks[listing]
        answer = answer_of(response)
        found = self._listing(answer, listing)
        if found is None:
            return
        if (
            walk.pages == 0
            and (found.n_total or 0) > self.max_results
            and self._slice(walk, listing, found.n_total or 0)
        ):
            return
        entries = [listed_of(work, found) for work in found.works]
        ids = [entry.work_id for entry in entries]
        seen = self._seen.setdefault(listing, set())
        new = [work_id for work_id in dict.fromkeys(ids) if work_id not in seen]
        seen.update(new)
        walk.took(ids, new, total=found.n_total, others=found.n_others, has_next=found.next_url is not None)
        wanted = {
            f"{work.source}:{work.source_work_id}": work
            for work in found.works
            if is_wanted(work, listing, self.arguments)
        }
        chosen = [self.gathering.judged(entry) for entry in entries if entry.work_id in wanted]
        chosen += [
            Listed(f"{self.source}:{number}", f"{self.base}works/{number}", mark="mystery", outcome="unrevealed")
            for number in found.mysteries
        ]
        self._take_works(walk, listing, chosen, answer.retrieved_at)
        if not self.arguments.text:
            pending = self.gathering.ledger.pending(self.gathering.crawl, wanted)
            yield from (wanted[work_id] for work_id in pending)

    def _take_works(self, walk: Walk, listing: str, chosen: list[Listed], seen_at: datetime) -> None:
        assert self.gathering is not None
        gathering, most = self.gathering, self.arguments.max_works
        if most is not None:
            fresh = [entry for entry in chosen if entry.work_id not in self._listed]
            chosen = fresh[: most - self._n_listed]
            if self._n_listed + len(fresh) >= most and (not walk.is_done or self._n_listed + len(fresh) > most):
                walk.cut()
        taken = gathering.ledger.record_page(
            *(gathering.crawl, gathering.run, chosen),
            seen_at=seen_at,
            address=listing,
            state=walk.as_state(),
            is_done=walk.is_done,
            with_text=self.arguments.text,
            refresh=self.arguments.refresh,
        )
        self._n_listed += len(taken)
        self._listed.update(work.work_id for work in taken)
        self._count(taken)
        if walk.is_done and walk.missing and not walk.is_cut:
            self._say(f"{listing}: the list states {walk.missing:,} works more than it showed")
            walk.is_cut = True

    def _count(self, taken: list[Listed]) -> None:
        """Count what need not be fetched, and tell how many works there will be."""
        for outcome in (work.outcome for work in taken if work.outcome is not None):
            self.crawler.stats.inc_value(f"fanthology/outcome/{outcome}")
        self._tell_total()

    def _tell_total(self) -> None:
        open_totals = [walk.total or 0 for walk in self._walks.values() if not walk.is_cut]
        total = max(self._n_listed, sum(open_totals))
        total = min(total, self.arguments.max_works or total)
        self.crawler.stats.set_value("fanthology/known_total", max(0, total - self._n_before))

    def _listing(self, answer: Answer, listing: str) -> Listing | None:
        """What a page of a list holds; ``None`` where it is no such page, which is noted."""
        if 300 <= answer.status < 400 and redirected(answer.headers.get("location", "")) is None:
            self._follow(answer, listing)
            return None
        try:
            page, provenance = listing_page(answer)
        except Refused as refused:
            self._listing_failed(listing, refused.reason, refused.detail)
            return None
        found = read_listing(page, provenance)
        if not found.works and not found.n_others and not found.heading:
            self._listing_failed(listing, "parse_error", "no list of works; the archive may have changed its pages")
            return None
        return found

    def _follow(self, answer: Answer, listing: str) -> None:
        """Another tag stands for the one that was asked for: its list takes the place."""
        assert self.gathering is not None
        there = urljoin(answer.url, answer.headers.get("location", ""))
        try:
            target = rewritten(there, self.base)
        except WrongUsage:
            self._listing_failed(listing, "parse_error", f"a redirect to {there}, which is no list of works")
            return
        target = with_parameters(target, parse_qsl(urlsplit(listing).query))
        if target in self._walks:
            self._listing_failed(listing, "deleted", "there is no such list")
            return
        logger.info("%s: the archive leads on to %s", listing, target)
        self._replace(listing, [target])

    def _replace(self, listing: str, others: list[str]) -> None:
        assert self.gathering is not None
        ledger, crawl = self.gathering.ledger, self.gathering.crawl
        walk = self._walks[listing]
        walk.phase = "done"
        ledger.add_listings(crawl, others)
        ledger.record_page(
            *(crawl, self.gathering.run, ()), seen_at=None, address=listing, state=walk.as_state(), is_done=True
        )
        for address in others:
            self._walks[address] = Walk.through(address, self.max_results)

    def _slice(self, walk: Walk, listing: str, total: int) -> bool:
        """Read a list that is longer than the archive shows in two, by date."""
        parts = slices(listing, FIRST_DAY, datetime.now(UTC).date()) if can_be_sliced(listing) else [listing]
        if len(parts) < 2:
            walk.is_cut = True
            self._say(f"{listing}: {total:,} works, of which the archive shows {self.max_results:,}")
            return False
        logger.info("%d works are more than the archive shows of a list (%d): in two, by date", total, self.max_results)
        self._replace(listing, parts)
        return True

    def _listing_failed(self, listing: str, reason: str, detail: str) -> None:
        """A list that did not come: another run tries again, unless there is none."""
        assert self.gathering is not None
        walk = self._walks[listing]
        page = f", page {walk.page}" if walk.page > 1 else ""
        self._say(f"{listing}{page}: {reason}: {detail}")
        if reason in ("deleted", "restricted", "hidden", "parse_error"):
            walk.cut()
            self.gathering.ledger.record_page(
                *(self.gathering.crawl, self.gathering.run, ()),
                seen_at=None,
                address=listing,
                state=walk.as_state(),
                is_done=True,
            )
        else:
            self._failed.add(listing)

    def parse_index(self, response: Response, number: str, place: int) -> Iterator[Any]:
        """The index of a work's chapters; its page comes next."""
        self._place = max(self._place, place)  # the request may be one that JOBDIR kept
        answer = answer_of(response)
        try:
            index = index_of(answer, number)
        except Refused as refused:
            yield self._refusal(number, refused, answer)
            yield from self._go_on()
            return
        yield self._request(work_page(self.base, number), self.parse_work, number=number, place=place, index=index)

    def parse_work(self, response: Response, number: str, place: int, index: Index | None = None) -> Iterator[Any]:
        """A work's page."""
        self._place = max(self._place, place)
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
            logger.exception("%s", answer.url)
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

    def failed(self, failure: Failure) -> Iterator[Any]:
        """A request without an answer: time-out, half a body, robots.txt."""
        if isinstance(failure.value, CrawlStopped):
            return
        request: Request = failure.request  # type: ignore[attr-defined]
        known = request.meta["fanthology"]
        error = failure.value
        detail = f"{type(error).__name__}: {error}"[:300]
        if self.gathering is None:
            self._say(f"{request.url}: {detail}")
            return
        if listing := known.get("listing"):
            self._listing_failed(listing, "blocked", detail)
        else:
            self._place = max(self._place, known["place"])
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
        self.errors.append(line)
        logger.error("%s", line)

    def fail(self, error: BaseException) -> None:
        """End the crawl: what comes could not be kept."""
        line = str(error) if isinstance(error, FanthologyError) else f"{type(error).__name__}: {error}"
        self.errors.append(line)
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
