"""Stories from the source of a page: what is taken, and that it is what the walker over the tree finds."""

import sys
import time
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from crawler.pages.body import passage, walked
from crawler.pages.body_open import is_opened_by
from crawler.pages.body_paragraphs import paragraphs_of
from crawler.pages.body_plain import ODD
from crawler.pages.body_source import story_in_source
from pipelines.clean import Cleaned, canonical, clean
from tests.crawler.pages.test_body import _PIECE


def _node(page: str, selector: str = "div.story"):
    node = LexborHTMLParser(page).css_first(selector)
    assert node is not None
    return node


def _cleaned(found) -> Cleaned:
    return clean(found.text, blocks=found.blocks, spans=found.spans)


def _agrees(node) -> None:
    assert _cleaned(passage(node)) == _cleaned(walked(node.inner_html or ""))


@pytest.mark.parametrize(
    ("html", "text", "spans"),
    [
        ("<p>a</p>\n<p>b</p>", "a\n\nb", []),
        ("<p>a</p><p>b <i>c</i></p>", "a\n\nb c", [("emphasis", 5, 6)]),
        ("<p> a\n  b </p>\n\n<p>\n<em>c </em>d&nbsp;</p><p></p>", "a b\n\nc d", [("emphasis", 5, 6)]),
        ("<p>“<b><i>x</i></b>”</p>", "“x”", [("emphasis", 1, 2), ("strong", 1, 2)]),
        ("<p>1 &lt; 2 &amp; 3</p>", "1 < 2 & 3", []),
        ('<p class="calibre1">a</p> <p class="x" id="y">b<em class="i">c</em></p>', "a\n\nbc", [("emphasis", 4, 5)]),
        ('<p><span class="s">a</span> b</p>', "a b", []),
    ],
)
def test_paragraphs_with_plain_marks_are_taken(html, text, spans):
    found = paragraphs_of(html.encode())
    assert found is not None
    assert found.text == text
    assert [(kind, start, end) for kind, start, end, _ in found.spans] == spans
    node = _node(f'<div class="story">{html}</div>')
    assert story_in_source(node) is not None
    assert passage(node).blocks == ()
    _agrees(node)


def test_alignment_is_a_span():
    page = '<div class="story"><p align="center"><b>x</b> y</p><p>z</p><p style="text-align: right;"> w </p></div>'
    found = passage(_node(page))
    assert found.text == "x y\n\nz\n\nw"
    assert [(span.kind, span.start, span.end, span.value) for span in found.spans] == [
        *(("align", 0, 3, "center"), ("strong", 0, 1, None), ("align", 8, 9, "right"))
    ]
    assert story_in_source(_node(page)) is not None
    assert story_in_source(_node('<div class="story"><p>a</p><p align="center"><i>x<p>y</p></div>')) is None


def test_thematic_breaks_are_blocks():
    found = passage(_node('<div class="story"><p>a</p><hr/><p>* * *</p> <hr class="c"> <p>b <i>c</i></p></div>'))
    assert found.text == "a\n\n* * *\n\n* * *\n\n* * *\n\nb c"
    assert [(block.kind, block.start) for block in found.blocks] == [
        *(("p", 0), ("scene_break", 3), ("p", 10), ("scene_break", 17), ("p", 24))
    ]
    assert [(span.start, span.end) for span in found.spans] == [(26, 27)]


@pytest.mark.parametrize(
    "html",
    [
        "<p>a<br>b</p>",
        '<p style="text-align:center;font-style:italic">a</p>',
        '<p class="verse">a</p>',
        "<p>a<p>b</p>",
        "<p>a<i>b</p><p>c</i></p>",
        "<p>a<!-- x --></p>",
        "<p>a\u200bb</p>",
        "<p>a&shy;b</p>",
        "<p>a&#10;b</p>",
        "<p>a&#10 b</p>",
        "<p>e\u0301</p>",
        '<p>a <a href="/x">b</a></p>',
        "<p>a <script>b</script></p>",
        "<p/>a</p>",
        "<pre>a</p>",
    ],
)
def test_all_else_needs_the_walker(html):
    assert paragraphs_of(html.encode()) is None


@pytest.mark.parametrize(
    "page",
    [
        '<div><b><div class="story"><p>x</p></div></b></div>',
        '<p><b>unclosed</p><div class="story"><p>x</p><p>y</p></div>',
        '<div class="story"><p>x</p></div><div class="story"><p>y</p></div>',
        '<!-- <div class="story"><p>y</p></div> --><div class="story"><p>x</p></div>',
        '<div title=\'<div class="story"><p>y</p></div>\'></div><div class="story"><p>x</p></div>',
        '<div class="story"><h2>t</h2><p>x</p></div>',
        '<div class="story"><div><p>x</p></div>z</div>',
        '<div class="story"><blockquote><p>x</p></blockquote></div>',
        '<div class="story"><p>x</p><ul><li>y</ul></div>',
        '<table><div class="story"><p>x</p></div></table>',
        "<div class='story'><p>x</p></div>",
        "<div class='story' id=a><p>x</p></div>",
        '<svg><div class="story"><p>x</p></div></svg>',
    ],
)
def test_what_stands_around_a_story_changes_nothing(page):
    for node in LexborHTMLParser(page).css("div.story"):
        _agrees(node)


def test_chapters_with_the_same_tag_are_told_apart():
    page = "".join(f'<div class="story"><p>chapter <i>{n}</i></p></div>' for n in range(50))
    nodes = LexborHTMLParser(page).css("div.story")
    for number in (*range(50), 7, 3, 49):
        assert passage(nodes[number]).text == f"chapter {number}"
    page = "".join(f'<div class="story"><p>chapter {n}{"<br>x" * (n % 3 == 0)}</p></div>' for n in range(50))
    taken = [story_in_source(node) is not None for node in LexborHTMLParser(page).css("div.story")]
    assert taken == [n % 3 > 0 for n in range(50)]


def test_many_elements_cost_linear_time():
    page = "".join(f'<div id="a{n}"><p>x<br>y</p></div>' for n in range(20_000))
    nodes = LexborHTMLParser(page).css("div")
    start = time.process_time()
    assert all(story_in_source(node) is None for node in reversed(nodes))
    assert time.process_time() - start < 5  # a tenth of a second; its square would be a minute


def test_what_is_left_out_may_stand_before_the_story():
    node = _node('<div class="story"><h3 class="landmark">Text</h3>\n<p>a <em>b</em></p>\n</div>')
    assert passage(node, leave_out=["h3.landmark"]).text == "a b"
    assert passage(node).text == "Text\n\na b"
    node = _node('<div class="story"><p>a <em>b</em></p><p class="note">c</p></div>')
    assert passage(node, leave_out=[".note"]).text == "a b"
    assert passage(node).text == "a b\n\nc"


_PIECES = [
    *(
        "word",
        " ",
        " ",
        "\n",
        "é",
        "“",
        "”",
        "&amp;",
        "&nbsp;",
        "\xa0",
        "漢",
        "й",
        "<i>",
        "</i>",
        "<em>x</em>",
        "&quot;",
    ),
    *("<strong><em>both</em></strong>", "<b> a </b>", "<span>s</span>", "* * *", "[note]", "A/N: hi", "THE END"),
]
_INLINE = st.lists(st.sampled_from(_PIECES), max_size=9).map("".join)
_STORY = st.tuples(
    st.sampled_from(["", "\n", " ", "\n\n"]),
    st.lists(_INLINE, min_size=1, max_size=8),
    st.sampled_from(["<p>", '<p class="c">', '<p align="center">']),
    st.sampled_from(["", "<hr>", "<hr />"]),
).map(lambda t: t[3].join(t[0].join(f"{t[2]}{part}</p>" for part in t[1][i : i + 4]) for i in range(0, len(t[1]), 4)))


@settings(deadline=None, max_examples=600)
@given(_STORY, st.sampled_from(["", "<b>", "<p><i>", "<center>", "<!-- ", "<h2>x</h2>", "<table>"]))
def test_stories_are_what_the_walker_finds(story, before):
    for node in LexborHTMLParser(f'{before}<div class="story">{story}</div>').css("div.story"):
        _agrees(node)


_AROUND = st.lists(
    st.one_of(
        _PIECE,
        st.sampled_from(
            [
                *('<div class="story">', "<div>", "</div>", "<section>", "</section>", "</body>", "</html>", "<p>"),
                *("<table>", "<tr><td>", "</table>", "<select>", "<svg>", "<!--", "-->", "<script>", "</script>"),
                *("<a href=x>", "</a>", "<b>", "</b>", "<form>", "</form>", "<button>", "<frameset>", "<template>"),
                *(
                    "<title>",
                    "</title>",
                    "<textarea>",
                    "<?",
                    "<br x=",
                    "</i ",
                    '<i title="',
                    '">',
                    "<body class=a>",
                    "<blockquote>",
                    "<li>",
                ),
            ]
        ),
    ),
    max_size=12,
).map("".join)


@settings(deadline=None, max_examples=1000)
@given(_AROUND, _AROUND)
def test_an_element_is_opened_where_the_parser_opens_it(before, after):
    head = f'{before}<div class="story">'.encode("utf-8", "replace")
    page = head + b"<p>THE ONE</p></div>" + after.encode("utf-8", "replace")
    for node in LexborHTMLParser(page).css("div"):
        if is_opened_by(node, head, len(head)):
            assert node.inner_html == "<p>THE ONE</p>"


def test_an_element_is_told_from_others_of_its_tag():
    head = b'<div class="story"></div><section> <div class="story">'
    one, other = LexborHTMLParser(head + b"<p>a</p></div></section><table>").css("div.story")
    assert is_opened_by(other, head, 100)
    assert not is_opened_by(one, head, 100)
    assert not is_opened_by(other, head, 10)
    assert not is_opened_by(other, b"<table>" + head, 100)


@settings(deadline=None, max_examples=400)
@given(st.lists(_PIECE, max_size=20).map("".join), st.lists(_PIECE, max_size=4).map("".join))
def test_any_markup_is_what_the_walker_finds(inside, before):
    page = f'{before}<div class="story">{inside}</div>'.encode("utf-8", "replace").decode()
    for node in LexborHTMLParser(page).css("div.story, body"):
        _agrees(node)


def test_characters_that_are_taken_stay_whatever_stands_beside_them():
    pairs = [unicodedata.decomposition(chr(code)).split() for code in range(sys.maxunicode + 1)]
    seconds = {chr(int(pair[1], 16)) for pair in pairs if len(pair) == 2 and pair[0][0] != "<"}
    for code in [*range(0x80, 0xD800), *range(0xE000, 0x20000)]:
        char = chr(code)
        if not ODD.search(char):
            assert canonical(f"a{char}a") == (f"a{char}a", ()), hex(code)
            assert char not in seconds, hex(code)
            assert not unicodedata.combining(char), hex(code)
