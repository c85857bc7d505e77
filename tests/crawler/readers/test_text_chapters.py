from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.readers.text_chapters import heading_of, split, split_by_titles
from crawler.readers.text_numbers import number_of


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("7", 7),
        ("xiv", 14),
        ("XL", 40),
        ("IX", 9),
        ("twenty-one", 21),
        ("Ninety Nine", 99),
        ("fünf", 5),
        ("第", None),
        ("十二", 12),
        ("二十三", 23),
        ("一百零五", 105),
        ("两", 2),
        ("１２", 12),
        ("iiii", None),
        ("mix", None),
        ("", None),
    ],
)
def test_numbers(text, number):
    assert number_of(text) == number


@pytest.mark.parametrize(
    ("line", "kind", "number", "title"),
    [
        ("Chapter 1", "chapter", 1, None),
        ("CHAPTER IV: The Stair", "chapter", 4, "The Stair"),
        ("Chapter Twenty-One - Fog", "chapter", 21, "Fog"),
        ("Chapter: 3", None, None, None),
        ("Chapter 3 -Stranger Fog-", "chapter", 3, "Stranger Fog"),
        ("## Chapter 2", "chapter", 2, None),
        ("Kapitel 3", "chapter", 3, None),
        ("3. Kapitel", "chapter", 3, None),
        ("Capítulo 4. El fin", "chapter", 4, "El fin"),
        ("Chapitre II", "chapter", 2, None),
        ("Capitolo uno", "chapter", 1, None),
        ("Глава первая", "chapter", 1, None),
        ("Rozdział 5", "chapter", 5, None),
        ("Hoofdstuk 6", "chapter", 6, None),
        ("第一章 开始", "chapter", 1, "开始"),
        ("第12話　春", "chapter", 12, "春"),
        ("פרק 1", "chapter", 1, None),
        ("Part 2/7", "part", 2, None),
        ("~ 1 ~", "number", 1, None),
        ("IV.", "number", 4, None),
        ("Prologue: Rain", "special", None, "Prologue: Rain"),
        ("Epílogo", "special", None, "Epílogo"),
        ("Chapter 3 was the worst of them.", None, None, None),
        ("Part of him wanted to go", None, None, None),
        ("Prologue to a war", None, None, None),
        ("1895 was a cold year", None, None, None),
        ("I am here", None, None, None),
        ("Act natural", None, None, None),
    ],
)
def test_headings(line, kind, number, title):
    heading = heading_of(line)
    if kind is None:
        assert heading is None
    else:
        assert heading is not None
        assert (heading.kind, heading.number, heading.title) == (kind, number, title)


def parts(body: str, **options: bool) -> list[tuple[int | None, str | None, str]]:
    return [(section.number, section.title, section.text.strip()) for section in split(body, **options)]


def test_numbers_that_do_not_count_on_are_no_chapters():
    body = "a\n\n7\n\nb\n\n3\n\nc"
    assert parts(body) == [(None, None, body)]


def test_a_huge_gap_is_no_chapter():
    assert parts("Chapter 1\n\na\n\nChapter 90\n\nb") == [(1, None, "a\n\nChapter 90\n\nb")]


def test_a_single_chapter_in_the_middle_is_prose():
    body = "He opened the book.\n\nChapter 9\n\nIt began badly."
    assert parts(body) == [(None, None, body)]


def test_front_matter_stays_and_a_table_of_contents_goes():
    assert parts("For Jo.\n\nChapter 1\n\na\n\nChapter 2\n\nb") == [
        (None, None, "For Jo."),
        (1, None, "a"),
        (2, None, "b"),
    ]
    assert parts("Contents\n\nChapter 1\nChapter 2\n\nChapter 1\n\na\n\nChapter 2\n\nb") == [
        (1, None, "a"),
        (2, None, "b"),
    ]


def test_a_heading_inside_a_paragraph_is_prose_unless_lines_are_paragraphs():
    body = "Chapter 1\nIt rained.\nChapter 2\nIt stopped."
    assert parts(body) == [(1, None, "It rained.\nChapter 2\nIt stopped.")]
    assert parts(body, by_line=True) == [(1, None, "It rained."), (2, None, "It stopped.")]


def test_titles_below_headings():
    assert parts("Chapter 1\nThe Fog\n\na\n\nChapter 2\nThe Stair\n-----\nb") == [
        (1, "The Fog", "a"),
        (2, "The Stair", "-----\nb"),
    ]


def test_chapters_by_their_titles_in_order():
    sections = split_by_titles("\n1. Fog\n\na Fog\n\n  2. Stair\n\nb", ["1. Fog", "2. Stair"])
    assert sections is not None
    assert [(one.number, one.title, one.text.strip()) for one in sections] == [(1, "Fog", "a Fog"), (2, "Stair", "b")]
    assert split_by_titles("Fog\n", ["Fog", "Stair"]) is None


@settings(deadline=None, max_examples=80)
@given(
    st.integers(1, 12), st.sampled_from(["Chapter {}", "{}.", "Kapitel {}", "~ {} ~", "Part {}", "第{}章"]), st.data()
)
def test_chapters_come_back(count, pattern, data):
    if count == 1 and pattern in ("{}.", "~ {} ~"):
        return
    texts = [
        "\n\n".join(
            data.draw(
                st.lists(st.text("abc de.", min_size=3).map(lambda line: "y" + line.strip()), min_size=1, max_size=3)
            )
        )
        for _ in range(count)
    ]
    body = "\n\n".join(f"{pattern.format(number)}\n\n{text}" for number, text in enumerate(texts, 1))
    assert parts(body) == [(number, None, text.strip()) for number, text in enumerate(texts, 1)]
