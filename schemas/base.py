"""The ground that every model stands on, and the marks that steer the derived Arrow types."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict


class Record(BaseModel):
    """A frozen record that refuses unknown fields.

    Attribute docstrings are the fields' descriptions: the data dictionary is made of them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class LongText:
    """Mark of a text column that may pass 2 GiB in one file: Arrow ``large_string``, no dictionary."""


class Int64:
    """Mark of an integer column that may pass 2**31: Arrow ``int64`` where others are ``int32``."""


class Unit:
    """Mark that names what a number counts or measures, such as ``words``."""

    def __init__(self, name: str) -> None:
        self.name = name


Text = Annotated[str, LongText()]
Words = Annotated[int, Unit("words")]
Characters = Annotated[int, Unit("Unicode code points")]
BigCount = Annotated[int, Int64()]
