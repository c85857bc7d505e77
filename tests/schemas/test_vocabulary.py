"""How the archives' own words map onto the closed vocabularies."""

import pytest

from schemas.vocabulary import (
    category_of,
    language_name,
    language_of,
    rating_of,
    relationship_kind,
    status_of,
    warning_of,
)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("General Audiences", "general"),
        ("Teen And Up Audiences", "teen"),
        ("Explicit", "explicit"),
        ("Not Rated", "not_rated"),
        ("Rated: Fiction K+", "general"),
        ("Fiction T", "teen"),
        ("Fiction M", "mature"),
        ("Everyone", "general"),
        ("PG-13 for language", "teen"),
        ("NC-17", "explicit"),
        ("R", "mature"),
        ("twelve stars", None),
        ("", None),
        (None, None),
    ],
)
def test_rating(raw, expected):
    assert rating_of(raw) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("Complete", "complete"),
        ("WIP", "in_progress"),
        ("On Hiatus", "hiatus"),
        ("Cancelled", "abandoned"),
        ("Yes", None),
    ],
)
def test_status(raw, expected):
    assert status_of(raw) == expected


def test_choosing_not_to_warn_is_not_the_absence_of_warnings():
    assert warning_of("No Archive Warnings Apply") == "no_warnings_apply"
    assert warning_of("Choose Not To Use Archive Warnings") == "choose_not_to_warn"
    assert warning_of("Creator Chose Not To Use Archive Warnings") == "choose_not_to_warn"
    assert warning_of("bad puns") is None


def test_categories():
    assert [category_of(raw) for raw in ("F/M", "Gen", "Slash", "Femslash", "Poetry")] == [
        "f/m",
        "gen",
        "m/m",
        "f/f",
        None,
    ]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("Sherlock Holmes/John Watson", "romantic"),
        ("Sherlock Holmes & John Watson", "platonic"),
        ("[Elizabeth B., F. Darcy]", "romantic"),
        ("A & B/C", "romantic"),
        ("Watson's moustache", "other"),
    ],
)
def test_relationship_kind(raw, expected):
    assert relationship_kind(raw) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("English", "en"),
        ("Español", "es"),
        ("deutsch", "de"),
        ("pt_BR", "pt-BR"),
        ("Português brasileiro", "pt-BR"),
        ("中文-普通话 國語", "zh"),
        ("Русский", "ru"),
        ("eng", "en"),
        ("United States", None),
        ("martian", None),
        ("", None),
    ],
)
def test_language(raw, expected):
    assert language_of(raw) == expected


def test_language_names_are_english():
    assert language_name("ru") == "Russian"
