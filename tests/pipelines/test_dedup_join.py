"""Buckets, bands and the screen before the texts are read."""

import numpy as np
import pyarrow as pa
import pytest

from pipelines.dedup_join import (
    LARGEST_BUCKET,
    TURNS,
    Buckets,
    Screen,
    band_buckets,
    bands_for,
    chapter_buckets,
)
from pipelines.dedup_verify import Overlap, Verifier, overlap
from pipelines.fingerprint import FINGERPRINT_FIELDS, Sketch, densify


@pytest.mark.parametrize(
    ("similarity", "bands", "rows"), [(0.5, 64, 4), (0.8, 28, 9), (0.3, 128, 2), (1.0, 1, 256), (0.0, 256, 1)]
)
def test_bands_follow_the_similarity_that_is_looked_for(similarity, bands, rows):
    assert bands_for(similarity) == (bands, rows)


def sketches(pairs, size, shared):
    """Minima of ``pairs`` pairs of sets: rows n and ``pairs`` + n share ``shared`` of ``size`` members."""
    chance = np.random.default_rng(size + shared)
    sets = chance.integers(0, 2**64, (pairs, 2 * size - shared), dtype=np.uint64)
    parts = [*(row[:size] for row in sets), *(row[size - shared :] for row in sets)]
    return np.array([Sketch.of(part).minima for part in parts])


@pytest.mark.parametrize("size", [30, 96, 3000])
def test_bands_bring_pairs_of_half_similarity_together(size):
    minima = sketches(400, size, size * 2 // 3)
    met = {tuple(pair) for pair in band_buckets(densify(minima), 0.5).pairs(0).tolist()}
    assert sum((n, n + 400) in met for n in range(400)) >= 0.96 * 400
    assert len(met) < 1.1 * 400


def test_the_screen_lets_pairs_at_the_thresholds_pass_and_stops_others():
    pairs = np.array([(n, n + 200) for n in range(200)])
    alike, unlike = sketches(200, 2000, 1334), sketches(200, 2000, 100)
    sizes = np.full(400, 2000)
    assert Screen(alike, densify(alike), sizes).may_pass(pairs, 0.5, 0.8, 46).all()
    assert not Screen(unlike, densify(unlike), sizes).may_pass(pairs, 0.5, 0.8, 46).any()
    unequal = np.where(np.arange(400) < 200, 2000, 40)
    assert Screen(unlike, densify(unlike), unequal).may_pass(pairs, 0.5, 0.8, 46).all()
    assert not Screen(unlike, densify(unlike), unequal).may_pass(pairs, 0.5, 0.8, 51).any()


def test_sets_without_shingles_are_in_no_bucket():
    minima = np.array([Sketch.of(np.empty(0, dtype=np.uint64)).minima] * 3)
    assert len(band_buckets(densify(minima), 0.5).members) == 0


def test_each_turn_pairs_one_work_with_those_after_it():
    buckets = Buckets(np.array([4, 2, 7, 1, 4, 2]), np.array([3, 3]))
    assert buckets.pairs(0).tolist() == [[1, 2], [1, 4], [2, 4], [4, 7]]
    assert buckets.pairs(1).tolist() == [[2, 4], [2, 7]]
    assert buckets.pairs(2).tolist() == []


def test_large_buckets_are_stars():
    assert len(Buckets(np.arange(LARGEST_BUCKET), np.array([LARGEST_BUCKET])).pairs(1)) == LARGEST_BUCKET - 2
    assert len(Buckets(np.arange(LARGEST_BUCKET), np.array([LARGEST_BUCKET])).pairs(TURNS)) == 0
    large = Buckets(np.arange(LARGEST_BUCKET + 1), np.array([LARGEST_BUCKET + 1]))
    assert large.pairs(0).tolist() == [[0, n] for n in range(1, LARGEST_BUCKET + 1)]
    assert len(large.pairs(1)) == 0


def test_works_meet_in_chapters_of_forty_words():
    hashes = [[b"a" * 16, b"b" * 16], [b"c" * 16], [b"b" * 16, b"a" * 16, b"a" * 16], [], [b"c" * 16, b"d" * 16]]
    words = [[40, 39], [500], [39, 40, 40], [], [500, 60]]
    columns = [pa.array(values, FINGERPRINT_FIELDS[n].type) for n, values in ((3, hashes), (4, words))]
    buckets = chapter_buckets(*columns)
    assert (buckets.members.tolist(), buckets.sizes.tolist()) == ([0, 2, 1, 4], [2, 2])
    sliced = chapter_buckets(*(pa.chunked_array([column.slice(1, 2), column.slice(3)]) for column in columns))
    assert (sliced.members.tolist(), sliced.sizes.tolist()) == ([0, 3], [2])


def test_an_overlap_is_counted_on_the_sets():
    one, other = (np.array(values, dtype=np.uint64) for values in ([1, 3, 5, 7], [2, 3, 5, 8, 9, 10]))
    assert overlap(one, other) == overlap(other, one) == Overlap(2 / 8, 2 / 4, 2)
    assert overlap(one, one) == Overlap(1.0, 1.0, 4)
    assert overlap(one, other[:0]) == Overlap(0.0, 0.0, 0)


def test_the_verifier_reads_in_batches_and_forgets(monkeypatch):
    monkeypatch.setattr("pipelines.dedup_verify.BATCH_SHINGLES", 5)
    monkeypatch.setattr("pipelines.dedup_verify.CACHE_SHINGLES", 4)
    texts = ["a b c d e f", "b c d e f g", "a b c d e f g", "p q r s t u"]
    calls = []

    def read(work_ids):
        calls.append("".join(work_ids))
        return [(work_id, [texts[int(work_id)]]) for work_id in work_ids]

    verifier = Verifier(["0", "1", "2", "3"], np.array([2, 2, 3, 2]), read)
    verifier.compare([(2, 3), (0, 1), (0, 2), (0, 1)])
    verifier.compare([(0, 1)])
    assert verifier.known == {(0, 1): (1 / 3, 1 / 2, 1), (0, 2): (2 / 3, 1.0, 2), (2, 3): (0.0, 0.0, 0)}
    assert calls == ["01", "23"]
    verifier.compare([(1, 3)])
    assert calls == ["01", "23", "1"]
