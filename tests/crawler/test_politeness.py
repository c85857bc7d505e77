from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.politeness import (
    Answer,
    Pace,
    Streak,
    is_cut_off,
    judge,
    require_robots,
    reservations,
    retry_after,
    robots_record,
)
from pipelines.errors import CannotStart

NOW = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)
TRANSIENT = (429, 445, 500, 502, 503, 504, 520, 525)
CHALLENGE = b"<html><head><title>Just a moment...</title></head><body><form id='challenge-form'></form></body></html>"
SHIELDS = b"<html><head><title>Shields are up!</title></head><body><p>Come back later.</p></body></html>"


@pytest.mark.parametrize(
    ("value", "date", "seconds"),
    [
        ("120", None, 120),
        (" 7 ", None, 7),
        ("1.5", None, 1.5),
        ("0", None, None),
        (None, None, None),
        ("soon", None, None),
        ("-5", None, None),
        ("Tue, 24 Nov 2026 12:05:00 GMT", None, 300),
        ("Tue, 24 Nov 2026 12:05:00 GMT", "Tue, 24 Nov 2026 12:04:00 GMT", 60),
        ("Tue, 24 Nov 2026 11:00:00 GMT", None, None),
        ("Tue, 24 Nov 2026 13:05:00 +0100", None, 300),
        ("9" * 40, None, None),
    ],
)
def test_retry_after_is_seconds_or_a_date(value, date, seconds):
    assert retry_after(value, date, NOW) == seconds


@given(st.text(max_size=40), st.text(max_size=40) | st.none())
def test_any_retry_after_is_a_length_of_time_or_none(value, date):
    seconds = retry_after(value, date, NOW)
    assert seconds is None or 0 < seconds < float("inf")


@given(
    st.lists(
        st.sampled_from(
            [b"<html>", b"shields are up", b"Retry later", b"<title>", b"\xff", b"cf-wrapper", b"503", b"</"]
        )
    ),
    st.integers(100, 999),
)
def test_any_answer_is_judged_and_any_robots_txt_decided(parts, status):
    body = b" ".join(parts)
    assert judge(status, {}, body, TRANSIENT)[0] in set(Answer)
    assert robots_record("https://a.example/robots.txt", NOW, status, {}, body).decision in {
        "obeyed",
        "none",
        "unreachable",
    }


@given(st.lists(st.sampled_from(["bad", "good", "turn"]), max_size=60), st.floats(0.1, 60), st.floats(60, 900))
def test_a_pace_never_waits_longer_than_its_limit(events, start, limit):
    """Whatever comes, the wait is bounded, and two turns of a slowed host lie an interval apart."""
    pace, now, last = Pace(start, limit), 0.0, None
    for event in events:
        if event == "bad":
            pace.slow_down(now)
        elif event == "good":
            pace.recover()
        else:
            wait = pace.reserve(now)
            assert 0 <= wait <= limit + 1e-6
            now += wait
            if wait:
                assert pace.reserve(now) <= 1e-6
            if last is not None and pace.interval:
                assert now - last >= pace.interval - 1e-6
            last = now


@pytest.mark.parametrize(
    ("status", "headers", "body", "answer"),
    [
        (200, {}, b"<html>a page</html>", Answer.GOOD),
        (404, {}, b"<html><main id='main' class='error-404'></main></html>", Answer.GOOD),
        (403, {}, b"", Answer.BLOCKED),
        (401, {}, b"", Answer.BLOCKED),
        (200, {}, CHALLENGE, Answer.BLOCKED),
        (503, {}, CHALLENGE, Answer.BLOCKED),
        (200, {"cf-mitigated": "challenge"}, b"", Answer.BLOCKED),
        (403, {}, SHIELDS, Answer.BLOCKED),
        (503, {}, SHIELDS, Answer.BLOCKED),
        (429, {}, b"Retry later\n", Answer.THROTTLED),
        (200, {}, b"Retry later\n", Answer.THROTTLED),
        (503, {}, b"", Answer.THROTTLED),
        (445, {}, b"", Answer.FAILING),
        (525, {}, b"", Answer.FAILING),
        (501, {}, b"", Answer.GOOD),
    ],
)
def test_what_an_answer_says_about_our_welcome(status, headers, body, answer):
    assert judge(status, headers, body, TRANSIENT)[0] is answer


def test_a_story_may_speak_of_shields():
    page = b"<html><title>Engage</title><body><div id='main'><div id='workskin'>Shields are up!</div></div>"
    assert judge(200, {}, page, TRANSIENT)[0] is Answer.GOOD


@pytest.mark.parametrize(
    ("status", "kind", "body", "cut"),
    [
        (200, "text/html; charset=utf-8", b"<!DOCTYPE html><html><body>Half a", True),
        (200, "text/html", b"<!DOCTYPE html><HTML lang='en'><body>Whole</body></HTML>\n<!-- 12 ms -->", False),
        (200, "text/html", b"<p>a fragment", False),
        (200, "text/plain", b"<html>", False),
        (404, "text/html", b"<html>", False),
        (200, "text/html", b"", False),
    ],
)
def test_a_page_that_never_ends_is_cut_off(status, kind, body, cut):
    assert is_cut_off(status, kind, body) is cut


def test_a_pause_holds_everything_back_and_ends():
    pace = Pace(start=10, limit=900)
    assert pace.reserve(0) == 0
    pace.pause(100, 60)
    pace.pause(110, 5)
    assert pace.reserve(120) == 40
    assert pace.reserve(160) == 0
    assert pace.reserve(160) == 0  # the ordinary delay is not its business


def test_the_interval_doubles_up_to_its_limit_and_fades():
    pace = Pace(start=10, limit=35)
    assert [pace.slow_down(0) for _ in range(4)] == [10, 20, 35, 35]
    assert pace.reserve(30) == 5
    assert pace.reserve(35) == 0
    assert pace.reserve(36) == 34  # one turn each interval
    pace.recover()
    assert pace.interval == 31.5
    for _ in range(30):
        pace.recover()
    assert pace.interval == 0
    assert pace.reserve(36) == 0
    assert pace.slow_down(40) == 10


def test_a_streak_ends_with_a_good_answer():
    streak = Streak(3)
    assert [streak.bad(), streak.bad()] == [False, False]
    streak.good()
    assert [streak.bad(), streak.bad(), streak.bad()] == [False, False, True]


ROBOTS = b"User-agent: *\nDisallow: /search\nContent-Signal: search=yes, ai-train=no # ours\nlicense: /rsl.xml\n"


@pytest.mark.parametrize(
    ("status", "body", "decision"),
    [
        (200, ROBOTS, "obeyed"),
        (200, b"", "obeyed"),
        (404, b"Not found", "none"),
        (410, b"", "none"),
        (400, b"", "none"),
        (401, b"", "unreachable"),
        (403, b"", "unreachable"),
        (429, b"Retry later", "unreachable"),
        (500, b"", "unreachable"),
        (503, b"", "unreachable"),
        (304, b"", "unreachable"),
        (200, CHALLENGE, "unreachable"),
        (None, b"", "unreachable"),
    ],
)
def test_what_an_answer_for_robots_txt_means(status, body, decision):
    assert robots_record("https://a.example/robots.txt", NOW, status, {}, body).decision == decision


def test_the_record_of_robots_txt():
    record = robots_record("https://a.example/robots.txt", NOW, 200, {}, ROBOTS).as_json()
    assert record["fetched_at"] == "2026-11-24T12:00:00+00:00"
    assert record["sha256"] == "2d357d3b38fbf79ed596f2d527337d09e6a68ab563029e70b9fb80bbafdab378"
    assert record["reservations"] == ["Content-Signal: search=yes, ai-train=no", "license: /rsl.xml"]


def test_reservations_are_bounded():
    assert len(reservations(b"License: x\n" * 10_000)) == 50


def test_robots_cannot_be_switched_off_where_they_always_hold():
    require_robots("ao3", obey=True)
    with pytest.raises(CannotStart, match="ROBOTSTXT_OBEY=False: ao3 always obeys"):
        require_robots("ao3", obey=False)
