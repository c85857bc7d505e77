"""Pages of an EPUB: what is told of their bytes, and what is read around their stories, is what the whole page says."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawler.pages import body_cut
from crawler.pages.body import passage
from crawler.pages.body_cut import Frame
from crawler.readers.epub_document import document_of
from crawler.readers.epub_front import _is_long
from crawler.readers.epub_markup import flattened, text_of_xhtml
from crawler.readers.text_mojibake import mend
from pipelines.clean import clean
from tests.builders.epub import page

STORY = "<p>The fog lay on the <em>moor</em>.</p>\n<p>A dog barked.</p>\n"
PIECES = (
    *(
        STORY,
        STORY,
        STORY,
        '<p class="calibre1">Fog.</p>',
        "<p/>",
        "<p></p>",
        "<p>a<br/>b</p>",
        "<hr/>",
        '<hr class="x"/>',
    ),
    *("<div>", "</div>", '<div style="text-align:center">', "<blockquote>", "</blockquote>", "<em>", "</em>", "<div/>"),
    *(
        "<![CDATA[",
        "]]>",
        "<!--",
        "-->",
        "<!DOCTYPE x [<!ENTITY a 'b'>]>",
        "\0",
        "é",
        "Ã©",
        "â€™",
        "\r",
        "\t",
        "\u00a0",
    ),
    *(
        "<title/>",
        "<script/>",
        "<h2>Fog</h2>",
        '<img src="a" alt="dog"/>',
        "<ul><li>a</li>",
        "</ul>",
        "<table>",
        "</table>",
    ),
    *(
        "<pre>",
        "</pre>",
        "word",
        " ",
        "<span>",
        "</span>",
        "<ruby>",
        "<rt>",
        "</ruby>",
        "&nbsp;",
        "&amp;",
        "<p>",
        "</p>",
    ),
)


@pytest.fixture
def _all_are_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body_cut, "_LEAST", 1)


def whole(raw: bytes) -> str:
    """The page decoded, spelled out, mended and flattened, in this order."""
    return flattened(mend(text_of_xhtml(raw), "<")[0])


def said(node: LexborNode | None) -> object:
    assert node is not None
    found = passage(node)
    return clean(found.text, blocks=found.blocks, spans=found.spans), found.flags


@pytest.mark.usefixtures("_all_are_cut")
@settings(deadline=None, max_examples=600)
@given(st.lists(st.sampled_from(PIECES), max_size=12), st.sampled_from(["utf-8", "utf-8-sig", "cp1252", "utf-16"]))
@example([STORY, "<!DOCTYPE x [<!ENTITY a 'b'>]>", STORY], "utf-8")
@example(["<![CDATA[", STORY, "]]>", STORY], "utf-8")
@example(["<p> <em>\r</em></p>\n"], "utf-8")
@example(["<p>not<span> </span> <em><span> new</span></em></p>", STORY], "utf-8")
def test_a_page_without_its_story_says_the_same(pieces: list[str], encoding: str) -> None:
    raw = page("".join(pieces)).encode(encoding, "xmlcharrefreplace")
    document = document_of(raw)
    assert document.markup == whole(raw)
    tree = LexborHTMLParser(whole(raw))
    assert said(document.framed().body) == said(tree.body)
    assert said(document.framed().body) == said(document.parsed().body)
    for cut, node in zip(document.framed().css("div, blockquote"), tree.css("div, blockquote"), strict=True):
        assert said(cut) == said(node)


def test_pages_are_spelled_out_before_they_are_mended() -> None:
    raw = page("<p>Ã<![CDATA[©]]> Ã<![CDATA[©]]></p>").encode()
    assert document_of(raw).markup == whole(raw)


@pytest.mark.parametrize("depth", [10, 1990, 4100])
def test_deep_pages_are_flattened_as_ever(depth: int) -> None:
    raw = page("<div>" * depth + "<br/>" * 10 + "fog" + "</div>" * depth).encode()
    document = document_of(raw)
    assert document.markup == whole(raw)
    assert document.is_flattened == (depth == 4100)


@pytest.mark.parametrize("words", [10, 700, 1499, 1501, 3000])
@pytest.mark.parametrize("mark", ["", "<em>x</em>", "<em></em>x", "&nbsp;"])
def test_length_of_a_page_without_its_story(words: int, mark: str) -> None:
    document = document_of(page(f"<h1>Fog</h1><p>{f'moor{mark} ' * words}</p><p>x</p>").encode())
    cut, tree = document.framed().body, document.parsed().body
    assert cut is not None
    assert tree is not None
    assert isinstance(cut.parser, Frame) == (words > 600)
    assert _is_long(cut) == _is_long(tree)
