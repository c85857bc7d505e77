"""The crawl's part of the ledger: what a work goes through from crawl to crawl."""

from datetime import UTC, datetime, timedelta

import pytest

from pipelines.crawl_ledger import CrawlLedger
from pipelines.crawl_records import Fetched, Journalled, Listed
from schemas.work import Engagement

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
LIST = "https://archive.example/tags/X/works"


@pytest.fixture
def ledger(tmp_path):
    opened = CrawlLedger(tmp_path / "ledger.sqlite")
    yield opened
    opened.close()


class Crawls:
    """Crawls of one list, a day apart."""

    def __init__(self, ledger):
        self.ledger = ledger
        self.day = NOON

    def __call__(self, marks, fetch, *, complete=True, finished=True):
        """A crawl that is shown works with marks, and fetches some with an outcome; gives what it fetched."""
        ledger, moment = self.ledger, self.day
        crawl, _ = ledger.begin("ao3", {"tag": "X"}, run=1)
        ledger.add_listings(crawl, [LIST])
        shown = [Listed(f"ao3:{n}", f"u{n}", mark, Engagement(kudos=moment.day)) for n, mark in marks.items()]
        ledger.record_page(crawl, 1, shown, seen_at=moment, address=LIST, state={}, is_done=True)
        place, asked = 0, []
        while (pending := ledger.next_pending(crawl, place)) is not None:
            place = pending.place
            number = pending.work_id.partition(":")[2]
            asked.append(number)
            outcome = fetch.get(number, "ok")
            held = "text" if outcome == "ok" else ""
            entry = Journalled(f"u{number}", pending.work_id, 1, f"{moment}", "{}", None) if held else None
            ledger.finish(crawl, 1, Fetched(pending.work_id, f"u{number}", outcome, "", 200, held, None, moment), entry)
        ledger.end(crawl, "finished" if finished else "shutdown", is_finished=finished, is_complete=complete)
        self.day += timedelta(days=1)
        return asked

    def row(self, number):
        columns = "outcome, held, mark, attempts, change, last_seen_at"
        found = self.ledger.connection.execute(
            f"SELECT {columns} FROM outcomes WHERE work_id = ?", (f"ao3:{number}",)
        ).fetchone()
        return dict(zip(columns.split(", "), found, strict=True))


@pytest.fixture
def crawls(ledger):
    return Crawls(ledger)


def test_a_work_is_new_unchanged_updated_gone_and_back(crawls):
    assert crawls({"1": "a", "2": "a"}, {}) == ["1", "2"]
    assert (crawls.row("1")["outcome"], crawls.row("1")["change"]) == ("ok", "new")
    assert crawls({"1": "a", "2": "a"}, {}) == []
    assert (crawls.row("1")["outcome"], crawls.row("1")["change"]) == ("unchanged", "")
    assert crawls.row("1")["last_seen_at"] == "2026-01-02T12:00:00+00:00"
    assert crawls({"1": "b", "2": "a"}, {}) == ["1"]
    assert (crawls.row("1")["change"], crawls.row("1")["attempts"], crawls.row("1")["mark"]) == ("updated", 2, "b")
    assert crawls({"2": "a"}, {}) == []
    assert (crawls.row("1")["outcome"], crawls.row("1")["change"], crawls.row("1")["held"]) == (
        "deleted",
        "gone",
        "text",
    )
    assert crawls.row("1")["last_seen_at"] == "2026-01-03T12:00:00+00:00"
    assert crawls({"1": "b", "2": "a"}, {}) == []
    assert (crawls.row("1")["outcome"], crawls.row("1")["change"]) == ("unchanged", "back")


def test_only_a_list_that_was_seen_whole_tells_what_is_gone(crawls):
    crawls({"1": "a", "2": "a"}, {})
    crawls({"2": "a"}, {}, complete=False)
    assert crawls.row("1")["outcome"] == "ok"
    crawls({"2": "a"}, {})  # compared with the last one that was
    assert crawls.row("1")["outcome"] == "deleted"


def test_failures_are_tried_again_and_standing_refusals_are_not(crawls):
    marks = dict.fromkeys("123456", "a")
    outcomes = {"2": "blocked", "3": "parse_error", "4": "opted_out", "5": "unrevealed", "6": "deleted"}
    assert crawls(marks, outcomes) == list("123456")
    assert crawls(marks, outcomes) == ["2", "3", "6"]
    assert crawls.row("2")["attempts"] == 2
    assert crawls(marks | {"4": "b"}, {}) == ["2", "3", "4", "6"]
    assert crawls.row("4")["held"] == "text"


def test_what_is_held_stays_when_the_archive_refuses_it_later(crawls, ledger):
    crawls({"1": "a", "2": "a"}, {})
    crawls({"1": "b", "2": "b"}, {"1": "restricted", "2": "opted_out"})
    assert (crawls.row("1")["held"], crawls.row("1")["mark"]) == ("text", "a")
    assert crawls.row("2")["held"] == ""
    assert {work_id for work_id, _, _ in ledger.snapshots()} == {"ao3:1"}
    assert [entry.work_id for entry in ledger.journal()] == ["ao3:1"]
    assert crawls({"1": "b", "2": "b"}, {}) == ["1"]


def test_an_unfinished_crawl_goes_on_and_a_finished_one_begins_anew(ledger):
    first, goes_on = ledger.begin("ao3", {"tag": "X"}, run=1)
    assert not goes_on
    assert ledger.begin("ao3", {"tag": "X"}, run=2) == (first, True)
    assert ledger.begin("ao3", {"tag": "Y"}, run=3)[1] is False
    assert ledger.begin("squidgeworld", {"tag": "X"}, run=4)[1] is False
    ledger.end(first, "finished", is_finished=True, is_complete=True)
    assert ledger.begin("ao3", {"tag": "X"}, run=5)[0] != first


def test_every_crawl_leaves_one_row_of_counts_for_a_work(crawls, ledger):
    crawls({"1": "a"}, {})
    crawls({"1": "a"}, {})
    assert sorted((moment, counts) for _, moment, counts in ledger.snapshots()) == [
        ("2026-01-01T12:00:00+00:00", '{"kudos":1}'),
        ("2026-01-02T12:00:00+00:00", '{"kudos":2}'),
    ]


def test_what_came_in_while_a_segment_was_written_stays_in_the_journal(ledger):
    crawl, _ = ledger.begin("ao3", {}, run=1)
    for sha in ("old", "new"):
        entry = Journalled("u1", "ao3:1", 1, sha, "{}", None)
        ledger.finish(crawl, 1, Fetched("ao3:1", "u1", "ok", held="text", fetched_at=NOON), entry)
    ledger.clear_journal([("u1", "old")])
    assert [entry.sha256 for entry in ledger.journal()] == ["new"]
    ledger.clear_journal([("u1", "new")])
    assert list(ledger.journal()) == []
