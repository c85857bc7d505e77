"""Robots, pauses, tries and block pages, by real crawls of the test archive."""

import itertools
import logging

import pytest
import scrapy

from tests.crawler.tiny_crawl import Tiny, crawl
from tests.sites.otw import Archive


@pytest.fixture
def archive():
    with Archive(works=20, words=(50, 100), outcomes={"ok": 1.0}) as archive:
        yield archive


def pages(archive, count):
    """Paths of works as the archive shows them in one request."""
    return [f"/works/{number}?view_full_work=true&view_adult=true" for number in archive.ids()[:count]]


def test_each_page_is_asked_for_once_after_robots_txt(archive):
    paths = pages(archive, 3)
    crawled = crawl(archive, paths)
    assert crawled.asked == [("/robots.txt", 200), *((path, 200) for path in paths)]
    assert crawled.spider.ends == [(path, 200) for path in paths]
    assert crawled.reason == "finished"


def test_a_missing_page_comes_to_the_callback(archive):
    assert crawl(archive, ["/works/1"]).spider.ends == [("/works/1", 404)]


def test_retry_after_holds_back_the_whole_host(archive):
    paths = pages(archive, 3)
    archive.fault("429", retry_after=1)
    crawled = crawl(archive, paths, CONCURRENT_REQUESTS=8, CONCURRENT_REQUESTS_PER_DOMAIN=1)
    assert sorted(crawled.spider.ends) == sorted((path, 200) for path in paths)
    times = [request.time for request in archive.requests]
    statuses = [request.status for request in archive.requests]
    throttled = statuses.index(429)
    assert statuses.count(429) == 1
    # Up to two requests were already on their way into Scrapy's slot when the answer came.
    assert max(later - earlier for earlier, later in itertools.pairwise(times[throttled:])) > 0.9
    assert crawled.stats["fanthology/pause_seconds"] == 1


def test_a_longer_retry_after_than_is_borne_is_cut(archive):
    archive.fault("503", retry_after=3600)
    crawled = crawl(archive, pages(archive, 1), RETRY_AFTER_MAX=0.2)
    assert [status for _, status in crawled.asked] == [200, 503, 200]
    assert archive.requests[2].time - archive.requests[1].time >= 0.2


def test_without_retry_after_the_pause_doubles(archive):
    archive.fault("429", count=3)
    crawled = crawl(archive, pages(archive, 1), BACKOFF_START_DELAY=0.1)
    assert [status for _, status in crawled.asked] == [200, 429, 429, 429, 200]
    times = [request.time for request in archive.requests]
    assert times[2] - times[1] >= 0.1
    assert times[3] - times[2] >= 0.2
    assert times[4] - times[3] >= 0.4
    assert crawled.spider.ends[0][1] == 200


@pytest.mark.parametrize(
    ("kind", "end"),
    [
        ("429", 429),
        ("503", 503),
        ("520", 520),
        ("525", 525),
        ("445", 445),
        ("504", 504),
        ("half", "ResponseDataLossError"),
        ("length", "ResponseDataLossError"),
        ("reset", "DownloadFailedError"),
        ("hang", "DownloadTimeoutError"),
    ],
)
def test_after_the_last_try_each_request_ends_once(archive, kind, end):
    paths = pages(archive, 2)
    archive.fault(kind, count=4 if kind == "reset" else 2)  # aiohttp tries each once more on open connections
    crawled = crawl(archive, paths, RETRY_TIMES=1, DOWNLOAD_TIMEOUT=0.3)
    assert crawled.spider.ends == [(paths[0], end), (paths[1], 200)]
    assert crawled.stats["downloader/request_count"] == 4  # robots.txt, two tries, the other page
    assert crawled.stats["retry/max_reached"] == 1


def test_five_block_pages_in_a_row_end_the_crawl(archive, caplog):
    archive.fault("403", count=100)
    with caplog.at_level(logging.INFO):
        crawled = crawl(archive, pages(archive, 12))
    assert crawled.reason == "blocked"
    assert [status for _, status in crawled.asked] == [200, 403, 403, 403, 403, 403]
    assert [status for _, status in crawled.spider.ends] == [403] * 5
    assert any("does not want this crawl now" in record.getMessage() for record in caplog.records)


def test_a_good_answer_forgives_block_pages(archive):
    archive.fault("403", count=6, every=2)
    crawled = crawl(archive, pages(archive, 12), BLOCKED_AFTER=2)
    assert crawled.reason == "finished"
    assert sorted(status for _, status in crawled.spider.ends) == [200] * 6 + [403] * 6


def test_an_archive_that_is_down_ends_the_crawl(archive):
    archive.fault("520", count=100)
    crawled = crawl(archive, pages(archive, 12), RETRY_TIMES=1, UNAVAILABLE_AFTER=3)
    assert crawled.reason == "unavailable"
    assert [status for _, status in crawled.spider.ends] == [520] * 3
    assert len(crawled.asked) == 1 + 3 * 2


def test_a_crawl_that_ends_waits_for_no_pause(archive):
    """The page in the pause ends in its errback as stopped: nothing was learned about it."""

    class Ending(Tiny):
        def parse(self, response):
            super().parse(response)
            raise scrapy.exceptions.CloseSpider("enough")

    paths = pages(archive, 2)
    archive.fault("503", path=paths[1].split("?")[0], retry_after=600)
    crawled = crawl(archive, paths[::-1], spider=Ending, CONCURRENT_REQUESTS=2, CONCURRENT_REQUESTS_PER_DOMAIN=2)
    assert crawled.reason == "enough"
    assert crawled.stats["elapsed_time_seconds"] < 60
    assert (paths[0], 200) in crawled.spider.ends


def test_what_robots_txt_forbids_is_not_asked_for(archive):
    crawled = crawl(archive, ["/works/search?q=x", *pages(archive, 1)])
    assert crawled.spider.ends[0] == ("/works/search?q=x", "RobotsForbidden")
    assert [status for _, status in crawled.asked] == [200, 200]


@pytest.mark.parametrize("status", [503, 403, 500])
def test_nothing_is_crawled_where_robots_txt_cannot_be_read(status, caplog):
    with Archive(works=20, robots=status) as archive:
        crawled = crawl(archive, pages(archive, 2), RETRY_TIMES=1)
    assert crawled.reason == "robots_unreachable"
    assert {target for target, _ in crawled.asked} == {"/robots.txt"}
    assert {end for _, end in crawled.spider.ends} <= {"RobotsUnreachable", "CrawlStopped"}
    assert "nothing is crawled; try again later" in caplog.text


def test_without_robots_txt_everything_is_allowed():
    with Archive(works=20, robots=404, outcomes={"ok": 1.0}) as archive:
        crawled = crawl(archive, ["/works/search?q=x", *pages(archive, 1)])
    assert [target for target, _ in crawled.asked][:2] == ["/robots.txt", "/works/search?q=x"]
    assert crawled.reason == "finished"


def test_robots_txt_is_fetched_again_after_a_day_and_the_old_one_kept(archive):
    class Slow(Tiny):
        async def start(self):
            async for request in super().start():
                yield request

    paths = pages(archive, 3)
    archive.fault("500", path=r"/robots\.txt", after=1, count=100)
    crawled = crawl(archive, paths, spider=Slow, ROBOTSTXT_MAX_AGE=0, RETRY_TIMES=0)
    assert crawled.reason == "finished"
    assert [status for _, status in crawled.asked] == [200, 200, 500, 200, 500, 200]


def test_a_spider_may_obey_whatever_the_settings_say(archive):
    class Obedient(Tiny):
        always_obeys_robots = True

    paths = ["/works/search?q=x"]
    assert crawl(archive, paths, spider=Obedient, ROBOTSTXT_OBEY=False).asked == [("/robots.txt", 200)]
    assert crawl(archive, paths, ROBOTSTXT_OBEY=False).asked[0][0] == "/works/search?q=x"
