"""A crawl from the command line: settings before it, a verdict and a summary after it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Final

from scrapy import Spider
from scrapy.settings import BaseSettings

from crawler.command import corpus_folder, shown
from crawler.spiders.arguments import arguments_of
from crawler.spiders.otw import OtwSpider
from pipelines.corpus import Corpus
from pipelines.crawl_records import FAILURES
from pipelines.errors import Blocked, CannotStart, FanthologyError, Incomplete, WrongUsage

_GO_ON: Final = "run the same command again to go on"
_STORAGE: Final = ("storage_error", "warc_failed", "export_failed", "run_record_failed")
_OUTCOME: Final = "fanthology/outcome/"


def prepare_settings(
    spider_class: type[Spider], given: Mapping[str, Any], settings: BaseSettings, *, command: str
) -> None:
    """Check what a crawl is given before anything is started, and set what follows from it.

    Raises ``WrongUsage`` for arguments that make no sense, ``CannotStart`` where nobody can be reached about the
    crawl or robots.txt is to be disobeyed.
    """
    settings.set("COMMAND_LINE", command, priority="cmdline")
    if not issubclass(spider_class, OtwSpider):
        return
    arguments = arguments_of(given)
    if spider_class.site is None and arguments.site is None:
        raise WrongUsage("say which archive: scrapy crawl otw -a site=HOST -a …")
    if not settings.getbool("ROBOTSTXT_OBEY"):
        raise CannotStart(
            f"ROBOTSTXT_OBEY=False: {spider_class.name} always obeys robots.txt, as its archives run on donations; "
            "leave that setting out"
        )
    corpus = Corpus(corpus_folder(settings.get("CORPUS") or f"datasets/{spider_class.name}"))
    if corpus.path.exists() and not corpus.path.is_dir():
        raise WrongUsage(f"CORPUS={corpus.path}: is a file; give the folder of a corpus")
    contact = settings.get("CONTACT") or corpus.config.contact
    if not contact:
        raise CannotStart(
            "no CONTACT: say how the archive can reach you, by e-mail address or page: -s CONTACT=me@uni.example, "
            f'or contact = "…" in {shown(corpus.config_path)}'
        )
    if not str(contact).isprintable() or ("@" not in contact and "://" not in contact):
        raise CannotStart(f"CONTACT={contact}: give an e-mail address, or the address of a page (https://…)")
    settings.set("CONTACT", contact, priority="cmdline")
    settings.set("CORPUS", "" if arguments.dry_run else str(corpus.path), priority="cmdline")


def quieten() -> None:
    """Keep out of the log what Scrapy tells of itself at its start: versions, add-ons, settings."""
    for name in ("scrapy.utils.log", "scrapy.addons", "scrapy.crawler"):
        logging.getLogger(name).addFilter(_is_for_people)  # levels would be reset by Scrapy


def _is_for_people(record: logging.LogRecord) -> bool:
    return not str(record.msg).startswith(("Scrapy %(", "Versions:", "Enabled addons", "Overridden settings"))


def judge(spider: OtwSpider, stats: Mapping[str, Any]) -> FanthologyError | None:
    """What is not well with a crawl that has ended; ``None`` where all is."""
    reason = stats.get("fanthology/stopped_by") or stats.get("finish_reason")
    if reason == "blocked":
        return Blocked(
            f"the site refuses the crawl: stopped; what is staged is safe, wait for some hours, then {_GO_ON}"
        )
    if spider.errors:
        return Incomplete("\n".join(dict.fromkeys(spider.errors)))
    if reason != "finished":
        why = "interrupted" if reason in ("shutdown", None) else f"ended early ({reason})"
        return Incomplete(f"{why}; what is staged is safe, {_GO_ON}")
    counts = {name: stats.get(f"fanthology/outcomes/{name}", 0) for name in FAILURES}
    if any(counts.values()):
        told = ", ".join(f"{count} {name}" for name, count in counts.items() if count)
        return Incomplete(f"works that could not be fetched: {told}; run the same command again to try them again")
    if pending := stats.get("fanthology/outcomes/pending", 0):
        return Incomplete(f"{pending} works were not fetched; {_GO_ON}")
    if stats.get("log_count/ERROR"):
        return Incomplete("errors were logged; see above")
    return None


def may_build(stats: Mapping[str, Any]) -> bool:
    """Whether a version is built: not when a person wants to stop, the disk refuses, or nothing could be asked for."""
    reason = stats.get("fanthology/stopped_by") or stats.get("finish_reason")
    return reason not in (*_STORAGE, "shutdown", "robots_unreachable", None)  # none: a second Ctrl-C


def say_crawled(spider: OtwSpider, stats: Mapping[str, Any]) -> None:
    """What a run of a crawl did, on standard output."""
    outcomes = {key.removeprefix(_OUTCOME): count for key, count in sorted(stats.items()) if key.startswith(_OUTCOME)}
    told = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in outcomes.items()) or "nothing new"
    print(f"crawled   {spider.source}: {told}; {stats.get('downloader/request_count', 0):,} requests")


def say_estimate(spider: OtwSpider, settings: BaseSettings) -> None:
    """What a crawl would take, on standard output. Raises ``Incomplete`` where the list did not come."""
    if spider.estimate is None:
        raise Incomplete("\n".join(spider.errors) or "the list did not come")
    found, delay = spider.estimate, settings.getfloat("DOWNLOAD_DELAY")
    print(
        f"{found.n_works:,} works, {found.n_requests:,} requests, {found.hours:.1f} hours at one request each "
        f"{delay:g} s; nothing was stored"
    )
