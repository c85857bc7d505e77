"""The quick look at a text agrees with the steps that make it canonical."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines import clean_unicode
from pipelines.clean_unicode import canonical, is_canonical
from pipelines.clean_utf8 import Utf8

LONG = "It rained all day, and the umbrella of Mrs Hudson stood open in the hall. " * 6
MIXED = "ab ab \n\n\né—“漢ひがßЖλ\u0301\u0338\xa0\xad\u200b\u3000\u1100\u1161\u11a8가\U0001d400😀\ud800\t\r\x85-"


@settings(max_examples=600, deadline=None)
@given(st.text(st.one_of(st.sampled_from(MIXED), st.characters()), max_size=40), st.integers(0, len(LONG)))
def test_what_looks_canonical_is(inserted, place):
    text = LONG[:place] + inserted + LONG[place:]
    steps = clean_unicode.made_canonical(text)
    assert canonical(text) == steps
    assert not is_canonical(text) or steps == (text, ())
    assert not is_canonical(inserted) or clean_unicode.made_canonical(inserted) == (inserted, ())


def test_plain_prose_passes_the_look():
    text = ("“Naïve?” she said — «да», 她说。 " + LONG).strip() + "\n\n" + LONG.strip()
    assert is_canonical(text)
    assert is_canonical(text, Utf8(text.encode()))


@pytest.mark.parametrize("odd", ["  ", " \n", "\n ", "\n\n\n", "\t", "\xa0", "\u200b", "\u0301", "\r", "\x7f", "\x85"])
def test_what_must_change_does_not_pass(odd):
    assert not is_canonical(LONG + "she" + odd + "said")


@pytest.mark.parametrize("edge", [" ", "\n"])
def test_space_at_an_edge_does_not_pass(edge):
    assert not is_canonical(edge + LONG.strip())
    assert not is_canonical(LONG.strip() + edge)


def test_stable_characters_stay_as_they_are_in_any_company():
    stable = [code for first, last in clean_unicode._STABLE for code in range(first, last + 1)]
    everything = map(unicodedata.decomposition, map(chr, range(0x110000)))
    composing = {int(parts[1], 16) for parts in map(str.split, everything) if len(parts) == 2 and parts[0][0] != "<"}
    assert [code for code in stable if unicodedata.combining(chr(code)) or code in composing] == []
    assert [code for code in stable if not unicodedata.is_normalized("NFC", chr(code))] == []
    assert not {0x0301, 0x1161, 0x11A8} & set(stable)
