"""Which copy stands for the others."""

from datetime import UTC, date, datetime

import pytest

from pipelines.dedup_policy import deciding_rule, representative_of, same_author
from schemas.corpus import DedupConfig

DEFAULT = DedupConfig().prefer
PLAIN = {"status": None, "updated_date": None, "published_date": None, "retrieved_at": None, "n_words": 9, "filled": 1}


@pytest.mark.parametrize(
    ("better", "worse", "rule"),
    [
        (
            {"status": "complete"},
            {"status": "in_progress", "updated_date": date(2024, 1, 1), "n_words": 99},
            "complete",
        ),
        ({"status": "complete"}, {"status": None, "filled": 30}, "complete"),
        ({"updated_date": date(2020, 1, 2)}, {"updated_date": date(2020, 1, 1), "n_words": 99}, "newest"),
        ({"updated_date": date(2020, 1, 2)}, {"n_words": 99}, "newest"),
        ({"published_date": date(2021, 1, 1)}, {"updated_date": date(2020, 1, 1)}, "newest"),
        ({"status": "hiatus", "n_words": 10}, {"status": "abandoned"}, "longest"),
        (
            {"retrieved_at": datetime(2024, 1, 2, tzinfo=UTC)},
            {"retrieved_at": datetime(2024, 1, 1, tzinfo=UTC)},
            "newest",
        ),
        ({"filled": 2}, {"filled": 1}, "metadata"),
    ],
)
def test_the_first_rule_on_which_they_differ_decides(better, worse, rule):
    works = {0: {**PLAIN, "work_id": "a:1", **worse}, 1: {**PLAIN, "work_id": "a:2", **better}}
    assert representative_of(works, DEFAULT) == 1
    assert deciding_rule(works[1], works[0], DEFAULT) == rule


def test_among_equals_the_smallest_id_decides():
    works = {0: {**PLAIN, "work_id": "b:1"}, 1: {**PLAIN, "work_id": "a:2"}, 2: {**PLAIN, "work_id": "c:0"}}
    assert representative_of(works, DEFAULT) == 1
    assert deciding_rule(works[1], works[0], DEFAULT) == "work_id"


def test_the_order_of_the_rules_is_a_setting():
    works = {
        0: {**PLAIN, "work_id": "a:1", "status": "complete"},
        1: {**PLAIN, "work_id": "a:2", "n_words": 10},
    }
    assert representative_of(works, ("longest", "complete")) == 1
    assert representative_of(works, ("complete", "longest")) == 0
    assert deciding_rule(works[1], works[0], ("longest", "complete")) == "longest"
    assert representative_of(works, ()) == 0


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
