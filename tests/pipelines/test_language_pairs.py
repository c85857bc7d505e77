"""What pairs of letters speak for, and which windows differ."""

import json
from math import log
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.language_engines import shipped_profiles
from pipelines.language_pairs import MARGIN, Pairs, Reading
from pipelines.language_scripts import PROFILES, SINGLE, gate
from pipelines.language_windows import cleaned

ROOT = Path(__file__).parents[2]
PASSAGES = {
    path.stem: cleaned(path.read_text(encoding="utf-8"))
    for path in sorted((ROOT / "tests/fixtures/language/passages").glob("*.txt"))
}
PAIRS = Pairs(shipped_profiles())


def read(*windows: str, script: str = "Latin") -> Reading:
    found = PAIRS.read(windows, script)
    assert found is not None
    return found


def language(reading: Reading) -> str | None:
    return reading.parts([len(reading.sizes)])[0].language


def test_100_characters_of_every_passage_speak_for_its_language():
    found = {}
    for tag, text in PASSAGES.items():
        script = gate(text).script
        if script not in SINGLE:
            found[tag] = language(read(text[:100], script=script))
    assert len(found) == 32
    assert found == {tag: tag for tag in found}


def test_windows_in_another_language_are_told():
    windows = [PASSAGES[tag][:150] for tag in ("de", "en", "de", "nl")]
    reading = read(*windows)
    assert reading.foreign("de").tolist() == [False, True, False, True]
    assert reading.foreign("en").tolist() == [True, False, True, True]
    assert reading.usual() == "de"


def test_parts_speak_for_themselves():
    windows = [PASSAGES[tag][:150] for tag in ("de", "de", "fi", "fi", "de", "id")] + ["12"]
    parts = read(*windows).parts([2, 3, 1, 1])
    assert [part.language for part in parts] == ["de", "fi", "id", None]
    assert [part.is_mixed for part in parts] == [False, True, False, False]
    assert [part.reading.sizes.tolist() for part in parts] == [
        [sum(map(str.isalpha, window)) for window in those] for those in (windows[:2], windows[2:5], windows[5:6], [""])
    ]


def test_more_windows_than_one_product_takes():
    windows = [PASSAGES[tag][: 40 + number] for number in range(100) for tag in ("de", "fr")]
    reading = read(*windows)
    assert reading.usual() in {"de", "fr"}
    assert [int(size) for size in reading.sizes] == [sum(map(str.isalpha, window)) for window in windows]


def test_languages_of_a_group_are_one():
    assert not read(PASSAGES["id"]).differs("ms")
    assert not read(PASSAGES["hr"]).differs("sr-Latn")
    assert read(PASSAGES["hr"]).differs("sl")


def test_a_language_of_another_script_or_without_profile_cannot_differ_but_is_excluded():
    reading = read(PASSAGES["fr"])
    assert not reading.differs("ja")
    assert reading.excludes("ja")
    assert reading.excludes("de")
    assert not reading.excludes("fr")
    assert not reading.excludes("fr-CA")


def test_a_window_with_few_letters_has_no_say():
    reading = read("abc def ghi jkl mno pqr stu vwx yz", "the end of it is near and he knew it too")
    assert reading.sizes.tolist() == [0, 30]
    assert not reading.scores[0].any()
    assert language(read("", "12")) is None
    assert read("", "12").usual() is None


def test_the_script_alone_decides_where_it_is_one_languages():
    assert PAIRS.read(["αβγ"], "Greek") is None
    assert PAIRS.read(["abc"], "") is None


def test_the_difference_must_be_clear():
    reading = Reading(
        ("de", "en"), np.array([[0, MARGIN], [0, MARGIN + 1]], dtype=np.float32), np.array([40, 40], dtype=np.float32)
    )
    assert reading.foreign("de").tolist() == [False, True]


def test_most_letters_make_the_usual_language():
    scores = np.array([[9, 0], [0, 9], [0, 9]], dtype=np.float32)
    assert Reading(("de", "en"), scores, np.array([100, 40, 50], dtype=np.float32)).usual() == "de"
    assert Reading(("de", "en"), scores, np.array([90, 40, 50], dtype=np.float32)).usual() == "de"
    assert Reading(("de", "en"), scores, np.array([89, 40, 50], dtype=np.float32)).usual() == "en"


def test_scores_are_those_of_letters_and_pairs():
    """Thirty times a letter that is all that one language has, which it always has between other letters."""
    profiles: dict[str, dict[str, Any]] = {
        code: {"n_words": [100, 100, 1], "freq": {}} for code in PROFILES["Devanagari"]
    }
    profiles["hi"]["freq"] = {"क": 100, "कक": 50, " क": 10}
    profiles["mr"]["freq"] = {"क": 50}
    pairs = Pairs({code: json.dumps(profile).encode() for code, profile in profiles.items()})
    reading = pairs.read(["क" * 30], "Devanagari")
    assert reading is not None
    edge = round(64 * 2 * log(0.00005))  # of two edges of a word: what every score is above
    first = round(64 * (log(0.10005) + log(1.00005))) - edge
    others = round(64 * (log(0.50005) + log(1.00005))) - edge
    only_letters = round(64 * (log(0.00005) + log(0.50005))) - edge
    assert reading.scores.tolist() == [[first + 29 * others, 30 * only_letters, 0]]
    assert reading.sizes.tolist() == [30]


def test_a_long_window_is_read_to_its_8000th_character():
    long = (PASSAGES["de"] + " ") * 30
    assert len(long) > 8000
    assert np.array_equal(read(long).scores, read(long[:8000]).scores)
    assert read(long[:8000]).sizes[0] == sum(map(str.isalpha, long[:8000]))


@given(st.lists(st.sampled_from([PASSAGES[tag] for tag in ("en", "fr", "pl", "vi")]), min_size=2, max_size=5))
def test_a_window_scores_the_same_in_any_company(windows):
    reading = read(*windows)
    for index, window in enumerate(windows):
        assert np.array_equal(reading.scores[index], read(window).scores[0])
        assert reading.parts([1] * len(windows))[index].language == language(read(window))


@pytest.mark.parametrize("script", sorted(PROFILES))
def test_any_text_can_be_read(script):
    reading = PAIRS.read(["", "a\ud800\U0010ffff", "नमस्ते", "ъыь", "燈籠", "の"], script)
    assert reading is not None
    assert reading.scores.shape == (6, len(PROFILES[script]))
