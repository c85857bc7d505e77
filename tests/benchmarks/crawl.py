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


ROUNDS = 3
"""Each step is measured so often, and the best round counts: what others do to the machine is no cost of ours."""


def milliseconds(do: Callable[[Any], Any], items: list[Any]) -> tuple[float, list[Any]]:
    """CPU time of a step per item, and what it gave; once before, as the first run loads tables and libraries."""
    given = [do(item) for item in items]
    rounds = []
    for _ in range(ROUNDS):
        start = time.process_time()
        for item in items:
            do(item)
        rounds.append(time.process_time() - start)
    return min(rounds) * 1000 / len(items), given


def steps(count: int, words: int) -> None:
    """CPU of each step for works of one length."""
    with Archive(seed=4, works=count, words=(words, words), outcomes={}, gzip=False) as archive:
        answers = pages(archive, count)
    size = sum(len(answer.body) for answer in answers) / len(answers)
    parse, works = milliseconds(lambda answer: work_of(answer, answer.url.split("/")[4].partition("?")[0]), answers)
    ready, _ = milliseconds(prepare, works)
    kept = min(kept_in(works) for _ in range(ROUNDS)) - ready
    print(f"{count} works of {words:,} words, pages of {size / 1024:,.0f} KiB, CPU per page:")
    print(f"  parse {parse:.1f} ms, prepare {ready:.1f} ms, ledger and segment {kept:.1f} ms")
    print(f"  together {parse + ready + kept:.1f} ms (goal: under 25 ms at 30,000 words)")


def kept_in(works: list[Any]) -> float:
    """CPU time per work of preparing and keeping works in a new corpus, in milliseconds."""
    with tempfile.TemporaryDirectory() as folder:
        gathering = Gathering.open(Corpus(Path(folder) / "c"), "ao3", {}, "bench", "bench")
        start = time.process_time()
        for work in works:
            gathering.keep(work)
        gathering.flush()
        spent = time.process_time() - start
        gathering.close("finished", is_finished=True, is_complete=True)
    return spent * 1000 / len(works)


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
