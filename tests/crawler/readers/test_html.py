"""Pages of no known origin, and what the reader of pages mends before any kind sees them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.readers.epub_markup import MANY_TAGS, flattened, has_many_tags
from tests.fixture_folders import cases, check


@pytest.mark.parametrize("case", cases("html"), ids=lambda case: case.name)
def test_fixtures(case):
    check(case)


@given(st.integers(-3, 3), st.sampled_from(["", "\u00e9", "\U0001f600", "&lt;"]))
def test_tags_are_counted_in_bytes_as_in_text(more, text):
    html = "<i>" * (MANY_TAGS + more) + text
    assert has_many_tags(html.encode()) == (html.count("<") > MANY_TAGS) == (flattened(html) is not html)
