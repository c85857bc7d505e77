"""Records held by column."""

from __future__ import annotations

import pickle

import pytest
from pydantic import ValidationError

from schemas.arrow import to_table
from schemas.base import Record
from schemas.work import Block, Blocks, BlockSequence, Chapter, Span, Spans

ONE, TWO = Block(kind="heading", start=0, end=3, rule="r", score=0.5), Block(kind="p", start=5, end=9)


class Row(Record):
    """A row."""

    blocks: BlockSequence
    """Blocks."""


def test_they_are_a_sequence_of_records():
    blocks = Blocks(("heading", "p"), (0, 5), (3, 9), ("r", None), (0.5, None))
    assert list(blocks) == [ONE, TWO]
    assert (blocks[0], blocks[-1], len(blocks)) == (ONE, TWO, 2)
    assert blocks[1:] == (TWO,)
    assert blocks == (ONE, TWO)
    assert (ONE, TWO) == blocks == Blocks.of([ONE, TWO])
    assert blocks != (TWO, ONE)
    assert blocks != Blocks.empty()
    assert hash(blocks) == hash((ONE, TWO))
    assert pickle.loads(pickle.dumps(blocks)) == blocks
    with pytest.raises(IndexError):
        blocks[2]


def test_columns_of_different_records_differ():
    assert Blocks.empty() != Spans.empty()


def test_a_field_takes_in_records_values_and_columns():
    columns = Blocks.of((ONE, TWO))
    values = [ONE.model_dump(), TWO.model_dump()]
    for given in ((ONE, TWO), [ONE, TWO], values, columns):
        assert Row.model_validate({"blocks": given}).blocks == columns
    row = Row(blocks=columns)
    assert row.blocks is columns
    assert row.model_dump() == {"blocks": tuple(values)}
    assert Row.model_validate_json(row.model_dump_json()) == row


@pytest.mark.parametrize("wrong", [({"kind": "p", "start": 0},), ({"kind": "odd", "start": 0, "end": 1},), 3])
def test_a_field_refuses_what_is_no_record(wrong):
    with pytest.raises(ValidationError):
        Row.model_validate({"blocks": wrong})


def test_a_chapter_refuses_columns_beyond_its_text():
    with pytest.raises(ValidationError, match="emphasis 2:4 lies outside the text of 3 characters"):
        Chapter(text="abc", spans=Spans(("strong", "emphasis"), (0, 2), (1, 4), (None, None)))
    with pytest.raises(ValidationError, match="emphasis 1:1 lies outside"):
        Chapter(text="abc", spans=(Span(kind="emphasis", start=1, end=1),))


def test_rows_of_columns_and_of_records_become_the_same_table():
    rows = [(), (ONE,), (), (ONE, TWO)]
    columns = to_table([Row(blocks=Blocks.of(row)) for row in rows], Row)
    records = to_table([Row.model_construct(blocks=row) for row in rows], Row)
    assert columns.equals(records)
    assert columns.column("blocks").to_pylist() == [[block.model_dump() for block in row] for row in rows]
    assert columns.slice(3).combine_chunks().column("blocks").to_pylist() == [[ONE.model_dump(), TWO.model_dump()]]
    columns.validate(full=True)


def test_marks_that_lie_in_one_text_may_lie_outside_another():
    spans = Spans(("strong", "emphasis"), (0, 2), (1, 4), (None, None))
    assert Chapter(text="abcd", spans=spans).spans is spans
    with pytest.raises(ValidationError, match="emphasis 2:4 lies outside the text of 3 characters"):
        Chapter(text="abc", spans=spans)
    assert pickle.loads(pickle.dumps(spans)) == spans
