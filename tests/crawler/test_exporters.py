"""Feeds by real crawls: whole files, and failures that fail."""

import json
import logging
from datetime import UTC, date, datetime

import pyarrow.parquet as pq
import pytest
import scrapy

from crawler.exporters import feed_row, feed_schema
from pipelines.errors import WrongUsage
from pipelines.prepare import prepare
from tests.crawler.tiny_crawl import crawl
from tests.sites.otw import Archive
from tests.works import prose, work

WORKS = [
    work(
        [prose(1), prose(2)],
        title="Three Pipes",
        source="ao3",
        source_work_id="7",
        published_date=date(2024, 2, 29),
        rating_raw="Teen And Up Audiences",
        retrieved_at=datetime(2026, 11, 24, 12, 0, 0, 250000, tzinfo=UTC),
    ),
    work(prose(3), title="Thé, ☕", source="ao3", source_work_id="8", fandoms=("Holmes", "Alice, in part")),
]


class Yielding(scrapy.Spider):
    """Yields items from one page. (Scrapy hangs where a crawl is ended by an item that ``start`` yields.)"""

    name = "yielding"

    def __init__(self, paths, **arguments):
        super().__init__(**arguments)
        self.items = paths

    async def start(self):
        yield scrapy.Request("https://archiveofourown.org/robots.txt")

    def parse(self, response):
        yield from self.items


def feed(items, path, **settings):
    feeds = {str(path): {"overwrite": True, "format": path.suffix[1:]} | settings.pop("options", {})}
    archive = Archive(works=1)
    archive.start()
    try:
        return crawl(archive, items, spider=Yielding, FEEDS=feeds, **settings)
    finally:
        archive.stop()


@pytest.mark.parametrize("prepared", [False, True])
def test_a_parquet_feed_is_a_table_of_works_with_their_chapters(tmp_path, prepared):
    path = tmp_path / "new" / "works.parquet"
    crawled = feed([prepare(work) if prepared else work for work in WORKS], path)
    assert crawled.reason == "finished"
    table = pq.read_table(path)
    assert table.schema.equals(feed_schema())
    first, second = table.to_pylist()
    assert [first["work_id"], second["work_id"]] == ["ao3:7", "ao3:8"]
    assert [first["title"], second["title"]] == ["Three Pipes", "Thé, ☕"]
    assert first["rating"] == "teen"
    assert first["published_date"] == date(2024, 2, 29)
    assert second["fandoms"] == ["Holmes", "Alice, in part"]
    assert [chapter["chapter_index"] for chapter in first["chapters"]] == [1, 2]
    assert [chapter["text"] for chapter in first["chapters"]] == [prose(1), prose(2)]
    assert [entry.name for entry in path.parent.iterdir()] == ["works.parquet"]


def test_a_parquet_feed_without_works_is_a_table_without_rows(tmp_path):
    feed([], tmp_path / "works.parquet")
    table = pq.read_table(tmp_path / "works.parquet")
    assert table.num_rows == 0
    assert table.schema.equals(feed_schema())


def test_a_parquet_feed_of_chosen_fields(tmp_path):
    feed(WORKS, tmp_path / "works.parquet", options={"fields": ["work_id", "n_words"]})
    rows = pq.read_table(tmp_path / "works.parquet").to_pylist()
    assert [list(row) for row in rows] == [["work_id", "n_words"]] * 2
    assert rows[0]["work_id"] == "ao3:7"


def test_an_item_that_is_no_work_fails_the_feed_and_leaves_no_file(tmp_path, caplog):
    path = tmp_path / "works.parquet"
    path.write_bytes(b"the old one")
    crawled = feed([WORKS[0], {"title": "no work"}, WORKS[1]], path)
    assert crawled.stats["fanthology/stopped_by"] == "export_failed"
    assert "a feed of Parquet holds works; dict is none" in caplog.text
    assert path.read_bytes() == b"the old one"
    assert [entry.name for entry in tmp_path.iterdir()] == ["works.parquet"]


@pytest.mark.parametrize("name", ["works.parquet", "works.jsonl"])
def test_a_full_disk_fails_the_feed(tmp_path, name, monkeypatch, caplog):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pyarrow.parquet.ParquetWriter.write_table", full)
    monkeypatch.setattr("crawler.exporters.JsonLinesItemExporter.export_item", full)
    crawled = feed(WORKS, tmp_path / name)
    assert crawled.stats["fanthology/stopped_by"] == "export_failed"
    assert "the feed: no space left to write" in caplog.text
    assert not (tmp_path / "works.parquet").exists()


def test_nothing_is_appended_to_parquet(tmp_path, caplog):
    path = tmp_path / "works.parquet"
    path.write_bytes(b"the old one")
    with caplog.at_level(logging.ERROR):
        feed(WORKS, path, options={"overwrite": False})
    assert "nothing can be appended to Parquet; use -O, which replaces the file" in caplog.text
    assert path.read_bytes() == b"the old one"


def test_a_json_lines_feed_holds_each_work_as_it_was_found(tmp_path):
    feed(WORKS, tmp_path / "works.jsonl")
    lines = (tmp_path / "works.jsonl").read_text(encoding="utf-8").splitlines()
    first, second = (json.loads(line) for line in lines)
    assert first == WORKS[0].model_dump(mode="json")
    assert first["provenance"]["retrieved_at"] == "2026-11-24T12:00:00.250000Z"
    assert first["published_date"] == "2024-02-29"
    assert second["title"] == "Thé, ☕"
    assert "Thé, ☕" in lines[1]


def test_a_json_feed_of_prepared_works_has_the_rows_of_the_dataset(tmp_path):
    feed([prepare(work) for work in WORKS], tmp_path / "works.json")
    rows = json.loads((tmp_path / "works.json").read_text(encoding="utf-8"))
    assert [row["work_id"] for row in rows] == ["ao3:7", "ao3:8"]
    assert rows[0]["rating"] == "teen"
    assert [chapter["text"] for chapter in rows[0]["chapters"]] == [prose(1), prose(2)]


def test_a_row_is_made_of_works_only():
    with pytest.raises(WrongUsage, match="str is none"):
        feed_row("a work")
