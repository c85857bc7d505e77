"""Crawls in a process of their own, on Twisted's reactor: interrupted, killed, and half answers."""

import json
import signal
import time

import pytest

from tests.crawler.test_warc_writer import is_valid, records
from tests.crawler.tiny_crawl import HOST, started
from tests.sites.otw import Archive


@pytest.fixture
def archive():
    with Archive(works=40, words=(50, 100), outcomes={"ok": 1.0}) as archive:
        yield archive


def pages(archive, count):
    return [f"/works/{number}?view_full_work=true&view_adult=true" for number in archive.ids()[:count]]


def until(condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.02)


def kept(folder):
    """Addresses of the responses in all WARC files, with their statuses."""
    return [
        (headers["WARC-Target-URI"].removeprefix(HOST), int(http.get_statuscode()))
        for path in sorted(folder.iterdir())
        for kind, headers, http, _ in records(path)
        if kind == "response"
    ]


def test_half_answers_are_kept_and_tried_again(archive, tmp_path):
    first, second, third = pages(archive, 3)
    archive.fault("half")
    archive.fault("hang", after=1)
    archive.fault("length", path=third.split("?")[0], count=9)
    crawl = started(archive, [first, second, third], WARC_DIR=str(tmp_path), RETRY_TIMES=2, DOWNLOAD_TIMEOUT=0.5)
    said, log = crawl.communicate(timeout=30)
    ended = json.loads(said)
    assert ended == {
        "ends": [[first, 200], [second, 200], [third, "ResponseDataLossError"]],
        "reason": "finished",
    }, log
    (path,) = tmp_path.iterdir()
    assert is_valid(path)
    truncated = [headers["WARC-Target-URI"] for _, headers, _, _ in records(path) if headers["WARC-Truncated"]]
    assert truncated == [HOST + first] + [HOST + third] * 3
    failures = [record[3] for record in records(path) if record[0] == "metadata"]
    assert [failure.split()[1] for failure in failures] == [b"DownloadTimeoutError:"]


def test_an_interrupt_waits_for_no_pause(archive, tmp_path):
    archive.fault("429", retry_after=600, count=100)
    crawl = started(archive, pages(archive, 5), WARC_DIR=str(tmp_path))
    until(lambda: any(request.status == 429 for request in archive.requests))
    time.sleep(0.2)
    asked = time.monotonic()
    crawl.send_signal(signal.SIGINT)
    said, _ = crawl.communicate(timeout=30)
    assert time.monotonic() - asked < 25  # of a pause of 600 s, on a machine that may be busy
    ended = json.loads(said)
    assert ended["reason"] == "shutdown"
    assert {end for _, end in ended["ends"]} <= {"CrawlStopped"}
    assert kept(tmp_path) == [("/robots.txt", 200), (pages(archive, 1)[0], 429)]


def test_after_a_kill_the_next_run_mends_and_nothing_answered_is_missing(archive, tmp_path):
    paths = pages(archive, 40)
    archive.delay = 0.02
    crawl = started(archive, paths, WARC_DIR=str(tmp_path))
    until(lambda: len(archive.requests) > 12)
    crawl.kill()
    crawl.communicate(timeout=30)
    answered = len(archive.requests)
    (left,) = tmp_path.iterdir()
    assert left.name.endswith(".warc.gz.open")
    crawl = started(archive, paths[:1], WARC_DIR=str(tmp_path))
    said, log = crawl.communicate(timeout=30)
    assert json.loads(said)["reason"] == "finished"
    assert f"{left.name.removesuffix('.open')} was left open by a run that was cut off; it is mended" in log
    assert [path.name.endswith(".warc.gz") for path in tmp_path.iterdir()] == [True, True]
    assert all(is_valid(path) for path in tmp_path.iterdir())
    whole = kept(tmp_path)[:-2]  # the second run asked for robots.txt and one page
    assert whole == [("/robots.txt", 200), *((path, 200) for path in paths)][: len(whole)]
    assert answered - 1 <= len(whole) <= answered
