"""Where the windows stand, and what is cleaned out of them."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.language_scripts import count_letters
from pipelines.language_windows import cleaned, cleaned_all, condensed, slices, windows


def test_windows_stand_at_the_centres_of_equal_strides():
    text = "".join(f"{number:04}" for number in range(2500))
    found = windows(text, 5, 200)
    assert [len(each) for each in found] == [200] * 5
    assert [each[:4] for each in found] == ["0225", "0725", "1225", "1725", "2225"]


def test_a_short_text_is_read_whole():
    assert windows("x" * 1000, 5, 200) == ["x" * 1000]
    assert len(windows("x" * 1001, 5, 200)) == 5


@pytest.mark.parametrize(("length", "count"), [(0, 1), (119, 1), (240, 2), (1919, 15), (1920, 16), (10**6, 16)])
def test_as_many_slices_as_there_is_room_for(length, count):
    assert len(slices("x" * length, 16, 120)) == count


@given(st.integers(1, 20_000), st.integers(1, 20), st.integers(1, 300))
def test_windows_are_apart_and_within(length, count, size):
    text = "".join(map(chr, range(0x20000, 0x20000 + length)))
    found = windows(text, count, size)
    if length <= count * size:
        assert found == [text]
        return
    starts = [ord(each[0]) - 0x20000 for each in found]
    assert all(b - a >= size for a, b in pairwise(starts))
    assert starts[0] >= 0
    assert all(len(each) == size for each in found)


@pytest.mark.parametrize(
    ("text", "letters"),
    [
        ("", 0),
        ("abc, DÉF! 123_", 6),
        ("Москва 東京 서울", 10),
        ("हिन्दी", 6),
        ("e\u0301❤️", 1),
        ("\ud800x\udfff", 1),
        ("\U0010ffff\U000e0041", 0),
        ("ab1" * 100_000, 200_000),
    ],
)
def test_letters_are_counted(text, letters):
    assert count_letters(text) == letters


@given(st.text())
def test_counting_is_that_of_python_but_for_the_vowel_signs(text):
    plain = "".join(char for char in text if not 0x900 <= ord(char) < 0x1800)
    assert count_letters(plain) == sum(map(str.isalpha, plain))


@pytest.mark.parametrize(
    ("window", "text"),
    [
        ("The  END\n\nof it", "the end of it"),
        ("<p class='x'>One</p> & <br/>two &amp; &#8217;three&#x27;", "one & two three"),
        ("a < b and c > d", "a < b and c > d"),
        ("see https://a.example/b?c=d#e, www.b.example/x or me.and+you@c.example!", "see or !"),
        ("no\0n\x0bsense\ud800 \u00ad\u200bs\u00adoft", "no n sense soft"),
        ("Ｆｕｌｌ ﬁne 𝐛𝐨𝐥𝐝", "full fine bold"),
        ("", ""),
    ],
)
def test_a_window_is_cleaned(window, text):
    assert cleaned(window) == text


@given(st.text() | st.text("<>&;@:/aé\0\u200b\ud800 \n"))
def test_a_clean_window_is_printable(text):
    assert cleaned(text).isprintable()
    assert "  " not in cleaned(text)


@given(st.lists(st.text() | st.text("<>&;@:/wWé\0\u200b\ud800\\Σσ \n", max_size=6), min_size=1, max_size=5))
def test_windows_cleaned_at_once_are_those_cleaned_one_by_one(cut):
    assert cleaned_all(cut) == [cleaned(window) for window in cut]


@pytest.mark.parametrize(
    "cut",
    [
        ["One\n\nTWO ", " three “É”"],
        ["a\\b", "c"],
        ["ＡＢ＼", "c"],
        ["e", "\u0301x"],
        ["ΟΔΟΣ", "ΟΔΟΣ"],
        ["<b", ">x"],
        ["a@b", "c"],
        ["one"],
    ],
)
def test_windows_do_not_touch_where_they_are_cleaned_at_once(cut):
    assert cleaned_all(cut) == [cleaned(window) for window in cut]


def test_condensing_keeps_words_apart():
    assert condensed("a\n\n\nb --- 12 --- c, d") == "a b c d"
    assert condensed("don't stop") == "don't stop"
