"""Real crawls of a tiny spider against the test archive, many in one process."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from typing import Any

import scrapy
from scrapy.crawler import AsyncCrawlerProcess, AsyncCrawlerRunner
from scrapy.utils.project import get_project_settings

from tests.sites import mapping
from tests.sites.otw import Archive

HOST = "https://archiveofourown.org"


class Tiny(scrapy.Spider):
    """Asks for addresses and notes what each of them ended in."""

    name = "tiny"

    def __init__(self, paths: list[str], **arguments: Any) -> None:
        super().__init__(**arguments)
        self.paths = paths
        self.ends: list[Any] = []

    async def start(self):
        for path in self.paths:
            yield scrapy.Request(HOST + path, self.parse, errback=self.fail, dont_filter=True)

    def parse(self, response):
        self.ends.append((response.request.url.removeprefix(HOST), response.status))
        self.crawler.stats.inc_value(f"fanthology/outcome/{'ok' if response.status == 200 else 'other'}")

    def fail(self, failure):
        self.ends.append((failure.request.url.removeprefix(HOST), type(failure.value).__name__))


@dataclass
class Crawled:
    """What a crawl came to."""

    spider: Any
    stats: dict[str, Any]
    asked: list[tuple[str, int]] = field(default_factory=list)
    """Targets that the archive was asked for, and its answers' statuses."""

    @property
    def reason(self) -> str:
        return str(self.stats["finish_reason"])


QUICK = {"DOWNLOAD_DELAY": 0, "BACKOFF_START_DELAY": 0.01, "BACKOFF_MAX_DELAY": 0.5, "PROGRESS_INTERVAL": 0}


def crawl(archive: Archive, paths: list[str], *, spider: type[scrapy.Spider] = Tiny, **settings: Any) -> Crawled:
    """Crawl paths of an archive as the project's settings say, but without delays."""
    known = get_project_settings()
    known.setdict(mapping.settings(archive.hosts, reactor=False))
    known.setdict(
        {"DOWNLOAD_DELAY": 0, "BACKOFF_START_DELAY": 0.01, "BACKOFF_MAX_DELAY": 0.5, "PROGRESS_INTERVAL": 0} | settings
    )
    before = len(archive.requests)

    async def run() -> Any:
        crawler = AsyncCrawlerRunner(known).create_crawler(spider)
        try:
            await crawler.crawl_async(paths=paths)
        finally:  # a crawl that is refused while it opens leaves its connections open
            await crawler.engine.downloader.handlers._close()
        return crawler

    crawler = asyncio.run(run())
    asked = [(request.target, request.status) for request in archive.requests[before:]]
    return Crawled(crawler.spider, crawler.stats.get_stats(), asked)


def started(archive: Archive, paths: list[str], **settings: Any) -> subprocess.Popen[str]:
    """The same in a process of its own, on Twisted's reactor as users have it; it prints ends and reason as JSON."""
    given = mapping.settings(archive.hosts) | QUICK | settings
    return subprocess.Popen(
        [sys.executable, "-m", "tests.crawler.tiny_crawl", json.dumps(given), json.dumps(paths)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONWARNINGS": "error::scrapy.exceptions.ScrapyDeprecationWarning"},
    )


def main() -> None:
    """Crawl as the arguments say."""
    known = get_project_settings()
    known.setdict(json.loads(sys.argv[1]))
    process = AsyncCrawlerProcess(known)
    crawler = process.create_crawler(Tiny)
    process.crawl(crawler, paths=json.loads(sys.argv[2]))
    process.start()
    assert isinstance(crawler.spider, Tiny)
    print(json.dumps({"ends": crawler.spider.ends, "reason": crawler.stats.get_value("finish_reason")}))  # noqa: T201


if __name__ == "__main__":
    main()
