"""Tags: the engines' codes, and which languages no engine tells apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.language_tags import group, is_stated, primary, same_language, settled, tag_of


@pytest.mark.parametrize(
    ("code", "tag"),
    [
        ("en", "en"),
        ("zh-cn", "zh-Hans"),
        ("zh-tw", "zh-Hant"),
        ("zh", "zh-Hans"),
        ("zh-Hant", "zh-Hant"),
        ("iw", "he"),
        ("jw", "jv"),
        ("tl", "fil"),
        ("no", "no"),
        ("un", None),
        ("xx-Goth", None),
        ("zzp", None),
    ],
)
def test_codes_of_engines(code, tag):
    assert tag_of(code) == tag


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("id", "ms"),
        ("hr", "bs"),
        ("sr-Latn", "hr"),
        ("sh", "hr"),
        ("nb", "nn"),
        ("no", "nb"),
        ("zh-Hans", "zh-Hant"),
        ("yue", "zh-Hant"),
        ("cmn", "zh"),
        ("tl", "fil"),
        ("pt-BR", "pt-PT"),
        ("pt-BR", "pt"),
        ("en-GB", "en-US"),
        ("iw", "he"),
        ("eng", "en"),
        ("grc", "el"),
    ],
)
def test_one_language_to_the_engines(a, b):
    assert same_language(a, b)
    assert same_language(b, a)


@pytest.mark.parametrize(
    ("a", "b"), [("da", "no"), ("mk", "bg"), ("gl", "pt"), ("ja", "zh"), ("es", "ca"), ("und", "en"), ("fa", "ar")]
)
def test_two_languages_to_the_engines(a, b):
    assert not same_language(a, b)


def test_tags_that_are_none():
    assert primary("gibberishgibberish-x") == "gibberishgibberish"
    assert primary("") == ""
    assert group("und") == "und"


@pytest.mark.parametrize(
    ("tag", "stated"), [("en", True), ("und", False), ("mul", False), ("zxx", False), (None, False)]
)
def test_what_says_a_language(tag, stated):
    assert is_stated(tag) is stated


def test_an_unstated_tag_settles_nothing():
    assert settled("en", "und") == "en"
    assert settled("en", None) == "en"
    assert settled("en", "fr") == "en"


@given(st.text(max_size=20), st.text(max_size=20))
def test_being_the_same_is_reflexive_and_symmetric(a, b):
    assert same_language(a, a)
    assert same_language(a, b) == same_language(b, a)
