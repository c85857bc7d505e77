"""The cleaner: canonical text, blocks, offsets."""

from __future__ import annotations

import json
import pickle
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.clean import Cleaned, Raw, canonical, clean, clean_many, count_paragraphs, few_lines, one_line
from pipelines.clean_groups import Counted
from schemas.work import Block, BlockKind, Blocks, Span, Spans

CASES = sorted((Path(__file__).parents[1] / "fixtures" / "clean").iterdir())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_blocks_of_a_chapter(case: Path):
    expected = json.loads((case / "expected.json").read_text(encoding="utf-8"))
    text = (case / "input.txt").read_bytes().decode("utf-8")
    cleaned = clean(text, title=expected.get("title"))
    found = [(block.kind, cleaned.text[block.start : block.end]) for block in cleaned.blocks]
    assert [kind for kind, _ in found] == [kind for kind, _ in expected["blocks"]]
    for (_, words), (_, beginning) in zip(found, expected["blocks"], strict=True):
        assert words.startswith(beginning)


@pytest.mark.parametrize(
    ("text", "expected", "flags"),
    [
        ("a\r\nb\rc\n\rd", "a\nb\nc\n\nd", ()),
        ("a\x85b\u2028c\u2029d\x0be", "a\nb\nc\nd\ne", ()),
        ("a\fb", "a\n\nb", ()),
        ("  a \t b\xa0\u2009\u3000c  ", "a b c", ()),
        ("a\n \t \n\xa0\n\n\nb", "a\n\nb", ()),
        ("\n\n a\n b \n", "a\nb", ()),
        ("a\0b\x1fc\x7fd\x9fe", "abcde", ("controls_removed",)),
        ("a\u202eb\u200f\u2066c", "abc", ("bidi_removed",)),
        ("\ufeffa\u200bb\u2060c", "abc", ("zero_width_removed",)),
        ("be\xadlieve", "believe", ("soft_hyphens_removed",)),
        ("cafe\u0301", "café", ("nfc",)),
        ("e\u200b\u0301", "é", ("zero_width_removed", "nfc")),
        ("a\ud800b", "a\ufffdb", ("surrogates_replaced",)),
        ("\ud83d\ude00", "\U0001f600", ("surrogates_replaced",)),
        ("می\u200cخواهم \U0001f469\u200d\U0001f680", "می\u200cخواهم \U0001f469\u200d\U0001f680", ()),
        ("“a” — b… ﬁ Ｈｉ *c*", "“a” — b… ﬁ Ｈｉ *c*", ()),
        ("a \u200b b", "a b", ("zero_width_removed",)),
        ("\u200b \n", "", ("zero_width_removed",)),
    ],
)
def test_canonical(text, expected, flags):
    assert canonical(text) == (expected, flags)


# Characters that rules are about, so that they meet.
_CHARS = st.text(
    st.one_of(
        st.sampled_from(
            "\n\n\n  \r\t\f\v\0\x85\xa0\xad\u200b\u200d\u202e\u2028\u3000\ufeff\ud83d\ude00\u0301\u0316e\u1100\u1161가"
        ),
        st.sampled_from("*-~.…oOxX0aA/N:()[]“”"),
        st.characters(),
    ),
    max_size=60,
)
_PIECES = st.lists(
    st.sampled_from(
        [
            "A/N: hi",
            "(A/N: hi",
            "x)",
            "***",
            "\n***\n",
            "oOo",
            "TBC",
            "…",
            "Chapter 1",
            "Alice ran.",
            "a\nb\nc",
            "“No.”",
            "Please review!",
            "[image: a cat]",
            "I own nothing.",
            "O",
            "one, two and then a paragraph " * 3,
        ]
    ),
    max_size=12,
).map("\n\n".join)
_TEXTS = st.one_of(_CHARS, _PIECES, st.builds(str.__add__, _PIECES, _CHARS))


@settings(max_examples=300, deadline=None)
@given(_TEXTS)
def test_canonical_is_idempotent(text):
    once, _ = canonical(text)
    assert canonical(once) == (once, ())
    assert once == once.strip()
    assert not {"  ", " \n", "\n ", "\n\n\n"} & {once[i : i + n] for n in (2, 3) for i in range(len(once))}


@settings(max_examples=300, deadline=None)
@given(st.text("ab…“é漢 \n\t\r\xa0\0\xad"))
def test_canonical_loses_nothing_but_what_it_should(text):
    kept = [char for char in text if not char.isspace() and char not in "\0\xad"]
    assert [char for char in canonical(text)[0] if not char.isspace()] == kept


def _check(cleaned: Cleaned) -> None:
    done = 0
    for block in cleaned.blocks:
        inside = cleaned.text[block.start : block.end]
        assert done <= block.start
        assert not cleaned.text[done : block.start].strip()
        assert inside
        assert inside == inside.strip()
        done = block.end
    assert not cleaned.text[done:].strip()


@settings(max_examples=400, deadline=None)
@given(_TEXTS, st.one_of(st.none(), st.text(max_size=12)))
def test_blocks_cover_the_text_and_are_stable(text, title):
    cleaned = clean(text, title=title)
    _check(cleaned)
    again = clean(cleaned.text, title=title)
    assert (again.text, again.blocks) == (cleaned.text, cleaned.blocks)
    assert again.flags == ()


@settings(max_examples=150, deadline=None)
@given(_TEXTS, st.data())
def test_given_marks_move_with_the_text(text, data):
    if not text:
        return
    offsets = st.integers(0, len(text))
    pairs = data.draw(st.lists(st.tuples(offsets, offsets).filter(lambda pair: pair[0] < pair[1]), max_size=4))
    kinds = st.sampled_from(["p", "quote", "scene_break"])
    blocks = tuple(Block(kind=data.draw(kinds), start=start, end=end) for start, end in pairs)
    spans = tuple(Span(kind="emphasis", start=start, end=end) for start, end in pairs)
    cleaned = clean(text, blocks=blocks, spans=spans)
    assert cleaned.text == canonical(text)[0]
    _check(cleaned)
    for span in cleaned.spans:
        inside = cleaned.text[span.start : span.end]
        assert inside
        assert inside == inside.strip()


def test_offsets_move_through_every_kind_of_change():
    text = "\ufeff  Ali\xadce\r\n\r\n\r\nran  cafe\u0301s \ud83d\ude00 fast\0er"
    marked = ["Ali\xadce", "ran", "cafe\u0301s", "\ud83d\ude00", "fast\0er"]
    spans = tuple(Span(kind="emphasis", start=text.index(word), end=text.index(word) + len(word)) for word in marked)
    cleaned = clean(text, spans=spans)
    assert cleaned.text == "Alice\n\nran cafés \U0001f600 faster"
    words = [cleaned.text[span.start : span.end] for span in cleaned.spans]
    assert words == ["Alice", "ran", "cafés", "\U0001f600", "faster"]


def test_a_mark_of_nothing_goes():
    cleaned = clean("a \u200b b", spans=(Span(kind="strong", start=1, end=4), Span(kind="link", start=0, end=1)))
    assert [(span.kind, span.start, span.end) for span in cleaned.spans] == [("link", 0, 1)]


def test_given_kinds_win_and_given_paragraphs_are_looked_at():
    text = "A/N: hello\n\n***\n\nThe tea was cold.\n\n***\n\nThe rest has no block."
    blocks = (
        Block(kind="quote", start=0, end=10),
        Block(kind="p", start=12, end=15),
        Block(kind="p", start=17, end=34),
        Block(kind="verse", start=36, end=39),
    )
    found = [(block.kind, block.rule) for block in clean(text, blocks=blocks).blocks]
    assert found == [("quote", None), ("scene_break", "scene_break_symbols"), ("p", None), ("verse", None), ("p", None)]


def test_overlapping_blocks_are_parted():
    blocks = (Block(kind="quote", start=0, end=6), Block(kind="verse", start=3, end=10))
    found = [(block.kind, block.start, block.end) for block in clean("abc def ghij", blocks=blocks).blocks]
    assert found == [("quote", 0, 6), ("verse", 6, 10), ("p", 10, 12)]


def test_guesses_carry_rule_and_score():
    blocks = clean("A/N: hello\n\nAlice ran.").blocks
    assert [(b.kind, b.rule, b.score) for b in blocks] == [("note_candidate", "note_opener", 0.95), ("p", None, None)]


def test_blocks_are_as_good_as_validated_ones():
    blocks = clean("A/N: hello\n\nAlice ran.", title="x").blocks
    validated = tuple(Block.model_validate(block.model_dump()) for block in blocks)
    assert validated == blocks
    assert [hash(block) for block in validated] == [hash(block) for block in blocks]
    assert pickle.loads(pickle.dumps(blocks)) == blocks
    assert [repr(block) for block in validated] == [repr(block) for block in blocks]
    assert blocks[1].model_copy(update={"end": 20}) == Block(kind="p", start=12, end=20)
    assert blocks[1].model_dump_json() == '{"kind":"p","start":12,"end":22,"rule":null,"score":null}'


def test_empty():
    assert clean(" \n\0") == Cleaned("", Blocks.empty(), Spans.empty(), ("controls_removed",), Counted(b"", b"", 0, 0))


def test_count_paragraphs():
    kinds: tuple[BlockKind, ...] = (
        "p",
        "heading",
        "list",
        "scene_break",
        "quote",
        "note_candidate",
        "verse",
        "end_marker",
        "image",
    )
    assert count_paragraphs([Block(kind=kind, start=i, end=i + 1) for i, kind in enumerate(kinds)]) == 4


@pytest.mark.parametrize(("text", "line"), [(" A\r\n  Title\t\n\nx ", "A Title x"), ("\u200b", "")])
def test_one_line(text, line):
    assert one_line(text) == line


@pytest.mark.parametrize(("text", "lines"), [("a \r\n\r\n\r\n b", "a\n\nb"), (" \n\t", None)])
def test_few_lines(text, lines):
    assert few_lines(text) == lines


@pytest.mark.parametrize(
    "text",
    [
        "a " * 1_000_000,
        "\n" * 1_000_000,
        " " * 1_000_000 + "x",
        "a\n" * 50_000,
        "\0" * 1_000_000,
        "\ud800x" * 50_000,
        "a" + "\u0300\u0316" * 50_000,
        "[image: " * 100_000,
        "A/N: " * 100_000,
        "(A/N: x\n\n" * 5_000,
        "Chapter " * 100_000,
        "-" + " - " * 300_000,
    ],
    ids=lambda text: ascii(text[:8]),
)
def test_hostile_text_costs_linear_time(text):
    began = time.process_time()
    clean(text, title="Chapter " * 50)
    assert time.process_time() - began < 2  # tens of milliseconds; minutes if it were quadratic


def test_long_runs_of_marks_come_to_the_same_nfc():
    marks = "\u0301\u0316" * 100
    text, flags = canonical("e" + marks)
    assert flags == ("nfc",)
    assert text == "é" + "\u0316" * 100 + "\u0301" * 99


def test_chapters_are_cleaned_together_as_each_by_itself():
    raws = [Raw((case / "input.txt").read_bytes().decode("utf-8"), "Rain") for case in CASES]
    raws += [Raw(""), Raw("Rain.\r\n\r\nR&R!", None, [Block(kind="quote", start=0, end=5)])]
    begun: list[int] = []
    assert clean_many(raws, begun.append) == [
        clean(raw.text, title=raw.title, blocks=raw.blocks, spans=raw.spans) for raw in raws
    ]
    assert set(begun) == set(range(len(raws)))
