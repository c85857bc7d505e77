"""PAN's authorship verification data of fan fiction (JSON lines of pairs) → two excerpts a pair.

``{"id": …, "fandoms": [a, b], "pair": [text, text]}``; who wrote them stands in a second file, the truth.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from crawler.readers import jsonl
from crawler.readers.source import Item, Rejected, Source, Unreadable
from crawler.readers.tables import Row, Table
from crawler.readers.tables_chapters import prose
from crawler.readers.tables_values import items_of, line_of
from schemas.work import Chapter, Provenance, Work

PARSER_VERSION: Final = "1"
FORMAT: Final = "pan"
EXCERPT: Final = "excerpt"

_PAIR: Final = re.compile(rb'"pair"\s*:\s*\[\s*"')
_TRUTH: Final = re.compile(rb'\{(?=[^{}\n]{0,2000}"same"\s*:\s*(?:true|false))(?=[^{}\n]{0,2000}"authors"\s*:\s*\[)')


def recognise(head: bytes, name: str) -> bool:  # noqa: ARG001 - the same shape as every recogniser
    """Whether an input is pairs or truth of PAN, by the keys of its first line."""
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:4096]
    return start.startswith(b"{") and (_is_pairs(start) or _TRUTH.match(start) is not None)


def _is_pairs(start: bytes) -> bool:
    return _PAIR.search(start) is not None and b'"id"' in start and b'"fandoms"' in start


def read(source: Source, fields: Mapping[str, str] | None = None) -> Iterator[Item]:  # noqa: ARG001 - fixed fields
    """Two works a pair, ``<id>-1`` and ``<id>-2``, flagged ``excerpt``.

    Raises ``Unreadable``: ``no_story`` for the truth alone, ``bad_json``.
    """
    start = source.head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if not _is_pairs(start[:4096]) and _TRUTH.match(start):
        raise Unreadable("no_story", "the truth of a PAN data set alone: who wrote what, without the texts")
    table = Table(source, FORMAT, encoding="utf-8")
    for row in jsonl.rows_of(source, table):
        if isinstance(row, Rejected):
            yield row
            continue
        number, pair = line_of(row.cells.get("id")), row.cells.get("pair")
        if not number or not isinstance(pair, list) or not pair:
            yield table.rejected(row.place, "bad_row", "no id or no pair of texts")
            continue
        for place, text in enumerate(pair, 1):
            yield _excerpt(row, table, f"{number}-{place}", text, _at(row.cells.get("fandoms"), place))


def _at(fandoms: Any, place: int) -> tuple[str, ...]:
    """Fandom of one text of a pair."""
    return items_of([fandoms[place - 1]], []) if isinstance(fandoms, list) and len(fandoms) >= place else ()


def _excerpt(row: Row, table: Table, number: str, text: object, fandoms: tuple[str, ...]) -> Item:
    story = prose(text)
    if story is None:
        return table.rejected(f"{row.place} ({number})", "no_story", "no text")
    return Work(
        source="pan",
        source_work_id=number,
        title=f"PAN {number}",
        chapters=(Chapter(text=story.text, blocks=story.blocks, spans=story.spans),),
        fandoms=fandoms,
        provenance=Provenance(
            format=FORMAT,
            parser_version=PARSER_VERSION,
            raw_sha256=hashlib.sha256(b"".join((row.raw, number.encode("utf-8", "replace")))).hexdigest(),
            path=table.source.ref.encode("utf-8", "backslashreplace").decode("utf-8"),
            encoding="utf-8",
            flags=tuple(dict.fromkeys((EXCERPT, "title_made_up", *row.flags))),
        ),
    )
