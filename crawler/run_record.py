"""The record of a crawl: what was asked, what was allowed, what came of it. One JSON file for each run."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from pydantic import JsonValue

from crawler.crawl_progress import CrawlState
from schemas.base import Record

SETTINGS: Final = (
    "CORPUS",
    "CONTACT",
    "USER_AGENT",
    "ROBOTSTXT_OBEY",
    "ROBOTSTXT_USER_AGENT",
    "DOWNLOAD_DELAY",
    "DOWNLOAD_DELAY_JITTER",
    "CONCURRENT_REQUESTS",
    "CONCURRENT_REQUESTS_PER_DOMAIN",
    "AUTOTHROTTLE_ENABLED",
    "DOWNLOAD_TIMEOUT",
    "DOWNLOAD_MAXSIZE",
    "RETRY_TIMES",
    "RETRY_AFTER_MAX",
    "BACKOFF_START_DELAY",
    "BACKOFF_MAX_DELAY",
    "BLOCKED_AFTER",
    "UNAVAILABLE_AFTER",
    "WARC_ENABLED",
)
"""Settings that shape what a crawl does to an archive and what it brings home."""

_COUNTS: Final = {
    "downloader/request_count": "requests",
    "downloader/response_count": "responses",
    "downloader/response_bytes": "response_bytes",
    "downloader/exception_count": "exceptions",
    "item_scraped_count": "items",
    "item_dropped_count": "items_dropped",
    "robotstxt/forbidden": "forbidden_by_robots",
    "retry/count": "retries",
    "retry/max_reached": "given_up",
    "fanthology/pauses": "pauses",
    "fanthology/pause_seconds": "pause_seconds",
    "fanthology/block_answers": "block_answers",
    "fanthology/warc/exchanges": "warc_exchanges",
    "log_count/ERROR": "errors",
    "log_count/WARNING": "warnings",
}
_STATUS: Final = "downloader/response_status_count/"


class CrawlRun(Record):
    """What is kept of one run of a spider."""

    run: str
    """Name of the run: moment of its start and spider."""
    spider: str
    command: str
    """As typed."""
    started_at: datetime
    """UTC."""
    finished_at: datetime | None
    """UTC; null: it is running, or was cut off."""
    finish_reason: str | None
    """`finished`, or why it ended before that: `shutdown`, `blocked`, `unavailable`, `warc_failed` …"""
    versions: dict[str, str]
    settings: dict[str, JsonValue]
    robots: list[dict[str, JsonValue]]
    """Each robots.txt that was fetched: address, moment, status, hash, decision."""
    outcomes: dict[str, int]
    """Works by outcome."""
    counts: dict[str, int | float]
    statuses: dict[str, int]
    """Responses by status, robots.txt, redirects and repeated tries included."""
    warc: list[str]
    """Names of the WARC files."""


def run_name(spider: str, moment: datetime) -> str:
    """Name of a run: sorts by time, and two within a second differ."""
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%S.%f}"[:-3] + f"Z-{spider}"


def told_by(stats: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a ``CrawlRun`` that Scrapy's stats fill."""
    return {
        "outcomes": CrawlState.of(stats, 0).outcomes,
        "counts": {name: stats[key] for key, name in _COUNTS.items() if key in stats},
        "statuses": {key.removeprefix(_STATUS): stats[key] for key in sorted(stats) if key.startswith(_STATUS)},
        "warc": list(stats.get("fanthology/warc/files", ())),
    }


def write(folder: Path, run: CrawlRun) -> Path:
    """Write a record in place of its former state; gives the file. Raises ``OSError``."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{run.run}.json"
    beside = folder / f".{run.run}.json.new"
    with beside.open("w", encoding="utf-8") as stream:
        stream.write(run.model_dump_json(indent=2) + "\n")
        stream.flush()
        os.fsync(stream.fileno())
    beside.replace(path)
    return path
