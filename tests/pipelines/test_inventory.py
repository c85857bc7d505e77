"""What is held of a staged work: little, and in order."""

from contextlib import closing
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pytest

from pipelines.errors import CannotStart
from pipelines.inventory import StagedRows, take_inventory
from pipelines.stage import Staging
from pipelines.staged_columns import read_columns
from tests.works import WorkCorpus, prose, work


@pytest.fixture
def corpus(tmp_path):
    return WorkCorpus(tmp_path / "corpus")


def inventory_of(corpus):
    with closing(Staging(corpus.corpus.staging)) as staging:
        return take_inventory(staging)


def ao3(number, text, **fields):
    return work(text, source="ao3", source_work_id=str(number), path=f"{number}.html", **fields)


def test_works_are_in_order_of_their_ids_whatever_the_segments(corpus):
    for number in (3, 1, 2):
        corpus.stage(ao3(number, prose(number)), ao3(number + 10, prose(number + 10)))
    inventory = inventory_of(corpus)
    assert inventory.works["work_id"].to_pylist() == ["ao3:1", "ao3:11", "ao3:12", "ao3:13", "ao3:2", "ao3:3"]
    assert inventory.works["segment"].to_pylist() == [1, 1, 2, 0, 2, 0]
    assert inventory.works["row"].to_pylist() == [0, 1, 1, 1, 0, 0]
    titles: dict[int, str] = {}
    for places, rows in inventory.details(["work_id"]):
        titles |= dict(zip(places.tolist(), (row["work_id"] for row in rows), strict=True))
    assert [titles[place] for place in range(6)] == inventory.works["work_id"].to_pylist()


def test_a_work_costs_about_a_hundred_bytes(corpus):
    corpus.stage(*(ao3(number, "A line of a story. " * 9) for number in range(300)))
    works = inventory_of(corpus).works
    columns = [column for column in works.columns if not pa.types.is_dictionary(column.type)]
    assert sum(column.nbytes for column in columns) / 300 < 80
    assert {str(works[name].type) for name in ("source", "language")} == {
        "dictionary<values=string, indices=int32, ordered=0>"
    }


def test_only_works_with_other_revisions_are_looked_up(corpus, monkeypatch):
    seen = datetime(2024, 5, 6, tzinfo=UTC)
    corpus.stage(*(ao3(number, prose(number), retrieved_at=seen) for number in range(6)))
    corpus.stage(ao3(3, prose(30), retrieved_at=seen.replace(day=9)))
    asked = []
    take = StagedRows.take

    def noted(self, name, segments, rows, columns=None):
        asked.append(list(zip(segments.tolist(), rows.tolist(), strict=True)))
        return take(self, name, segments, rows, columns)

    monkeypatch.setattr(StagedRows, "take", noted)
    works = inventory_of(corpus).works
    assert asked == [[(0, 3), (1, 0)]]
    assert works.num_rows == 6


def test_an_empty_staging_has_no_works(corpus):
    inventory = inventory_of(corpus)
    assert (inventory.works.num_rows, inventory.n_staged, inventory.rejects.num_rows) == (0, 0, 0)
    assert list(inventory.details(["work_id"])) == []


def test_rows_of_several_segments_come_in_the_order_asked_for(corpus):
    corpus.stage(ao3(1, prose(1)), ao3(2, prose(2)))
    corpus.stage(ao3(3, prose(3)))
    rows = inventory_of(corpus).rows
    taken = rows.take("works", np.array([1, 0, 0, 1]), np.array([0, 1, 0, 0]), ["work_id"])
    assert taken["work_id"].to_pylist() == ["ao3:3", "ao3:2", "ao3:1", "ao3:3"]


def test_what_an_older_version_staged_is_refused_in_one_line(tmp_path):
    with pa.ipc.new_file(str(tmp_path / "works.arrow"), pa.schema([("work_id", pa.string())])) as writer:
        writer.write_table(pa.table({"work_id": ["ao3:1"]}))
    assert read_columns(tmp_path, "works", ["work_id"]).to_pylist() == [{"work_id": "ao3:1"}]
    with pytest.raises(
        CannotStart, match=r"works\.arrow: an older version staged this, without sketch; run scrapy ingest"
    ):
        read_columns(tmp_path, "works", ["work_id", "sketch"])
