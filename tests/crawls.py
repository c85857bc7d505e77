"""Crawls of the test archive: in the process, through the command itself, or as a process that can be killed."""

import asyncio
import contextlib
import io
import json
import logging
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import pandas as pd
from scrapy.cmdline import execute
from scrapy.utils.log import _uninstall_scrapy_root_handler

from tests.sites import mapping
from tests.sites.otw import Archive

ROOT = Path(__file__).parent.parent
SCRAPY = [sys.executable, "-m", "scrapy"]
FAST = {
    "DOWNLOAD_DELAY": 0,
    "AUTOTHROTTLE_ENABLED": False,
    "BACKOFF_START_DELAY": 0.02,
    "BACKOFF_MAX_DELAY": 0.05,
    "RETRY_TIMES": 2,
    "LOG_LEVEL": "WARNING",
    "CONTACT": "me@uni.example",
}


@dataclass(frozen=True)
class Ran:
    """What a command did."""

    status: int
    stdout: str
    stderr: str


def arguments(
    archive: Archive, corpus: Path | None, given: Mapping[str, Any], settings: Mapping[str, Any], *, reactor: bool
) -> list[str]:
    """A command line of ``scrapy crawl`` for the archive."""
    merged = {**FAST, **mapping.settings(archive.hosts, reactor=reactor), **settings}
    if corpus is not None:
        merged["CORPUS"] = str(corpus)
    line = []
    for name, value in given.items():
        line += ["-a", f"{name}={str(value).lower() if isinstance(value, bool) else value}"]
    for name, value in merged.items():
        if value is not None:
            line += ["-s", f"{name}={json.dumps(value) if isinstance(value, dict) else value}"]
    return line


def crawl(
    archive: Archive,
    corpus: Path | None,
    *more: str,
    spider: str = "ao3",
    settings: Mapping[str, Any] | None = None,
    **given,
) -> Ran:
    """Run ``scrapy crawl`` in this process; by default the works of the tag that all works have."""
    given = given or {"tag": archive.tag}
    return command("crawl", spider, *arguments(archive, corpus, given, settings or {}, reactor=False), *more)


def command(*line: str | Path) -> Ran:
    """Run a ``scrapy`` command in this process, as it is run from a shell."""
    out, err = io.StringIO(), io.StringIO()
    status: object = 0
    argv = ["scrapy", *map(str, line)]
    level = logging.getLogger().level
    loops: list[asyncio.AbstractEventLoop] = []
    make = asyncio.new_event_loop

    def made() -> asyncio.AbstractEventLoop:
        loops.append(make())
        return loops[-1]

    with (
        contextlib.chdir(ROOT),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        mock.patch.object(sys, "argv", argv),
        mock.patch.dict(os.environ),
        mock.patch.object(asyncio, "new_event_loop", made),
    ):
        logging.disable(logging.DEBUG)  # pytest would format every item
        try:
            execute(argv)
        except SystemExit as ended:
            status = ended.code
        finally:
            for loop in loops:  # a crawl that is refused before it starts leaves its loop open
                loop.close()
                asyncio.set_event_loop(None)
            _uninstall_scrapy_root_handler()
            logging.getLogger().setLevel(level)
            logging.disable(logging.NOTSET)
    assert isinstance(status, int), (status, err.getvalue())
    said = [line for line in err.getvalue().splitlines() if "is experimental and is not recommended" not in line]
    return Ran(status, out.getvalue(), "\n".join(said))


def start(
    archive: Archive, corpus: Path, *more: str, settings: Mapping[str, Any] | None = None, **given
) -> subprocess.Popen[str]:
    """Start ``scrapy crawl`` as a process of its own."""
    given = given or {"tag": archive.tag}
    line = [*SCRAPY, "crawl", "ao3", *arguments(archive, corpus, given, settings or {}, reactor=True), *more]
    return subprocess.Popen(line, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def requests(archive: Archive, since: int = 0) -> Counter[str]:
    """Requests that the archive has had, by kind: robots, listing, work, navigate, other."""
    return Counter(kind_of(request.target) for request in archive.requests[since:])


def kind_of(target: str) -> str:
    path = target.partition("?")[0]
    if path == "/robots.txt":
        return "robots"
    if path.endswith("/navigate"):
        return "navigate"
    if path.startswith("/works/"):
        return "work"
    return "listing" if path.endswith(("/works", "/bookmarks")) or path.startswith("/series/") else "other"


def fetched(archive: Archive, since: int = 0) -> list[str]:
    """Ids of the works whose pages were asked for, in order."""
    paths = [request.target.partition("?")[0] for request in archive.requests[since:]]
    return [path.split("/")[2] for path in paths if kind_of(path) == "work"]


def table(corpus: Path, name: str) -> pd.DataFrame:
    """A table of the newest version."""
    return pd.read_parquet(corpus / "latest" / name)


def status(corpus: Path) -> Any:
    """What ``scrapy status --json`` says."""
    ran = command("status", corpus, "--json")
    assert ran.status == 0, ran.stderr
    return json.loads(ran.stdout)
