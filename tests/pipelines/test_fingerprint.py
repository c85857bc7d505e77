"""Words, shingles, sketches and their columns."""

import hashlib
import random
import unicodedata

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines import fingerprint as module
from pipelines import fingerprint_characters, fingerprint_words
from pipelines.fingerprint import (
    BINS,
    EMPTY,
    Sketch,
    densify,
    fingerprint_chapter,
    fingerprint_chapters,
    fingerprint_work,
    fingerprint_works,
    merge,
    shingle_set,
    shingles,
    words,
)
from pipelines.fingerprint_table import FINGERPRINT_FIELDS, fingerprint_columns, sketch_matrix

MASK = (1 << 64) - 1
MODERATE = settings(max_examples=60, deadline=None)
TEXTS = st.text(
    alphabet=st.one_of(
        st.sampled_from("aZ bé É’“—ßİ我の\u0301ก\u00ad0\n\0\ud800😀Ⅷﬁ\ufe0f"),
        st.characters(),
    ),
    max_size=200,
)


def reference_words(text):
    """The same hashes by plain integers, one character at a time."""
    runs, run = [], ""
    for character in text.casefold():
        code = ord(character)
        selector = 0xFE00 <= code <= 0xFE0F or 0xE0100 <= code <= 0xE01EF
        letter = unicodedata.category(character)[0] in "LMN" and not selector
        alone = letter and any(first <= code <= last for first, last in fingerprint_characters._SPACELESS)
        if not letter or alone:
            runs += [run, character if alone else ""]
            run = ""
        else:
            run += character
    encoded = [run.encode() for run in (*runs, run)]
    pieces = [part[start : start + 64] for part in encoded for start in range(0, len(part), 64)]
    return [reference_hash(piece) for piece in pieces]


def reference_hash(word):
    value = 0
    for start in range(0, len(word), 8):
        value ^= int.from_bytes(word[start : start + 8], "little")
        value ^= value >> 32
        value = value * 0xBF58476D1CE4E5B9 & MASK
        value ^= value >> 29
    return value


def tale(seed, n_words):
    """Words in an order that no other seed gives."""
    chance = random.Random(seed)
    vocabulary = ("holmes", "watson", "lamp", "fog", "river", "letter", "sister", "carriage", "violin", "evening")
    return " ".join(f"{chance.choice(vocabulary)}{chance.randrange(40)}" for _ in range(n_words))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("“Don’t go,” said Holmes.", "don't GO said holmes"),
        ("Watson—who slept… woke", "Watson -- who slept ... woke"),
        ("a\u00a0lamp\u2003lit\r\n\r\nlow", "a lamp lit low"),
        ("*never* _ever_ ~again~", "never ever again"),
        ("Straße nach ÉTAT", "STRASSE NACH état"),
        ("Ночь, улица, фонарь", "ночь — УЛИЦА — ФОНАРЬ"),
        ("ΣΊΣΥΦΟΣ", "σίσυφος"),
        ("月は、綺麗 ですね。", "月は綺麗ですね"),
        ("a ❤️ b 😀 c", "a b c"),
        ("lone \ud800 half", "lone half"),
        ("nul\0byte", "nul byte"),
    ],
)
def test_case_quotes_punctuation_and_spaces_do_not_matter(one, other):
    assert words(one).tolist() == words(other).tolist()
    assert fingerprint_chapter(one).words_sha == fingerprint_chapter(other).words_sha


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        (" \n\0“—…” 😀 ❤️", 0),
        ("one", 1),
        ("don't", 2),
        ("Chapter 12: the Étude", 4),
        ("我爱你。hello世界", 6),
        ("สวัสดี", 6),
        ("한국어 단어", 2),
        ("व्यक्ति की", 2),
        ("x" * 64, 1),
        ("x" * 200, 4),
    ],
)
def test_words_are_counted(text, count):
    assert len(words(text)) == count
    assert fingerprint_chapter(text).n_words == count


@pytest.mark.parametrize(
    ("one", "other"),
    [("resume", "résumé"), ("ab c", "a bc"), ("a b", "b a"), ("lamp", "lamps"), ("extraordinary", "extraordinarily")],
)
def test_other_words_are_other_hashes(one, other):
    assert words(one).tolist() != words(other).tolist()


@MODERATE
@given(TEXTS)
def test_words_equal_the_plain_reference(text):
    assert words(text).tolist() == reference_words(text)


@MODERATE
@given(st.lists(TEXTS, max_size=6))
def test_a_batch_equals_its_texts_one_by_one(texts):
    batch = fingerprint_chapters(texts)
    assert batch == [fingerprint_chapter(text) for text in texts]
    assert [chapter.words.tolist() for chapter in batch] == [(words(text) & 0xFFFFFFFF).tolist() for text in texts]


@MODERATE
@given(st.lists(st.lists(TEXTS, max_size=3), max_size=5))
def test_texts_in_utf_8_and_works_of_a_batch_are_what_each_is_alone(works):
    encoded = [memoryview(text.encode("utf-8", "surrogatepass")) for texts in works for text in texts]
    prints = iter(fingerprint_chapters(encoded))
    batch = fingerprint_works([[next(prints) for _ in texts] for texts in works])
    assert batch == [fingerprint_work([fingerprint_chapter(text) for text in texts]) for texts in works]


def test_long_texts_are_cut_between_words(monkeypatch):
    text = "“The fog,” said Étienne — “is 濃い霧 tonight.”\n\n" * 60
    whole, sketch = words(text), fingerprint_chapter(text).sketch
    monkeypatch.setattr(fingerprint_words, "_BLOCK", 100)
    monkeypatch.setattr(fingerprint_words, "_LOOK_BACK", 50)
    monkeypatch.setattr(module, "_STRETCH", 7)
    assert len(list(fingerprint_words._pieces([text]))) > 20
    assert words(text).tolist() == whole.tolist()
    assert fingerprint_chapter(text).sketch == sketch


@pytest.mark.parametrize("character", ["a", "ß", "\n", "\0", "\ud800", "\u0301", "我", "😀"])
def test_a_million_of_one_character_is_no_trouble(character):
    chapter = fingerprint_chapter(character * 1_000_000)
    assert chapter.sketch.cardinality() <= 4


def test_fingerprints_stay_what_they_are():
    """Whoever changes these numbers changes ``SKETCH_VERSION``: stored fingerprints are then made anew."""
    assert module.SKETCH_VERSION == "3"
    assert words("Fog Ärger 霧 extraordinary").tolist() == [
        reference_hash(word.encode()) for word in ("fog", "ärger", "霧", "extraordinary")
    ]
    chapter = fingerprint_chapter(" ".join(f"fog{n * n % 7919}" for n in range(3000)))
    assert chapter.words_sha.hex() == "193b46031390f89b2ead2bea54d7fc7c"
    assert hashlib.sha256(chapter.sketch.minima.astype("<u4").tobytes()).hexdigest()[:16] == "1aef4a417040a854"
    names = " ".join(f"{'Fog' if n % 7 else 'He said to Holmes'}{n * n % 7919} fog" for n in range(3000))
    work = fingerprint_work(fingerprint_chapters([names, names]))
    assert hashlib.sha256(work.nameless.minima.astype("<u4").tobytes()).hexdigest()[:16] == "f478139eb719b3fe"
    assert (
        hashlib.sha256(work.chapter_sketches[0].minima.astype("<u4").tobytes()).hexdigest()[:16] == "5cf2c769c0606373"
    )
    dense = densify(Sketch.of(shingles(words("a b c d e f g h i"))).minima[np.newaxis])
    assert hashlib.sha256(dense.astype("<u4").tobytes()).hexdigest()[:16] == "65dbd71ccdcc7a4b"


@pytest.mark.parametrize(("n_words", "count"), [(0, 0), (1, 1), (4, 1), (5, 1), (6, 2), (9, 5)])
def test_shingles_are_five_words_or_all_of_fewer(n_words, count):
    assert len(shingles(words(" ".join("abcdefghi"[:n_words])))) == count


def test_shingles_tell_order_and_length_apart():
    assert shingles(words("a b")) != shingles(words("b a"))
    assert shingles(words("a")) != words("a")
    a_to_f, b_to_g = shingles(words("a b c d e f")).tolist(), shingles(words("b c d e f g")).tolist()
    assert a_to_f[1] == b_to_g[0]
    assert len({*a_to_f, *b_to_g}) == 3


@pytest.mark.parametrize("n_words", [1, 2, 4, 5])
def test_a_shingle_is_a_mixed_sum_of_its_words(n_words):
    hashes = words("fog lamp river door letter"[: [0, 3, 8, 14, 19, 26][n_words]]).tolist()
    spread = fingerprint_words._SPREAD
    if n_words < 5:
        total = n_words + sum(value * factor for value, factor in zip(hashes, spread, strict=False))
    else:
        factors = [spread[1] * spread[2] * spread[3], spread[2] * spread[3], spread[1] * spread[3], spread[3], 1]
        total = sum(value * factor for value, factor in zip(hashes, factors, strict=True))
    value = (total + 0x9E3779B97F4A7C15) & MASK
    value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9 & MASK
    value = (value ^ value >> 27) * 0x94D049BB133111EB & MASK
    assert len(hashes) == n_words
    assert shingles(np.array(hashes, dtype=np.uint64)).tolist() == [value ^ value >> 31]


def test_the_largest_hash_still_fills_its_bin():
    minima = Sketch.of(np.array([MASK], dtype=np.uint64)).minima
    assert (minima[:-1] == EMPTY).all()
    assert minima[-1] == EMPTY - 1


@pytest.mark.parametrize("n", [0, 1, 2, 1023, 1024, 1500, 20_000, 1 << 15, (1 << 15) + 1])
@pytest.mark.parametrize("spread", ["even", "repeated", "close", "equal"])
def test_distinct_hashes_are_sorted_however_they_are_spread(n, spread):
    """Sorted by their first 16 bits, many are out of place where they are not spread evenly."""
    values = np.random.default_rng(n).integers(0, 1 << 64, n, dtype=np.uint64)
    if spread == "repeated":
        values[n // 2 :] = values[: n - n // 2]
    elif spread == "close":
        values >>= np.uint64(40)
    elif spread == "equal":
        values[:] = 7
    half = n // 3
    assert np.array_equal(fingerprint_words.distinct([values[:half], values[half:]]), np.unique(values))


def test_shingle_sets_do_not_cross_chapters_and_hold_repeats_once():
    assert len(shingle_set(["a b c d e f", "g h i j k"])) == 3
    assert len(shingle_set(["a b c d e", "A, b; c d e!"])) == 1
    assert len(shingle_set(["a b c a b c a b c"])) == 3
    assert len(shingle_set([])) == len(shingle_set(["", "…"])) == 0


HASHES = st.lists(st.integers(0, MASK), max_size=80).map(lambda values: np.array(values, dtype=np.uint64))


@MODERATE
@given(HASHES, HASHES)
def test_merged_sketches_are_the_sketch_of_the_union(one, other):
    union = Sketch.of(np.concatenate((one, other, one))[::-1])
    assert merge([Sketch.of(one), Sketch.of(other)]) == union
    assert merge([]) == Sketch.of(np.empty(0, dtype=np.uint64))


def test_the_sketch_of_a_work_is_merged_from_its_chapters():
    texts = [tale("one", 700), "too short", "", tale("two", 300)]
    work = fingerprint_work(fingerprint_chapters(texts))
    assert work.sketch == merge(fingerprint_chapter(text).sketch for text in texts) == Sketch.of(shingle_set(texts))
    assert work.chapter_words == (700, 2, 0, 300)
    assert abs(work.n_shingles_estimate - (696 + 1 + 296)) < 0.25 * 993


def test_the_exact_hash_ignores_the_division_into_chapters():
    text = tale("divided", 90).split()
    divisions = ([text], [text[:30], text[30:]], [text[:1], [], text[1:50], text[50:]])
    works = [fingerprint_work(fingerprint_chapters([" ".join(part) for part in parts])) for parts in divisions]
    assert len({work.exact for work in works}) == 1
    assert works[0].exact == works[0].chapter_hashes[0]
    assert works[0].exact != fingerprint_work(fingerprint_chapters([" ".join(text[:-1])])).exact


@pytest.mark.parametrize(("size", "shared"), [(96, 64), (400, 200), (5000, 1000), (5000, 4000)])
def test_estimates_are_as_good_as_theory_says(size, shared):
    chance = np.random.default_rng(size)
    true = shared / (2 * size - shared)
    pairs = 200
    sets = chance.integers(0, 2**64, (pairs, 2 * size - shared), dtype=np.uint64)
    one = densify(np.array([Sketch.of(row[:size]).minima for row in sets]))
    other = densify(np.array([Sketch.of(row[size - shared :]).minima for row in sets]))
    estimates = (one == other).mean(axis=1)
    error = (true * (1 - true) / min(BINS, size)) ** 0.5
    assert abs(estimates.mean() - true) < 4 * error / pairs**0.5
    assert estimates.std() < 1.25 * error


@pytest.mark.parametrize("size", [1, 2, 40, 256, 3000, 100_000])
def test_cardinalities_are_estimated(size):
    hashes = np.random.default_rng(size).integers(0, 2**64, size, dtype=np.uint64)
    assert abs(Sketch.of(hashes).cardinality() - size) <= 0.25 * size


def test_densified_sketches_keep_their_minima_and_fill_only_from_them():
    sizes = [0, 1, 2, 30, 100, 300, 5000]
    chance = np.random.default_rng(7)
    minima = np.array([Sketch.of(chance.integers(0, 2**64, size, dtype=np.uint64)).minima for size in sizes])
    dense = densify(minima)
    assert (dense[0] == EMPTY).all()
    assert (dense[1:] != EMPTY).all()
    for before, after in zip(minima[1:], dense[1:], strict=True):
        assert (after[before != EMPTY] == before[before != EMPTY]).all()
        assert set(after.tolist()) == set(before[before != EMPTY].tolist())


def test_both_ways_to_densify_agree(monkeypatch):
    chance = np.random.default_rng(8)
    minima = np.array([Sketch.of(chance.integers(0, 2**64, size, dtype=np.uint64)).minima for size in range(60)])
    by_giver = densify(minima)
    monkeypatch.setattr(module, "_FEW_BINS", 0)
    assert (densify(minima) == by_giver).all()


def test_columns_give_back_what_went_in():
    works = [fingerprint_work(fingerprint_chapters(texts)) for texts in (["a b c d e f", "g"], [], [tale("x", 500)])]
    columns = fingerprint_columns(works)
    table = pa.Table.from_arrays(columns, schema=pa.schema(FINGERPRINT_FIELDS))
    table.validate(full=True)
    assert table.column("words_sha").to_pylist() == [work.exact for work in works]
    assert table.column("chapter_words_sha").to_pylist() == [list(work.chapter_hashes) for work in works]
    assert table.column("chapter_n_words").to_pylist() == [[6, 1], [], [500]]
    assert table.column("n_shingles").to_pylist() == [3, 0, works[2].n_shingles_estimate]
    expected = np.array([work.sketch.minima for work in works])
    assert (sketch_matrix(columns[2]) == expected).all()
    assert (sketch_matrix(columns[2].slice(1, 2)) == expected[1:]).all()
    assert (sketch_matrix(pa.chunked_array([columns[2].slice(2), columns[2].slice(0, 1)])) == expected[[2, 0]]).all()
    assert sketch_matrix(columns[2].slice(0, 0)).shape == (0, BINS)
    assert sketch_matrix(pa.chunked_array([], columns[2].type)).shape == (0, BINS)


def test_a_sketch_column_with_nulls_is_refused():
    with pytest.raises(ValueError, match="nulls"):
        sketch_matrix(pa.array([None, b"\0" * 4 * BINS], pa.binary(4 * BINS)))
