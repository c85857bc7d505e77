"""Pages of FanFiction.net and FictionPress."""

import time
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from crawler.pages.ffnet import crossed
from crawler.pages.ffnet_facts import GENRES, count, day_of, read_facts, read_mobile_facts
from tests.crawler.pages.ffnet_kinds import check, read
from tests.fixture_folders import cases

SAMPLES = Path(__file__).parents[4] / "shared/samples"
FIXTURES = cases("ffnet")
SEEN = datetime(2016, 2, 3, 12, tzinfo=UTC)


@pytest.mark.parametrize("case", FIXTURES, ids=lambda case: case.name)
def test_fixture(case):
    check(case)


@pytest.mark.parametrize(
    ("shown", "day"),
    [
        ("12-27-11", date(2011, 12, 27)),
        ("9-1-99", date(1999, 9, 1)),
        ("3/29/2010", date(2010, 3, 29)),
        ("Mar 31, 2013", date(2013, 3, 31)),
        ("Mar 22", date(2015, 3, 22)),
        ("1/5", date(2016, 1, 5)),
        ("18h", date(2016, 2, 2)),
        ("2h ago", date(2016, 2, 3)),
        ("2-30-11", None),
        ("soon", None),
        ("", None),
    ],
)
def test_days(shown, day):
    assert day_of(shown, SEEN) == day


@pytest.mark.parametrize("shown", ["18h", "Mar 22", "1/5"])
def test_days_without_a_year_need_the_time_of_the_page(shown):
    assert day_of(shown, None) is None


@pytest.mark.parametrize(("shown", "number"), [("1,204", 1204), ("0", 0), ("5k+", None), (None, None), ("1,2", None)])
def test_counts(shown, number):
    assert count(shown) == number


@pytest.mark.parametrize(
    ("names", "address", "fandoms"),
    [
        ("A: B + C", "/A-B_and_C_Crossovers/1/2/", ("A: B", "C")),
        ("Alex + Ada + Dracula", "/Alex-Ada_and_Dracula_Crossovers/1/2/", ("Alex + Ada", "Dracula")),
        ("Dracula + Alex + Ada", "/Dracula_and_Alex-Ada_Crossovers/1/2/", ("Dracula", "Alex + Ada")),
        ("Dracula & Emma", "/Dracula_and_Emma_Crossovers/1/2/", ("Dracula", "Emma")),
        ("Dracula + Emma", "/crossovers/9/", ("Dracula", "Emma")),
    ],
)
def test_names_of_crossovers(names, address, fandoms):
    assert crossed(names, address) == fandoms


def node(html):
    return LexborHTMLParser(f"<div>{html}</div>").css_first("div")


@given(
    st.lists(st.sampled_from(sorted(GENRES)), max_size=2, unique=True),
    st.lists(st.sampled_from(["Harry P.", "Lily Evans P.", "OC", "Mr. B/C", "Team 7"]), max_size=4, unique=True),
)
@settings(deadline=None, max_examples=60)
def test_genres_and_characters_are_told_apart(genres, names):
    parts = ["Rated: Fiction T", "English", "/".join(genres), ", ".join(names), "Words: 9", "id: 5"]
    facts = read_facts(node(" - ".join(part for part in parts if part)))
    assert (facts.genres, facts.characters, facts.work_id) == (tuple(genres), tuple(names), "5")
    parts = ["Rated: T", "English", " & ".join(genres), ", ".join(names), "Words: 9, Published: Mar 1"]
    facts = read_mobile_facts(node(", ".join(part for part in parts if part)))
    assert (facts.genres, facts.characters) == (tuple(genres), tuple(names))


def test_two_characters_were_joined_by_an_ampersand_until_2013():
    facts = read_facts(node("Rated: T - English - Mystery - Sherlock H. & John W./Watson - Words: 1"))
    assert facts.characters == ("Sherlock H.", "John W./Watson")


def test_pairing_is_a_relationship_of_characters():
    facts = read_facts(node("Rated: T - English - [A B., C.] [D., E.] F. - Words: 1"))
    assert facts.relationships == ("[A B., C.]", "[D., E.]")
    assert facts.characters == ("A B.", "C.", "D.", "E.", "F.")


def test_line_of_before_2009():
    page = """<title>Old Tea, a sherlock holmes fanfic - FanFiction.Net</title><table><tr><td>
    <a href='/u/5/Irene'>Irene</a> <a href="http://www.fictionratings.com/" target="rating">Fiction Rated: K+</a>
    - English - Humor - Reviews: <a href='/r/9/'>15</a> - Published: 09-01-05 - Complete - id:9</td></tr></table>
    <div id=storytext class=storytext><p>Cold.</p></div>"""
    (work,), _ = read(page)
    assert (work.title, work.source_work_id, work.rating_raw) == ("Old Tea", "9", "K+")
    assert (work.published_date, work.status_raw, work.genres) == (date(2005, 9, 1), "Complete", ("Humor",))
    assert work.fandoms == ("sherlock holmes",)
    assert work.engagement.comments == 15


def test_several_heads_are_several_works():
    (case,) = [case for case in FIXTURES if case.name == "head_fragment"]
    html = (case / "input.html").read_text("utf-8")
    works, _ = read(html + html.replace("id: 83", "id: 84").replace("Chapters: 39", "Chapters: 4"))
    assert [(work.source_work_id, work.n_chapters_source) for work in works] == [("83", 39), ("84", 4)]


def test_truncated_page_says_so():
    (case,) = [case for case in FIXTURES if case.name == "desktop_chapter"]
    html = (case / "input.html").read_text("utf-8")
    (work,), _ = read(html[: html.index("the door.")])
    assert "page_truncated" in work.provenance.flags


@given(st.data())
@settings(deadline=None, max_examples=150)
def test_damaged_pages_give_works_or_a_refusal(data):
    case = data.draw(st.sampled_from(FIXTURES + cases("fimfiction") + cases("ficwad")))
    html = (case / "input.html").read_text("utf-8")
    start = data.draw(st.integers(0, len(html)))
    end = data.draw(st.integers(start, min(len(html), start + 400)))
    read(html[:start] + data.draw(st.text(max_size=20)) + html[end:])
    read(html[:start])


@given(st.lists(st.sampled_from(["<p>", "</p>", "<br>", "<div>", "</div>", "<em>", "word", " ", "é", "&amp;", "<b>"])))
@settings(deadline=None, max_examples=100)
def test_no_word_of_the_story_is_lost(pieces):
    (case,) = [case for case in FIXTURES if case.name == "desktop_2011"]
    html = (case / "input.html").read_text("utf-8")
    story = "<p>first</p>" + "".join(piece for piece in pieces if piece != "</div>")
    (work,), _ = read(html.replace("<p>Nobody drinks it cold.</p>", story))
    assert work.chapters[0].text.count("word") == pieces.count("word")
    assert work.chapters[0].text.count("é") == pieces.count("é")


def test_nesting_and_size_are_bounded():
    (case,) = [case for case in FIXTURES if case.name == "desktop_2011"]
    html = (case / "input.html").read_text("utf-8")
    works, _ = read(html.replace("It was cold.", "<i>" * 50_000 + "deep").replace("Rated:", "[" * 100_000 + " Rated:"))
    assert len(works) <= 1


@pytest.mark.parametrize(
    "piece",
    [
        '<div class=z-list><a href="/s/1/1/">t</a>',
        '<div class=story_content_box><a class=story_name href="/story/1">t</a>',
        '<div id=storycontent><div id=content><div align=center><a href="/s/1/">t</a>',
        '<div id=profile_top>Rated: <b>t</b><a href="/u/1/">a</a>',
        "<div id=story><div class=storylist><h4><a href=/story/1>t</a></h4><h2><a href=/category/1>x</a>",
    ],
)
def test_elements_within_themselves_cost_little(piece):
    started = time.monotonic()
    read(piece * 3_000)
    assert time.monotonic() - started < 10


def test_mobile_crossover():
    (case,) = [case for case in FIXTURES if case.name == "mobile_oneshot"]
    html = (case / "input.html").read_text("utf-8")
    html = html.replace('<a href="/book/">Books</a>', '<a href="/crossovers/">Crossover</a>').replace(
        '<a href="/book/Sherlock-Holmes/">Sherlock Holmes</a>',
        '<a href="/Dracula_and_Sherlock-Holmes_Crossovers/1/2/">Dracula &amp; Sherlock Holmes</a>',
    )
    (work,), _ = read(html)
    assert (work.fandoms, work.is_crossover, work.media) == (("Dracula", "Sherlock Holmes"), True, ())


@pytest.mark.skipif(not SAMPLES.exists(), reason="samples are not here")
@pytest.mark.parametrize(
    ("name", "title", "words", "part", "chapters"),
    [
        ("ffnet/Fanfiction-Downloader__ffnogenre.html", "Test story without Genre", 6, None, 1),
        ("ffnet/fanfic-downloader__Tanya-s-New-Leaf.html", "Tanya's New Leaf", 1301, 1, 2),
        ("ffnet/mobile-pages__counting1.html", "Counting", 101, 1, 2),
        ("ffnet/mobile-pages__part6.html", "It's For a Good Cause, I Swear!", 2685, 6, 36),
        ("ffnet/stry__single-chapter.html", "Little Cog", 1075, None, 1),
        ("ffnet_mobile/derived_unescaped/resync__s-13846282-1.html", "A Surprise Visitor", 55, None, 1),
        ("ffnet_mobile/derived_unescaped/resync__s-13992705-1.html", "Yo Soy La Otra", 1916, 1, 2),
        ("ffnet_mobile/derived_unescaped/resync__s-13992705-2.html", "Yo Soy La Otra", 3559, 2, 2),
        ("ffnet_mobile/resync__s-9157763-3.html", "All Was Well", 2894, 3, 16),
        ("ffnet_fragment/fanfic-crawler__metadata_11931564.html", "The Red Dragon", 0, None, 75),
    ],
)
def test_samples(name, title, words, part, chapters):
    (work,), _ = read((SAMPLES / name).read_text("utf-8"))
    assert (work.title, work.part_number, work.n_chapters_source) == (title, part, chapters)
    found = sum(len(chapter.text.split()) for chapter in work.chapters)
    assert abs(found - words) <= max(2, words // 40)  # the reference counts words that markup cuts in two


@pytest.mark.skipif(not SAMPLES.exists(), reason="samples are not here")
def test_sample_of_a_block_page():
    assert read((SAMPLES / "ffnet_mobile/resync__s-cloudflare.html").read_text("utf-8")) == ([], "blocked")
