"""Downloader middlewares: robots.txt, pauses, tries and block pages. Thin; what they know is in ``politeness``."""

from __future__ import annotations

import asyncio
import logging
import time
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest, NotConfigured, ResponseDataLossError
from scrapy.http import Response
from scrapy.http.request import NO_CALLBACK
from scrapy.robotstxt import RobotParser
from scrapy.signals import robots_parsed
from scrapy.utils.asyncio import sleep
from scrapy.utils.httpobj import urlparse_cached
from scrapy.utils.misc import build_from_crawler, load_object

from crawler.politeness import Answer, Pace, RobotsRecord, Streak, is_cut_off, judge, retry_after, robots_record
from crawler.stopping import CrawlStopped, is_stopping, stop_crawl

logger = logging.getLogger(__name__)

robots_decided = object()
"""Signal: a robots.txt was fetched. Arguments: ``record``, a ``RobotsRecord``."""

_LOOK = 0.5
"""Seconds between two looks, while waiting, at whether the crawl is ending."""


class RobotsUnreachable(IgnoreRequest):
    """Raised for requests to a host whose robots.txt could not be read."""


class RobotsForbidden(IgnoreRequest):
    """Raised for a request that robots.txt forbids."""


def lower_headers(response: Response) -> dict[str, str]:
    """Headers of a response by name in lower case; of several alike the first."""
    return {
        name.decode("latin-1").lower(): values[0].decode("latin-1")
        for name, values in response.headers.items()
        if values
    }


class RobotsMiddleware:
    """Obeys robots.txt as RFC 9309 says, in place of Scrapy's middleware, which allows all that it cannot look up.

    Where the file cannot be read nothing is crawled: the crawl ends with reason ``robots_unreachable``. It is
    fetched again after ``ROBOTSTXT_MAX_AGE`` seconds. Spiders with ``always_obeys_robots`` obey whatever the settings.
    """

    def __init__(self, crawler: Crawler) -> None:
        always = getattr(crawler.spidercls, "always_obeys_robots", False)
        if not crawler.settings.getbool("ROBOTSTXT_OBEY") and not always:
            raise NotConfigured
        self._crawler = crawler
        self._agent = crawler.settings["ROBOTSTXT_USER_AGENT"] or crawler.settings["USER_AGENT"]
        self._parser = load_object(crawler.settings["ROBOTSTXT_PARSER"])
        self._max_age = crawler.settings.getfloat("ROBOTSTXT_MAX_AGE")
        self._rules: dict[str, tuple[float, RobotParser | None]] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Source: Scrapy's components."""
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        """Let through what robots.txt allows. Source: downloader middlewares."""
        if request.meta.get("dont_obey_robotstxt"):
            return
        url = urlparse_cached(request)
        async with self._locks.setdefault(url.netloc, asyncio.Lock()):
            known = self._rules.get(url.netloc)
            if known is None or time.monotonic() - known[0] > self._max_age:
                rules = await self._fetch(f"{url.scheme}://{url.netloc}/robots.txt", known and known[1], request)
                self._rules[url.netloc] = (time.monotonic(), rules)
            rules = self._rules[url.netloc][1]
        if rules is None:
            raise RobotsUnreachable(f"{url.netloc}: robots.txt could not be read")
        if not rules.allowed(request.url, self._agent):
            self._crawler.stats.inc_value("robotstxt/forbidden")
            logger.info("robots.txt forbids %s", request.url)
            raise RobotsForbidden(f"robots.txt forbids {request.url}")

    async def _fetch(self, address: str, former: RobotParser | None, cause: Request) -> RobotParser | None:
        """Rules of a host; ``None`` where nothing may be crawled. The former ones stay if there are no new ones."""
        meta = {"dont_obey_robotstxt": True}
        request = Request(address, callback=NO_CALLBACK, meta=meta, priority=1000, dont_filter=True)
        self._crawler.stats.inc_value("robotstxt/request_count")
        try:
            response = await self._crawler.engine.download_async(request)
        except CrawlStopped:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, there is no robots.txt, and it is said
            record = robots_record(address, datetime.now(UTC), None, {}, b"", f"{type(error).__name__}: {error}"[:200])
            body = b""
        else:
            self._crawler.stats.inc_value(f"robotstxt/response_status_count/{response.status}")
            body = response.body
            record = robots_record(address, datetime.now(UTC), response.status, lower_headers(response), body)
        if record.decision == "unreachable":
            return self._unreachable(record, former)
        text = body if record.decision == "obeyed" else b""
        rules: RobotParser = build_from_crawler(self._parser, self._crawler, text)
        delay = rules.crawl_delay(self._agent)
        self._tell(record, crawl_delay=delay)
        logger.info(
            "%s: %s%s", address, record.detail or "read and obeyed", f", {delay:g} s between requests" if delay else ""
        )
        await self._crawler.signals.send_catch_log_async(robots_parsed, robotparser=rules, request=cause)
        return rules

    def _unreachable(self, record: RobotsRecord, former: RobotParser | None) -> RobotParser | None:
        if former is not None:
            self._tell(record, decision="kept")
            logger.warning("%s cannot be fetched again (%s); the last one stays in force", record.url, record.detail)
            return former
        self._tell(record)
        message = f"{record.url} cannot be read ({record.detail}), so nothing is crawled; try again later"
        stop_crawl(self._crawler, "robots_unreachable", message)
        return None

    def _tell(self, record: RobotsRecord, **changes: Any) -> None:
        told = RobotsRecord(**record.as_json() | {"reservations": record.reservations} | changes)
        self._crawler.signals.send_catch_log(robots_decided, record=told)


class HalfBodies:
    """Keeps half bodies packed, as unpacking them would fail or, worse, succeed. They never reach a spider."""

    def process_response(self, request: Request, response: Response) -> Response:  # noqa: ARG002 - Scrapy's signature
        """Source: downloader middlewares."""
        if "dataloss" in response.flags:
            response.headers.pop(b"Content-Encoding", None)
        return response


class PolitenessMiddleware:
    """Pauses, tries and block pages, per host; in place of Scrapy's RetryMiddleware, which tries again at once.

    A request ends in its callback, with whatever answer came last, or in its errback, where none came or half of one.
    """

    def __init__(self, crawler: Crawler) -> None:
        settings = crawler.settings
        self._crawler = crawler
        self._tries = settings.getint("RETRY_TIMES") if settings.getbool("RETRY_ENABLED") else 0
        self._raise = settings.getint("RETRY_PRIORITY_ADJUST")
        self._transient = frozenset(int(code) for code in settings.getlist("RETRY_HTTP_CODES"))
        self._exceptions = tuple(
            load_object(kind) if isinstance(kind, str) else kind for kind in settings.getlist("RETRY_EXCEPTIONS")
        )
        self._longest = settings.getfloat("RETRY_AFTER_MAX")
        self._closes = settings.getbool("HTML_MUST_CLOSE")
        self._start, self._limit = settings.getfloat("BACKOFF_START_DELAY"), settings.getfloat("BACKOFF_MAX_DELAY")
        self._paces: dict[str, Pace] = {}
        self._blocks = Streak(settings.getint("BLOCKED_AFTER"))
        self._failures = Streak(settings.getint("UNAVAILABLE_AFTER"))

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Source: Scrapy's components."""
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        """Hold a request until its host may be asked. Source: downloader middlewares."""
        pace = self._pace(request)
        while not is_stopping(self._crawler):
            wait = pace.reserve(time.monotonic())
            if wait <= 0:
                return
            await sleep(min(wait, _LOOK))
        raise CrawlStopped("the crawl is ending")

    def process_response(self, request: Request, response: Response) -> Request | Response:
        """Judge an answer. Source: downloader middlewares."""
        if "cached" in response.flags:
            return response
        headers = lower_headers(response)
        if "dataloss" in response.flags:
            answer, detail = Answer.FAILING, "half an answer"
        elif self._closes and is_cut_off(response.status, headers.get("content-type", ""), response.body):
            answer, detail = Answer.FAILING, "half a page"
        else:
            answer, detail = judge(response.status, headers, response.body, self._transient)
        if answer is Answer.GOOD:
            self._pace(request).recover()
            self._blocks.good()
            self._failures.good()
            return response
        asked = retry_after(headers.get("retry-after"), headers.get("date"), datetime.now(UTC))
        if answer is Answer.BLOCKED:
            self._blocked(request, detail, asked)
            return response
        again = self._again(request, detail, asked)
        if again is not None:
            return again
        if detail.startswith("half"):
            raise ResponseDataLossError(f"{request.url}: {detail}")
        return response

    def process_exception(self, request: Request, exception: Exception) -> Request | None:
        """Try again where no answer came. Source: downloader middlewares."""
        if not isinstance(exception, self._exceptions):
            return None
        return self._again(request, type(exception).__name__, None)

    def _pace(self, request: Request) -> Pace:
        host = urlparse_cached(request).hostname or ""
        return self._paces.setdefault(host, Pace(self._start, self._limit))

    def _again(self, request: Request, detail: str, asked: float | None) -> Request | None:
        """The request for another try, once its host may be asked again; ``None`` after the last."""
        self._wait(request, detail, asked)
        done = request.meta.get("retry_times", 0)
        bound = request.meta.get("max_retry_times")
        bound = self._tries if bound is None else bound
        if done >= bound or request.meta.get("dont_retry") or is_stopping(self._crawler):
            self._given_up(request, detail, done + 1)
            return None
        self._crawler.stats.inc_value(f"retry/reason_count/{detail}")
        self._crawler.stats.inc_value("retry/count")
        again = request.copy()
        again.meta["retry_times"] = done + 1
        again.dont_filter = True
        again.priority += self._raise
        return again

    def _wait(self, request: Request, detail: str, asked: float | None) -> None:
        pace, now = self._pace(request), time.monotonic()
        if asked is None:
            seconds = pace.slow_down(now)
        else:
            seconds = min(asked, self._longest)
            pace.pause(now, seconds)
        self._crawler.stats.inc_value("fanthology/pauses")
        self._crawler.stats.inc_value("fanthology/pause_seconds", round(seconds))
        level = logging.WARNING if seconds >= 60 else logging.INFO
        goes_on = (datetime.now().astimezone() + timedelta(seconds=seconds)).strftime("%H:%M:%S")
        host, asks = urlparse_cached(request).hostname, "asked for" if asked is not None else "slower"
        logger.log(level, "%s: %s; waiting %.4g s (%s), until %s", host, detail, seconds, asks, goes_on)

    def _blocked(self, request: Request, detail: str, asked: float | None) -> None:
        self._crawler.stats.inc_value("fanthology/block_answers")
        host = urlparse_cached(request).hostname
        last = self._blocks.bad()
        logger.warning("%s: a block answer (%s), %d in a row: %s", host, detail, self._blocks.length, request.url)
        if last:
            message = (
                f"{host} has answered {self._blocks.length} requests in a row with a block ({detail}): stopped, as it "
                "does not want this crawl now; wait for some hours, and write to the archive before trying again"
            )
            stop_crawl(self._crawler, "blocked", message)
        else:
            self._wait(request, "a block answer", asked)

    def _given_up(self, request: Request, detail: str, tries: int) -> None:
        self._crawler.stats.inc_value("retry/max_reached")
        logger.warning("given up after %d tries (%s): %s", tries, detail, request.url)
        if self._failures.bad():
            host = urlparse_cached(request).hostname
            message = (
                f"{host}: {self._failures.length} requests in a row got no good answer (last: {detail}): stopped; "
                "run the same command again once the site is up"
            )
            stop_crawl(self._crawler, "unavailable", message)
