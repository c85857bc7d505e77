"""What is looked for in a text's UTF-8: places beyond ASCII, breaks, blanks."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.clean_utf8 import Utf8

TEXTS = st.text(st.sampled_from("aé日😀 \n-"), max_size=60)


def test_places():
    looked = Utf8.of("a é. He ran home and away.\n\nb\nc")
    assert looked.beyond is not None
    assert looked.beyond.tolist() == [2, 3]
    assert looked.beyond_data == "é".encode()
    assert looked.lines.tolist() == [27, 28, 30]
    assert looked.breaks.tolist() == [27]
    assert looked.characters_before(looked.breaks).tolist() == [26]


def test_places_are_not_kept_where_most_is_beyond_ascii():
    looked = Utf8.of("дом\n\nдом\n\nд")
    assert looked.beyond is None
    assert looked.beyond_data == "домдомд".encode()
    assert looked.characters_before(looked.breaks).tolist() == [3, 8]


@given(TEXTS, st.integers(0, 1))
def test_offsets_are_those_of_the_text(text, sparse):
    text += sparse * 500 * "x"
    starts = [len(text[:at].encode()) for at in range(len(text))]
    places = Utf8.of(text).characters_before(np.array(starts, np.int64))
    assert places.tolist() == list(range(len(text)))


@pytest.mark.parametrize("text", ["", "a b\nc\n\nd"])
def test_well_spaced(text):
    assert Utf8.of(text).is_well_spaced()


@given(TEXTS)
def test_spacing_is_that_of_a_pattern(text):
    is_odd = re.search(r"\A\s|\s\Z|  | \n|\n |\n{3}", text)
    assert Utf8.of(text).is_well_spaced() == (not is_odd)
