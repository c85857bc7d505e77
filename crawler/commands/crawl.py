"""``scrapy crawl``: works of an archive into a corpus, then a new version of the dataset."""

from __future__ import annotations

import argparse
import shlex
import sys
from pathlib import Path
from typing import Any

from scrapy.commands.crawl import Command as ScrapyCrawl

from crawler.command import Reporting, default_jobs
from pipelines.errors import CannotStart, FanthologyError, WrongUsage

EXIT_STATUSES = (
    "exit status: 0 done, 1 could not start, 2 wrong usage, 3 ran but incomplete, 4 blocked by the site "
    "(see docs/crawling.md)"
)
EXAMPLES = (
    (
        'scrapy crawl ao3 -a tag="Sherlock Holmes/John Watson" -a max_works=500 -s CORPUS=datasets/j -s CONTACT=me@x.y',
        "the first 500 works of a tag into datasets/johnlock",
    ),
    ('scrapy crawl ao3 -a tag="…" -a dry_run=true -s CONTACT=…', "how many works, requests and hours it would take"),
    ('scrapy crawl ao3 -a url="https://archiveofourown.org/tags/…/works?work_search[…]=…"', "a list as filtered there"),
    ("scrapy crawl ao3 -a works=ids.txt", "works by id or address, one a line"),
    ("scrapy crawl ao3 -a tag=… -a text=false", "metadata only, from the lists: 20 works a request"),
    ("scrapy crawl otw -a site=archive.example -a tag=…", "any other archive on the OTW-archive software"),
)


class Crawl(Reporting, ScrapyCrawl):
    """Crawl an archive; tells the truth in its exit status, which Scrapy's own does not."""

    def syntax(self) -> str:
        return "SPIDER [-a NAME=VALUE …] [-s CORPUS=FOLDER] -s CONTACT=ADDRESS"

    def short_desc(self) -> str:
        return "Crawl an archive into a corpus and build a dataset"

    def long_desc(self) -> str:
        return (
            "Fetch works of an archive politely, stage them in a corpus and build a new version of the dataset. "
            "Killed or interrupted, the same command goes on where it was; repeated, it fetches what has changed. "
            "scrapy status CORPUS says what is in and what is missing. Settings (-s): CONTACT, an e-mail address or "
            "page under which the archive can reach you, is needed; CORPUS is the folder (datasets/SPIDER); "
            "BUILD=false leaves the building to scrapy build."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.formatter_class = argparse.RawDescriptionHelpFormatter
        lines = [f"  {line}\n      {meaning}" for line, meaning in EXAMPLES]
        parser.epilog = "\n".join(["examples:", *lines, "", EXIT_STATUSES])

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        super().process_options(args, opts)
        assert self.settings is not None
        if self.settings["LOG_LEVEL"] != "DEBUG":
            from crawler.crawling import quieten

            quieten()

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        self.reported("crawl", lambda: self._crawl(args, opts))

    def _crawl(self, args: list[str], opts: argparse.Namespace) -> None:
        if len(args) != 1:
            raise WrongUsage("name one spider: scrapy crawl SPIDER -a NAME=VALUE; scrapy list names them")
        assert self.settings is not None
        assert self.crawler_process is not None
        try:
            spider_class = self.crawler_process.spider_loader.load(args[0])
        except KeyError:
            known = ", ".join(sorted(self.crawler_process.spider_loader.list()))
            raise WrongUsage(f"{args[0]}: no such spider; there are {known}") from None
        from crawler.building import build_version
        from crawler.crawling import judge, may_build, prepare_settings, say_crawled, say_estimate

        prepare_settings(spider_class, opts.spargs, self.settings, command=shlex.join(["scrapy", *sys.argv[1:]]))
        crawler = self._create_crawler(spider_class)
        failures: list[BaseException] = []
        crawling: Any = self.crawler_process.crawl(crawler, **opts.spargs)
        crawling.add_done_callback(lambda task: failures.append(task.exception()) if task.exception() else None)
        self.crawler_process.start()
        if failures:
            if isinstance(failures[0], FanthologyError):
                raise failures[0]
            raise CannotStart(f"{type(failures[0]).__name__}: {failures[0]}")
        spider: Any = crawler.spider
        if spider.arguments.dry_run:
            say_estimate(spider, self.settings)
            return
        corpus = Path(crawler.settings["CORPUS"]).expanduser()
        stats = crawler.stats.get_stats()
        verdict = judge(spider, stats)
        say_crawled(spider, stats)
        if crawler.settings.getbool("BUILD") and may_build(stats):
            build_version(corpus, jobs=default_jobs())
        if verdict is not None:
            raise verdict
