"""The Work that sources yield refuses what cannot be right."""

import pytest
from pydantic import ValidationError

from schemas.work import Block, Chapter, Provenance, Span, Work

PROVENANCE = Provenance(format="text", parser_version="1", raw_sha256="0" * 64)


def test_unknown_fields_are_refused():
    with pytest.raises(ValidationError, match="Extra inputs"):
        Work(source="file", title="A", chapters=(), provenance=PROVENANCE, kudo=1)  # type: ignore[call-arg]


def test_records_are_frozen():
    work = Work(source="file", title="A", chapters=(), provenance=PROVENANCE)
    with pytest.raises(ValidationError, match="frozen"):
        work.title = "B"


@pytest.mark.parametrize(("start", "end"), [(0, 4), (2, 2), (-1, 2), (3, 1)])
def test_offsets_lie_in_the_text(start, end):
    with pytest.raises(ValidationError, match="lies outside the text of 3 characters"):
        Chapter(text="abc", spans=(Span(kind="emphasis", start=start, end=end),))


def test_offsets_are_code_points():
    chapter = Chapter(text="\U0001f984 x", blocks=(Block(kind="p", start=0, end=3),))
    assert chapter.text[chapter.blocks[0].start : chapter.blocks[0].end] == "\U0001f984 x"
