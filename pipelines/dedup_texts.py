"""The texts of works that may be copies, as verification sees them: staged chapters without notes and disclaimers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import groupby, islice
from operator import itemgetter

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.fingerprint_words import Encoded, Words, cased_words_of
from pipelines.staged_columns import OpenTables, Rows, check_columns, is_remote, take_each, whole

Located = tuple[str, int, int]
"""Folder of the segment, row of the first chapter, number of chapters."""

UNCOUNTED_BLOCKS = ("note_candidate", "disclaimer")
"""Kinds of blocks that are no part of the story."""
_COLUMNS = ("text", "blocks")
_SEGMENTS = 8
"""Segments whose texts are looked at together: a round of small arrays for each would cost more."""
_OPEN_TABLES = 2048
"""Tables that a process keeps mapped into memory during a search: every task has texts of most segments."""


def words_of_works(located: dict[int, Located], search: str = "") -> dict[int, list[Words]]:
    """Words of the chapters of each of some works, a few segments at a time, so that these do not stay in memory.

    The tables stay open for further calls of the same ``search``, in which no segment changes; of none for "".
    """
    tables = open_tables(search) if search else OpenTables(_SEGMENTS, _SEGMENTS)
    places = sorted(located, key=located.__getitem__)
    wanted = [
        (segment, np.concatenate([np.arange(first, first + count) for _, first, count in works]))
        for segment, works in groupby(map(located.__getitem__, places), key=itemgetter(0))
    ]
    chapters = _words_in(wanted, tables)
    return {place: list(islice(chapters, located[place][2])) for place in places}


def _words_in(wanted: Sequence[tuple[str, Rows]], tables: OpenTables) -> Iterator[Words]:
    wanted = [(segment, rows) for segment, rows in wanted if len(rows)]
    for start in range(0, len(wanted), _SEGMENTS):
        yield from cased_words_of(_story_texts(wanted[start : start + _SEGMENTS], tables))


@lru_cache(maxsize=1)
def open_tables(_search: str) -> OpenTables:
    """The tables that this process keeps open for a search: to be closed at its end, or when the next one begins."""
    return OpenTables(_OPEN_TABLES, _SEGMENTS)


def story_texts(segment: str, first: int, count: int) -> list[str]:
    """Texts of the chapters of a work, without blocks that are no part of the story."""
    texts = _story_texts([(segment, np.arange(first, first + count))], OpenTables(1, 1)) if count else []
    return [str(text, "utf-8") for text in texts]


def _story_texts(wanted: Sequence[tuple[str, Rows]], tables: OpenTables) -> list[Encoded]:
    """The same of rows of several segments, in UTF-8: the texts lie where they are staged, those with notes apart."""
    if is_remote(wanted[0][0]):
        table = pa.concat_tables(take_each(wanted, "chapters", _COLUMNS))
        texts, listed = _encoded(whole(table.column("text"))), whole(table.column("blocks"))
        return _without_notes(texts, listed)
    found: list[Encoded] = []
    lists = []
    for segment, rows in wanted:
        table = tables.table(segment, "chapters")
        check_columns(f"{segment}/chapters.arrow", table.schema, _COLUMNS)
        found += _encoded(whole(table.column("text")), rows)
        lists.append(whole(table.column("blocks")).take(pa.array(rows)))
    return _without_notes(found, pa.concat_arrays(lists))


def _encoded(texts: pa.Array, rows: Rows | None = None) -> list[Encoded]:
    """Some of a column's texts, or all, as they lie in memory."""
    texts = texts.cast(pa.large_string())
    _, offsets, data = texts.buffers()
    if not len(texts) or data is None:
        return [b""] * (len(texts) if rows is None else len(rows))
    bounds = np.frombuffer(offsets, dtype=np.int64, offset=8 * texts.offset, count=len(texts) + 1)
    starts, ends = (bounds[:-1], bounds[1:]) if rows is None else (bounds[rows], bounds[rows + 1])
    content = memoryview(data)
    return [content[start:end] for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]


def _without_notes(texts: list[Encoded], listed: pa.ListArray) -> list[Encoded]:
    """Texts without those of their blocks that are no part of the story."""
    blocks = listed.flatten()
    marked = np.asarray(pc.is_in(blocks.field("kind").cast(pa.string()), pa.array(UNCOUNTED_BLOCKS)))
    if not marked.any():
        return texts
    owner = np.repeat(np.arange(len(texts)), np.asarray(listed.value_lengths()))
    starts, ends = (np.asarray(blocks.field(name)) for name in ("start", "end"))
    changed: dict[int, str] = {}
    for block in np.flatnonzero(marked)[::-1].tolist():
        row = int(owner[block])
        text = changed.get(row) or str(texts[row], "utf-8")
        changed[row] = f"{text[: starts[block]]}\n{text[ends[block] :]}"
    for row, text in changed.items():
        texts[row] = text.encode()
    return texts
