"""A plain HTTP client for the test archives: one request, no redirects, and the page as our parsers take it."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from http.client import HTTPConnection
from urllib.parse import urlsplit

from crawler.pages.page import Page
from tests.sites.otw import Archive


@dataclass(frozen=True)
class Reply:
    """What came back."""

    status: int
    headers: dict[str, str]
    """By name in lower case."""
    body: bytes
    url: str
    """The address under the archive's real name."""

    @property
    def text(self) -> str:
        body = gzip.decompress(self.body) if self.headers.get("content-encoding") == "gzip" else self.body
        return body.decode()

    @property
    def location(self) -> str:
        """Path and query that a redirect leads to, within the archive."""
        parts, own = urlsplit(self.headers["location"]), urlsplit(self.url)
        assert (parts.scheme, parts.netloc) == (own.scheme, own.netloc)
        return parts._replace(scheme="", netloc="").geturl()

    @property
    def page(self) -> Page:
        return Page(self.text, self.url)


def get(archive: Archive, target: str, **headers: str) -> Reply:
    """Ask the archive for a path and query, under its real name."""
    parts = urlsplit(archive.url)
    assert parts.hostname is not None
    connection = HTTPConnection(parts.hostname, parts.port, timeout=5)
    try:
        connection.request("GET", target, headers={"Host": archive.host, "User-Agent": "a test", **headers})
        response = connection.getresponse()
        body = response.read()
    finally:
        connection.close()
    found = {name.lower(): value for name, value in response.getheaders()}
    return Reply(response.status, found, body, f"https://{archive.host}{target}")
