"""Records held by column: sequences of many small ones, such as the blocks of a text.

An object per paragraph, made by a reader, looked at by validators and walked again into Arrow, costs
more than everything that is done with the paragraphs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from operator import attrgetter
from types import GenericAlias
from typing import Any, ClassVar, Generic, Self, TypeVar, cast, overload

from pydantic import GetCoreSchemaHandler
from pydantic_core import core_schema

from schemas.base import Record

R = TypeVar("R", bound=Record)


class Columns(Sequence[R], Generic[R]):
    """Records of one model as parallel columns: a frozen sequence that makes a record when it is asked for one.

    It equals any sequence of equal records. As a field, it is annotated ``Annotated[Sequence[M], TheColumns]``
    and takes in any sequence of the records.
    """

    __slots__ = ("columns",)

    record: ClassVar[type[Record]]
    """The model of the records; a subclass names it."""

    columns: tuple[tuple[Any, ...], ...]
    """The values of each field of the model, in its order."""

    def __init__(self, *columns: Iterable[Any]) -> None:
        """``columns`` are parallel and hold valid values of the model's fields, in its order."""
        self.columns = tuple(column if type(column) is tuple else tuple(column) for column in columns)

    @classmethod
    def of(cls, records: Iterable[R]) -> Self:
        """The columns of ``records``."""
        if isinstance(records, cls):
            return records
        values = list(map(attrgetter(*cls.record.model_fields), records))
        return cls(*zip(*values, strict=True)) if values else cls.empty()

    @classmethod
    @cache
    def empty(cls) -> Self:
        """No records."""
        return cls(*[()] * len(cls.record.model_fields))

    def __len__(self) -> int:
        return len(self.columns[0])

    def __iter__(self) -> Iterator[R]:
        return map(self._made, *self.columns)

    @overload
    def __getitem__(self, index: int) -> R: ...
    @overload
    def __getitem__(self, index: slice) -> Self: ...
    def __getitem__(self, index: int | slice) -> R | Self:
        if isinstance(index, slice):
            return type(self)(*(column[index] for column in self.columns))
        return self._made(*(column[index] for column in self.columns))

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Columns):
            return self.record is other.record and self.columns == other.columns
        return tuple(self) == other if isinstance(other, tuple) else NotImplemented

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __repr__(self) -> str:
        return f"{type(self).__name__}.of({list(self)!r})"

    def _made(self, *values: Any) -> R:
        return cast("R", self.record.model_construct(**dict(zip(self.record.model_fields, values, strict=True))))

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        """Source: pydantic. Columns are taken as they are, other sequences are validated record by record."""
        records = handler.generate_schema(GenericAlias(tuple, (cls.record, ...)))

        def taken(value: Any, validated: core_schema.ValidatorFunctionWrapHandler) -> Any:
            return value if isinstance(value, cls) else cls.of(validated(value))

        def given(value: Any, serialized: core_schema.SerializerFunctionWrapHandler) -> Any:
            return serialized(tuple(value))

        return core_schema.no_info_wrap_validator_function(
            taken,
            records,
            serialization=core_schema.wrap_serializer_function_ser_schema(given, schema=records),
        )
