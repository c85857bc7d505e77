import io
import logging

import pytest
from rich.console import Console

from crawler.crawl_progress import CrawlBar, CrawlState, duration

STATS = {"fanthology/outcome/ok": 398, "fanthology/outcome/adult_gate": 5, "fanthology/outcome/restricted": 9}


def test_the_state_of_a_crawl_in_one_line():
    state = CrawlState.of(STATS | {"fanthology/known_total": 1236, "downloader/request_count": 9}, elapsed=1800)
    assert state.done == 412
    assert state.per_hour == 824
    assert state.seconds_left == 3600
    assert state.says() == ("412 of 1,236 works (ok 398, restricted 9, adult gate 5), 824 an hour, 1 h 00 min left")


def test_what_is_not_known_is_not_told():
    assert CrawlState.of({}, 10).says() == "0 works"
    assert CrawlState.of({"fanthology/known_total": 20}, 10).says() == "0 of 20 works"
    assert CrawlState.of({"fanthology/outcome/ok": 2}, 3600).says() == "2 works (ok 2), 2 an hour"


def test_more_than_was_known_leaves_no_time():
    assert CrawlState.of({"fanthology/outcome/ok": 9, "fanthology/known_total": 5}, 60).seconds_left == 0


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 s"),
        (89, "89 s"),
        (90, "2 min"),
        (3540, "59 min"),
        (3599, "1 h 00 min"),
        (11_100, "3 h 05 min"),
        (187_200, "2 d 4 h"),
    ],
)
def test_lengths_of_time(seconds, said):
    assert duration(seconds) == said


def test_log_lines_go_past_the_bar(monkeypatch):
    out = io.StringIO()
    monkeypatch.setattr("sys.stderr", out)
    handler = logging.StreamHandler(out)
    logging.getLogger().addHandler(handler)
    bar = CrawlBar(Console(file=out, force_terminal=True, width=100))
    try:
        assert bar.shown
        bar.start()
        assert handler.stream is not out
        bar.show(CrawlState.of(STATS | {"fanthology/known_total": 500}, 1800))
        logging.getLogger("a").warning("a page was late")
        bar.stop()
        assert handler.stream is out
    finally:
        logging.getLogger().removeHandler(handler)
    assert "412 of 500 works" in out.getvalue()
    assert "a page was late\n" in out.getvalue()
