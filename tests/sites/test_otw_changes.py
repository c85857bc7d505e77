"""What happens in the test archive while somebody crawls it, and how it misbehaves when told to."""

import time
from collections.abc import Iterator
from http.client import IncompleteRead, RemoteDisconnected

import pytest
from protego import Protego

from crawler.pages import otw_blurb
from tests.crawler.pages.otw_pages import provenance
from tests.sites.client import get
from tests.sites.compare import differences
from tests.sites.otw import Archive
from tests.sites.reading import LIST, WHOLE, ids, listing, reason_of, walk, work_of

FIRST = f"/works/40000000{WHOLE}"


@pytest.fixture
def archive() -> Iterator[Archive]:
    with Archive(seed=1, works=60, outcomes={}) as served:
        yield served


# Changes


def test_a_changed_work_has_more_words_a_later_stamp_and_the_first_place(archive):
    work_id = archive.listed()[30]
    before = archive.expected(work_id)
    archive.change(work_id)
    after = archive.expected(work_id)
    assert after["n_words_source"] == before["n_words_source"] + 137
    assert after["updated_at"] > before["updated_at"]
    assert after["chapters"] != before["chapters"]
    assert archive.listed()[0] == work_id
    assert differences(work_of(get(archive, f"/works/{work_id}{WHOLE}").page), after) == []
    assert listing(archive, LIST).stamps[work_id] == after["updated_at"]


def test_a_change_adds_a_chapter_where_more_are_planned_and_leaves_the_others(archive):
    work_id = next(i for i in archive.ids() if archive.expected(i)["n_chapters_planned"] is None)
    before = archive.expected(work_id)["chapters"]
    archive.change(work_id)
    archive.change(work_id)
    after = archive.expected(work_id)["chapters"]
    assert len(after) == len(before) + 2
    texts = [chapter["paragraphs"] for chapter in after]
    assert texts[: len(before)] == [chapter["paragraphs"] for chapter in before]
    assert [len(" ".join(text).split()) for text in texts[-2:]] == [137, 137]


def test_a_touched_work_has_another_stamp_and_nothing_else(archive):
    work_id = archive.listed()[30]
    before, order = archive.expected(work_id), archive.listed()
    archive.touch(work_id)
    after = archive.expected(work_id)
    assert after.pop("updated_at") > before.pop("updated_at")
    assert after == before
    assert archive.listed() == order


def test_a_deleted_work_leaves_the_lists_at_once_or_late(archive):
    first, second = archive.listed()[:2]
    archive.delete(first)
    archive.delete(second, listed=True)
    assert archive.listed()[0] == second
    assert len(archive.listed()) == 59
    for work_id in (first, second):
        reply = get(archive, f"/works/{work_id}{WHOLE}")
        assert (reply.status, reason_of(reply.page), archive.outcome(work_id)) == (404, "deleted", "deleted")


def test_a_work_becomes_restricted_and_open_again(archive):
    work_id = archive.listed()[3]
    archive.become(work_id, "restricted")
    assert work_id not in archive.listed()
    assert get(archive, f"/works/{work_id}").status == 302
    archive.become(work_id, "ok")
    assert archive.listed()[3] == work_id


def test_new_works_shift_the_pages_of_a_crawl(archive):
    first = listing(archive, LIST)
    new = archive.insert(3)
    second = listing(archive, f"{LIST}?page=2")
    assert new == ["40000420", "40000427", "40000434"]
    assert ids([second])[:3] == ids([first])[-3:]
    assert ids([listing(archive, LIST)])[:3] == new[::-1]
    assert len(ids(walk(archive, LIST))) == 63
    assert differences(work_of(get(archive, f"/works/{new[0]}{WHOLE}").page), archive.expected(new[0])) == []


# Misbehaviour


@pytest.mark.parametrize(
    ("kind", "status", "reason"),
    [
        ("429", 429, "rate_limited"),
        ("429 page", 429, "rate_limited"),
        ("503", 503, "site_error"),
        ("504", 504, "site_error"),
        ("500", 500, "site_error"),
        ("520", 520, "site_error"),
        ("525", 525, "site_error"),
        ("403", 403, "blocked"),
    ],
)
def test_an_error_page_comes_as_often_as_asked(archive, kind, status, reason):
    fault = archive.fault(kind, count=2, after=1)
    replies = [get(archive, FIRST) for _ in range(4)]
    assert [reply.status for reply in replies] == [200, status, status, 200]
    assert reason_of(replies[1].page) == reason
    assert (fault.spoiled, fault.left) == (2, 0)


def test_a_fault_may_spoil_every_third_answer_and_other_paths(archive):
    archive.fault("503", path="page=2", every=3, count=10)
    assert [get(archive, f"{LIST}?page=2").status for _ in range(7)] == [503, 200, 200, 503, 200, 200, 503]
    assert get(archive, FIRST).status == 200
    with pytest.raises(ValueError, match="no known kind: 418"):
        archive.fault("418")


def test_retry_later_is_two_words_of_plain_text_with_a_time(archive):
    archive.fault("429", retry_after=7)
    reply = get(archive, FIRST)
    assert (reply.headers["content-type"], reply.headers["retry-after"]) == ("text/plain", "7")
    assert reply.body == b"Retry later\n"


def test_answers_without_a_page(archive):
    archive.fault("445")
    reply = get(archive, FIRST)
    assert (reply.status, reply.body) == (445, b"")
    archive.fault("empty")
    reply = get(archive, FIRST)
    assert (reply.status, reply.body) == (200, b"")


def test_redirects_away_from_a_work(archive):
    archive.fault("login")
    assert get(archive, FIRST).location == "/users/login?return_to=%2F"
    archive.fault("timeout_error")
    away = get(archive, FIRST).location
    assert (away, get(archive, away).status) == ("/timeout_error", 504)


def test_redirects_stay_on_the_loopback_interface_for_those_who_came_by_its_address(archive):
    archive.fault("timeout_error")
    archive.fault("timeout_error")
    assert get(archive, FIRST).headers["location"] == "https://archiveofourown.org/timeout_error"
    assert get(archive, FIRST, Host="127.0.0.1").headers["location"] == "/timeout_error"


def test_bodies_that_end_too_early(archive):
    whole = get(archive, FIRST).text
    for kind in ("half", "length"):
        archive.fault(kind)
        with pytest.raises(IncompleteRead) as caught:
            get(archive, FIRST)
        share = len(caught.value.partial) / len(whole.encode())
        assert share == pytest.approx(0.5 if kind == "half" else 1.0, abs=0.01)
    archive.fault("reset")
    with pytest.raises(RemoteDisconnected):
        get(archive, FIRST)
    assert get(archive, FIRST).text == whole


def test_a_hanging_answer_ends_with_the_archive(archive):
    archive.fault("hang", seconds=0.3)
    began = time.monotonic()
    with pytest.raises(RemoteDisconnected):
        get(archive, FIRST)
    assert time.monotonic() - began > 0.25
    assert archive.requests[-1].status == 0


def test_the_rate_limit_says_when_to_come_back():
    with Archive(works=10, outcomes={}, rate_limit=(3, 30.0)) as archive:
        assert [get(archive, FIRST).status for _ in range(5)] == [200, 200, 200, 429, 429]
        assert 29 <= int(get(archive, FIRST).headers["retry-after"]) <= 31
    with Archive(works=10, outcomes={}, rate_limit=(1, 0.2)) as archive:
        assert [get(archive, FIRST).status for _ in range(2)] == [200, 429]
        time.sleep(0.25)
        assert get(archive, FIRST).status == 200


def test_an_answer_waits_for_the_delay():
    with Archive(works=10, outcomes={}, delay=0.2) as archive:
        began = time.monotonic()
        get(archive, FIRST)
        assert time.monotonic() - began >= 0.2


# The record and the rules


def test_each_request_is_recorded(archive):
    get(archive, f"{LIST}?page=2")
    get(archive, "/nowhere")
    assert [request[1:] for request in archive.requests] == [
        ("archiveofourown.org", "GET", f"{LIST}?page=2", 200, "a test"),
        ("archiveofourown.org", "GET", "/nowhere", 404, "a test"),
    ]
    assert archive.requests[0].time <= archive.requests[1].time


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/works/40000000", True),
        (FIRST, True),
        ("/works/40000000/navigate", True),
        ("/works/40000000/chapters/60000000", True),
        ("/chapters/60000000", True),
        ("/works", True),
        (LIST, True),
        (f"{LIST}?page=2", True),
        (f"{LIST}?work_search%5Bcomplete%5D=T", True),
        ("/series/5000?page=2", True),
        ("/collections/tide_fest_0/works?page=2", True),
        ("/users/lamp_24/works?page=2", True),
        ("/users/lamp_24/bookmarks?page=2", True),
        ("/works?page=2", False),
        ("/works?work_search%5Bcomplete%5D=T", False),
        ("/works/search?work_search%5Bquery%5D=x", False),
        ("/bookmarks/search?x=1", False),
        ("/tags/search?x=1", False),
        ("/people/search?x=1", False),
        ("/downloads/40000000/work.epub", False),
        ("/autocomplete/tag?term=x", False),
        ("/external_works/5", False),
    ],
)
def test_the_rules_are_those_of_the_real_archive(archive, path, allowed):
    rules = Protego.parse(get(archive, "/robots.txt").text)
    assert rules.can_fetch(f"https://{archive.host}{path}", "fanthology/1.0") is allowed
    assert not rules.can_fetch(f"https://{archive.host}{path}", "GPTBot")
    assert rules.crawl_delay("fanthology/1.0") is None
    assert rules.crawl_delay("Slurp") == 30


def test_what_the_rules_deny_is_there_all_the_same(archive):
    for path in ("/works?page=2", "/works/search?page=1", "/downloads/40000000/work.html"):
        assert get(archive, path).status == 200
    assert len(otw_blurb.read_listing(get(archive, "/works?page=3").page, provenance()).works) == 20


def test_rules_with_a_delay_other_rules_and_none():
    with Archive(works=10, crawl_delay=2.5) as archive:
        assert Protego.parse(get(archive, "/robots.txt").text).crawl_delay("fanthology") == 2.5
    with Archive(works=10, robots="User-agent: *\nDisallow: /\n") as archive:
        assert get(archive, "/robots.txt").text == "User-agent: *\nDisallow: /\n"
    with Archive(works=10, robots=503) as archive:
        assert get(archive, "/robots.txt").status == 503
        assert get(archive, FIRST).status == 200


def test_pages_are_packed_for_those_who_ask(archive):
    packed = get(archive, FIRST, **{"Accept-Encoding": "gzip, deflate"})
    plain = get(archive, FIRST)
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.text == plain.text
    assert len(packed.body) < len(plain.body) / 2
