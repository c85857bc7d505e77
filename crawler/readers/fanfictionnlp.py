"""Input tables of FanfictionNLP (a row per paragraph, a file per chapter) → works and parts of works."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from crawler.readers import csv_table, tables
from crawler.readers.source import Item, Source

PARSER_VERSION: Final = tables.PARSER_VERSION
FORMAT: Final = "fanfictionnlp"

_COLUMNS: Final = ("fic_id", "chapter_id", "para_id", "text")
_FIELDS: Final = {
    "source_work_id": "fic_id",
    "chapter_number": "chapter_id",
    "paragraph": "para_id",
    "text": "text",
}


def recognise(head: bytes, name: str) -> bool:  # noqa: ARG001 - the same shape as every recogniser
    """Whether the first line is ``fic_id,chapter_id,para_id,text``, with or without ``text_tokenized``."""
    line = head.removeprefix(b"\xef\xbb\xbf").split(b"\n", 1)[0][:200].decode("utf-8", "replace").strip()
    return tuple(csv_table.header_of(line)[:4]) == _COLUMNS


def read(source: Source, fields: Mapping[str, str] | None = None) -> Iterator[Item]:
    """Works of source ``fanfictionnlp``: the table does not say which archive its ids are of.

    A file that holds one chapter gives a part, numbered by ``chapter_id``. The text is that of the paragraphs, joined
    by blank lines; ``text_tokenized`` is derived of it and left out.
    """
    told = {**_FIELDS, **(fields or {})}
    table = csv_table.table_of(source, FORMAT, told, archive="fanfictionnlp")
    rows = csv_table.rows_of(source, table, told=told)
    yield from tables.works_of(rows, table)
