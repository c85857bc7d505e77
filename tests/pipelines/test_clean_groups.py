"""Texts looked at together are seen as each by itself."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.clean import Raw, clean_many
from pipelines.clean_blocks import find_units
from pipelines.clean_counts import count_words
from pipelines.clean_groups import Counted, Group, Paragraphs, fits, groups
from pipelines.clean_rules import LONGEST_MARK
from pipelines.clean_unicode import canonical, made_canonical
from pipelines.clean_utf8 import Utf8

PROSE = "Mrs Hudson's umbrella -- the well-known one -- stood open in the hall.\n\n"
PIECES = (
    *("a", "b1", "_", " ", "\n", "\n\n", "--", "-", "'", "’", "‘", "“", "—", "é", "дом", "日本", "ー", "\u0301", "ท"),
    *("\U00020000", "😀", "\x7f", "\0", "\r\n", "\ufeff", "\u2028", "\xa0", "(", "【", "（x", "...", "***"),
)
UGLY = st.lists(st.sampled_from(PIECES) | st.characters(exclude_categories=["Cs"]), max_size=30).map("".join)
TEXTS = st.lists(UGLY | st.builds(lambda text: PROSE + text + "\n\n" + PROSE.strip(), UGLY), max_size=8)


def together(texts: list[str]) -> tuple[list[str], Group] | None:
    fitting = [text for text in texts if fits(text, text.encode())]
    return (fitting, Group([text.encode() for text in fitting])) if fitting else None


def test_what_is_seen():
    group = Group(["“Rain?” he’d ask.\n\n(A/N: it's me--hi)".encode(), b"one\ntwo", b"x  y"])
    assert group.counted() == [
        Counted("“Rain?” he’d ask.\n\n(A/N: it's me--hi)".encode(), "“”’".encode(), 19, 8),
        Counted(b"one\ntwo", b"", 6, 2),
        Counted(b"x  y", b"", 2, 2),
    ]
    assert group.paragraphs() == [
        Paragraphs([0, 19], [17, 37], [0, 1], [1]),
        None,
        Paragraphs([0], [4], [0], []),
    ]
    assert group.doubtful() == {2}


def test_what_does_not_fit():
    texts = {"a": True, "": False, " a": False, "a\n": False, "\0": False, "été": False, "rainy é": True}
    assert {text: fits(text, text.encode()) for text in texts} == texts
    assert not fits("a" * 2_000_000, b"a" * 2_000_000)


@settings(max_examples=400, deadline=None)
@given(TEXTS)
def test_counts_are_those_of_each(texts):
    if found := together([canonical(text)[0] for text in texts]):
        fitting, group = found
        assert group.counted() == [Counted.of(text) for text in fitting]
        assert [each.n_words for each in group.counted()] == list(map(count_words, fitting))


@settings(max_examples=400, deadline=None)
@given(TEXTS)
def test_only_canonical_texts_are_beyond_doubt(texts):
    if found := together(texts):
        fitting, group = found
        doubtful = group.doubtful()
        for number, text in enumerate(fitting):
            assert number in doubtful or made_canonical(text) == (text, ())


@settings(max_examples=400, deadline=None)
@given(TEXTS)
def test_paragraphs_are_those_of_each(texts):
    if found := together([canonical(text)[0] for text in texts]):
        for text, paragraphs in zip(found[0], found[1].paragraphs(), strict=True):
            slow = find_units(text)
            parts = text.split("\n\n")
            assert (paragraphs is None) == any("\n" in part for part in parts)
            alone = Paragraphs.of(text, Utf8.of(text))
            assert paragraphs or not alone
            if paragraphs:
                assert alone is None or alone[:3] == paragraphs[:3]
                units = find_units(text, None, paragraphs)
                assert (units.starts, units.ends, units.guesses) == (slow.starts, slow.ends, slow.guesses)
                assert [text[a:b] for a, b in zip(units.starts, units.ends, strict=True)] == parts
                assert paragraphs.short == [n for n, part in enumerate(parts) if len(part) <= LONGEST_MARK]
                assert set(paragraphs.openings) >= {n for n, part in enumerate(parts) if part[0] in "([{（【<"}


def test_groups_hold_all_texts():
    texts = [(number, b"rain " * 20_000 + b"x") for number in range(7)]
    found = [(numbers, len(group.counted())) for numbers, group in groups(texts)]
    assert found == [([0, 1, 2], 3), ([3, 4, 5], 3), ([6], 1)]


@settings(max_examples=300, deadline=None)
@given(st.lists(UGLY | st.text() | UGLY.map(lambda text: PROSE + text + PROSE), max_size=6))
def test_texts_cleaned_together_are_those_of_each(texts):
    for text, cleaned in zip(texts, clean_many([Raw(text) for text in texts]), strict=True):
        assert (cleaned.text, cleaned.flags) == canonical(text) == made_canonical(text)
        assert cleaned.counted == Counted.of(cleaned.text)
        assert cleaned.blocks == find_units(cleaned.text).marked()
