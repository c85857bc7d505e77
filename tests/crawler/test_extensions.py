"""Crawl-delay, run record and progress, by real crawls of the test archive."""

import hashlib
import itertools
import json
import logging
from importlib.metadata import version

import pytest

from crawler.run_record import CrawlRun
from tests.crawler.tiny_crawl import HOST, Tiny, crawl
from tests.sites.otw import Archive


@pytest.fixture
def archive():
    with Archive(works=20, words=(50, 100), outcomes={"ok": 1.0}) as archive:
        yield archive


def pages(archive, count):
    return [f"/works/{number}?view_full_work=true&view_adult=true" for number in archive.ids()[:count]]


def gaps(archive):
    times = [request.time for request in archive.requests]
    return [later - earlier for earlier, later in itertools.pairwise(times)]


def test_crawl_delay_holds_even_under_autothrottle():
    with Archive(works=20, words=(50, 100), outcomes={"ok": 1.0}, crawl_delay=0.3) as archive:
        crawl(archive, pages(archive, 4), AUTOTHROTTLE_ENABLED=True)
    assert len(archive.requests) == 5
    assert min(gaps(archive)) >= 0.2  # without it the answers' own milliseconds; a busy machine serves late


def test_crawl_delay_never_lowers_the_delay():
    with Archive(works=20, words=(50, 100), outcomes={"ok": 1.0}, crawl_delay=0.01) as archive:
        crawl(archive, pages(archive, 2), DOWNLOAD_DELAY=0.3)
    assert min(gaps(archive)) >= 0.2


def test_the_run_record_tells_what_was_asked_allowed_and_found(archive, tmp_path):
    archive.fault("503")
    crawl(archive, [*pages(archive, 2), "/works/1"], CORPUS=str(tmp_path), CONTACT="me@uni.example")
    (path,) = (tmp_path / "staging" / "runs").iterdir()
    told = json.loads(path.read_text(encoding="utf-8"))
    assert path.name == f"{told['run']}.json"
    assert told["run"].endswith("Z-tiny")
    assert told["command"].startswith("scrapy")
    assert told["finish_reason"] == "finished"
    assert told["started_at"] <= told["finished_at"]
    assert told["versions"]["scrapy"] == version("scrapy")
    assert told["settings"]["CONTACT"] == "me@uni.example"
    assert told["settings"]["DOWNLOAD_DELAY"] == 0
    assert told["outcomes"] == {"ok": 2, "other": 1}
    assert told["statuses"] == {"200": 3, "404": 1, "503": 1}
    assert told["counts"]["requests"] == 5
    assert told["counts"]["retries"] == 1
    assert told["counts"]["warc_exchanges"] == 5
    assert told["warc"] == [entry.name for entry in (tmp_path / "staging" / "warc").iterdir()]
    (robots,) = told["robots"]
    assert robots["url"] == f"{HOST}/robots.txt"
    assert (robots["status"], robots["decision"]) == (200, "obeyed")
    assert len(robots["sha256"]) == 64
    CrawlRun.model_validate(told)


def test_the_hash_in_the_record_is_that_of_the_file(tmp_path):
    text = "User-agent: *\nDisallow: /secret\nCrawl-delay: 0.1\nContent-Signal: ai-train=no\n"
    with Archive(works=5, robots=text) as archive:
        crawl(archive, ["/secret"], CORPUS=str(tmp_path))
    (path,) = (tmp_path / "staging" / "runs").iterdir()
    (robots,) = json.loads(path.read_text())["robots"]
    assert robots["sha256"] == hashlib.sha256(text.encode()).hexdigest()
    assert robots["crawl_delay"] == 0.1
    assert robots["reservations"] == ["Content-Signal: ai-train=no"]


def test_the_run_record_is_there_while_the_crawl_runs(archive, tmp_path):
    class Looking(Tiny):
        def parse(self, response):
            (path,) = (tmp_path / "runs").iterdir()
            self.ends.append(json.loads(path.read_text())["finished_at"])

    crawled = crawl(archive, pages(archive, 1), spider=Looking, RUNS_DIR=str(tmp_path / "runs"))
    assert crawled.spider.ends == [None]


def test_the_run_record_says_why_nothing_was_crawled(tmp_path):
    with Archive(works=5, robots=503) as archive:
        crawl(archive, ["/works/1"], CORPUS=str(tmp_path), RETRY_TIMES=0)
    (path,) = (tmp_path / "staging" / "runs").iterdir()
    told = json.loads(path.read_text())
    assert told["finish_reason"] == "robots_unreachable"
    assert [(robots["status"], robots["decision"]) for robots in told["robots"]] == [(503, "unreachable")]


def test_a_record_that_cannot_be_written_ends_the_crawl_before_it_begins(archive, tmp_path, caplog):
    (tmp_path / "file").write_text("in the way")
    crawled = crawl(archive, pages(archive, 1), RUNS_DIR=str(tmp_path / "file" / "runs"))
    assert crawled.reason == "run_record_failed"
    assert crawled.asked == []
    assert "cannot write" in caplog.text


def test_without_a_terminal_a_line_tells_how_far_the_crawl_is(archive, caplog):
    class Known(Tiny):
        async def start(self):
            self.crawler.stats.set_value("fanthology/known_total", 4)
            async for request in super().start():
                yield request

    with caplog.at_level(logging.INFO):
        crawl(archive, pages(archive, 4), spider=Known, PROGRESS_INTERVAL=0.2, DOWNLOAD_DELAY=0.15)
    lines = [record.getMessage() for record in caplog.records if record.name == "crawler.extensions"]
    assert any(line.startswith(("1 of 4 works (ok 1), ", "2 of 4 works (ok 2), ")) for line in lines)
    assert lines[-1].startswith("4 of 4 works (ok 4), ")
    assert lines[-1].endswith(tuple(f"ended (finished) after {seconds} s" for seconds in range(6)))
