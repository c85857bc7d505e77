"""Lists of every kind, lists that are too long, lists that move while they are read, and the takedown list."""

import threading
import time

import pytest

from tests.crawls import crawl, fetched, requests, status, table
from tests.sites.otw import Archive
from tests.test_crawl import assert_works_equal

STAGE = {"BUILD": False}


@pytest.fixture
def archive():
    with Archive(seed=11, works=130, words=(60, 70), outcomes={}) as served:
        yield served


def found(corpus):
    return sorted(work.partition(":")[2] for work in status_ids(corpus))


def status_ids(corpus):
    return table(corpus, "works").work_id.tolist()


def test_series_users_collections_and_bookmarks(archive, tmp_path):
    facets = [archive.catalogue.facets(number) for number in range(130)]
    by_user: dict[str | None, list[str]] = {}
    for one in facets:
        by_user.setdefault(archive.expected(one.id)["authors"][0]["id"], []).append(one.id)
    user, theirs = max(by_user.items(), key=lambda pair: (pair[0] is not None, len(pair[1])))
    assert crawl(archive, tmp_path / "user", user=user, text=False).status == 0
    assert set(theirs) <= set(found(tmp_path / "user"))

    series = next(told["series"][0]["id"] for told in map(archive.expected, archive.ids()) if told["series"])
    members = [work_id for work_id in archive.ids() if series in [s["id"] for s in archive.expected(work_id)["series"]]]
    ran = crawl(archive, tmp_path / "series", series=series)
    assert ran.status == 0, ran.stderr
    assert found(tmp_path / "series") == members
    since = len(archive.requests)
    assert crawl(archive, tmp_path / "complete", series=series, complete=True).status == 0
    assert found(tmp_path / "complete") == [i for i in members if archive.expected(i)["complete"]]
    assert requests(archive, since)["work"] == len(found(tmp_path / "complete"))  # not fetched to be dropped

    ran = crawl(archive, tmp_path / "bookmarks", bookmarks=user, text=False)
    assert ran.status == 0, ran.stderr
    bookmarked = {archive.bookmarked(user, place) for place in range(45)} - {None}
    assert found(tmp_path / "bookmarks") == [i for n, i in enumerate(archive.ids()) if n in bookmarked]


def test_a_collection_with_works_that_are_not_yet_revealed(tmp_path):
    with Archive(seed=11, works=130, words=(60, 70), outcomes={"unrevealed": 0.3}) as archive:
        ran = crawl(archive, tmp_path / "c", collection="tide_fest_0", text=False)
        assert ran.status == 0, ran.stderr
        held = [work_id for work_id in archive.ids("ok") if archive.expected(work_id)["collections"]]
        assert found(tmp_path / "c") == held
        told = status(tmp_path / "c")["outcomes"]
        assert told["ok"] == len(held)
        assert told["unrevealed"] > 0


def test_a_synonym_of_a_tag_leads_to_its_list(archive, tmp_path):
    ran = crawl(archive, tmp_path / "c", tag="Tidal Clock", language="fr", text=False)
    assert ran.status == 0, ran.stderr
    assert found(tmp_path / "c") == [i for i in archive.ids() if archive.expected(i)["language"] == "fr"]


def test_filters_are_left_to_the_archive(archive, tmp_path):
    assert crawl(archive, tmp_path / "c", tag=archive.tag, language="fr", complete=True, text=False).status == 0
    told = {work_id: archive.expected(work_id) for work_id in archive.ids()}
    wanted = [work_id for work_id, work in told.items() if work["language"] == "fr" and work["complete"]]
    assert found(tmp_path / "c") == wanted
    assert requests(archive) == {"robots": 1, "listing": max(1, -(-len(wanted) // 20))}


def test_a_pasted_address_of_sort_and_filter(archive, tmp_path):
    pasted = (
        "https://archiveofourown.org/works?commit=Sort+and+Filter&work_search%5Bsort_column%5D=created_at"
        "&work_search%5Blanguage_id%5D=en&tag_id=The+Tidal+Clock+*a*+Related+Works"
    )
    ran = crawl(archive, tmp_path / "c", url=pasted, text=False)
    assert ran.status == 0, ran.stderr
    assert found(tmp_path / "c") == [i for i in archive.ids() if archive.expected(i)["language"] == "en"]
    assert archive.requests[1].target.startswith("/tags/The%20Tidal%20Clock%20*a*%20Related%20Works/works?work_search")


def test_a_list_longer_than_the_archive_shows_is_read_in_parts(tmp_path):
    with Archive(seed=11, works=130, words=(60, 70), outcomes={}, max_results=40) as archive:
        ran = crawl(archive, tmp_path / "c", text=False, tag=archive.tag, settings={"MAX_LIST_RESULTS": 40})
        assert ran.status == 0, ran.stderr
        assert found(tmp_path / "c") == archive.ids()
        assert {request.status for request in archive.requests} == {200}


def test_a_list_that_cannot_be_read_in_parts_says_so(tmp_path):
    with Archive(seed=11, works=130, words=(60, 70), outcomes={}, max_results=40) as archive:
        ran = crawl(archive, tmp_path / "c", text=False, tag=archive.tag)  # it shows fewer than is known
        assert len(found(tmp_path / "c")) == 40
        assert ran.status == 3
        assert "works more than it showed" in ran.stderr


def while_crawling(archive, after, do):
    """Do something once so many lists have been read."""

    def wait():
        until = time.monotonic() + 20
        while requests(archive)["listing"] < after and time.monotonic() < until:
            time.sleep(0.002)
        do()

    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    return thread


def test_works_that_move_while_a_list_is_read_are_not_missed(tmp_path):
    with Archive(seed=11, works=130, words=(60, 70), outcomes={}, delay=0.05) as archive:
        first, last = archive.listed()[0], archive.listed()[-1]
        born = []

        def happen():
            archive.delete(first)
            archive.change(last)
            born.extend(archive.insert(2))

        thread = while_crawling(archive, 3, happen)
        assert crawl(archive, tmp_path / "c", text=False, tag=archive.tag).status == 0
        thread.join()
        assert set(archive.ids("ok")) | set(born) | {first} == set(found(tmp_path / "c"))
        assert requests(archive)["listing"] <= 7 + 5


def test_the_takedown_list_is_never_fetched_and_takes_out_what_was_held(archive, tmp_path):
    ids = archive.listed()[:5]
    assert crawl(archive, tmp_path / "c", works=",".join(ids[:4])).status == 0
    (tmp_path / "c" / "takedowns.txt").write_text(f"ao3:{ids[0]} # asked by mail\nao3:{ids[4]}\n")
    since = len(archive.requests)
    assert crawl(archive, tmp_path / "c", works=",".join(ids)).status == 0
    assert fetched(archive, since) == []
    assert found(tmp_path / "c") == sorted(ids[1:4])
    assert not (set(table(tmp_path / "c", "engagement").work_id) & {f"ao3:{ids[0]}", f"ao3:{ids[4]}"})
    assert status(tmp_path / "c")["outcomes"] == {"opted_out": 2, "unchanged": 3}
    (tmp_path / "c" / "takedowns.txt").write_text("somebody's story\n")
    ran = crawl(archive, tmp_path / "c", works=ids[0])
    assert ran.status == 1
    assert 'takedowns.txt, line 1: "somebody\'s story": give the key of a work, such as ao3:123' in ran.stderr


def test_a_work_that_opts_out_later_leaves_the_corpus(archive, tmp_path):
    ids = archive.listed()[:3]
    assert crawl(archive, tmp_path / "c", works=",".join(ids)).status == 0
    archive.become(ids[1], "noindex")
    assert crawl(archive, tmp_path / "c", works=",".join(ids), refresh=True).status == 0
    assert found(tmp_path / "c") == sorted([ids[0], ids[2]])
    assert_works_equal(tmp_path / "c", archive, [ids[0], ids[2]])
