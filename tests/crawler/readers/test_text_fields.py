from __future__ import annotations

from datetime import date

import pytest

from crawler.readers.text_fields import authors_of, date_of, items_of, read_fields, series_of
from crawler.readers.text_header import Field
from crawler.readers.text_labels import label_of
from crawler.readers.text_titles import byline, title_and_author, title_of


@pytest.mark.parametrize(
    ("line", "meaning", "value"),
    [
        ("Title: The Fog", "title", "The Fog"),
        ("  **Title:** The Fog", "title", "The Fog"),
        ("*Title: The Fog*", "title", "The Fog"),
        ("TITLE - The Fog", "title", "The Fog"),
        ("<Title> The Fog", "title", "The Fog"),
        ("[Rating] PG", "rating", "PG"),
        ("Rating......PG", "rating", "PG"),
        ("Pairing(s) : A/B", "relationship", "A/B"),
        ("> Author’s Notes: hello", "notes", "hello"),
        ("【标题】雾", "title", "雾"),
        ("作者：小青", "author", "小青"),
        ("Résumé : Un paquet.", "summary", "Un paquet."),
        ("Summary:", "summary", ""),
    ],
)
def test_labels(line, meaning, value):
    label = label_of(line)
    assert label is not None
    assert (label.meaning, label.value) == (meaning, value)


@pytest.mark.parametrize(
    "line",
    [
        "Harry: a boy.",
        "Summary",
        "[Summary]",
        "Notes - he thought",
        "Then: he left",
        "a:b",
        "",
        "::",
        "Titles of books: x",
    ],
)
def test_no_labels(line):
    assert label_of(line) is None


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Jo Marsh", ("Jo Marsh",)),
        ("Jo and Amy", ("Jo", "Amy")),
        ("Jo & Amy", ("Jo", "Amy")),
        ("Jo, Amy, Beth", ("Jo", "Amy", "Beth")),
        ("Jo Marsh, Amy Laurence", ("Jo Marsh", "Amy Laurence")),
        ("Marsh, Jo", ("Marsh, Jo",)),
        ("The Jo and the Amy", ("The Jo and the Amy",)),
        ("andromeda", ("andromeda",)),
        ("", ()),
    ],
)
def test_authors(text, names):
    assert authors_of(text) == names


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2003-05-12", date(2003, 5, 12)),
        ("12 May 2003", date(2003, 5, 12)),
        ("May 12, 2003", date(2003, 5, 12)),
        ("Monday, May 12th, 2003", date(2003, 5, 12)),
        ("12. Mai 2003", date(2003, 5, 12)),
        ("12 de mayo de 2003", date(2003, 5, 12)),
        ("12.05.2003", date(2003, 5, 12)),
        ("2003年5月12日", date(2003, 5, 12)),
        ("25/12/2003", date(2003, 12, 25)),
        ("12/25/2003", date(2003, 12, 25)),
        ("05/12/2003", None),
        ("31 February 2003", None),
        ("last spring", None),
        ("1997", None),
    ],
)
def test_dates(text, day):
    assert date_of(text) == day


@pytest.mark.parametrize(
    ("text", "title", "position"),
    [
        ("The Doors #3", "The Doors", 3),
        ("The Doors, part 2", "The Doors", 2),
        ("Book 2 of The Doors", "The Doors", 2),
        ("Part 2 of the Doors series", "the Doors", 2),
        ("The Doors", "The Doors", None),
    ],
)
def test_series(text, title, position):
    series = series_of(text)
    assert (series.title, series.position) == (title, position)


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("Holmes/Watson, Mary/Watson", ("Holmes/Watson", "Mary/Watson")),
        ("fog; parcels;", ("fog", "parcels")),
        ("雾、春天", ("雾", "春天")),
        ("Yes, Minister", ("Yes, Minister",)),
        ("Some blood. Some fog, too.", ("Some blood. Some fog, too.",)),
        ("S, A, UST", ("S", "A", "UST")),
    ],
)
def test_items(text, items):
    assert items_of(text) == items


def test_addresses_of_people_are_dropped_and_what_is_unsure_stays_in_the_header():
    reading = read_fields(
        [
            Field("author", "Author", "Jo Marsh <jo@example.org>"),
            Field("email", "E-mail", "jo@example.org"),
            Field("feedback", "Feedback", "to jo@example.org, please"),
            Field("words", "Words", "about 5,000"),
            Field("published", "Date", "05/06/2003"),
        ]
    )
    assert [author.name for author in reading.values["authors"]] == ["Jo Marsh"]
    assert [(field.label, field.value) for field in reading.header] == [
        ("Feedback", "to , please"),
        ("Words", "about 5,000"),
        ("Date", "05/06/2003"),
    ]
    assert set(reading.flags) == {"email_removed"}


@pytest.mark.parametrize(
    ("line", "title"),
    [
        ("The Fog", "The Fog"),
        ("# The Fog #", "The Fog"),
        ("*~ The Fog ~*", "The Fog"),
        ('"The Fog"', "The Fog"),
        ("What Happened Then?", "What Happened Then?"),
        ("Help!", None),
        ("what did you say?", None),
        ("It rained.", None),
        ("And then,", None),
        ("“Stop,” he said", None),
        ("12 March 1895", None),
        ("London, 1895", None),
        ("* * *", None),
        ("~" * 119 + "x", "x"),
    ],
)
def test_titles(line, title):
    assert title_of(line) == title


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("by Jo Marsh", "Jo Marsh"),
        ("*written by jo_m*", "jo_m"),
        ("von Käthe", "Käthe"),
        ("de repente", None),
        ("by the sea they went", None),
        ("By then it was late.", None),
        ("bystanders", None),
    ],
)
def test_bylines(line, name):
    assert byline(line) == name


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("A Quiet Evening by Mary Morstan", ("A Quiet Evening", "Mary Morstan")),
        ("The Fog, by Jo", ("The Fog", "Jo")),
        ('"The Fog" by jo', ("The Fog", "jo")),
        ("Salt by sea_wolf9", ("Salt", "sea_wolf9")),
        ("Stand by Me", None),
        ("Touched by Fire", None),
        ("Touched by Dark Fire", None),
        ("Blinded by the Light", None),
        ("Step by Step", None),
    ],
)
def test_titles_with_an_author_in_one_line(line, found):
    assert title_and_author(line) == found
