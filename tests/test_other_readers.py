"""A version opens in pandas, polars, DuckDB, PyArrow and Hugging Face datasets: the same rows and columns."""

import importlib
import json
from datetime import date

import duckdb
import pandas as pd
import polars as pl
import pyarrow.dataset as ds
import pytest

from schemas.arrow import arrow_schema
from schemas.tables import PARTITIONED, TABLES
from schemas.work import Author, Block, Engagement, Series
from tests.works import WorkCorpus, prose, work

GERMAN = (
    "Der Nebel lag seit Mittag über der Straße, und mein Freund hatte sich nicht vom Fenster gerührt. "
    "Er wartete auf einen Brief, der nicht kam, und spielte dabei so leise auf der Geige, dass man es kaum hörte. "
)


@pytest.fixture(scope="module")
def version(tmp_path_factory):
    corpus = WorkCorpus(tmp_path_factory.mktemp("readers") / "corpus")
    full = work(
        [prose(1), prose(2)],
        source="ao3",
        source_work_id="1",
        authors=(Author(name="A. Writer", id="aw"),),
        fandoms=("Sherlock Holmes", "Alice"),
        series=(Series(title="Cases", position=2),),
        engagement=Engagement(kudos=0, hits=5),
        published_date=date(2004, 2, 29),
        rating_raw="Teen And Up Audiences",
    )
    # A site and a fandom with the names of splits: Hugging Face datasets would take them for some.
    corpus.stage(
        full, work(prose(3), source="test", source_work_id="2", path="test/dev.txt"), work(GERMAN * 3, path="c.txt")
    )
    corpus.stage(work(prose(3) + "\n\nA line more.", path="d.txt"), work("Short.", path="e.txt"))
    manifest = corpus.build()
    assert {name: table.rows for name, table in manifest.tables.items()} == {
        "works": 4,
        "chapters": 5,
        "duplicates": 1,
        "rejects": 1,
        "engagement": 0,
    }
    return corpus.corpus.path / "v0001"


EMPTY = "engagement"
"""Nothing was crawled here; Hugging Face datasets refuses a split without rows, so that the card names none."""


def keys(name, columns):
    """The rows' keys, sorted, from a mapping of column to list."""
    key = {"chapters": "chapter_id", "rejects": "ref"}.get(name, "work_id")
    return sorted(columns[key])


@pytest.fixture(scope="module")
def expected(version):
    return {
        name: [keys(name, ds.dataset(version / name, partitioning="hive").to_table().to_pydict())] for name in TABLES
    }


def names(name, *, with_paths):
    return [*arrow_schema(TABLES[name]).names, *(["site", "lang"] if with_paths and name in PARTITIONED else [])]


@pytest.mark.parametrize("name", TABLES)
def test_pandas(version, expected, name):
    frame = pd.read_parquet(version / name)
    assert list(frame.columns) == names(name, with_paths=True)
    assert [keys(name, frame.to_dict("list"))] == expected[name]


@pytest.mark.parametrize("name", TABLES)
def test_polars(version, expected, name):
    frame = pl.read_parquet(version / name, hive_partitioning=True)
    assert frame.columns == names(name, with_paths=True)
    assert [keys(name, frame.to_dict(as_series=False))] == expected[name]


@pytest.mark.parametrize("name", TABLES)
def test_duckdb(version, expected, name):
    relation = duckdb.sql(f"SELECT * FROM read_parquet('{version / name}/**/*.parquet', hive_partitioning = true)")
    assert relation is not None
    assert sorted(relation.columns) == sorted(names(name, with_paths=True))
    assert [keys(name, relation.to_arrow_table().to_pydict())] == expected[name]


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("partitioning", ["hive", None])
def test_pyarrow(version, expected, name, partitioning):
    table = ds.dataset(version / name, partitioning=partitioning).to_table()
    assert table.column_names == names(name, with_paths=partitioning == "hive")
    assert [keys(name, table.to_pydict())] == expected[name]


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::ResourceWarning")
@pytest.mark.parametrize("name", [name for name in TABLES if name != EMPTY])
def test_hugging_face_datasets(version, expected, name, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    hugging_face = importlib.import_module("datasets")  # reads its settings when imported
    loaded = hugging_face.load_dataset(str(version), name, split="train", cache_dir=str(tmp_path))
    assert loaded.column_names == names(name, with_paths=False)
    assert [keys(name, loaded.to_dict())] == expected[name]


def test_values_arrive_as_they_were_given(version):
    row = pd.read_parquet(version / "works").set_index("work_id").loc["ao3:1"]
    assert list(row.fandoms) == ["Sherlock Holmes", "Alice"]
    assert (row.rating, row.rating_raw, row.kudos, row.hits) == ("teen", "Teen And Up Audiences", 0, 5)
    assert pd.isna(row.bookmarks)
    assert row.published_date == date(2004, 2, 29)
    assert list(row.series) == [{"title": "Cases", "id": None, "position": 2}]
    assert (row.site, row.lang) == ("ao3", "en")


def test_filters_read_one_partition(version):
    german = pd.read_parquet(version / "works", filters=[("lang", "=", "de")])
    assert german.language.tolist() == ["de"]


def test_blocks_cut_the_text(version):
    chapters = pd.read_parquet(version / "chapters")
    row = chapters[chapters.work_id == "ao3:1"].iloc[0]
    blocks = [Block.model_validate(block) for block in row.blocks]
    assert [row.text[block.start : block.end] for block in blocks] == prose(1).split("\n\n")


def test_an_empty_table_is_a_frame_in_pandas_and_no_config_for_hugging_face(tmp_path):
    """Hugging Face datasets refuses a split without rows; a config for it would be an error to whoever asks."""
    corpus = WorkCorpus(tmp_path / "corpus")
    corpus.stage(work(prose(1)))
    corpus.build()
    frame = pd.read_parquet(corpus.corpus.path / "latest" / "rejects")
    assert list(frame.columns) == names("rejects", with_paths=True)
    assert frame.empty
    head = (corpus.corpus.path / "latest" / "README.md").read_text(encoding="utf-8").split("---\n")[1]
    assert [line for line in head.splitlines() if "config_name" in line] == [
        "- config_name: works",
        "- config_name: chapters",
    ]


def test_card_and_schema_stand_beside_the_data(version):
    head = (version / "README.md").read_text(encoding="utf-8").split("---\n")[1]
    for name in TABLES:
        assert (f"- config_name: {name}\n" in head) is (name != EMPTY)
        assert (f'path: "{name}/**/*.parquet"' in head) is (name != EMPTY)
    document = json.loads((version / "schema.json").read_text(encoding="utf-8"))
    for name, model in TABLES.items():
        assert [column["name"] for column in document["tables"][name]["columns"]] == arrow_schema(model).names
