"""Rows of several tables in the order asked for."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.gather import gather

SCHEMA = pa.schema([("text", pa.large_string()), ("number", pa.int32()), ("tags", pa.list_(pa.string()))])
TABLES = [
    pa.table(
        {"text": ["one", None, "", "vier 漢"], "number": [1, 2, 3, None], "tags": [["a"], [], None, ["b"]]}, SCHEMA
    ),
    pa.table({"text": ["left out", "fünf"], "number": [0, 5], "tags": [[], ["c", "d"]]}, SCHEMA).slice(1),
    pa.table({"text": [None, None], "number": [6, 7], "tags": [[], []]}, SCHEMA),
]
ROWS = [(segment, row) for segment, table in enumerate(TABLES) for row in range(table.num_rows)]


@settings(deadline=None)
@given(st.lists(st.sampled_from(ROWS), min_size=1, max_size=12))
def test_rows_come_in_the_order_asked_for(chosen):
    segments, rows = (np.array(values) for values in zip(*chosen, strict=True))
    found = gather(TABLES.__getitem__, segments, rows)
    found.validate(full=True)
    assert found.schema.equals(SCHEMA)
    assert found.to_pylist() == [TABLES[segment].slice(row, 1).to_pylist()[0] for segment, row in chosen]
