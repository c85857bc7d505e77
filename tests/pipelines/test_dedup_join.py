"""Key files, bands, the screen before the texts are read, and what the texts say."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.dedup_join import LARGE_BUCKET, SMALL_BUCKET, distinct_pairs, gathered, joined, pairs_of, split
from pipelines.dedup_keys import CHAPTER_BANDS, EXACT, NAMELESS_BANDS, KeyTask, bands_for, write_keys
from pipelines.dedup_links import components, joined_labels
from pipelines.dedup_screen import _RECORD, SketchFile, Thresholds, screen, screen_tasks
from pipelines.dedup_sets import common, own_part
from pipelines.dedup_verify import Text, VerifyTask, compare, verify, verify_tasks
from pipelines.fingerprint import NAMELESS_BINS, Sketch, coarsened
from pipelines.fingerprint_words import cased_words_of, words
from tests.pipelines.dedup_corpora import named_tale, story
from tests.staged_stories import write_stories

LIMITS = Thresholds(0.5, 0.8, 46, 0.6)


@pytest.mark.parametrize(
    ("similarity", "bands", "rows"), [(0.5, 64, 4), (0.8, 28, 9), (0.3, 128, 2), (1.0, 1, 256), (0.0, 256, 1)]
)
def test_bands_follow_the_similarity_that_is_looked_for(similarity, bands, rows):
    assert bands_for(similarity) == (bands, rows)


def keys_of(folder, corpus):
    write_stories(folder / "s", corpus)
    return write_keys(KeyTask(str(folder / "s"), str(folder / "s.keys"), 64, 4))


def test_a_key_file_has_a_row_for_each_band(tmp_path):
    chapters = [story(n, 80) for n in range(3)]
    corpus = {
        "a:1": chapters,
        "a:2": [" ".join(chapters)],
        "a:3": [chapters[1]],
        "a:4": [""],
        "a:5": [*chapters, "End"],
    }
    file = keys_of(tmp_path, corpus)
    assert (file.n_works, file.n_units) == (5, 9)
    exact = file.work_keys(EXACT)[0].tolist()
    assert exact[0] == exact[1]
    assert len(set(exact)) == 4
    for band in (1, 64, 64 + NAMELESS_BANDS):
        keys = file.work_keys(band)[0].tolist()
        assert keys[3] == 0
        assert 0 not in keys[:3]
    assert file.unit_rows().tolist() == [1, 2, 3, 0, 0, 0, 4, 4, 4]
    for band in (0, CHAPTER_BANDS - 1):
        keys = file.unit_keys(band)[0].tolist()
        assert keys[1] == keys[4] == keys[7]
        assert keys[2] == 0
        assert keys[3:6] == keys[6:9]


def test_keys_of_a_segment_that_is_there_are_not_made_again(tmp_path):
    made = keys_of(tmp_path, {"a:1": ["one"]})
    (tmp_path / "s" / "works.arrow").unlink()
    assert write_keys(KeyTask(str(tmp_path / "s"), made.path, 64, 4)) == made


def sketches(pairs, size, shared):
    """Minima of ``pairs`` pairs of sets: rows n and ``pairs`` + n share ``shared`` of ``size`` members."""
    chance = np.random.default_rng(size + shared)
    sets = chance.integers(0, 2**64, (pairs, 2 * size - shared), dtype=np.uint64)
    parts = [*(row[:size] for row in sets), *(row[size - shared :] for row in sets)]
    return np.array([Sketch.of(part).minima for part in parts])


def screened(folder, minima, sizes, pairs):
    records = np.zeros(len(minima), dtype=_RECORD)
    records["sketch"] = minima
    records["nameless"] = coarsened(np.full_like(minima, 0xFFFFFFFF), NAMELESS_BINS)
    records["sizes"][:, 0] = sizes
    records.tofile(folder / "sketches.bin")
    file = SketchFile(str(folder / "sketches.bin"), np.arange(len(minima)))
    return sum(len(screen(task)[0]) for task in screen_tasks(file, pairs, LIMITS))


def test_the_screen_lets_pairs_at_the_thresholds_pass_and_stops_others(tmp_path):
    pairs = joined(np.arange(200), np.arange(200) + 200)
    alike, unlike = sketches(200, 2000, 1334), sketches(200, 2000, 100)
    assert screened(tmp_path, alike, 2000, pairs) == 200
    assert screened(tmp_path, unlike, 2000, pairs) == 0
    unequal = np.where(np.arange(400) < 200, 2000, 40)
    assert screened(tmp_path, unlike, unequal, pairs) == 200
    assert screened(tmp_path, unlike, np.where(unequal == 40, 35, unequal), pairs) == 0


def met(keys, places, salt=0):
    one, other = split(pairs_of(np.array(keys, dtype=np.uint64) << np.uint64(32), np.array(places), salt))
    return list(zip(one.tolist(), other.tolist(), strict=True))


def test_works_with_one_key_meet():
    assert met([7, 5, 7, 9, 5, 7], [4, 2, 1, 3, 0, 8]) == [(0, 2), (1, 4), (1, 8), (4, 8)]
    assert met([7, 7], [3, 3]) == []
    assert met([7], [3]) == met([], []) == []


def test_large_buckets_cost_no_more_than_their_size():
    assert len(met([1] * SMALL_BUCKET, range(SMALL_BUCKET))) == SMALL_BUCKET * (SMALL_BUCKET - 1) // 2
    assert len(met([1] * LARGE_BUCKET, range(LARGE_BUCKET))) == 3 * LARGE_BUCKET - 6
    large = met([1] * 1000, range(1000))
    assert len(large) == 999
    assert len(set(large) & set(met([1] * 1000, range(1000), salt=1))) < 20


@given(st.lists(st.tuples(st.integers(1, 6), st.integers(0, 30)), max_size=60), st.randoms(use_true_random=False))
def test_the_order_of_the_rows_changes_no_pair(rows, chance):
    rows = list(dict(reversed(rows)).items()) + rows
    rows = list({place: (key, place) for key, place in rows}.values())
    other = rows.copy()
    chance.shuffle(other)
    assert met(*zip(*rows, strict=True)) == met(*zip(*other, strict=True)) if rows else True


def test_pairs_of_files_are_gathered_once(tmp_path):
    for name, values in (("a", [5, 9]), ("b", [1, 5])):
        np.array(values, dtype="<u8").tofile(tmp_path / name)
    assert gathered([str(tmp_path / "a"), str(tmp_path / "b")]).tolist() == [1, 5, 9]
    assert list(tmp_path.iterdir()) == []
    assert distinct_pairs([]).tolist() == []


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 19), st.integers(0, 19)), max_size=30))
def test_components_have_their_smallest_member_as_label(edges):
    one, other = (np.array(ends, dtype=np.int64) for ends in (zip(*edges, strict=True) if edges else ([], [])))
    labels = joined_labels(np.arange(20), one, other)
    expected = list(range(20))
    for _ in range(20):
        for a, b in edges:
            expected[a] = expected[b] = min(expected[a], expected[b])
    assert labels.tolist() == expected


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 19), st.integers(20, 39)), unique=True, max_size=30))
def test_pairs_that_hang_together_have_one_number(edges):
    pairs = joined(*np.array(edges, dtype=np.int64).reshape(-1, 2).T)
    numbers = components(pairs)
    labels = joined_labels(np.arange(40), *split(pairs))
    for n, (one, _) in enumerate(edges):
        assert [number == numbers[n] for number in numbers] == [labels[other] == labels[one] for other, _ in edges]


def text(*chapters):
    return Text(cased_words_of(list(chapters)))


def test_an_overlap_is_counted_on_the_sets():
    row, sample = compare(text("a b c d e f g", "p q r s t"), text("b c d e f g h"), LIMITS, asks_names=False)
    assert row == (0, (4, 3), 2, -1.0, (-1, -1), 0, -1.0)
    assert len(sample) <= 2
    assert compare(text("a b c d e f"), text("A, b; c d e f!"), LIMITS, asks_names=False)[0][1:4] == ((2, 2), 2, -1.0)
    assert compare(text(""), text("a b c"), LIMITS, asks_names=False)[0][1:3] == ((0, 1), 0)
    assert common(np.array([1, 3, 5], np.uint64), np.array([2, 3, 5, 8], np.uint64)).tolist() == [3, 5]


@pytest.mark.parametrize(("small", "large"), [(0, 0), (0, 9), (1, 1), (5, 40), (5, 41), (300, 301), (300, 9000)])
def test_members_of_both_sets_are_found_whatever_their_sizes(small, large):
    values = np.unique(np.random.default_rng(large).integers(0, 1 << 64, large, dtype=np.uint64))
    one = np.unique(np.concatenate((values[: small // 2], values[: small - small // 2] + np.uint64(1))))
    expected = np.intersect1d(one, values)
    assert np.array_equal(common(one, values), expected)
    assert np.array_equal(common(values, one), expected)


def test_names_and_pronouns_are_left_out_of_the_other_count():
    one, other = (
        text(named_tale(1, 200, *cast)) for cast in ((("Holmes", "Watson"), "he"), (("Alice", "Jane"), "she"))
    )
    row, sample = compare(one, other, LIMITS, asks_names=True)
    assert row[1:] == ((196, 196), 0, -1.0, (156, 156), 156, -1.0)
    assert len(sample) > 20


def test_what_is_of_its_own_is_counted_in_pieces_of_thirty_words():
    shared = words("a b c d e").tolist()
    own = [f"own{n}" for n in range(60)]
    for n_own, part in ((29, 0.0), (30, 30 / 35), (60, 60 / 65)):
        one = cased_words_of([" ".join(["a b c d e", *own[:n_own]])])[0].hashes
        assert own_part([one], text("a b c d e").shingles) == part
    assert own_part([np.array(shared, np.uint64)], np.empty(0, np.uint64)) == 0.0
    assert own_part([], np.empty(0, np.uint64)) == 0.0


def test_few_pairs_are_divided_among_processes(monkeypatch):
    monkeypatch.setattr("pipelines.dedup_verify._LEAST_WORDS", 20)
    pairs = joined(np.arange(0, 40, 2), np.arange(1, 40, 2))
    asks = np.zeros(len(pairs), dtype=bool)

    def locate(places):
        return {place: ("segment", place, 1) for place in places.tolist()}

    tasks = list(verify_tasks(pairs, asks, LIMITS, np.full(40, 10), locate))
    assert [len(task.pairs) for task in tasks] == [5, 5, 5, 5]
    assert np.array_equal(np.concatenate([task.pairs for task in tasks]), pairs)


def test_texts_are_read_in_bounded_batches(tmp_path, monkeypatch):
    monkeypatch.setattr("pipelines.dedup_verify.BATCH_WORDS", 15)
    texts = ["a b c d e f", "b c d e f g", "a b c d e f g", "p q r s t u"]
    write_stories(tmp_path / "s", {f"a:{n}": [one] for n, one in enumerate(texts)})

    def locate(places):
        return {place: (str(tmp_path / "s"), place, 1) for place in places.tolist()}

    pairs = joined(np.array([0, 0, 2, 1]), np.array([1, 2, 3, 3]))
    pairs.sort()
    asks = np.zeros(4, dtype=bool)
    tasks = list(verify_tasks(pairs, asks, LIMITS, np.array([6, 6, 7, 6]), locate))
    assert [sorted(task.located) for task in tasks] == [[0, 1], [0, 2], [1, 3], [2, 3]]
    found = np.concatenate([verify(task).overlaps for task in tasks])
    assert found["shared"].tolist() == [1, 2, 0, 0]
    assert found["sizes"].tolist() == [[2, 2], [2, 3], [2, 2], [3, 2]]
    together = verify(VerifyTask(pairs, asks, locate(np.arange(4)), LIMITS))
    assert (together.overlaps == found).all()
