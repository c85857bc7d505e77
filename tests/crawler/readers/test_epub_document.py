"""Pages of an EPUB: what is told of their bytes, and what is read around their stories, is what the whole page says."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawler.pages import body_cut
from crawler.pages.body import line, passage
from crawler.pages.body_cut import Frame, framed
from crawler.pages.fanficfare_front import _line_of
from crawler.readers import epub_opf
from crawler.readers.epub_document import document_of
from crawler.readers.epub_front import _is_long, _spaces
from crawler.readers.epub_markup import flattened, foreign_in, text_of_xhtml
from crawler.readers.epub_package import _PLAIN_CONTAINER
from crawler.readers.text_mojibake import mend
from pipelines.clean import clean
from tests.builders.epub import CONTAINER, page

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


_BYTES = st.one_of(st.text(max_size=60).map(lambda text: text.encode("utf-8", "surrogatepass")), st.binary(max_size=4))


@given(
    st.lists(st.one_of(_BYTES, st.sampled_from([b"fog ", "’".encode(), b"\x80", b"\xe2\x80", b"\xe2"])), max_size=12)
)
@example(["’".encode(), b"fog" * 20])
@example([b"\xe2", b"fog" * 20, b"\x80\x99"])
@example([b"\xe2\x80", b"fog" * 20, b"\x99"])
def test_the_characters_beyond_ascii_tell_utf8(parts: list[bytes]) -> None:
    source = b"".join(parts)
    try:
        foreign = "".join(char for char in source.decode("utf-8") if not char.isascii())
    except UnicodeDecodeError:
        foreign = None
    assert foreign_in(source, np.frombuffer(source, np.uint8)) == foreign


@pytest.mark.usefixtures("_all_are_cut")
@pytest.mark.parametrize(("char", "is_plain"), [("’", True), ("\x7f", False), ("\u200b", False), ("\xa0", False)])
def test_characters_of_a_page_are_looked_at_once(char: str, is_plain: bool) -> None:
    source = page(f"<p>fog{char}</p>\n<p><em>dog</em></p>").encode()
    document = document_of(source)
    assert document.is_plain == is_plain
    frame, other = framed(source), framed(source, is_plain=is_plain)
    assert [run.found for run in (frame.runs if frame else ())] == [run.found for run in (other.runs if other else ())]


@given(st.text(), st.integers(0, 9000), st.sampled_from(["a", "’", "😀"]))
def test_the_head_of_a_page_are_its_first_characters(text: str, size: int, char: str) -> None:
    source = (char * size + text).encode("utf-8", "replace")
    assert document_of(source).head == document_of(source).source.decode("utf-8")[:4000]


@given(st.text(st.sampled_from(["a", " ", "’", "😀", "\u2028", "Ġ"])))
def test_spaces_are_counted(text: str) -> None:
    assert _spaces(text) == text.count(" ")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("x", "x"),
        ('version="1.0"?', 'version="1.0" encoding="UTF-8" standalone="no" ?'),
        ("><root", ">\n\t<root"),
        ('version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container"', 'version="1.0"'),
        ("urn:", "urn :"),
        ("</rootfiles>", ""),
        ("<rootfiles>", '<rootfiles><rootfile full-path="b.opf" media-type="x"/>'),
        ("<rootfiles>", "<rootfiles><!-- <rootfile/> -->"),
        ("/></rootfiles>", "></rootfile></rootfiles>"),
        ("a.opf", "a&amp;.opf"),
        ("a.opf", "../é.opf"),
        ('"1.0"?>', '"1.0"?>\x0b'),
    ],
)
def test_a_plain_container_says_what_a_parser_finds(old: str, new: str) -> None:
    data = CONTAINER.format("OEBPS/a.opf").replace(old, new).encode()
    plain = _PLAIN_CONTAINER.fullmatch(data)
    root = epub_opf.parse(data)
    paths = [each.get("full-path") for each in epub_opf.elements(root, "rootfile")] if root is not None else []
    assert plain is None or [plain[1].decode()] == paths
    assert (plain is not None) == (new in ("x", ">\n\t<root") or "standalone" in new)


@given(st.lists(st.sampled_from(["a", " ", "\n", "<br>", "&amp;", "é", "<b>b</b>", "\t", "\x1c", "."])).map("".join))
def test_a_plain_value_of_a_title_page(markup: str) -> None:
    body = LexborHTMLParser(markup).body
    assert _line_of(markup) == (line(body) if body is not None else "")


@pytest.mark.parametrize(
    ("written", "spelled"),
    [
        ("<br/>", "<br/>"),
        ('<meta name="a" />', '<meta name="a" />'),
        ("<BR/>", "<BR/>"),
        ("<svg:br/>", "<svg:br/>"),
        ("<p/>", "<p></p>"),
        ("<br-x/>", "<br-x></br-x>"),
        ('<brx a="b"/>', '<brx a="b"></brx>'),
        ("<link:a/>", "<link:a></link:a>"),
    ],
)
def test_closed_elements_are_spelled_out(written: str, spelled: str) -> None:
    assert text_of_xhtml(written.encode()) == spelled
