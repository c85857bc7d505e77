"""Arrow schemas, derived from the models: one truth for names, types, meanings and units."""

from __future__ import annotations

import collections.abc
import types
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from enum import Enum
from functools import cache
from itertools import chain
from operator import attrgetter
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import numpy as np
import pyarrow as pa
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from schemas.base import Int64, LongText, Record, Unit
from schemas.columns import Columns

_SCALARS: dict[type, pa.DataType] = {
    str: pa.string(),
    int: pa.int32(),
    float: pa.float64(),
    bool: pa.bool_(),
    bytes: pa.large_binary(),
    date: pa.date32(),
    datetime: pa.timestamp("us", tz="UTC"),
}


@cache
def arrow_schema(model: type[Record]) -> pa.Schema:
    """Arrow schema of a table whose rows are ``model``; fields carry ``description`` and ``unit`` as metadata."""
    return pa.schema([_field(name, info) for name, info in model.model_fields.items()])


def to_table(
    rows: Iterable[Record], model: type[Record], encoded: Mapping[str, Sequence[bytes]] | None = None
) -> pa.Table:
    """Arrow table of validated rows of ``model``.

    ``encoded`` is the UTF-8 of long texts, by the name of their column, where that is at hand.
    Raises ``pyarrow.ArrowInvalid`` where a number does not fit its column.
    """
    held = list(rows)
    schema = arrow_schema(model)
    given = {name: _long_texts(texts) for name, texts in (encoded or {}).items()}
    columns = [
        given[field.name] if field.name in given else _array(list(map(attrgetter(field.name), held)), field.type)
        for field in schema
    ]
    return pa.Table.from_arrays(columns, schema=schema)


def _long_texts(texts: Sequence[bytes]) -> pa.Array:
    """Arrow column of texts in UTF-8: ``pa.array`` of strings would encode each again, and copy all several times."""
    offsets = np.zeros(len(texts) + 1, dtype=np.int64)
    np.cumsum(list(map(len, texts)), out=offsets[1:])
    return pa.Array.from_buffers(
        pa.large_string(), len(texts), [None, pa.py_buffer(offsets), pa.py_buffer(b"".join(texts))]
    )


def _array(values: list[Any], kind: pa.DataType) -> pa.Array:
    """Arrow column of one field's ``values``, column by column where they are held so."""
    if not (pa.types.is_list(kind) and pa.types.is_struct(kind.value_type)):
        return pa.array(values, kind)
    if not (values and isinstance(values[0], Columns)):
        return pa.array([[record.model_dump() for record in records] for records in values], kind)
    sequences = [type(values[0]).of(records) for records in values]
    offsets = np.zeros(len(sequences) + 1, dtype=np.int64)
    np.cumsum([len(sequence) for sequence in sequences], out=offsets[1:])
    parts = zip(*(sequence.columns for sequence in sequences), strict=True)
    fields = list(kind.value_type)
    arrays = [pa.array(list(chain.from_iterable(part)), field.type) for part, field in zip(parts, fields, strict=True)]
    return pa.ListArray.from_arrays(
        pa.array(offsets).cast(pa.int32()), pa.StructArray.from_arrays(arrays, fields=fields), type=kind
    )


def empty_table(model: type[Record]) -> pa.Table:
    """Arrow table of ``model`` without rows."""
    return arrow_schema(model).empty_table()


def describe(field: pa.Field) -> tuple[str, str | None]:
    """Description and unit that an Arrow field of ours carries."""
    metadata = field.metadata or {}
    unit = metadata.get(b"unit")
    return metadata.get(b"description", b"").decode(), unit.decode() if unit else None


def _field(name: str, info: FieldInfo) -> pa.Field:
    annotation, nullable = _without_none(info.annotation)
    marks = [*info.metadata]
    while get_origin(annotation) is Annotated:
        annotation, *inner = get_args(annotation)
        marks += inner
    metadata = {"description": " ".join((info.description or "").split())}
    if unit := next((mark.name for mark in marks if isinstance(mark, Unit)), None):
        metadata["unit"] = unit
    return pa.field(name, _type(annotation, marks), nullable=nullable, metadata=metadata)


def _without_none(annotation: Any) -> tuple[Any, bool]:
    if get_origin(annotation) in (Union, types.UnionType):
        given = [arg for arg in get_args(annotation) if arg is not type(None)]
        if len(given) == 1:
            return given[0], True
    return annotation, False


def _type(annotation: Any, marks: Sequence[Any] = ()) -> pa.DataType:
    origin = get_origin(annotation)
    if origin is Annotated:
        annotation, *inner = get_args(annotation)
        return _type(annotation, inner)
    if origin is collections.abc.Sequence:
        return pa.list_(pa.field("element", _type(*get_args(annotation)), nullable=False))
    if origin is tuple:
        element, ellipsis = get_args(annotation)
        if ellipsis is not ...:
            raise TypeError(f"{annotation} has no Arrow type: lists are tuple[X, ...]")
        return pa.list_(pa.field("element", _type(element), nullable=False))
    if origin is Literal:
        return pa.string()
    return _scalar(annotation, marks)


def _scalar(annotation: Any, marks: Sequence[Any]) -> pa.DataType:
    if any(isinstance(mark, LongText) for mark in marks):
        return pa.large_string()
    if any(isinstance(mark, Int64) for mark in marks):
        return pa.int64()
    if isinstance(annotation, type):
        if issubclass(annotation, Enum):
            return pa.string()
        if issubclass(annotation, BaseModel):
            return pa.struct([_field(name, info) for name, info in annotation.model_fields.items()])
        if annotation in _SCALARS:
            return _SCALARS[annotation]
    raise TypeError(f"{annotation} has no Arrow type")
