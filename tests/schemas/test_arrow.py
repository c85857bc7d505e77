"""The Arrow schemas: golden files show every change of a column."""

from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from schemas.arrow import arrow_schema, describe, empty_table, to_table
from schemas.base import BigCount, Record, Text, Words
from schemas.tables import SORT_KEYS, TABLES

GOLDEN = Path(__file__).parent.parent / "fixtures" / "schema"


def columns_of(schema: pa.Schema) -> str:
    return "".join(f"{field.name}: {field.type}{'' if field.nullable else ' not null'}\n" for field in schema)


@pytest.mark.parametrize("name", TABLES)
def test_columns_are_those_of_the_golden_file(name):
    """A difference here is a change of the published schema: raise SCHEMA_VERSION, tell it in CHANGELOG.md,
    and renew the file with what this test prints."""
    assert columns_of(arrow_schema(TABLES[name])) == (GOLDEN / f"{name}.txt").read_text(encoding="utf-8")


def described_fields(kind: pa.DataType | pa.Schema, path: str = "") -> dict[str, str]:
    found = {}
    for field in kind:
        found[path + field.name] = describe(field)[0]
        element = field.type.value_type if pa.types.is_list(field.type) else field.type
        if pa.types.is_struct(element):
            found |= described_fields(element, f"{path}{field.name}.")
    return found


@pytest.mark.parametrize("name", TABLES)
def test_every_column_says_what_it_means(name):
    missing = [path for path, text in described_fields(arrow_schema(TABLES[name])).items() if len(text) < 5]
    assert missing == []


@pytest.mark.parametrize("name", TABLES)
def test_sort_keys_are_columns(name):
    assert set(SORT_KEYS[name]) <= set(TABLES[name].model_fields)


class Inner(Record):
    """A struct."""

    n: int
    """A number."""


class Sample(Record):
    """One of each kind of column."""

    text: Text | None
    """Long text."""
    words: Words
    """Words."""
    big: BigCount
    """A large number."""
    tags: tuple[str, ...]
    """Tags."""
    inner: tuple[Inner, ...]
    """Structs."""
    day: date | None
    """A day."""
    moment: datetime
    """A moment."""
    flag: bool | None
    """A truth."""
    share: float
    """A part."""


def test_types_marks_and_nullability_come_from_the_model():
    assert columns_of(arrow_schema(Sample)) == (
        "text: large_string\n"
        "words: int32 not null\n"
        "big: int64 not null\n"
        "tags: list<element: string not null> not null\n"
        "inner: list<element: struct<n: int32 not null> not null> not null\n"
        "day: date32[day]\n"
        "moment: timestamp[us, tz=UTC] not null\n"
        "flag: bool\n"
        "share: double not null\n"
    )
    assert describe(arrow_schema(Sample).field("words")) == ("Words.", "words")
    assert describe(arrow_schema(Sample).field("text")) == ("Long text.", None)


def test_rows_become_a_table_and_back():
    row = Sample(
        text=None,
        words=3,
        big=2**40,
        tags=("a", "b"),
        inner=(Inner(n=1),),
        day=date(2001, 2, 3),
        moment=datetime(2004, 5, 6, tzinfo=UTC),
        flag=None,
        share=0.5,
    )
    table = to_table([row], Sample)
    assert table.schema.equals(arrow_schema(Sample))
    assert [Sample.model_validate(values) for values in table.to_pylist()] == [row]
    assert empty_table(Sample).num_rows == 0


def test_a_number_too_large_for_its_column_is_refused():
    row = Sample(
        text="",
        words=2**31,
        big=0,
        tags=(),
        inner=(),
        day=None,
        moment=datetime(2004, 5, 6, tzinfo=UTC),
        flag=None,
        share=0,
    )
    with pytest.raises(pa.ArrowInvalid):
        to_table([row], Sample)


def test_a_type_without_an_arrow_type_is_named():
    class Odd(Record):
        pair: tuple[str, int]

    with pytest.raises(TypeError, match="lists are tuple"):
        arrow_schema(Odd)


class Passage(Record):
    """A row of two long texts."""

    body: Text
    note: Text | None


@pytest.mark.parametrize("texts", [[], [""], ["plain", "", "‘quoted’ – 日本", "\U0001f600" * 9]])
def test_texts_given_in_utf8_make_the_same_column(texts):
    rows = [Passage(body=text, note=None) for text in texts]
    given = to_table(rows, Passage, {"body": [text.encode() for text in texts]})
    given.validate(full=True)
    assert given.equals(to_table(rows, Passage), check_metadata=True)
