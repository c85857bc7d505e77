"""Partitions, file plans and folder names."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.export import MAX_PARTITIONS, ahead, cut_by_size, file_plan, language_slug, partitions, site_slug


@pytest.mark.parametrize(
    ("source", "slug"),
    [
        ("ao3", "ao3"),
        ("Fan Fiction.net", "fan-fiction-net"),
        ("test", "test-site"),
        ("my-dev", "my-dev-site"),
        ("…", "unknown"),
    ],
)
def test_site_folders(source, slug):
    assert site_slug(source) == slug


@pytest.mark.parametrize(
    ("tag", "slug"), [("en", "en"), ("zh-Hant", "zh"), ("pt-BR", "pt"), ("und", "und"), ("", "und")]
)
def test_language_folders(tag, slug):
    assert language_slug(tag) == slug


def test_the_smallest_of_too_many_languages_share_a_folder():
    tags = [f"{chr(97 + n // 26)}{chr(97 + n % 26)}" for n in range(MAX_PARTITIONS + 10)]
    found = partitions(pa.array(["ao3"] * len(tags)), pa.array(tags), np.arange(len(tags)))
    assert len(found) <= MAX_PARTITIONS
    assert found["ao3", tags[-1]].tolist() == [len(tags) - 1]
    assert found["ao3", "other"].tolist() == list(range(11))


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["ao3", "AO3", "x y"]), st.sampled_from(["en", "en-GB", "und", "zh"]))))
def test_partitions_hold_every_work_once_and_in_order(works):
    """Names that differ share a folder where their slugs are the same."""
    sources, tags = [source for source, _ in works], [tag for _, tag in works]
    found = partitions(pa.array(sources, pa.string()), pa.array(tags, pa.string()), np.ones(len(works), np.int64))
    expected: dict[tuple[str, str], list[int]] = {}
    for place, work in enumerate(works):
        expected.setdefault((site_slug(work[0]), language_slug(work[1])), []).append(place)
    assert {key: places.tolist() for key, places in found.items()} == expected
    assert list(found) == sorted(expected)


def test_runs_are_cut_by_size_and_by_rows():
    assert cut_by_size([4, 4, 4], 8, 100) == [2, 3]
    assert cut_by_size([9, 1], 8, 100) == [1, 2]
    assert cut_by_size([1, 1, 1, 1, 1], 100, 2) == [2, 4, 5]
    assert cut_by_size([]) == []


def test_every_work_is_in_one_file():
    sources, tags = pa.array(["ao3", "ffnet", "ao3"]), pa.array(["en"] * 3)
    made = file_plan(sources, tags, np.array([2**30, 5, 2**30]))
    plan = [(key, number, places.tolist()) for key, number, places in made]
    assert plan == [(("ao3", "en"), 0, [0]), (("ao3", "en"), 1, [2]), (("ffnet", "en"), 0, [1])]


def test_what_is_made_ahead_comes_in_order_and_errors_with_it():
    def numbers():
        yield from range(5)
        raise OSError("the disk is gone")

    items = ahead(numbers())
    assert [next(items) for _ in range(5)] == [0, 1, 2, 3, 4]
    with pytest.raises(OSError, match="the disk is gone"):
        next(items)
    assert list(ahead([])) == []
