"""Keeps every request and answer of a crawl as WARC, before anybody else sees the answer."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

from scrapy import Request, Spider, signals
from scrapy.crawler import Crawler
from scrapy.http import Response
from scrapy.settings import BaseSettings
from scrapy.utils.httpobj import urlparse_cached

from crawler.stopping import CrawlStopped, is_stopping, refuse_start, stop_crawl
from crawler.warc_writer import Exchange, Headers, WarcFiles
from pipelines.errors import write_failure
from schemas.program import program_version

logger = logging.getLogger(__name__)

FETCHED_AT = "fetched_at"
"""Key of ``response.meta``: when the request went out (UTC), the WARC-Date of its records."""


class WarcCapture:
    """Downloader middleware next to the network: sees answers as received, packed, redirects and errors too.

    An answer goes on once its record is on disk. A write that fails ends the crawl with reason ``warc_failed``.
    Where ``WARC_ENABLED`` is false, or there is no folder to write to, it only sets ``meta["fetched_at"]``.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._folder = warc_folder(crawler.settings)
        self._files: WarcFiles | None = None
        self._out: dict[Request, datetime] = {}
        crawler.signals.connect(self._open, signals.spider_opened)
        crawler.signals.connect(self._begun, signals.headers_received)
        crawler.signals.connect(self._close, signals.spider_closed)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Source: Scrapy's components."""
        return cls(crawler)

    def process_request(self, request: Request) -> None:
        """Take note of what goes out. Source: downloader middlewares."""
        if is_stopping(self._crawler):
            raise CrawlStopped("the crawl is ending")
        request.meta.pop(FETCHED_AT, None)
        self._out[request] = datetime.now(UTC)

    def process_response(self, request: Request, response: Response) -> Response:
        """Write down what came in. Source: downloader middlewares."""
        if self._out.pop(request, None) is None:
            return response  # from a cache
        moment = request.meta.setdefault(FETCHED_AT, _begin_of(request))
        exchange = Exchange(
            url=request.url,
            fetched_at=moment,
            method=request.method,
            request_headers=_sent(request),
            request_body=request.body,
            status=response.status,
            protocol=_protocol(response.protocol),
            headers=_pairs(response.headers),
            body=response.body,
            ip_address=str(response.ip_address) if response.ip_address else None,
            truncated=bool({"dataloss", "download_stopped"} & set(response.flags)),
        )
        self._write(exchange)
        return response

    def process_exception(self, request: Request, exception: Exception) -> None:
        """Write down that nothing came in. Source: downloader middlewares."""
        moment = self._out.pop(request, None)
        if moment is None or isinstance(exception, CrawlStopped):
            return  # it never went out
        request.meta[FETCHED_AT] = moment
        error = f"{type(exception).__name__}: {exception}"[:500]
        self._write(Exchange(request.url, moment, request.method, _sent(request), request.body, error=error))

    def _open(self, spider: Spider) -> None:
        if self._folder is None:
            return
        settings = self._crawler.settings
        info = warc_info(settings, spider.name) | getattr(spider, "warc_info", {})
        try:
            self._files = WarcFiles(self._folder, spider.name, info, max_size=settings.getint("WARC_MAX_SIZE"))
        except OSError as error:
            message = str(write_failure(error, str(self._folder)))
            raise refuse_start(self._crawler, "warc_failed", message) from None
        for name in self._files.mended:
            logger.info("%s was left open by a run that was cut off; it is mended", name)

    def _begun(self, request: Request, **_: Any) -> None:
        request.meta[FETCHED_AT] = _begin_of(request)

    def _write(self, exchange: Exchange) -> None:
        if self._files is None:
            return
        try:
            self._files.write(exchange)
        except OSError as error:
            self._failed(error)
            raise CrawlStopped("the answer could not be kept") from None
        self._crawler.stats.inc_value("fanthology/warc/exchanges")
        self._crawler.stats.set_value("fanthology/warc/files", list(self._files.names))

    def _close(self, spider: Spider) -> None:  # noqa: ARG002 - the signal's argument
        if self._files is None:
            return
        try:
            self._files.close()
        except OSError as error:
            self._failed(error)

    def _failed(self, error: OSError) -> None:
        stop_crawl(self._crawler, "warc_failed", str(write_failure(error, f"{self._folder} (the WARC of this crawl)")))


def warc_folder(settings: BaseSettings) -> Path | None:
    """Folder of the WARC files: ``WARC_DIR``, else ``staging/warc`` of the corpus; ``None`` where there is none."""
    if not settings.getbool("WARC_ENABLED"):
        return None
    if settings.get("WARC_DIR"):
        return Path(settings["WARC_DIR"]).expanduser()
    return Path(settings["CORPUS"]).expanduser() / "staging" / "warc" if settings.get("CORPUS") else None


def warc_info(settings: BaseSettings, spider: str) -> dict[str, str]:
    """What the ``warcinfo`` record of each file says."""
    obeyed = settings.getbool("ROBOTSTXT_OBEY")
    info = {
        "software": f"fanthology/{program_version()}",
        "format": "WARC File Format 1.1",
        "conformsTo": "https://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/",
        "description": f"scrapy crawl {spider}",
        "robots": "obey" if obeyed else "ignore",
        "http-header-user-agent": settings["USER_AGENT"],
        "operator": settings.get("CONTACT") or "",
        "isPartOf": Path(settings["CORPUS"]).expanduser().resolve().name if settings.get("CORPUS") else "",
    }
    return {name: value for name, value in info.items() if value}


def _begin_of(request: Request) -> datetime:
    """When a request went out whose headers have come in just now."""
    return datetime.now(UTC) - timedelta(seconds=request.meta.get("download_latency", 0.0))


def _sent(request: Request) -> Headers:
    """Headers of a request as they go out, the host included."""
    return [("Host", urlparse_cached(request).netloc.rpartition("@")[2]), *_pairs(request.headers)]


def _pairs(headers: Any) -> list[tuple[str, str]]:
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, values in headers.items() for value in values]


def _protocol(stated: str | None) -> str:
    return stated if stated and stated.startswith("HTTP/1") else "HTTP/1.1"
