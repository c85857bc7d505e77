"""Capture by real crawls: what is kept is what went over the line, and our own reader reads it."""

import errno
import os

import pytest

from crawler.readers.source import Source
from crawler.readers.warc import records as read_records
from crawler.readers.warc_http import content, parse
from tests.crawler.test_warc_writer import is_valid, records
from tests.crawler.tiny_crawl import HOST, Tiny, crawl
from tests.sites.otw import Archive


@pytest.fixture
def archive():
    with Archive(works=20, words=(50, 100), outcomes={"ok": 1.0}) as archive:
        yield archive


def page(archive, place=0):
    return f"/works/{archive.ids()[place]}?view_full_work=true&view_adult=true"


class Keeping(Tiny):
    """Notes what it gets, and when it was fetched."""

    def parse(self, response):
        super().parse(response)
        self.got = getattr(self, "got", [])
        self.got.append((response.body, response.meta["fetched_at"]))


def test_each_answer_is_kept_as_received_and_read_as_the_spider_saw_it(archive, tmp_path):
    crawled = crawl(archive, [page(archive)], spider=Keeping, CORPUS=str(tmp_path), CONTACT="me@uni.example")
    (path,) = (tmp_path / "staging" / "warc").iterdir()
    assert is_valid(path)
    info, robots, _, answer, request = records(path)
    assert b"operator: me@uni.example\r\n" in info[3]
    assert b"robots: obey\r\n" in info[3]
    assert robots[1]["WARC-Target-URI"] == f"{HOST}/robots.txt"
    assert answer[2]["Content-Encoding"] == "gzip"
    assert request[2]["User-Agent"].startswith("fanthology/")
    assert request[2]["Host"] == "archiveofourown.org"
    source = Source(path, path.name)
    (kept,) = [record for record in read_records(source) if record.url == HOST + page(archive) and record.block]
    ((body, fetched_at),) = crawled.spider.got
    response = parse(kept.block or b"")
    assert response is not None
    assert content(response, source) == body
    assert kept.date == fetched_at
    assert crawled.stats["fanthology/warc/files"] == [path.name]


def test_redirects_errors_and_tries_are_kept(archive, tmp_path):
    archive.fault("503")
    archive.fault("hang", after=0)
    crawl(archive, [page(archive), "/works/1"], WARC_DIR=str(tmp_path), DOWNLOAD_TIMEOUT=0.3)
    (path,) = tmp_path.iterdir()
    assert is_valid(path)
    kept = [
        (kind, http and http.get_statuscode() if kind == "response" else headers["WARC-Target-URI"][len(HOST) :])
        for kind, headers, http, _ in records(path)[1:]
    ]
    assert kept == [
        ("response", "200"),
        ("request", "/robots.txt"),
        ("response", "503"),
        ("request", page(archive)),
        ("request", page(archive)),
        ("metadata", page(archive)),
        ("response", "200"),
        ("request", page(archive)),
        ("response", "404"),
        ("request", "/works/1"),
    ]


def test_a_record_is_on_disk_before_the_spider_sees_the_answer(archive, tmp_path):
    class Looking(Tiny):
        def parse(self, response):
            (path,) = tmp_path.glob("*.open")
            self.ends.append([headers["WARC-Target-URI"] for _, headers, _, _ in records(path)[1::2]])

    crawled = crawl(archive, [page(archive), page(archive, 1)], spider=Looking, WARC_DIR=str(tmp_path))
    robots, first, second = f"{HOST}/robots.txt", HOST + page(archive), HOST + page(archive, 1)
    assert crawled.spider.ends == [[robots, first], [robots, first, second]]


def test_a_failing_write_ends_the_crawl_and_no_answer_goes_on(archive, tmp_path, monkeypatch, caplog):
    written = []

    def fsync(_):
        written.append(1)
        if len(written) > 6:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", fsync)
    crawled = crawl(archive, [page(archive, place) for place in range(9)], WARC_DIR=str(tmp_path))
    assert crawled.reason == "warc_failed"
    oks = [end for _, end in crawled.spider.ends if end == 200]
    assert len(oks) == len(crawled.asked) - 2  # robots.txt, and the one that could not be kept
    assert {end for _, end in crawled.spider.ends} <= {200, "CrawlStopped"}
    assert "no space left to write; free some and run the same command again" in caplog.text


def test_a_folder_that_cannot_be_made_ends_the_crawl_before_it_begins(archive, tmp_path):
    (tmp_path / "file").write_text("in the way")
    crawled = crawl(archive, [page(archive)], WARC_DIR=str(tmp_path / "file" / "warc"))
    assert crawled.reason == "warc_failed"
    assert crawled.asked == []


def test_without_a_folder_nothing_is_kept_but_the_moment(archive):
    crawled = crawl(archive, [page(archive)], spider=Keeping)
    assert crawled.spider.got[0][1].tzinfo is not None
    assert "fanthology/warc/exchanges" not in crawled.stats
