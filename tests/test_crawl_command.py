"""``scrapy crawl`` as people run it: what it needs, what it says, how it ends; feeds, JOBDIR, Scrapy's own habits."""

import json
import sqlite3
import subprocess
import time

import pandas as pd
import pytest

from pipelines.corpus import Corpus
from pipelines.prepare import prepare
from tests.crawls import ROOT, SCRAPY, arguments, command, crawl, fetched, requests, start, status, table
from tests.sites.otw import Archive
from tests.test_crawl import assert_works_equal


@pytest.fixture
def archive():
    with Archive(seed=7, works=12, words=(60, 120), outcomes={}) as served:
        yield served


def refused(ran, exit_status):
    """The one line of a command that refuses to start."""
    assert ran.status == exit_status, ran
    (line,) = ran.stderr.splitlines()
    return line.removeprefix("scrapy crawl: ")


# How it does not start


def test_without_a_contact_it_does_not_start_and_says_how_to_give_one(archive, tmp_path):
    ran = crawl(archive, tmp_path / "c", settings={"CONTACT": None})
    assert refused(ran, 1) == (
        "no CONTACT: say how the archive can reach you, by e-mail address or page: -s CONTACT=me@uni.example, "
        f'or contact = "…" in {tmp_path}/c/corpus.toml'
    )
    assert refused(crawl(archive, tmp_path / "c", settings={"CONTACT": "me"}), 1).startswith("CONTACT=me: give an e-m")
    assert archive.requests == []
    assert not (tmp_path / "c").exists()
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "corpus.toml").write_text('contact = "https://uni.example/me"\n')
    assert crawl(archive, tmp_path / "c", settings={"CONTACT": None}).status == 0
    assert archive.requests[0].user_agent.endswith("(+https://uni.example/me)")


def test_no_setting_switches_robots_txt_off(archive, tmp_path):
    line = refused(crawl(archive, tmp_path / "c", settings={"ROBOTSTXT_OBEY": False}), 1)
    assert line.startswith("ROBOTSTXT_OBEY=False: ao3 always obeys robots.txt")
    assert archive.requests == []
    with Archive(seed=7, works=3, outcomes={}, robots="User-agent: *\nDisallow: /\n") as closed:
        middlewares = {"crawler.middlewares.RobotsMiddleware": None}
        ran = crawl(closed, tmp_path / "c", settings={"DOWNLOADER_MIDDLEWARES": middlewares})
        assert ran.status != 0
        assert requests(closed)["listing"] == requests(closed)["work"] == 0


@pytest.mark.parametrize(
    ("spider", "given", "says"),
    [
        ("ao3", {"tga": "x"}, "-a tga=…: no such argument (did you mean tag?)"),
        ("ao3", {"tag": "x", "max_works": "ten"}, "-a max_works=ten: expected a whole number"),
        ("ao3", {"tag": "x", "site": "squidgeworld.org"}, "-a site: ao3 is the spider of archiveofourown.org"),
        ("otw", {"tag": "x"}, "say which archive: scrapy crawl otw -a site=HOST"),
        ("ao4", {"tag": "x"}, "ao4: no such spider; there are ao3, otw, squidgeworld"),
        ("ao3", {"url": "https://archiveofourown.org/works/search?x=y"}, "robots.txt forbids searches"),
    ],
)
def test_wrong_usage_is_told_in_one_line(archive, tmp_path, spider, given, says):
    assert says in refused(crawl(archive, tmp_path / "c", spider=spider, **given), 2)
    assert not (tmp_path / "c").exists()


def test_a_corpus_in_use_and_a_damaged_setting_are_told(archive, tmp_path):
    with Corpus(tmp_path / "c").lock():
        line = refused(crawl(archive, tmp_path / "c"), 1)
    assert "another process is working on this corpus" in line
    (tmp_path / "c" / "corpus.toml").write_text("contcat = 1\n")
    assert "unknown setting (did you mean contact?)" in refused(crawl(archive, tmp_path / "c"), 1)


# How it ends


def test_a_disk_that_refuses_stops_the_crawl(archive, tmp_path, monkeypatch):
    def full(*_):
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr("pipelines.crawl_ledger.CrawlLedger.finish", full)
    ran = crawl(archive, tmp_path / "c")
    assert ran.status == 3
    assert "cannot write the ledger: database or disk is full; run the crawl again" in ran.stderr
    assert requests(archive)["work"] <= 2
    monkeypatch.undo()
    assert crawl(archive, tmp_path / "c").status == 0
    assert_works_equal(tmp_path / "c", archive, archive.ids())


def test_a_segment_that_cannot_be_written_fails_the_crawl_and_loses_nothing(archive, tmp_path, monkeypatch):
    def broken(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pipelines.stage._write", broken)
    ran = crawl(archive, tmp_path / "c")
    assert ran.status == 3
    assert "no space left to write" in ran.stderr
    monkeypatch.undo()
    since = len(archive.requests)
    assert crawl(archive, tmp_path / "c").status == 0
    assert fetched(archive, since) == []  # they were in the journal
    assert_works_equal(tmp_path / "c", archive, archive.ids())


def test_a_web_archive_that_cannot_be_written_stops_the_crawl(archive, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("crawler.warc_writer.WarcFiles._append", full)
    ran = crawl(archive, tmp_path / "c")
    assert ran.status == 3
    assert "the WARC of this crawl): no space left to write; free some and run the same command again" in ran.stderr
    assert requests(archive)["work"] == 0


def test_a_work_that_cannot_be_prepared_does_not_end_the_crawl(archive, tmp_path, monkeypatch):
    bad = archive.listed()[4]

    def prepare_all_but_one(work):
        if work.source_work_id == bad:
            raise RuntimeError("a case that nobody thought of")
        return prepare(work)

    with monkeypatch.context() as patched:
        patched.setattr("pipelines.crawl_stage.prepare", prepare_all_but_one)
        ran = crawl(archive, tmp_path / "c")
    assert ran.status == 3
    assert "works that could not be fetched: 1 parse_error" in ran.stderr
    (work,) = status(tmp_path / "c")["missing"]
    assert work["detail"] == "RuntimeError: a case that nobody thought of; please report it"
    assert crawl(archive, tmp_path / "c").status == 0
    assert_works_equal(tmp_path / "c", archive, archive.ids())


def test_what_a_crawl_that_was_not_finished_left_is_in_the_next_build(archive, tmp_path, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr("pipelines.crawl_stage.Stager.flush", lambda _: None)
        assert crawl(archive, tmp_path / "c", settings={"BUILD": False}).status == 0
    assert command("build", tmp_path / "c").status == 0
    assert_works_equal(tmp_path / "c", archive, archive.ids())


def test_build_false_leaves_the_building_to_another_command(archive, tmp_path):
    assert crawl(archive, tmp_path / "c", settings={"BUILD": False}).status == 0
    assert not (tmp_path / "c" / "latest").exists()
    assert command("build", tmp_path / "c").status == 0
    assert_works_equal(tmp_path / "c", archive, archive.ids())


# Scrapy's own habits


def test_feeds_hold_the_works(archive, tmp_path):
    ran = crawl(archive, tmp_path / "c", "-O", str(tmp_path / "w.jsonl"), "-O", str(tmp_path / "w.parquet"))
    assert ran.status == 0, ran.stderr
    lines = [json.loads(line) for line in (tmp_path / "w.jsonl").read_text().splitlines()]
    assert sorted(line["source_work_id"] for line in lines) == archive.ids()
    frame = pd.read_parquet(tmp_path / "w.parquet").set_index("source_work_id")
    assert sorted(frame.index) == archive.ids()
    assert frame.title.to_dict() == {work_id: archive.expected(work_id)["title"] for work_id in archive.ids()}


def test_a_feed_that_cannot_be_written_fails_the_crawl(archive, tmp_path):
    (tmp_path / "w.parquet.partial").mkdir()
    ran = crawl(archive, tmp_path / "c", "-O", str(tmp_path / "w.parquet"))
    assert ran.status in (1, 3)
    assert ran.stderr != ""


def test_jobdir_goes_on_where_it_was(tmp_path):
    with Archive(seed=7, works=14, words=(60, 80), outcomes={}, delay=0.05) as archive:
        settings = {"JOBDIR": str(tmp_path / "job")}
        process = start(archive, tmp_path / "c", settings=settings)
        while requests(archive)["work"] < 4 and process.poll() is None:
            time.sleep(0.01)
        process.terminate()
        process.communicate(timeout=20)
        assert process.returncode == 3
        ran = crawl(archive, tmp_path / "c", settings=settings)
        assert ran.status == 0, ran.stderr
        assert sorted(fetched(archive)) == archive.ids()  # each once
        assert_works_equal(tmp_path / "c", archive, archive.ids())


def test_spiders_are_listed_and_checked():
    listed = command("list")
    assert (listed.status, listed.stdout.split()) == (0, ["ao3", "otw", "squidgeworld"])
    checked = subprocess.run([*SCRAPY, "check"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stdout) == (0, "")


def test_help_shows_examples_and_statuses():
    ran = command("crawl", "--help")
    assert ran.status == 0
    printed = ran.stdout
    assert "examples:\n  scrapy crawl ao3 -a tag=" in printed
    assert (
        "exit status: 0 done, 1 could not start, 2 wrong usage, 3 ran but incomplete, 4 blocked by the site" in printed
    )


# Other archives, other lists


def test_other_archives_are_crawled_under_their_own_names(tmp_path):
    for host, spider, source in (
        ("squidgeworld.org", "squidgeworld", "squidgeworld"),
        ("archive.example", "otw", "archive-example"),
    ):
        with Archive(seed=7, works=3, host=host, words=(60, 70), outcomes={}) as archive:
            more = ["-a", f"site={host}"] if spider == "otw" else []
            ran = crawl(archive, tmp_path / source, *more, spider=spider, tag=archive.tag)
            assert ran.status == 0, ran.stderr
            works = table(tmp_path / source, "works")
            assert sorted(works.work_id) == [f"{source}:{work_id}" for work_id in archive.ids()]
            assert set(works.url) == {f"https://{host}/works/{work_id}" for work_id in archive.ids()}


def test_the_order_of_arguments_does_not_matter():
    with Archive(seed=7, works=3) as archive:
        assert arguments(archive, None, {"tag": "x"}, {}, reactor=True)[:2] == ["-a", "tag=x"]


def test_status_says_what_is_in_and_what_is_missing(tmp_path):
    shares = {"restricted": 0.2, "noindex": 0.2}
    with Archive(seed=9, works=20, words=(60, 80), outcomes=shares) as archive:
        named = ",".join([*archive.ids(), "99"])
        ran = crawl(archive, tmp_path / "c", works=named)
        assert ran.status == 0, ran.stderr
        told = status(tmp_path / "c")
        counts = {name: len(archive.ids(name)) for name in ("ok", "restricted", "noindex")}
    assert told["outcomes"] == {
        "deleted": 1,
        "ok": counts["ok"],
        "opted_out": counts["noindex"],
        "restricted": counts["restricted"],
    }
    assert told["restricted"] == counts["restricted"] > 0
    assert told["held"] == {"text": counts["ok"]}
    printed = command("status", tmp_path / "c").stdout
    assert f"missing   {counts['restricted']} restricted\n" in printed
    assert "https://archiveofourown.org/works/99  HTTP status 404" in printed
    assert f"changes   {counts['ok']} new in that crawl" in printed
    assert not any(work["url"] in printed for work in told["missing"] if work["outcome"] == "restricted")
    assert command("status", tmp_path / "none").status == 2
