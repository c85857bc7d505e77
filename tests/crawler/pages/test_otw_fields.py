"""Lists of tags and blocks of counts: what is read of their markup at once is what their elements say one by one."""

from __future__ import annotations

import re
from unittest.mock import patch

from hypothesis import example, given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawler.pages import otw_fields
from crawler.pages.otw_fields import stats_of, tags_of

NOTHING = re.compile(r"(?!)()()()")
TAGS = (
    *(
        '<a class="tag" href="/tags/Fog/works">Fog</a>',
        '<a href="/tags/A*s*B">A &amp; B</a>',
        '<a href="/works/7">W</a>',
    ),
    *("<a class='tag x' href='/tags/Q'>Q</a>", '<a class="tag" href="/tags/x"><b>bold</b></a>', "<a>none</a>", "<li>"),
    *(
        '<ul class="commas">',
        "</ul>",
        '<li class="last">',
        "</li>",
        "<!-- ",
        " -->",
        ", ",
        "\xa0",
        "\n",
        "&lt;",
        "word",
    ),
    *(
        '<a class="tag" href="/tags/y"> </a>',
        "<script>",
        "</script>",
        "<p>",
        '<i title="<a>">',
        '<a href="/tags/\'z">z</a>',
    ),
)
STATS = (
    *('<dt class="published">Published:</dt>', '<dd class="published">2019-02-28</dd>', '<dd class="words">1,234</dd>'),
    *('<dt class="status">Updated:</dt>', '<dd class="status">2020-01-01</dd>', "<dt>Hits:</dt>", "<dd>5</dd>"),
    *('<dd class="kudos"><a href="/works/7/kudos">1\xa0024</a></dd>', '<dd class="hits x">7</dd>', "<!-- -->", "\n"),
    *('<dt class="completed">Completed :</dt><dd class="completed">2020-02-02</dd>', "text", '<dd class="">9</dd>'),
    *('<dt class="words">Words:</dt>', '<dt class="kudos">K<i>u</i>dos</dt>', '<dd class="words"><i>8</i></dd>'),
)


def element(tag: str, inside: str) -> LexborNode:
    node = LexborHTMLParser(f"<dl><{tag}>{inside}").css_first(tag)
    assert node is not None
    return node


@given(st.lists(st.sampled_from(TAGS), max_size=6).map("".join))
@example(f'<ul class="commas">\n<li>{TAGS[0]}</li><li class="last">{TAGS[1]}</li></ul>')
def test_tags(inside: str) -> None:
    dd = element("dd", inside)
    with patch.object(otw_fields, "_TAG_LINK", NOTHING):
        expected = tags_of(dd)
    assert tags_of(dd) == expected


@given(st.lists(st.sampled_from(STATS), max_size=6).map("".join))
@example("".join(STATS[:2]) + STATS[3] + STATS[4] + STATS[11])
def test_counts(inside: str) -> None:
    dl = LexborHTMLParser(f"<dl>{inside}</dl>").css_first("dl")
    with patch.object(otw_fields, "_STAT", NOTHING):
        expected = stats_of(dl)
    assert stats_of(dl) == expected
