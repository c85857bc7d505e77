"""What is looked for among bytes is what is found among characters."""

from __future__ import annotations

import re
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from crawler.readers import text_chapters, text_header, text_labels, text_lines
from crawler.readers.source import Low
from crawler.readers.text_coded import Coded, Lines, codes_of, has_pairs

PIECES = (
    *("\n", "\n\n", "\n\n\n", " ", "\t", "Chapter", "CHAPTER 2", "ch", "iv", "Three", "twenty-one", "Part 3", "1"),
    *("“Speech”", "’", "—", "– ", "•", "第一章", "제3장", "глава 5", "één", "Prologue", "the", "I", "I’m", "*", "_"),
    *("K", "aſt", "\xa0", "\ud800", "x" * 119, "é" * 60, "Title: ", "by Mary", "Summary - ", "...", "=", "[Rating]"),
)
lone = st.text(alphabet="\n \tI1é“ch第\ud800", max_size=30)
texts = st.lists(st.sampled_from(PIECES), max_size=40).map("".join) | lone


@settings(deadline=None)
@given(texts)
@example("")
@example("\n")
@example("a\n\nch")
@example("\n\nI")
def test_lines_are_told_as_among_characters(text):
    coded = Coded(text)
    lines = text.split("\n")
    pairs = any(map(all, pairwise(lines)))
    assert coded.has_pairs == pairs
    assert has_pairs(np.frombuffer(coded.raw, np.uint8)) == pairs
    if "\ud800" not in text:
        assert has_pairs(codes_of(text)) == pairs
    assert coded.ended_by(b" ", b"\t") == (re.search(r"[ \t]\n", text) is not None)
    for number in (2, 3, 6):
        assert coded.has_ends_in_a_row(number) == ("\n" * number in text)


@settings(deadline=None)
@given(texts, st.integers(0, 60), st.booleans())
@example("a\n\nch", 0, True)
@example("Title\n\nI", 0, True)
def test_no_line_that_may_head_a_chapter_is_passed_over(text, offset, by_line):
    body = Coded(text).after(offset % (len(text) + 1))
    pattern = r"\n([^\n]{1,120}+)(?=\n|\Z)" if by_line else r"\n\n([^\n]{1,120}+)(?=\n|\Z)"
    found = [(match.start(1) - 2, match[1]) for match in re.finditer(pattern, "\n\n" + body.text)]
    wanted = [(start, line) for start, line in found if text_chapters._may_head(line)]
    likely = text_chapters._likely(body, by_line=by_line)
    assert [(len(body.line(body.start, place)), line) for place, line in likely] == wanted
    assert text_chapters.split(body, by_line=by_line) == text_chapters.split(body.text, by_line=by_line)


@settings(deadline=None)
@given(texts)
def test_no_label_is_passed_over(text):
    for line in map(str.strip, text.split("\n")):
        if text_labels._LINE.match(line):
            assert text_labels._PARTED.search(line, 0, text_labels._REACH) or ".." in line


@pytest.mark.parametrize("taken", [0, 1, 7, 40, 200])
@settings(deadline=None)
@given(text=texts)
def test_a_header_is_the_same_however_few_lines_are_looked_at_first(taken, text):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_lines, "_TAKEN_FIRST", 1 << 20)
        whole = text_header.read_header(text)
        patch.setattr(text_lines, "_TAKEN_FIRST", taken)
        assert text_header.read_header(text) == whole


@settings(deadline=None)
@given(texts, st.booleans())
def test_lines_without_controls_are_told_by_their_ends(text, spoilt):
    raw = (text.replace("\t", " ") + ("\r" if spoilt else "")).encode("utf-8", "surrogatepass")
    lines = Lines.plain(raw, Low.of(raw))
    assert (lines is None) == spoilt
    if lines is not None:
        assert lines.ends.tolist() == [place for place, code in enumerate(raw) if code == 10]


NAMES = st.sampled_from(
    [*text_labels._MEANINGS, "Author's Note", "Story  Title", "*Title", "(Pairing)", "Titel -", "T"]
)
CASES = st.sampled_from([str, str.title, str.upper, str.strip, lambda name: f" {name} ", lambda name: name[:3]])
MARKS = st.sampled_from([":", ": ", ":  ", " : ", ":*", ": *", "=", " - ", ": _", "：", "", " "])
VALUES = st.sampled_from(["", "x", "9 a", "é", "*x*", "x*", "  y", "a: b", "- c", " ", "x ", "\t", "http://a.b/c"])


@settings(deadline=None, max_examples=2000)
@given(NAMES, CASES, MARKS, VALUES)
def test_a_plain_label_is_what_the_pattern_says(name, case, mark, value):
    line = case(name) + mark + value
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_labels, "_plain", lambda _: None)
        by_pattern = text_labels.label_of(line)
    assert text_labels.label_of(line) == by_pattern
