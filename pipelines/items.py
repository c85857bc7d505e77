"""The Scrapy item pipeline: works and refusals of a spider go into the corpus that the spider holds."""

from __future__ import annotations

from typing import Any, Self

from scrapy.crawler import Crawler
from scrapy.exceptions import DropItem

from pipelines.crawl_stage import Gathering, Refusal
from pipelines.errors import FanthologyError
from schemas.work import Work


class StageItems:
    """Acknowledges each item before anything else sees it. Whatever fails here ends the crawl."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Source: Scrapy's components."""
        return cls(crawler)

    @property
    def _gathering(self) -> Gathering | None:
        return getattr(self._crawler.spider, "gathering", None)

    def process_item(self, item: Any) -> Any:
        """Stage a work, or note a refusal. Source: item pipelines."""
        gathering = self._gathering
        if gathering is None:
            return item
        try:
            if isinstance(item, Refusal):
                gathering.refuse(item)
            elif isinstance(item, Work):
                gathering.keep(item)
        except Exception as error:
            self._fail(error)
            raise DropItem(f"not kept: {error}") from error
        outcome = item.outcome if isinstance(item, Refusal) else "ok"
        self._crawler.stats.inc_value(f"fanthology/outcome/{outcome}")
        if isinstance(item, Refusal):
            raise DropItem(f"{item.work_id}: {item.outcome}: {item.detail}")
        return item

    def close_spider(self) -> None:
        """Stage what is left. Source: item pipelines."""
        if self._gathering is not None:
            try:
                self._gathering.flush()
            except FanthologyError as error:
                self._fail(error)

    def _fail(self, error: Exception) -> None:
        spider = self._crawler.spider
        assert spider is not None
        spider.fail(error)  # type: ignore[attr-defined]
