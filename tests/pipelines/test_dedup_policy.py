"""Which copy stands for the others."""

from datetime import UTC, date, datetime

import numpy as np
import pyarrow as pa
import pytest

from pipelines.dedup_policy import MERIT_COLUMNS, deciding_rules, merits_of, representatives, same_author
from pipelines.stage import works_schema
from schemas.corpus import DedupConfig

DEFAULT = DedupConfig().prefer
PLAIN = {"n_words": 9}
SCHEMA = pa.schema([works_schema().field(name).with_nullable(True) for name in MERIT_COLUMNS])


def merits(*works):
    return merits_of(pa.Table.from_pylist([PLAIN | work for work in works], schema=SCHEMA))


def stands(works, prefer, may_stand=None):
    """Which of the works of one cluster stands for them."""
    marks = np.ones(len(works), dtype=bool) if may_stand is None else np.array(may_stand)
    (found,) = set(representatives(merits(*works), np.zeros(len(works), np.int64), marks, prefer).tolist())
    return found


def rule_of(kept, copy, prefer):
    (rule,) = deciding_rules(merits(kept), merits(copy), prefer)
    return rule


@pytest.mark.parametrize(
    ("better", "worse", "rule"),
    [
        (
            {"status": "complete"},
            {"status": "in_progress", "updated_date": date(2024, 1, 1), "n_words": 99},
            "complete",
        ),
        ({"status": "complete"}, {"status": None, "kudos": 3}, "complete"),
        ({"updated_date": date(2020, 1, 2)}, {"updated_date": date(2020, 1, 1), "n_words": 99}, "newest"),
        ({"updated_date": date(2020, 1, 2)}, {"n_words": 99}, "newest"),
        ({"published_date": date(2021, 1, 1)}, {"updated_date": date(2020, 1, 1)}, "newest"),
        ({"status": "hiatus", "n_words": 10}, {"status": "abandoned"}, "longest"),
        (
            {"retrieved_at": datetime(2024, 1, 2, tzinfo=UTC)},
            {"retrieved_at": datetime(2024, 1, 1, tzinfo=UTC)},
            "newest",
        ),
        ({"kudos": 0}, {}, "metadata"),
        ({"fandoms": ["X"]}, {"fandoms": []}, "metadata"),
    ],
)
def test_the_first_rule_on_which_they_differ_decides(better, worse, rule):
    assert stands([worse, better], DEFAULT) == 1
    assert stands([better, worse], DEFAULT) == 0
    assert rule_of(better, worse, DEFAULT) == rule


def test_among_equals_the_first_decides():
    assert stands([{}, {}, {}], DEFAULT) == 0
    assert rule_of({}, {}, DEFAULT) == "work_id"


def test_the_order_of_the_rules_is_a_setting():
    works = [{"status": "complete"}, {"n_words": 10}]
    assert stands(works, ("longest", "complete")) == 1
    assert stands(works, ("complete", "longest")) == 0
    assert rule_of(works[0], works[1], ("longest", "complete")) == "longest"
    assert stands(works, ()) == 0


def test_what_another_work_holds_does_not_stand_for_it():
    works = [{"status": "complete"}, {"n_words": 9}, {"n_words": 10}]
    assert stands(works, DEFAULT, [False, True, True]) == 2
    assert stands(works, DEFAULT, [False, False, False]) == 0


def test_each_cluster_has_its_own_representative():
    works = merits({}, {"n_words": 3}, {"n_words": 12}, {"n_words": 4}, {"n_words": 11})
    clusters = np.array([7, 2, 7, 2, 7])
    assert representatives(works, clusters, np.ones(5, dtype=bool), DEFAULT).tolist() == [2, 3, 2, 3, 2]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (["Irene Adler"], ["irene  adler "], True),
        (["Ｋｉｔ", "Jane"], ["Lizzy", "kit"], True),
        (["Jane"], ["Lizzy"], False),
        (["Jane"], [], None),
        (["Jane"], None, None),
        (["Anonymous"], ["anonymous"], None),
        (["orphan_account"], ["Jane"], None),
        (["", " "], ["Jane"], None),
    ],
)
def test_authors_are_compared_by_name(one, other, same):
    assert same_author({"authors": one}, {"authors": other}) is same
