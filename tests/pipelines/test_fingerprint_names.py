"""Names and pronouns: what is left out of name-blind words, and when there is nothing to be told."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.fingerprint import EMPTY, fingerprint_chapter, fingerprint_chapters, fingerprint_work
from pipelines.fingerprint_names import is_gendered, nameless
from pipelines.fingerprint_words import Words, cased_words_of, words


def left(text):
    hashes, _ = nameless(cased_words_of([text])[0])
    return hashes.tolist()


@pytest.mark.parametrize(
    ("text", "capitals"),
    [
        ("The fog lay on Baker Street", [True, False, False, False, True, True]),
        ("Étienne était à ÉTAT", [True, False, False, True]),
        ("Ночь улица Фонарь", [True, False, True]),
        ("“Don't,” said O'Brien", [True, False, False, True, True]),
        ("die Straße Groß", [False, True, True]),
        ("İstanbul istanbul", [True, False]),
        ("ẞ ß ﬁn", [True, False, False]),
        ("我 爱 Holmes", [False, False, True]),
        ("ǅ ⅷ Ⅷ 7th ς", [True, False, True, False, False]),
    ],
)
def test_capitals_begin_words(text, capitals):
    assert cased_words_of([text])[0].capitals.tolist() == capitals


def test_names_are_words_that_are_never_written_small():
    """`The` is written small elsewhere and stays; `Holmes` and `London` never are; `she` and `her` are pronouns."""
    text = "The fog lay on London. She saw the lamp, and Holmes gave her fog."
    assert left(text) == words("the fog lay on saw the lamp and gave fog").tolist()


def test_other_names_and_pronouns_leave_the_same_words():
    one = "He took the letter from Dr. Watson. Mary laughed at him; the letter was his. Then he left."
    other = "She took the letter from Dr. Jane Bennet. Odysseus laughed at her; the letter was hers. Then she left."
    assert left(one) == left(other) != []
    assert words(one).tolist() != words(other).tolist()


def test_german_nouns_go_with_the_names():
    assert (
        left("Er gab der Frau den Brief und ging durch die Tür, die offen stand")
        == words("gab der den und ging durch die die offen stand").tolist()
    )


@pytest.mark.parametrize(
    "text", ["", "all in small letters, and nothing else", "那天夜里河上起了雾", "كان الضباب كثيفا"]
)
def test_where_there_are_no_capitals_nothing_can_be_told(text):
    assert left(text) == []
    work = fingerprint_work([fingerprint_chapter(text * 200)])
    assert (work.nameless.minima == EMPTY).all()
    assert work.n_nameless_estimate == 0


def test_a_text_in_capitals_has_no_name_blind_sketch():
    text = " ".join(f"WORD{n}" for n in range(400)) + " and so on"
    assert (fingerprint_work([fingerprint_chapter(text)]).nameless.minima == EMPTY).all()


def test_a_text_with_next_to_no_names_has_none_either():
    text = " ".join(f"word{n}" for n in range(400))
    assert (fingerprint_work([fingerprint_chapter(f"{text} Holmes")]).nameless.minima == EMPTY).all()
    assert (fingerprint_work([fingerprint_chapter(f"{text} Holmes Watson")]).nameless.minima != EMPTY).any()


def test_gendered_words_are_told_from_others():
    marks = is_gendered(words("she saw the king and his sister at noon, she did; él er она")).tolist()
    assert marks == [True, False, False, True, False, True, True, False, False, True, False, True, True, True]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.sampled_from(["lamp", "Lamp", "Holmes", "he", "fog", "River", "river", "Ärger"]), max_size=40))
def test_what_is_left_is_a_part_of_the_words_in_their_order(parts):
    text = " ".join(parts)
    never_small = {part.casefold() for part in parts} - {part for part in parts if part == part.casefold()}
    expected = [part for part in parts if part.casefold() not in never_small and part != "he"]
    has_capitals = any(part != part.casefold() for part in parts)
    assert left(text) == (words(" ".join(expected)).tolist() if has_capitals else [])


def test_a_works_chapters_have_sketches_of_their_own_where_there_are_several():
    texts = [" ".join(f"a{n}" for n in range(300)), "b c d e f"]
    several = fingerprint_work(fingerprint_chapters(texts))
    assert [sketch.minima.shape for sketch in several.chapter_sketches] == [(64,), (64,)]
    assert fingerprint_work(fingerprint_chapters(texts[:1])).chapter_sketches == ()
    coarse = np.minimum.reduce([sketch.minima for sketch in several.chapter_sketches])
    assert (coarse == several.sketch.minima.reshape(64, 4).min(axis=1)).all()


def test_words_that_agree_in_the_bits_of_every_table_are_told_apart():
    first = 0x1234_5678_9ABC_D000
    hashes = [first, first ^ 0x100, first, first ^ 0x100, first ^ 0x200]
    text = Words(np.array(hashes, dtype=np.uint64), np.array([False, False, True, True, True]))
    left, n_names = nameless(text)
    assert left.tolist() == hashes[:4]
    assert n_names == 1
