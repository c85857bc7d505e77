"""Logical digests depend on the values alone."""

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.digest import TableDigest

SCHEMA = pa.schema(
    [
        pa.field("text", pa.large_string()),
        pa.field("tags", pa.list_(pa.string())),
        pa.field("marks", pa.list_(pa.struct([pa.field("kind", pa.string()), pa.field("start", pa.int32())]))),
        pa.field("n", pa.int64()),
        pa.field("share", pa.float64()),
        pa.field("flag", pa.bool_()),
        pa.field("day", pa.date32()),
        pa.field("at", pa.timestamp("us", tz="UTC")),
    ]
)
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "text": st.none() | st.text(max_size=5),
            "tags": st.none() | st.lists(st.none() | st.text(max_size=3), max_size=3),
            "marks": st.lists(
                st.fixed_dictionaries({"kind": st.text(max_size=2), "start": st.integers(0, 9)}), max_size=2
            ),
            "n": st.none() | st.integers(-(2**40), 2**40),
            "share": st.none() | st.floats(allow_nan=False),
            "flag": st.none() | st.booleans(),
            "day": st.none() | st.dates(),
            "at": st.none(),
        }
    ),
    max_size=8,
)


def digest(*tables):
    total = TableDigest(SCHEMA)
    for table in tables:
        total.update(table)
    return total.hexdigest()


@settings(deadline=None)
@given(ROWS, st.integers(0, 8))
def test_the_cut_into_batches_does_not_matter(rows, cut):
    table = pa.Table.from_pylist(rows, schema=SCHEMA)
    assert (
        digest(table)
        == digest(table.slice(0, cut), table.slice(cut))
        == digest(pa.concat_tables([table.slice(0, cut), table.slice(cut)]))
    )


@settings(deadline=None)
@given(ROWS, ROWS)
def test_other_values_give_another_digest(rows, others):
    equal = repr(rows) == repr(others)
    one, other = (pa.Table.from_pylist(values, schema=SCHEMA) for values in (rows, others))
    assert (digest(one) == digest(other)) == equal


def test_texts_are_told_apart_by_where_they_end():
    def of(values):
        return digest(pa.Table.from_pylist([{"text": value} for value in values], schema=SCHEMA))

    assert len({of(["ab", "c"]), of(["a", "bc"]), of(["abc", ""]), of(["abc", None]), of(["abc"])}) == 5
