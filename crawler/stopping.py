"""How a crawl is ended from within: once, with a reason and a line that a person understands."""

from __future__ import annotations

import logging
from typing import Final

from scrapy.crawler import Crawler
from scrapy.exceptions import CloseSpider, IgnoreRequest
from scrapy.utils.defer import deferred_from_coro

logger = logging.getLogger(__name__)

STOPPED_BY: Final = "fanthology/stopped_by"
"""Stats key: the reason that the crawl was ended for from within."""


class CrawlStopped(IgnoreRequest):
    """Raised in place of an answer when the crawl ends first: nothing was learned about the page."""


def stop_crawl(crawler: Crawler, reason: str, message: str) -> None:
    """End the crawl with a finish reason; the message is logged as an error. The first reason stays."""
    former = crawler.stats.get_value(STOPPED_BY)
    if former != reason:
        logger.error("%s", message)
    if former is not None:
        return
    crawler.stats.set_value(STOPPED_BY, reason)
    if not is_stopping(crawler):
        deferred_from_coro(crawler.engine.close_spider_async(reason=reason))


def refuse_start(crawler: Crawler, reason: str, message: str) -> CloseSpider:
    """The exception to raise while the spider is being opened (``spider_opened``), so that nothing is fetched."""
    crawler.stats.set_value(STOPPED_BY, reason)
    logger.error("%s", message)
    return CloseSpider(reason)


def is_stopping(crawler: Crawler) -> bool:
    """Whether the crawl is ending: no request may go out, and none may be waited for."""
    if not crawler.engine.running:
        return True
    slot = crawler.engine._slot  # noqa: SLF001 - Scrapy sends no signal when a spider begins to close
    return slot is None or slot.closing is not None
