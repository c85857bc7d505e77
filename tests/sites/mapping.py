"""Sends the crawler's requests for real host names to archives on the loopback interface, and nowhere else.

Everything above the socket (robots.txt, delays, caches, WARC) sees the real addresses. Switched on by
``DOWNLOAD_HANDLERS`` alone: ``settings(archive.hosts)`` for a crawl in the process, ``arguments(archive.hosts)`` for
the command line. The environment variable ``LOOPBACK_HOSTS`` (JSON) stands in for the setting of the same name.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import urldefrag, urlsplit, urlunsplit

from scrapy import Request
from scrapy.core.downloader.handlers._aiohttp import AiohttpDownloadHandler
from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from scrapy.crawler import Crawler
from scrapy.exceptions import NotSupported
from scrapy.http import Response

SETTING: Final = "LOOPBACK_HOSTS"


def settings(hosts: Mapping[str, str], *, reactor: bool = True) -> dict[str, Any]:
    """Settings that send the requests for some hosts to loopback addresses, such as ``http://127.0.0.1:8000``.

    Without ``reactor`` they fit crawls with ``TWISTED_REACTOR_ENABLED = False``, of which one process runs many.
    """
    name = f"{__name__}.{'LoopbackHandler' if reactor else 'ReactorlessLoopbackHandler'}"
    handlers = {"http": name, "https": name, "data": None, "file": None, "ftp": None, "s3": None}
    extra = {} if reactor else {"TWISTED_REACTOR_ENABLED": False}
    return {"DOWNLOAD_HANDLERS": handlers, SETTING: dict(hosts), **extra}


def arguments(hosts: Mapping[str, str], *, reactor: bool = True) -> list[str]:
    """The same as arguments of ``scrapy crawl``."""
    given = settings(hosts, reactor=reactor)
    return [part for name, value in given.items() for part in ("-s", f"{name}={json.dumps(value)}")]


def loopback_map(value: object) -> dict[str, str]:
    """The map of host names, checked. Raises ``ValueError`` for an address that is not a loopback one."""
    if isinstance(value, str):
        value = json.loads(value)
    if not isinstance(value, Mapping):
        raise TypeError(f"{SETTING} maps host names to loopback addresses: got {value!r}")
    for host, address in value.items():
        parts = urlsplit(address)
        if parts.scheme != "http" or not parts.port or not _is_loopback(parts.hostname or ""):
            raise ValueError(f"{SETTING}: {host} leads to {address}; expected http://127.0.0.1:PORT")
    return dict(value)


def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:  # a name, which may lead anywhere
        return False


def _hosts(crawler: Crawler) -> dict[str, str]:
    return loopback_map(crawler.settings.get(SETTING) or os.environ.get(SETTING) or {})


def mapped(request: Request, hosts: Mapping[str, str]) -> Request:
    """The request for the loopback address, with the real host in its headers."""
    parts = urlsplit(request.url)
    base = hosts.get(parts.hostname or "")
    if base is None:
        raise NotSupported(f"{parts.hostname} is no host of {SETTING}: nothing else may be reached")
    url = urlunsplit(urlsplit(base)[:2] + parts[2:4] + ("",))
    sent = request.replace(url=url)
    sent.headers["Host"] = parts.netloc
    return sent


def restored(response: Response, request: Request, sent: Request) -> Response:
    """The response as if it came from the real address."""
    # The throttle reads the latency from the request that it knows.
    if "download_latency" in sent.meta:
        request.meta["download_latency"] = sent.meta["download_latency"]
    return response.replace(url=urldefrag(request.url).url)


class LoopbackHandler(HTTP11DownloadHandler):
    """Scrapy's own handler, to loopback addresses."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._hosts = _hosts(crawler)

    async def download_request(self, request: Request) -> Response:
        sent = mapped(request, self._hosts)
        return restored(await super().download_request(sent), request, sent)


class ReactorlessLoopbackHandler(AiohttpDownloadHandler):
    """The same for crawls without the Twisted reactor."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._hosts = _hosts(crawler)

    async def download_request(self, request: Request) -> Response:
        sent = mapped(request, self._hosts)
        return restored(await super().download_request(sent), request, sent)
