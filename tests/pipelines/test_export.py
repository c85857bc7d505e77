"""Partitions, file plans and folder names."""

import numpy as np
import pytest

from pipelines.export import MAX_PARTITIONS, ahead, cut_by_size, file_plan, language_slug, partition_keys, site_slug


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
    keys = partition_keys(["ao3"] * len(tags), tags, list(range(len(tags))))
    assert len(set(keys)) <= MAX_PARTITIONS
    assert keys[-1] == ("ao3", tags[-1])
    assert keys[0] == ("ao3", "other")


def test_runs_are_cut_by_size_and_by_rows():
    assert cut_by_size([4, 4, 4], 8, 100) == [2, 3]
    assert cut_by_size([9, 1], 8, 100) == [1, 2]
    assert cut_by_size([1, 1, 1, 1, 1], 100, 2) == [2, 4, 5]
    assert cut_by_size([]) == []


def test_every_work_is_in_one_file():
    keys = [("ao3", "en"), ("ffnet", "en"), ("ao3", "en")]
    plan = [(key, number, places.tolist()) for key, number, places in file_plan(keys, np.array([2**30, 5, 2**30]))]
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
