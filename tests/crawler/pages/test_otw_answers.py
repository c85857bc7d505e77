"""What an archive's answer to a request for a work means."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.pages.otw_answers import Answer, index_of, outcome_of, work_of
from crawler.pages.otw_outcomes import redirected
from crawler.pages.page import REASONS, Refused
from pipelines.crawl_records import OUTCOMES
from tests.sites.otw import Archive

FIXTURES = Path(__file__).parent.parent.parent / "fixtures" / "otw"
URL = "https://archiveofourown.org/works/40000000?view_adult=true&view_full_work=true"
MOMENT = datetime(2026, 11, 24, 12, tzinfo=UTC)


def answer(body=b"", status=200, url=URL, **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(url, status, {"content-type": "text/html; charset=utf-8", **named}, body, MOMENT)


@pytest.fixture(scope="module")
def page():
    """The page of a work with some chapters, as the archive serves it."""
    with Archive(seed=2, works=40, words=(3000, 6000), outcomes={}, gzip=False) as archive:
        work_id = next(i for i in archive.ids() if len(archive.expected(i)["chapters"]) > 2)
        from urllib.request import Request, urlopen  # noqa: PLC0415 - here only

        address = f"{archive.url}/works/{work_id}?view_adult=true&view_full_work=true"
        with urlopen(Request(address, headers={"Host": archive.host})) as response:
            return work_id, response.read()


def refused(given, number="40000000"):
    with pytest.raises(Refused) as raised:
        work_of(given, number)
    return raised.value.reason


@pytest.mark.parametrize(
    ("status", "location", "reason"),
    [
        (302, "/users/login?restricted=true&return_to=%2Fworks%2F1", "restricted"),
        (302, "https://archiveofourown.org/users/login?return_to=%2Fworks%2F1", "hidden"),
        (302, "https://archiveofourown.org/timeout_error", "site_error"),
        (302, "/works/1/chapters/2", "parse_error"),
        (301, "", "parse_error"),
        (404, "", "deleted"),
        (410, "", "deleted"),
        (401, "", "restricted"),
        (403, "", "blocked"),
        (429, "", "blocked"),
        (445, "", "blocked"),
        (520, "", "blocked"),
        (204, "", "blocked"),
    ],
)
def test_statuses(status, location, reason):
    assert refused(answer(b"", status, location=location)) == reason


@pytest.mark.parametrize(
    ("case", "reason"),
    [
        ("outcome_adult_gate", "adult_gate"),
        ("outcome_unrevealed", "unrevealed"),
        ("outcome_login_restricted", "restricted"),
        ("outcome_login_hidden", "hidden"),
        ("outcome_cloudflare", "site_error"),
        ("outcome_error_404", "deleted"),
    ],
)
def test_pages_without_a_work_that_come_with_status_200(case, reason):
    body = (FIXTURES / case / "input.html").read_bytes()
    assert refused(answer(body)) == reason


def test_a_whole_work_is_one(page):
    work_id, body = page
    work = work_of(answer(body, url=URL.replace("40000000", work_id)), work_id)
    assert work.source_work_id == work_id
    assert work.provenance.retrieved_at == work.engagement_at == MOMENT
    assert (work.ai_opt_out, work.tdm_reserved, work.provenance.path) == (False, False, None)


def test_what_is_not_the_whole_work_is_none(page):
    work_id, body = page
    address = URL.replace("40000000", work_id)
    assert refused(answer(body, url=address), "12") == "parse_error"
    assert refused(answer(body[: len(body) // 2], url=address), work_id) == "site_error"
    second = body.index(b'id="chapter-2"')
    one = body[: body.rindex(b"<div", 0, second)] + b"</div></div></div></body></html>"
    assert refused(answer(one, url=address), work_id) == "parse_error"


@pytest.mark.parametrize(
    ("headers", "meta"),
    [
        ({"tdm_reservation": "1"}, ""),
        ({"x_robots_tag": "noindex, nofollow"}, ""),
        ({}, '<meta name="robots" content="noindex">'),
        ({}, '<meta name="TDM-Reservation" content="1">'),
        ({"tdm_reservation": "0"}, '<meta name="tdm-reservation" content="1">'),
    ],
)
def test_pages_that_ask_to_be_left_out(page, headers, meta):
    work_id, body = page
    body = body.replace(b"<head>", b"<head>" + meta.encode())
    assert refused(answer(body, url=URL.replace("40000000", work_id), **headers), work_id) == "opted_out"


def test_a_later_statement_of_tdm_overrides_an_earlier_one(page):
    work_id, body = page
    body = body.replace(b"<head>", b'<head><meta name="tdm-reservation" content="0">')
    assert work_of(answer(body, url=URL.replace("40000000", work_id), tdm_reservation="1"), work_id).chapters


@pytest.mark.parametrize("headers", [{"x_robots_tag": "noai"}, {"content_usage": "train-ai=n"}])
def test_works_that_ask_not_to_train_ai_are_kept_and_say_so(page, headers):
    work_id, body = page
    assert work_of(answer(body, url=URL.replace("40000000", work_id), **headers), work_id).ai_opt_out is True


def test_redirects_to_elsewhere_tell_nothing():
    assert redirected("https://archiveofourown.org/works/1") is None


def test_every_reason_has_an_outcome():
    assert {outcome_of(reason) for reason in REASONS} <= set(OUTCOMES)


@settings(deadline=None)
@given(st.binary(max_size=400), st.sampled_from([200, 200, 302, 404, 500]))
def test_bytes_that_are_no_page_of_a_work_are_refused(body, status):
    for read in (work_of, index_of):
        with pytest.raises(Refused) as raised:
            read(answer(body, status), "1")
        assert outcome_of(raised.value.reason) in OUTCOMES
