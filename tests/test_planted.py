"""The planted corpus: the same for a seed, honest about what was planted, and no work depends on how many there are."""

import itertools
import json

import pytest

from tests.benchmarks import planted, sources_of_words


@pytest.fixture(autouse=True)
def _no_network(monkeypatch):
    monkeypatch.setattr(sources_of_words, "_unpacked", lambda package: None)


def test_a_corpus_is_the_same_for_a_seed_and_says_what_was_planted(tmp_path):
    for name, count in (("one", 120), ("other", 120), ("shorter", 60)):
        planted.write(tmp_path / name, count, seed=5, median_words=150, texts=name == "one")
    one, other, shorter = ((tmp_path / name / "works.jsonl").read_bytes() for name in ("one", "other", "shorter"))
    assert one == other
    assert one.startswith(shorter)
    works = [json.loads(line) for line in one.splitlines()]
    texts = [json.loads(line) for line in (tmp_path / "one" / "texts.jsonl").read_bytes().splitlines()]
    assert [work["id"] for work in works] == [text["id"] for text in texts]
    assert [int(work["id"].partition(":")[2]) for work in works] == list(range(1, 121))
    by_id = {work["id"]: work for work in works}
    for line in (tmp_path / "one" / "truth.jsonl").read_bytes().splitlines():
        row = json.loads(line)
        assert row["id"] in by_id
        if "of" in row:
            assert int(row["of"].partition(":")[2]) < int(row["id"].partition(":")[2])
            assert 0 <= row["jaccard"] <= row["containment"] <= 1


@pytest.mark.parametrize(
    ("kind", "jaccard", "containment"),
    [
        ("exact", (1, 1), (1, 1)),
        ("respelled", (0.9, 1), (0.9, 1)),
        ("edited", (0.5, 0.97), (0.6, 0.99)),
        ("renamed", (0.1, 0.8), (0.2, 0.9)),
        ("continued", (0.1, 0.9), (1, 1)),
        ("omnibus", (0, 1), (1, 1)),
    ],
)
def test_copies_are_as_similar_as_their_kind_says(kind, jaccard, containment):
    generator = planted.Generator(seed=3, median_words=400)
    numbers = itertools.islice((n for n in range(50, 4000) if generator.kind(n) == kind), 3)
    for number in numbers:
        _, known = generator.work(number)
        assert known is not None
        assert known.kind == kind
        for j, c in known.overlaps:
            assert jaccard[0] <= j <= jaccard[1]
            assert containment[0] <= c <= containment[1]
