"""Words as the Archive of Our Own counts them; compression."""

from __future__ import annotations

import random

import pyarrow as pa
import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.clean import compression_ratio, count_words

_CJK = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}"
_WORD = regex.compile(rf"[{_CJK}]|(?:(?![{_CJK}])[\p{{L}}\p{{M}}\p{{Nd}}\p{{Pc}}])+")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", 0),
        ("नमस्ते दुनिया", 2),
        ("日本語テスト", 6),
        ("one-word and one's", 3),
        ("Alice -- who ran--fell.", 4),
        ("don’t ‘stop’ 'now'", 3),
        ("a - b", 2),
        ("3.14 and 1,000", 5),
        ("snake_case", 1),
        ("*** … —", 0),
        ("Привет, мир", 2),
        ("ab漢cd", 3),
        ("สวัสดี", 6),
        ("\U00020000\U00020001 x", 3),
        ("\U0001f600", 0),
    ],
)
def test_count_words(text, words):
    assert count_words(text) == words


_UGLY = st.text(st.one_of(st.sampled_from("ab'’‘--  _1é日ーカ\u0301\U00020000ท\n"), st.characters()), max_size=40)


@settings(max_examples=400, deadline=None)
@given(_UGLY)
def test_words_are_those_of_the_pattern(text):
    plain = text.replace("--", "—")
    for char in "'’‘-":
        plain = plain.replace(char, "")
    assert count_words(text) == len(_WORD.findall(plain))


@pytest.mark.parametrize("word", ["word ", "wört ", "слово ", "\U00020000a "])
def test_words_of_long_texts(word):
    each = count_words(word)
    assert count_words(word * 150_001) == each * 150_001


def test_classes_hold_every_letter_there_is():
    everything = "".join(map(chr, range(0x110000)))
    members = regex.findall(r"[\p{L}\p{M}\p{Nd}\p{Pc}]", everything[0x40000:0xE0000] + everything[0xE1000:])
    assert members == []


def test_a_word_may_be_longer_than_a_piece():
    assert count_words("a" * 600_000) == 1


def test_compression_ratio():
    assert compression_ratio("") is None
    text = "Mrs Hudson had counted the umbrellas twice and found one more each time than there ought to be."
    assert compression_ratio(text) == round(len(pa.compress(text.encode(), "zstd", asbytes=True)) / len(text), 4)
    junk = pa.compress(b"spam" * 4096, "zstd", asbytes=True)
    assert compression_ratio("spam" * 25_000) == round(len(junk) / 2**14, 4) < 0.01


def test_compression_of_a_long_text_is_that_of_its_windows():
    noise = random.Random(0).randbytes(1 << 20).hex()  # 2 MiB at 0.5 and a bit
    assert compression_ratio(noise) == pytest.approx(0.503, abs=0.01)
    text = "a" * (1 << 20) + noise[: 1 << 20]  # windows 1 and 2 of four lie in the first half
    assert compression_ratio(text) == pytest.approx(0.503 / 2, abs=0.02)


def test_lone_surrogates_are_no_words():
    assert count_words("a \ud800 b") == 2
    assert compression_ratio("\ud800") is not None
