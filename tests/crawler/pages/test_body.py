"""HTML to text: what becomes of the elements, and what holds of any markup."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from crawler.pages.body import join, line, passage, passage_of_html, passage_of_serialised, plain_of_html, walked
from crawler.pages.body_walk import Writer
from pipelines.clean import canonical, clean, one_line


def _marks(html: str) -> list[tuple[str, str, str | None]]:
    found = passage_of_html(html)
    return [(span.kind, found.text[span.start : span.end], span.value) for span in found.spans]


def _kinds(html: str) -> list[tuple[str, str]]:
    found = passage_of_html(html)
    return [(block.kind, found.text[block.start : block.end]) for block in found.blocks]


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>un<b>believ</b>able</p><p>Watson</p>", "unbelievable\n\nWatson"),
        ("<p>one <i> two </i> three</p>", "one two three"),
        ("<p>a<br>b<br><br>c<br> <br/>&nbsp;<br>d</p>", "a\nb\n\nc\n\nd"),
        ("a<div>b</div>c", "a\n\nb\n\nc"),
        ("<p>a</p><p>&nbsp;</p><p> </p><hr><p>b</p>", "a\n\n* * *\n\nb"),
        ("<ul><li>a<li><p>b</p><p>c</p><li>d<ul><li>e</ul></ul>f", "a\nb\n\nc\nd\ne\n\nf"),
        ("<table><tr><td>a<td>b</table>", "a\n\nb"),
        ("<dl><dt>a<dd>b</dl><details><summary>c</summary>d</details>", "a\n\nb\n\nc\n\nd"),
        ("<pre>one\n  two\n\nthree</pre>", "one\ntwo\n\nthree"),
        ("a<script>var p = '</p>';</script><style>p{}</style><noscript><p>x</p></noscript><!-- </p> -->b", "ab"),
        ("<p>1 &lt; 2 &amp;amp; 3&shy;4\ufeff</p>", "1 < 2 &amp; 34"),
        ("<p>x\u2028y</p>", "x\ny"),
        ('<p>a <img alt="a  hound" src=x> b<img src=y></p>', "a [image: a hound] b"),
        ("<p>e<b>\u0301</b>t</p>", "ét"),
        ("", ""),
    ],
)
def test_text(html, text):
    assert passage_of_html(html).text == text


def test_kinds_of_blocks():
    assert _kinds(
        "<h2>One</h2><blockquote><p>q</p></blockquote><ol><li>a<li>b</ol><hr><img alt=x><div class=verse>v"
    ) == [
        ("heading", "One"),
        ("quote", "q"),
        ("list", "a\nb"),
        ("scene_break", "* * *"),
        ("image", "[image: x]"),
        ("verse", "v"),
    ]


def test_marks():
    html = (
        '<p><em>one <b>two</b></em><em>three</em> <a href="/x?a=1&amp;b=2">four</a> <a title="hello">moin</a>'
        '<span style="font-style: italic; font-weight:700"> five </span></p><center>oOo</center>'
    )
    assert _marks(html) == [
        ("emphasis", "one two", None),
        ("strong", "two", None),
        ("emphasis", "three", None),
        ("link", "four", "/x?a=1&b=2"),
        ("translation", "moin", "hello"),
        ("emphasis", "five", None),
        ("strong", "five", None),
        ("align", "oOo", "center"),
    ]


def test_a_mark_over_paragraphs_is_one_in_each():
    assert _marks("<i><p>a</p><p>b</p></i>") == [("emphasis", "a", None), ("emphasis", "b", None)]


def test_ruby_readings_are_marks():
    html = "<ruby>漢<rp>(</rp><rt>kan</rt><rp>)</rp>字<rt>ji</rt></ruby>だ"
    assert passage_of_html(html).text == "漢字だ"
    assert _marks(html) == [("ruby", "漢", "kan"), ("ruby", "字", "ji")]


def test_three_breaks_are_flagged():
    assert passage_of_html("a<br><br><br>b").flags == ("br_scene",)
    assert passage_of_html("a<br><br>b").flags == ()


def test_what_is_left_out():
    tree = LexborHTMLParser("<div id=a>x<h3 class='landmark heading'>Text</h3>y <b class=n>z</b><p>w</p></div>")
    node = tree.css_first("#a")
    assert node is not None
    before = node.html
    assert passage(node, leave_out=["h3.landmark", ".n"]).text == "x\n\ny\n\nw"
    assert node.html == before
    assert line(node) == "x Text y z w"


def test_join_and_plain():
    whole = join([passage_of_html("<p>a</p>"), passage_of_html(""), passage_of_html("<h2><i>b</i></h2>")])
    assert whole.text == "a\n\nb"
    assert [(block.kind, block.start, block.end) for block in whole.blocks] == [("p", 0, 1), ("heading", 3, 4)]
    assert [(span.start, span.end) for span in whole.spans] == [(3, 4)]
    assert plain_of_html("<p>&nbsp;</p>") is None


_TAGS = [
    *("p", "p", "p", "em", "i", "b", "span", "div", "br", "hr", "blockquote", "ul", "li", "h2", "center", "ruby"),
    *("rt", "pre", "table", "td", "script", "template", "a href='/x'", "p align=center", "img alt='y'", "xmp", "svg"),
    *("span style='font-style:italic'", "plaintext", "noscript", "li", "q", "a title='t'"),
]
_TEXT = st.text(
    st.sampled_from("abcé漢 \n\t\xa0\u200b\u2028\u0301\u0338\xad\ufeff\u3000&<>\"'\0\x0b") | st.characters(),
    max_size=12,
)
_PIECE = st.one_of(
    _TEXT,
    st.sampled_from(_TAGS).map(lambda tag: f"<{tag}>"),
    st.sampled_from(_TAGS).map(lambda tag: f"</{tag.split()[0]}>"),
    st.tuples(_TEXT, st.sampled_from(["em", "b", "span"]), _TEXT).map(
        lambda t: f"<p>{t[0]} <{t[1]}>{t[2]}</{t[1]}></p>\n"
    ),
    st.sampled_from(["<!-- </p> -->", "&nbsp;", "&amp;nbsp;", "</p>", "<p> plain </p>"]),
)


@settings(deadline=None, max_examples=400)
@given(st.lists(_PIECE, max_size=25).map("".join))
def test_any_markup_keeps_the_invariants(html):
    found = passage_of_html(html)
    text = found.text
    assert canonical(text) == (text, ())
    ends = 0
    outside = text
    for block in found.blocks:
        assert ends <= block.start < block.end
        assert text[block.start : block.end] == text[block.start : block.end].strip()
        assert not outside[ends : block.start].strip()
        ends = block.end
    assert not text[ends:].strip()
    for span in found.spans:
        assert text[span.start : span.end].strip() == text[span.start : span.end] != ""
    again = clean(text, blocks=found.blocks, spans=found.spans)
    assert (again.text, again.spans, again.flags) == (text, found.spans, ())


@settings(deadline=None, max_examples=400)
@given(st.lists(_PIECE, max_size=25).map("".join))
def test_the_fast_path_is_the_walker(html):
    body = LexborHTMLParser(html.encode("utf-8", "replace").decode()).body
    assert body is not None
    markup = body.inner_html or ""
    assert passage_of_serialised(markup) == walked(markup)


@settings(deadline=None, max_examples=400)
@given(st.one_of(st.text("ab \t\n\r\f\v\x1c\x7f\xa0<>&;#", max_size=12), st.text(max_size=12)))
def test_a_line_is_that_of_the_walker(text):
    node = LexborHTMLParser(f"<b>{text.encode('utf-8', 'replace').decode()}</b>").css_first("b")
    assert node is not None
    writer = Writer(images=False)
    writer.feed(node.inner_html or "")
    writer.finish()
    assert line(node) == one_line(writer.text)


@settings(deadline=None, max_examples=200)
@given(
    st.lists(
        st.sampled_from(["word ", "<b>", "</b>", "<p>", "<div>", "</div>", "<br>", "<li>", "<i>", "<td>"]), max_size=40
    )
)
def test_no_word_is_lost(pieces):
    words = [f"w{number} " if piece == "word " else piece for number, piece in enumerate(pieces)]
    html = "".join(words)
    assert passage_of_html(html).text.split() == re.findall(r"w\d+", html)


def test_many_open_elements_cost_linear_time():
    found = walked("<i>" * 50_000 + "<div>x</div>" * 20_000 + "</i>" * 50_000)
    assert len(found.blocks) == 20_000
