"""The language of a work from those of its chapters, held against the declared one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.language import Detection, combine
from schemas.tables import LanguageShare
from schemas.vocabulary import LanguageStatus

RELIABLE, SECOND, LOW = LanguageStatus.RELIABLE, LanguageStatus.SECOND, LanguageStatus.LOW
UNDETERMINED, NO_LANGUAGE = LanguageStatus.UNDETERMINED, LanguageStatus.NO_LANGUAGE


def sure(language: str, letters: int = 1000) -> Detection:
    return Detection(language, 1.0, RELIABLE, letters, language)


def guess(language: str, letters: int = 100, confidence: float = 0.8571) -> Detection:
    return Detection(language, confidence, LOW, letters)


def short(letters: int) -> Detection:
    return Detection(None, None, UNDETERMINED, letters)


def share(language: str, part: float) -> LanguageShare:
    return LanguageShare(language=language, share=part)


def test_one_language_as_declared():
    found = combine([sure("de"), sure("de", 3000)], "de")
    assert (found.language, found.detected, found.confidence, found.status) == ("de", "de", 1.0, RELIABLE)
    assert found.agrees is True
    assert found.shares == (share("de", 1.0),)


def test_the_detected_language_wins_where_it_is_sure():
    found = combine([sure("de")], "en")
    assert (found.language, found.status, found.agrees) == ("de", RELIABLE, False)


def test_the_declared_language_stands_where_the_detected_is_a_guess():
    found = combine([guess("de")], "en")
    assert (found.language, found.detected, found.status, found.agrees) == ("en", "de", LOW, False)


def test_a_guess_is_better_than_nothing():
    found = combine([guess("de")], None)
    assert (found.language, found.status, found.agrees) == ("de", LOW, None)


@pytest.mark.parametrize(
    ("chapters", "declared", "language", "status"),
    [
        ([], None, "und", NO_LANGUAGE),
        ([Detection(None, None, NO_LANGUAGE, 0)], "ja", "ja", NO_LANGUAGE),
        ([short(40), short(12)], None, "und", UNDETERMINED),
        ([short(40)], "fr", "fr", UNDETERMINED),
        ([short(40)], "und", "und", UNDETERMINED),
    ],
)
def test_nothing_detected(chapters, declared, language, status):
    found = combine(chapters, declared)
    assert (found.language, found.detected, found.confidence, found.status) == (language, None, None, status)
    assert (found.agrees, found.shares) == (None, ())


@pytest.mark.parametrize("declared", ["und", "mul", "zxx", None])
def test_a_declaration_that_says_nothing_is_none(declared):
    assert combine([sure("de")], declared).agrees is None


def test_chapters_weigh_by_their_letters():
    found = combine([sure("en", 9000), guess("fr", 600, 0.9), short(400)], "en")
    assert (found.language, found.status, found.confidence) == ("en", RELIABLE, 0.9)
    assert found.shares == (share("en", 0.9), share("fr", 0.06))


@pytest.mark.parametrize(("letters", "status"), [(8000, RELIABLE), (7999, LOW)])
def test_a_work_is_sure_from_four_fifths(letters, status):
    assert combine([sure("en", letters), sure("es", 10_000 - letters)], None).status is status


def test_a_work_in_two_languages_keeps_the_declared_one_and_tells_both():
    found = combine([sure("en", 600), sure("es", 400)], "es")
    assert (found.language, found.detected, found.confidence, found.status) == ("es", "en", 0.6, LOW)
    assert found.shares == (share("en", 0.6), share("es", 0.4))


def test_equal_shares_go_by_the_tag():
    found = combine([sure("fr"), sure("de")], None)
    assert found.detected == "de"
    assert found.shares == (share("de", 0.5), share("fr", 0.5))


def test_a_group_that_no_engine_tells_apart_counts_as_one():
    found = combine([sure("zh-Hans", 500), sure("zh-Hant", 400), sure("en", 100)], "zh")
    assert (found.language, found.status, found.agrees, found.confidence) == ("zh-Hans", RELIABLE, True, 0.9)


@pytest.mark.parametrize(
    ("declared", "detected", "language"),
    [
        ("pt-BR", "pt", "pt-BR"),
        ("en-GB", "en", "en-GB"),
        ("zh", "zh-Hant", "zh-Hant"),
        ("zh-Hans", "zh-Hant", "zh-Hant"),
        ("yue", "zh-Hant", "yue"),
        ("ms", "id", "ms"),
        ("bs", "hr", "bs"),
        ("nn", "no", "nn"),
        ("tl", "fil", "fil"),
    ],
)
def test_what_no_engine_tells_apart_is_told_by_the_declaration(declared, detected, language):
    found = combine([sure(detected)], declared)
    assert (found.language, found.detected, found.status, found.agrees) == (language, detected, RELIABLE, True)


def test_langdetect_alone_cannot_contradict_a_language_that_it_does_not_know():
    alone = Detection("fr", 1.0, RELIABLE, 5000)
    assert combine([alone], "br").language == "br"
    assert (combine([alone], "br").status, combine([alone], "br").agrees) == (LOW, None)
    assert combine([alone], "de").language == "fr"
    assert combine([alone._replace(second="fr")], "br").language == "fr"


def test_a_language_that_only_the_second_engine_knows():
    found = combine([Detection("gl", 0.98, SECOND, 5000, "gl")], "gl")
    assert (found.language, found.status, found.confidence) == ("gl", SECOND, 0.98)


DETECTIONS = st.one_of(
    st.builds(sure, st.sampled_from(["en", "de", "id", "hr", "zh-Hans", "zh-Hant"]), st.integers(150, 10**7)),
    st.builds(guess, st.sampled_from(["en", "sw", "hr"]), st.integers(60, 149), st.floats(0.1, 1)),
    st.builds(short, st.integers(1, 59)),
    st.just(Detection(None, None, NO_LANGUAGE, 0)),
)
TAGS = st.sampled_from([None, "en", "de", "ms", "br", "zh", "und"])


@given(st.lists(DETECTIONS, max_size=8), TAGS, st.randoms(use_true_random=False))
def test_the_order_of_chapters_does_not_matter(chapters, declared, random):
    shuffled = list(chapters)
    random.shuffle(shuffled)
    assert combine(shuffled, declared) == combine(chapters, declared)


@given(st.lists(DETECTIONS, max_size=8), TAGS)
def test_the_fields_fit_together(chapters, declared):
    found = combine(chapters, declared)
    parts = [each.share for each in found.shares]
    assert parts == sorted(parts, reverse=True)
    assert sum(parts) <= 1 + 1e-4 * len(parts)
    assert (found.detected is None) == (found.confidence is None) == (not parts)
    assert found.agrees is None or declared is not None
    assert found.confidence is None or 0 <= found.confidence <= 1
    if found.status is RELIABLE:
        assert (found.confidence or 0) >= 0.79
