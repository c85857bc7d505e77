"""Sets of shingles: the fast ways give what the plain ones do."""

from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.dedup_sets import OWN_RUN, is_in, own_part, shingle_set, shingles_in
from pipelines.fingerprint_words import SHINGLE_WORDS, distinct, shingles, words

CHAPTERS = st.lists(st.sampled_from([0, 1, 4, 5, 6, 29, 30, 31, 36, 200]), max_size=8)
ALPHABETS = st.sampled_from([2, 20, 1 << 62])


def chapters_of(lengths, alphabet):
    random = np.random.default_rng(sum(lengths))
    return [random.integers(0, alphabet, length).astype(np.uint64) for length in lengths]


def plain_own_part(chapters, shared):
    own = 0
    for chapter in chapters:
        hits = np.flatnonzero(np.isin(shingles(chapter), shared))
        covered_to = np.concatenate(([0], hits + SHINGLE_WORDS))
        gaps = np.concatenate((hits, [len(chapter)])) - covered_to
        own += int(gaps[gaps >= OWN_RUN].sum())
    return own / sum(map(len, chapters))


@settings(max_examples=200)
@given(CHAPTERS, ALPHABETS, st.sampled_from([7, 1 << 13]))
def test_shingles_do_not_cross_the_borders_of_chapters(lengths, alphabet, together):
    chapters = chapters_of(lengths, alphabet)
    with patch("pipelines.dedup_sets._TOGETHER", together):
        found, places = shingles_in(chapters)
    starts = np.cumsum([0, *lengths])[:-1].tolist()
    own = [enumerate(shingles(chapter).tolist(), start) for start, chapter in zip(starts, chapters, strict=True)]
    assert sorted(zip(places.tolist(), found.tolist(), strict=True)) == sorted(pair for pairs in own for pair in pairs)


@settings(max_examples=100)
@given(CHAPTERS, ALPHABETS, st.sampled_from([0, 1 << 15]))
def test_a_set_is_sorted_and_distinct(lengths, alphabet, many):
    chapters = chapters_of(lengths, alphabet)
    with patch("pipelines.dedup_sets._MANY", many):
        assert np.array_equal(shingle_set(chapters), distinct(map(shingles, chapters)))


@pytest.mark.parametrize("equal_bits", [8, 16, 32, 48])
def test_a_set_of_many_is_sorted_whatever_bits_are_the_same(equal_bits):
    found = np.random.default_rng(1).integers(0, 1 << 63, 40_000, dtype=np.uint64) >> np.uint64(equal_bits)
    with patch("pipelines.dedup_sets.shingles_in", lambda _: (found, None)):
        assert np.array_equal(shingle_set([]), np.unique(found))


@settings(max_examples=100)
@given(st.integers(1, 3000), st.integers(0, 3000), st.sampled_from([0, 40, 52]))
def test_values_are_found_among_members_that_meet_in_a_table(n_members, n_values, equal_bits):
    random = np.random.default_rng(n_members)
    members = np.unique(random.integers(0, 1 << 63, n_members, dtype=np.uint64) << np.uint64(equal_bits))
    others = random.integers(0, 1 << 63, n_values, dtype=np.uint64) << np.uint64(equal_bits)
    values = random.permutation(np.concatenate((others, members[::2], members[::3])))
    assert np.array_equal(is_in(values, members), np.isin(values, members))


@settings(max_examples=200)
@given(CHAPTERS, ALPHABETS, st.integers(1, 9))
def test_own_passages_end_with_their_chapter(lengths, alphabet, of_nine):
    chapters = chapters_of(lengths, alphabet)
    everything = distinct(map(shingles, chapters))
    shared = everything[np.arange(len(everything)) * 7 % 9 < of_nine]
    if len(shared):
        assert own_part(chapters, shared) == plain_own_part(chapters, shared)


def test_what_two_chapters_have_of_their_own_is_not_added_up():
    shared = words("a b c d e")
    own = words(" ".join(f"own{n}" for n in range(40)))
    ends, begins = np.concatenate((shared, own[:20])), np.concatenate((own[20:], shared))
    assert own_part([ends, begins], shingles(shared)) == 0.0
    assert own_part([np.concatenate((ends, begins))], shingles(shared)) == 40 / 50
