"""Crawls that are killed at random moments and run again, and crawls that a person interrupts."""

import random
import signal
import sqlite3
import time
from contextlib import closing

from tests.crawls import crawl, fetched, requests, start, status, table
from tests.sites.otw import Archive

TIMES = {"retrieved_at", "first_seen_at", "last_seen_at", "engagement_at", "snapshot_at"}


def finished(corpus):
    """Ids of the works whose outcome is in the ledger."""
    path = corpus / "staging" / "ledger.sqlite"
    if not path.exists():
        return set()
    with closing(sqlite3.connect(path)) as db:
        if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'outcomes'").fetchone():
            return set()
        return {key.partition(":")[2] for (key,) in db.execute("SELECT work_id FROM outcomes")}


def content(corpus, name):
    """A table without its moments, as text."""
    frame = table(corpus, name)
    return frame.drop(columns=[column for column in frame.columns if column in TIMES]).astype(str)


def kill_often(archive, corpus, kills, seed):
    """Crawl, killed so many times at random moments; says which works were asked for again after they were finished."""
    chance = random.Random(seed)
    again = []
    for _ in range(kills):
        since = len(archive.requests)
        done = finished(corpus)
        process = start(archive, corpus)
        moment = time.monotonic() + 30
        while len(archive.requests) == since and process.poll() is None and time.monotonic() < moment:
            time.sleep(0.01)
        time.sleep(chance.uniform(0, 0.8))
        process.kill()
        process.communicate()
        again += [work_id for work_id in fetched(archive, since) if work_id in done]
    since = len(archive.requests)
    done = finished(corpus)
    ran = crawl(archive, corpus)
    again += [work_id for work_id in fetched(archive, since) if work_id in done]
    return ran, again


def check_kills(tmp_path, works, kills, seed, delay):
    with Archive(seed=8, works=works, words=(60, 300), delay=delay) as archive:
        assert crawl(archive, tmp_path / "whole").status == 0
        since = len(archive.requests)
        ran, again = kill_often(archive, tmp_path / "killed", kills, seed)
        assert (ran.status, again) == (0, []), ran.stderr
        asked = fetched(archive, since)
        assert set(asked) == set(archive.listed())
        assert len(asked) - len(set(asked)) <= kills  # at most the page in flight
    for name in ("works", "chapters", "duplicates"):
        assert content(tmp_path / "killed", name).equals(content(tmp_path / "whole", name)), name
    assert sorted(table(tmp_path / "killed", "rejects").reason) == sorted(table(tmp_path / "whole", "rejects").reason)
    assert status(tmp_path / "killed")["outcomes"] == status(tmp_path / "whole")["outcomes"]


def test_kill_9_at_random_moments_loses_nothing_and_fetches_nothing_twice(tmp_path):
    check_kills(tmp_path, works=45, kills=3, seed=1, delay=0.02)


def test_an_interrupt_ends_with_the_request_in_flight_and_stages_what_came(tmp_path):
    with Archive(seed=8, works=40, words=(60, 100), outcomes={}, delay=0.05) as archive:
        process = start(archive, tmp_path / "c")
        while requests(archive)["work"] < 5 and process.poll() is None:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        asked = requests(archive)["work"]
        _, error = process.communicate(timeout=20)
        assert process.returncode == 3, error
        assert "interrupted; what is staged is safe, run the same command again to go on" in error
        assert requests(archive)["work"] <= asked + 1
        told = status(tmp_path / "c")
        assert told["outcomes"] == {"ok": requests(archive)["work"]}
        assert told["crawls"][0]["pending"] == 40 - requests(archive)["work"]
        ran = crawl(archive, tmp_path / "c")
        assert ran.status == 0, ran.stderr
        assert requests(archive)["work"] == 40
    assert len(table(tmp_path / "c", "works")) == 40
