"""Addresses of OTW-archive pages are made whole as ``urljoin`` has them, joined or not."""

from urllib.parse import urljoin, urlsplit

from hypothesis import example, given, settings
from hypothesis import strategies as st

from crawler.pages.otw_markup import Archive

_BASES = st.sampled_from([None, "https://archiveofourown.org/", "http://archive.example/", "https://a.org/"])
_PIECES = st.sampled_from(
    (
        *("https://", "HTTP://", "http:", "//", "/", "a.org", "A.org", "archive.example:80", "w@", "[::1]", "users"),
        *(
            "..",
            ".",
            ";",
            ";a",
            "?",
            "?q=1",
            "#",
            "#x",
            "%20",
            " ",
            "\t",
            "\u00e9",
            "~'",
            "w(1)",
            "a.b",
            "Hand, Esq.",
            "javascript:",
            ":",
        ),
    )
)


@settings(max_examples=2_000)
@given(_BASES, st.lists(_PIECES, max_size=8).map("".join))
@example("https://archiveofourown.org/", "https://archiveofourown.org/users/a/pseuds/b")
@example("https://archiveofourown.org/", "/users/a/../b")
@example("https://archiveofourown.org/", "/users/second_hand/pseuds/Hand, Esq.")
@example("https://archiveofourown.org/", "/users/a/.. ")
@example("https://archiveofourown.org/", "/a/. ")
@example(None, "http://a.org//b/./c")
def test_an_address_is_whole(base, href):
    try:
        joined = urljoin(base or "", href.strip())
        expected = joined if urlsplit(joined).scheme in ("http", "https") else None
    except ValueError:
        expected = None
    assert Archive("file", base).url(href) == expected
