"""Extensions: Crawl-delay, the record of a run, and what a person sees of a crawl."""

from __future__ import annotations

import logging
import shlex
import sys
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Self

from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured
from scrapy.robotstxt import RobotParser
from scrapy.settings import BaseSettings
from scrapy.utils.asyncio import create_looping_call

from crawler.crawl_progress import CrawlBar, CrawlState, duration
from crawler.middlewares import robots_decided
from crawler.politeness import RobotsRecord
from crawler.run_record import SETTINGS, CrawlRun, run_name, told_by, write
from crawler.stopping import refuse_start, stop_crawl
from pipelines.errors import write_failure
from pipelines.versions import tools

logger = logging.getLogger(__name__)

_NOISY = ("scrapy.middleware", "scrapy.core.engine")


class CrawlDelay:
    """Never lets the delay of a host fall below what its robots.txt asks for, nor below ``DOWNLOAD_DELAY``.

    Comes after AutoThrottle, which would lower it again.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._agent = crawler.settings["ROBOTSTXT_USER_AGENT"] or crawler.settings["USER_AGENT"]
        self._least = crawler.settings.getfloat("DOWNLOAD_DELAY")
        self._asked: dict[str, float] = {}
        crawler.signals.connect(self._robots_parsed, signals.robots_parsed)
        crawler.signals.connect(self._hold, signals.request_reached_downloader)
        crawler.signals.connect(self._hold, signals.response_downloaded)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Source: Scrapy's components."""
        return cls(crawler)

    def _robots_parsed(self, robotparser: RobotParser, request: Request) -> None:
        asked = robotparser.crawl_delay(self._agent)
        if asked is not None:
            self._asked[self._crawler.engine.downloader.get_slot_key(request)] = asked
            self._hold(request)

    def _hold(self, request: Request, **_: Any) -> None:
        downloader = self._crawler.engine.downloader
        key = downloader.get_slot_key(request)
        slot = downloader.slots.get(key)
        if slot is not None:
            slot.delay = max(slot.delay, self._least, self._asked.get(key, 0.0))


class RunRecord:
    """Keeps what a run did in ``staging/runs/<run>.json``: at its start, each minute, and at its end."""

    def __init__(self, crawler: Crawler) -> None:
        folder = runs_folder(crawler.settings)
        if folder is None:
            raise NotConfigured
        self._crawler = crawler
        self._folder = folder
        self._robots: list[dict[str, Any]] = []
        self._began = datetime.now(UTC)
        self._loop = create_looping_call(self._renew)
        crawler.signals.connect(self._opened, signals.spider_opened)
        crawler.signals.connect(self._decided, robots_decided)
        crawler.signals.connect(self._closed, signals.spider_closed)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Source: Scrapy's components."""
        return cls(crawler)

    def _opened(self) -> None:
        self._began = datetime.now(UTC)
        try:
            self._write()
        except OSError as error:
            raise refuse_start(self._crawler, "run_record_failed", self._said(error)) from None
        self._loop.start(60, now=False)

    def _decided(self, record: RobotsRecord) -> None:
        self._robots.append(record.as_json())

    def _closed(self, reason: str) -> None:
        if self._loop.running:
            self._loop.stop()
        self._renew(reason)

    def _renew(self, reason: str | None = None) -> None:
        try:
            self._write(reason)
        except OSError as error:
            stop_crawl(self._crawler, "run_record_failed", self._said(error))

    def _said(self, error: OSError) -> str:
        return str(write_failure(error, f"{self._folder} (the record of this run)"))

    def _write(self, reason: str | None = None) -> None:
        assert self._crawler.spider is not None
        spider = self._crawler.spider.name
        run = CrawlRun(
            run=run_name(spider, self._began),
            spider=spider,
            command=shlex.join(["scrapy", *sys.argv[1:]]),
            started_at=self._began,
            finished_at=datetime.now(UTC) if reason else None,
            finish_reason=reason,
            versions=versions(),
            settings={name: self._crawler.settings.get(name) for name in SETTINGS},
            robots=self._robots,
            **told_by(self._crawler.stats.get_stats()),
        )
        write(self._folder, run)


def runs_folder(settings: BaseSettings) -> Path | None:
    """Folder of the run records: ``RUNS_DIR``, else ``staging/runs`` of the corpus; ``None`` where there is none."""
    if settings.get("RUNS_DIR"):
        return Path(settings["RUNS_DIR"]).expanduser()
    return Path(settings["CORPUS"]).expanduser() / "staging" / "runs" if settings.get("CORPUS") else None


def versions() -> dict[str, str]:
    """Versions of what fetches and what shapes the data."""
    return tools() | {name: version(name) for name in ("scrapy", "twisted", "protego", "warcio", "selectolax")}


class ProgressLine:
    """Shows how far a crawl is: a bar on a terminal, else an INFO line each ``PROGRESS_INTERVAL`` seconds.

    In place of Scrapy's LogStats; and keeps the lines out of the log that tell of Scrapy's inside.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._bar = CrawlBar()
        self._shown = self._bar.shown and not crawler.settings.get("LOG_FILE")
        self._interval = crawler.settings.getfloat("PROGRESS_INTERVAL")
        if self._interval <= 0:
            raise NotConfigured
        self._began = time.monotonic()
        self._loop = create_looping_call(self._tell)
        if crawler.settings["LOG_LEVEL"] != "DEBUG":
            for name in _NOISY:
                logging.getLogger(name).setLevel(logging.WARNING)
        crawler.signals.connect(self._opened, signals.spider_opened)
        crawler.signals.connect(self._closed, signals.spider_closed)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Source: Scrapy's components."""
        return cls(crawler)

    def state(self) -> CrawlState:
        """Where the crawl stands."""
        return CrawlState.of(self._crawler.stats.get_stats(), time.monotonic() - self._began)

    def _opened(self) -> None:
        self._began = time.monotonic()
        if self._shown:
            self._bar.start()
            self._loop.start(0.5)
        else:
            self._loop.start(self._interval, now=False)

    def _tell(self) -> None:
        if self._shown:
            self._bar.show(self.state())
        else:
            logger.info("%s", self.state().says())

    def _closed(self, reason: str) -> None:
        if self._loop.running:
            self._loop.stop()
        if self._shown:
            self._bar.stop()
        logger.info("%s; ended (%s) after %s", self.state().says(), reason, duration(self.state().elapsed))
