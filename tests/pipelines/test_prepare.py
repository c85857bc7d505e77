"""prepare: what a source states becomes rows; what can be measured is measured."""

import gc
import hashlib

import pytest

from pipelines.prepare import Unprepared, prepare, prepare_many, reject_of, work_id_of
from schemas.vocabulary import AuthorKind
from schemas.work import Author, Chapter, Span
from tests.works import prose, work


def test_the_key_is_the_archives_or_the_contents():
    assert work_id_of(work("x", source="ao3", source_work_id="12")) == "ao3:12"
    item = work("x")
    assert work_id_of(item) == f"file:{item.provenance.raw_sha256[:20]}"


def test_raw_and_normalised_values_stand_side_by_side():
    row = prepare(
        work(
            prose(1),
            rating_raw="Teen And Up Audiences",
            status_raw="Complete",
            language_raw="Deutsch",
            categories_raw=("F/M", "Poetry"),
            warnings_raw=("No Archive Warnings Apply", "puns"),
            relationships=("Holmes & Watson", "Mary Morstan/John Watson"),
        )
    ).work
    assert (row.rating, row.rating_raw) == ("teen", "Teen And Up Audiences")
    assert (row.status, row.status_raw) == ("complete", "Complete")
    assert (row.categories, row.categories_raw) == (("f/m",), ("F/M", "Poetry"))
    assert (row.warnings, row.warnings_raw) == (("no_warnings_apply",), ("No Archive Warnings Apply", "puns"))
    assert row.relationship_kinds == ("platonic", "romantic")
    assert (row.language, row.language_declared, row.language_detected, row.language_agrees) == (
        "en",
        "de",
        "en",
        False,
    )


def test_what_is_not_stated_is_null_and_lists_are_empty():
    row = prepare(work(prose(1))).work
    stated = row.model_dump()
    for name in (
        "rating",
        "status",
        "kudos",
        "hits",
        "published_date",
        "summary",
        "url",
        "is_crossover",
        "language_agrees",
    ):
        assert stated[name] is None, name
    for name in ("fandoms", "authors", "warnings", "series", "header", "quality_flags"):
        assert stated[name] == (), name


def test_a_stated_zero_is_a_zero():
    row = prepare(work(prose(1), engagement={"kudos": 0})).work
    assert (row.kudos, row.comments) == (0, None)


def test_anonymous_and_orphaned_works_have_no_author_ids():
    row = prepare(work(prose(1), authors=(Author(name="Anonymous", kind=AuthorKind.ANONYMOUS),))).work
    assert (row.authors, row.author_ids, row.author_kind, row.n_authors) == (("Anonymous",), (), "anonymous", 1)
    row = prepare(work(prose(1), authors=(Author(name="A", id="7", kind=AuthorKind.USER), Author(name="B")))).work
    assert (row.author_ids, row.author_kind, row.n_authors) == (("7", "B"), "user", 2)


def test_counts_and_hashes_are_of_the_clean_text():
    prepared = prepare(work(["One two three.\u200b\r\n\r\n\r\nFour.", "Five — six."]))
    first, second = prepared.chapters
    assert first.text == "One two three.\n\nFour."
    assert (first.n_words, first.n_chars, first.n_paragraphs) == (4, 21, 2)
    assert first.content_sha256 == hashlib.sha256(first.text.encode()).hexdigest()
    assert first.text_flags == ("zero_width_removed",)
    assert (second.chapter_id, second.n_words) == (f"{prepared.work.work_id}#0002", 2)
    assert (prepared.work.n_words, prepared.work.n_chapters) == (6, 2)
    assert prepared.work.quality_flags == ("zero_width_removed",)


def test_titles_names_and_tags_are_one_line():
    row = prepare(work(prose(1), title=" A\u00a0Study\nin  Tests ", fandoms=("Sherlock\tHolmes", "  "))).work
    assert (row.title, row.fandoms) == ("A Study in Tests", ("Sherlock Holmes",))


def test_markup_of_the_source_comes_through():
    item = work("One two.").model_copy(
        update={"chapters": (Chapter(text="One two.", spans=(Span(kind="emphasis", start=4, end=7),)),)}
    )
    (span,) = prepare(item).chapters[0].spans
    assert (span.kind, span.start, span.end) == ("emphasis", 4, 7)


def test_a_work_without_text_is_not_prepared():
    item = work([" \n\t", "\u200b"], source="ao3", source_work_id="3")
    with pytest.raises(Unprepared) as caught:
        prepare(item)
    row = reject_of(item, caught.value.reason, caught.value.detail)
    assert (row.ref, row.work_id, row.stage, row.reason) == ("a.txt", "ao3:3", "prepare", "no_text")


def test_metadata_alone_is_a_work():
    prepared = prepare(work([], language_raw="English"))
    assert (prepared.work.n_chapters, prepared.work.n_words, prepared.work.compression_ratio) == (0, 0, None)
    assert prepared.work.language == "en"
    assert prepared.chapters == ()


def test_chapters_in_two_languages_are_told_apart():
    german = "Der Nebel lag seit Mittag über der Straße, und mein Freund hatte sich nicht vom Fenster gerührt. " * 4
    prepared = prepare(work([prose(1, 20), german]))
    assert [chapter.language for chapter in prepared.chapters] == ["en", "de"]
    assert [share.language for share in prepared.work.language_shares] == ["en", "de"]
    assert prepared.work.language == "en"


def test_prepare_is_a_pure_function():
    item = work([prose(1), prose(2)])
    one, other = prepare(item), prepare(item)
    assert (one.work, one.chapters, one.fingerprint) == (other.work, other.chapters, other.fingerprint)


def test_cycles_are_collected_before_and_after_but_not_meanwhile():
    seen: list[bool] = []
    assert gc.isenabled()
    prepare_many([work("Rain.")], lambda _: seen.append(gc.isenabled()))
    assert set(seen) == {False}
    assert gc.isenabled()


def test_who_collects_no_cycles_goes_on_so():
    gc.disable()
    try:
        prepare_many([work("Rain.")])
        assert not gc.isenabled()
    finally:
        gc.enable()
