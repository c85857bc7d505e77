"""The script gate."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.clean_groups import Counted
from pipelines.language_scripts import (
    PROFILES,
    SINGLE,
    Gate,
    count_ascii_letters,
    count_letters,
    gate,
    letters_by_script,
    letters_by_scripts,
    script_of,
)


@pytest.mark.parametrize(
    ("char", "script"),
    [
        ("a", "Latin"),
        ("ß", "Latin"),
        ("ế", "Latin"),
        ("ж", "Cyrillic"),
        ("λ", "Greek"),
        ("א", "Hebrew"),
        ("ی", "Arabic"),
        ("ह", "Devanagari"),
        ("ก", "Thai"),
        ("の", "Kana"),
        ("ー", "Kana"),
        ("燈", "Han"),
        ("\U00020000", "Han"),
        ("한", "Hangul"),
        ("ა", "Georgian"),
        ("1", None),
        (" ", None),
        ("×", None),
        ("\U00010330", None),
    ],
)
def test_script_of_a_letter(char, script):
    assert script_of(char) == script


@pytest.mark.parametrize(
    ("text", "script", "share"),
    [
        ("", "", 0.0),
        ("123 !?", "", 0.0),
        ("Only Latin 1.", "Latin", 1.0),
        ("燈籠又滅了", "Chinese", 1.0),
        ("灯が消えた", "Japanese", 1.0),
        ("燈" * 9 + "の", "Chinese or Japanese", 1.0),
        ("燈" * 99 + "の", "Chinese", 1.0),
        ("東" * 2 + "a" * 5, "Chinese", 0.5),
        ("ж" * 3 + "a", "Cyrillic", 0.75),
        ("\U00010330" * 3 + "a", "other", 0.75),
        ("aж", "Cyrillic", 0.5),
    ],
)
def test_the_script_of_most_of_a_text(text, script, share):
    assert gate(text) == Gate(script, share)


@given(st.text())
def test_any_text_has_a_gate(text):
    found = gate(text)
    assert 0 <= found.share <= 1
    assert (found.script == "") == (not any(map(str.isalpha, text)))


def test_blocks_are_those_of_unicode():
    """Where a letter is said to be of a script, its Unicode name says so too."""
    named = {*SINGLE, "Cyrillic", "Devanagari"} - {"Japanese"}
    found: dict[str, set[str]] = {}
    for char in map(chr, range(0x370, 0xD7FF)):
        name = unicodedata.name(char, "").split()
        if name and name[0] != "MODIFIER" and (script := script_of(char)) in named:
            found.setdefault(script, set()).add(name[0])
    assert found == {script: {script.upper()} for script in named}


def test_scripts_are_either_single_or_contested():
    assert not set(SINGLE) & set(PROFILES)


@pytest.mark.parametrize(
    ("text", "letters"),
    [
        ("", {}),
        ("12 -\x7f", {}),
        ("Only ASCII, 7.", {"Latin": 9}),
        ("naïve Москва 東の서울", {"Latin": 5, "Cyrillic": 6, "Han": 1, "Kana": 1, "Hangul": 2}),
        ("हिन्दी", {"Devanagari": 3, "marks": 3}),
        ("\U00010330\ud800", {"other": 1}),
        ("é" * 70_000 + "ж" + "é" * 70_000, {"Latin": 140_000, "Cyrillic": 1}),
    ],
)
def test_letters_by_script(text, letters):
    assert letters_by_script(text) == letters


@given(st.text() | st.text("aé1жा東の \ud800\U000e0041", max_size=300))
def test_letters_by_script_are_those_of_each_character(text):
    expected: dict[str, int] = {}
    for char in text:
        if char.isalpha():
            script = script_of(char) or "other"
            expected[script] = expected.get(script, 0) + 1
    found = letters_by_script(text)
    marks = found.pop("marks", 0)
    assert found == expected
    assert count_letters(text) == sum(expected.values()) + marks


@given(st.text() | st.text("aZé1@[`{жª"))
def test_ascii_letters_are_counted(text):
    assert count_ascii_letters(text) == sum(char.isascii() and char.isalpha() for char in text)


@pytest.mark.parametrize("size", [2047, 2048, 70_000])
@pytest.mark.parametrize("chars", ["aZ@[`{0", "aZ@[`{0é", "aZ@[`{0’", "aZ@[`{0\U00010330"])
def test_long_texts_are_counted_like_short_ones(chars, size):
    text = (chars * size)[:size]
    expected: dict[str, int] = {}
    for char in filter(str.isalpha, text):
        script = script_of(char) or "other"
        expected[script] = expected.get(script, 0) + 1
    assert letters_by_script(text) == expected


ODD = st.text(st.sampled_from("aZé жЖ燈の한กाि\U00020000\ud800\udc00“1\n") | st.characters(), max_size=60)


@given(st.lists(ODD, max_size=6), st.booleans())
def test_texts_counted_together_have_the_letters_of_each(texts, is_long):
    texts = [text * 60 if is_long and number % 2 else text for number, text in enumerate(texts)]
    expected = [letters_by_script(text) for text in texts]
    assert letters_by_scripts(texts) == expected
    assert letters_by_scripts(texts, [Counted.of(text) for text in texts]) == expected
    assert [letters_by_script(text, Counted.of(text)) for text in texts] == expected
