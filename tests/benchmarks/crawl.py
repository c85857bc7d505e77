"""A crawl: CPU per work page (parse, prepare, acknowledge, stage), and how idle the crawler is between requests.

``make bench``, or ``python -m tests.benchmarks.crawl [PAGES] [-w WORDS]``. The goal is under 25 ms of CPU for a work of
30,000 words. CPU time, as wall time depends on what else the machine does.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
import urllib.request
from collections.abc import Callable
from contextlib import redirect_stdout
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

from crawler.pages.otw_answers import Answer, work_of
from pipelines.corpus import Corpus
from pipelines.crawl_stage import Gathering
from pipelines.prepare import prepare
from tests.crawls import crawl
from tests.sites.otw import Archive


def pages(archive: Archive, count: int) -> list[Answer]:
    """Work pages as they come from the archive."""
    found = []
    for work_id in archive.listed()[:count]:
        path = f"/works/{work_id}?view_adult=true&view_full_work=true"
        request = urllib.request.Request(archive.url + path, headers={"Host": archive.host})
        with urllib.request.urlopen(request) as response:
            headers = {name.lower(): value for name, value in response.headers.items()}
            found.append(
                Answer(f"https://{archive.host}{path}", response.status, headers, response.read(), datetime.now(UTC))
            )
    return found


def milliseconds(do: Callable[[Any], Any], items: list[Any]) -> tuple[float, list[Any]]:
    """CPU time of a step per item, the first one left out (it loads tables and libraries), and what it gave."""
    first = do(items[0])
    start = time.process_time()
    given = [do(item) for item in items[1:]]
    return (time.process_time() - start) * 1000 / max(1, len(items) - 1), [first, *given]


def steps(count: int, words: int) -> None:
    """CPU of each step for works of one length."""
    with Archive(seed=4, works=count, words=(words, words), outcomes={}, gzip=False) as archive:
        answers = pages(archive, count)
    size = sum(len(answer.body) for answer in answers) / len(answers)
    parse, works = milliseconds(lambda answer: work_of(answer, answer.url.split("/")[4].partition("?")[0]), answers)
    ready, _ = milliseconds(prepare, works)
    with tempfile.TemporaryDirectory() as folder:
        gathering = Gathering.open(Corpus(Path(folder) / "c"), "ao3", {}, "bench", "bench")
        start = time.process_time()
        for work in works:
            gathering.keep(work)
        gathering.close("finished", is_finished=True, is_complete=True)
        kept = (time.process_time() - start) * 1000 / len(works) - ready
    print(f"{count} works of {words:,} words, pages of {size / 1024:,.0f} KiB, CPU per page:")
    print(f"  parse {parse:.1f} ms, prepare {ready:.1f} ms, ledger and segment {kept:.1f} ms")
    print(f"  together {parse + ready + kept:.1f} ms (goal: under 25 ms at 30,000 words)")


def idle(count: int, words: int, delay: float) -> None:
    """How much of a crawl the crawler does nothing, at so many seconds between requests."""
    with tempfile.TemporaryDirectory() as folder, Archive(seed=4, works=count, words=(words, words), outcomes={}) as a:
        wall, before = time.perf_counter(), os.times()
        with redirect_stdout(StringIO()):
            ran = crawl(a, Path(folder) / "c", settings={"DOWNLOAD_DELAY": delay, "BUILD": False})
        spent, wall = os.times(), time.perf_counter() - wall
        used = spent.user + spent.system - before.user - before.system
        assert ran.status == 0, ran.stderr
        print(
            f"crawl of {count} works at {delay:g} s: {wall:.0f} s, {len(a.requests)} requests; busy {used / wall:.0%} "
            f"of it, the archive included: {used * 1000 / len(a.requests):.0f} ms of CPU a request"
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("count", nargs="?", type=int, default=40)
    parser.add_argument("-w", "--words", type=int, default=30_000)
    given = parser.parse_args()
    steps(given.count, given.words)
    idle(12, given.words, 1.0)
