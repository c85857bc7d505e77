"""Title pages of FanFicFare read without a parser: what they state is what the parser finds in them."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from crawler.pages.fanficfare_front import Front, front_of
from crawler.pages.fanficfare_plain import plain_front
from crawler.readers.epub_markup import spelled_out

HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.1//EN" "xhtml11.dtd">\n'
    '<html xmlns="http://www.w3.org/1999/xhtml">\n<head>\n<title>The Moor by jd</title>\n'
    '<link href="stylesheet.css" type="text/css" rel="stylesheet"/>\n</head>\n<body class="fff_titlepage">\n'
)
HEADING = (
    '<h3><a href="https://archiveofourown.org/works/77">The Moor</a> by '
    "<a class='authorlink' href='https://archiveofourown.org/users/jd'>jd</a></h3>\n"
)
TAIL = "</div>\n\n</body>\n</html>\n"
PIECES = (
    *("<b>Rating:</b>", "<b>Status:</b> ", "<b>Word s:</b>", "<b>Odd</b>", "<b> Wide :</b>", f"<b>{'Long ' * 12}:</b>"),
    *(" T<br />\n", "<br/>", "<br>", "<p>", "</p>", "<p>A dog.</p>", "<p/>", "<i>", "</i>", "<em>x</em>", "<i>y</i>"),
    *('<a href="https://a.b/c?d=1">S [2]</a>', "<a href='x'>y</a>", '<a href="?a=1&amp;b">z</a>', "<a>", "</a>"),
    *("&amp;", "&lt;b&gt;", "&nbsp;", "&#65;", "&", ">", "\0", "\r\n", "\xa0", "\u3000", "\u2028", "é", "\U0001f600"),
    *("</div>", "<div>", "<table><tr><td><b>Q:</b></td><td>r</td></tr></table>", "<!-- -->", "<script>", "<h2>"),
    *("<strong>Words:</strong>", "</h3>", "</body>", "<![CDATA[x]]>", "\x1c", "\x0b", "\f", "\t", "  ", "word"),
    "\ufeff",
)
ODD = ("", "", "", "", "\u3000", "\x1c", "<!-- -->", "x", "</p>", "<p>", "&nbsp;", "\ufeff", "\r", "<a href='q'>r</a>")


def parsed(page: str) -> Front:
    body = LexborHTMLParser(spelled_out(page)).body
    assert body is not None
    return front_of(body)


def test_a_title_page_as_fanficfare_writes_it() -> None:
    lines = (
        '<b>Series:</b> <a href="https://archiveofourown.org/series/5">Moors &amp; Dogs [2]</a><br />\n'
        "<b>Words:</b> 1,234<br />\n<b>Summary:</b> <p>A <em>dog</em><br/>barks.</p><br />\n"
    )
    page = f"{HEAD}{HEADING}<div>\n{lines}{TAIL}"
    front = plain_front(page.encode())
    assert front is not None
    assert (front.title, front.url) == ("The Moor", "https://archiveofourown.org/works/77")
    assert [(author.name, author.id) for author in front.authors] == [("jd", "jd")]
    assert front.labels == [
        ("Series", ' <a href="https://archiveofourown.org/series/5">Moors &amp; Dogs [2]</a><br>\n'),
        ("Words", " 1,234<br>\n"),
        ("Summary", " <p>A <em>dog</em><br>barks.</p><br>\n"),
    ]
    assert front == parsed(page)


@given(
    st.lists(st.sampled_from(PIECES), max_size=8).map("".join),
    st.lists(st.sampled_from(ODD), min_size=4, max_size=4),
    st.sampled_from(("The Moor", "", " ", "a  b", "&amp;", "\u3000x", "e\u0301", "<i>M</i>", "&nbsp;", "\x1c")),
)
@example("<b>Rating:</b> T<br />\n", ["", "", "", ""], "The Moor")
def test_it_says_what_a_parser_finds_or_nothing(lines: str, odd: list[str], title: str) -> None:
    heading = HEADING.replace("The Moor", title)
    page = f"{odd[0]}{HEAD}{odd[1]}{heading}{odd[2]}<div>\n{lines}{odd[3]}{TAIL}"
    front = plain_front(page.encode())
    assert front is None or front == parsed(page)


@given(st.data())
def test_a_page_that_is_cut_or_changed_is_read_as_a_parser_reads_it(data: st.DataObject) -> None:
    page = f"{HEAD}{HEADING}<div>\n<b>Rating:</b> T<br />\n<b>Words:</b> 2<br />\n{TAIL}"
    start = data.draw(st.integers(0, len(page)))
    end = data.draw(st.integers(start, min(len(page), start + 3)))
    page = f"{page[:start]}{data.draw(st.sampled_from(('', *PIECES, *'<>/=:')))}{page[end:]}"
    front = plain_front(page.encode())
    assert front is None or front == parsed(page)
