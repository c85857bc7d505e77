"""Crawls of an archive that misbehaves: the right outcome for each work, no wrong works, bounded time."""

import time

import pytest

from tests.crawls import crawl, fetched, requests, status, table
from tests.sites.otw import Archive
from tests.sites.otw_faults import KINDS
from tests.test_crawl import assert_works_equal

OUTCOMES = {
    **dict.fromkeys(KINDS, "blocked"),
    "login": "hidden",
}
QUICK = {"DOWNLOAD_TIMEOUT": 1, "RETRY_TIMES": 1, "RETRY_AFTER_MAX": 0.05}


@pytest.fixture
def archive():
    with Archive(seed=6, works=2 * len(KINDS) + 1, words=(60, 120), outcomes={}) as served:
        yield served


def test_every_misbehaviour_in_turn_ends_as_what_it_is(archive, tmp_path):
    order = archive.listed()
    spoiled = dict(zip(order[1::2], KINDS, strict=True))
    for work_id, kind in spoiled.items():
        archive.fault(kind, rf"^/works/{work_id}\b", count=99)
    began = time.monotonic()
    ran = crawl(archive, tmp_path / "c", settings=QUICK)
    assert time.monotonic() - began < 60
    assert ran.status == 3
    n_blocked = sum(OUTCOMES[kind] == "blocked" for kind in KINDS)
    assert ran.stderr.splitlines()[-1] == (
        f"scrapy crawl: works that could not be fetched: {n_blocked} blocked; "
        "run the same command again to try them again"
    )
    missing = {work["work_id"].partition(":")[2]: work for work in status(tmp_path / "c")["missing"]}
    assert {work_id: work["outcome"] for work_id, work in missing.items()} == {
        work_id: OUTCOMES[kind] for work_id, kind in spoiled.items()
    }
    assert_works_equal(tmp_path / "c", archive, order[0::2])

    archive.faults.waiting.clear()
    since = len(archive.requests)
    assert crawl(archive, tmp_path / "c", settings=QUICK).status == 0
    assert sorted(fetched(archive, since)) == sorted(spoiled)
    assert_works_equal(tmp_path / "c", archive, order)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("403", "login", "hang")])
def test_what_passes_is_asked_for_again(tmp_path, kind):
    with Archive(seed=6, works=4, words=(60, 70), outcomes={}) as archive:
        spoiled = archive.listed()[1]
        archive.fault(kind, rf"^/works/{spoiled}\b")
        assert crawl(archive, tmp_path / "c", settings={**QUICK, "BUILD": False}).status == 0
        assert fetched(archive).count(spoiled) == 2
        assert status(tmp_path / "c")["outcomes"] == {"ok": 4}


def test_block_answers_in_a_row_stop_the_crawl_with_their_own_status(archive, tmp_path):
    archive.fault("403", r"^/works/\d", count=99, after=3)
    ran = crawl(archive, tmp_path / "c")
    assert ran.status == 4
    assert "scrapy crawl: the site refuses the crawl: stopped" in ran.stderr
    assert requests(archive)["work"] == 8
    told = status(tmp_path / "c")
    assert told["outcomes"]["ok"] == 3
    assert told["crawls"][0]["reason"] == "blocked"
    assert len(table(tmp_path / "c", "works")) == 3
    archive.faults.waiting.clear()
    assert crawl(archive, tmp_path / "c").status == 0
    assert_works_equal(tmp_path / "c", archive, archive.ids())


def test_a_list_that_does_not_come_is_gone_on_with_by_the_next_run(archive, tmp_path):
    archive.fault("503", r"page=2", count=99)
    ran = crawl(archive, tmp_path / "c", settings={**QUICK, "BUILD": False})
    assert ran.status == 3
    assert "/works, page 2: blocked: HTTP status 503" in ran.stderr
    assert requests(archive)["work"] == 20
    archive.faults.waiting.clear()
    since = len(archive.requests)
    assert crawl(archive, tmp_path / "c").status == 0
    assert requests(archive, since)["work"] == len(archive.ids()) - 20
    assert_works_equal(tmp_path / "c", archive, archive.ids())


def test_a_tag_that_does_not_exist_is_told(archive, tmp_path):
    ran = crawl(archive, tmp_path / "c", tag="No Such Tag")
    assert ran.status == 3
    assert "tags/No%20Such%20Tag/works: deleted: HTTP status 404" in ran.stderr


def test_robots_txt_that_forbids_is_obeyed(tmp_path):
    with Archive(seed=6, works=4, outcomes={}, robots="User-agent: *\nDisallow: /tags/\n") as archive:
        ran = crawl(archive, tmp_path / "c")
        assert ran.status == 3
        assert "robots.txt forbids https://archiveofourown.org/tags/" in ran.stderr
        assert requests(archive) == {"robots": 1}


def test_a_robots_txt_that_cannot_be_read_forbids_all(tmp_path):
    with Archive(seed=6, works=4, outcomes={}, robots=503) as archive:
        ran = crawl(archive, tmp_path / "c", settings=QUICK)
        assert ran.status == 3
        assert "robots.txt cannot be read" in ran.stderr
        assert set(requests(archive)) == {"robots"}
