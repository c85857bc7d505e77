"""Chapters that a record lists, and prose that a cell holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

from crawler.readers.tables_mapping import guess_chapter_mapping
from crawler.readers.tables_values import as_blocks, count_of, day_of, is_html, line_of, prose_of
from crawler.readers.text_paragraphs import Paragraphs, convention_of, with_blank_lines
from schemas.work import Block, Blocks, Chapter, Span, Spans

LEFT_OUT: Final = "chapters_without_text_left_out"


class Story(NamedTuple):
    """Prose of a cell, with the marks that its markup made."""

    text: str
    blocks: Sequence[Block] = Blocks.empty()
    spans: Sequence[Span] = Spans.empty()


def prose(value: object, *, by_line: bool | None = None) -> Story | None:
    """Text of a cell with a blank line between paragraphs: HTML by its elements, plain text by its own convention.

    ``by_line=False`` says that paragraphs are parted by blank lines already.
    """
    found = prose_of(value)
    return None if found is None else story_of(found.text, by_line=False if found.is_parted else by_line)


def story_of(text: str, *, by_line: bool | None = None) -> Story | None:
    """The same of text that is printable and visible."""
    if is_html(text):
        from crawler.pages.body import passage_of_html  # noqa: PLC0415 - most tables hold plain text

        found = passage_of_html(as_blocks(text))
        return Story(found.text, found.blocks, found.spans) if found.text.strip() else None
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = text.strip("\n").rstrip()
    if "\n" not in text:
        return Story(text)
    convention = Paragraphs("blank_line") if by_line is False else convention_of(text)
    return Story(with_blank_lines(text, convention))


def plain(value: object) -> str | None:
    """Summary or note of a cell as plain text."""
    story = prose(value)
    return story.text if story else None


def chapters_in(listed: object, told: Mapping[str, str], flags: list[str]) -> Iterator[Chapter]:
    """Chapters of a list of texts, of a list of objects, or of an object that has them by number.

    Chapters without text are left out (flag ``chapters_without_text_left_out``): a list of titles is metadata.
    """
    found = empty = 0
    for number, item in _numbered(listed):
        chapter = _chapter(item, number, told)
        found += chapter is not None
        empty += chapter is None
        if chapter is not None:
            yield chapter
    if found and empty:
        flags.append(LEFT_OUT)


def _numbered(listed: object) -> Iterator[tuple[int | None, object]]:
    if isinstance(listed, dict):
        numbers = {key: count_of(str(key)) for key in listed}
        keys: Sequence[Any] = list(listed)
        if all(number is not None for number in numbers.values()):
            keys = sorted(listed, key=lambda key: numbers[key] or 0)
        for key in keys:
            yield numbers[key], listed[key]
        return
    for item in listed if isinstance(listed, list | tuple) else ():
        if isinstance(item, list | tuple) and len(item) == 2 and isinstance(item[1], dict):
            yield count_of(item[0]), item[1]  # FanFicFare's `zchapters`
        else:
            yield None, item


def _chapter(item: object, number: int | None, told: Mapping[str, str]) -> Chapter | None:
    if not isinstance(item, dict):
        story = prose(item)
        return Chapter(text=story.text, blocks=story.blocks, spans=story.spans, number=number) if story else None
    columns = _columns(tuple(map(str, item)), tuple(sorted(told.items())))
    cells = {name: _at(item, column) for name, column in columns.items()}
    story = prose(cells.get("text"))
    if story is None:
        return None
    stated = count_of(cells.get("number"))
    return Chapter(
        text=story.text,
        blocks=story.blocks,
        spans=story.spans,
        number=number if stated is None else stated,
        title=line_of(cells.get("title")),
        source_chapter_id=line_of(cells.get("id")),
        url=line_of(cells.get("url")),
        summary=plain(cells.get("summary")),
        notes_before=plain(cells.get("notes_before")),
        notes_after=plain(cells.get("notes_after")),
        published_date=day_of(cells.get("published_date")),
        updated_date=day_of(cells.get("updated_date")),
        n_words_source=count_of(cells.get("n_words_source")),
        hits=count_of(cells.get("hits")),
    )


@lru_cache(maxsize=1024)
def _columns(names: tuple[str, ...], told: tuple[tuple[str, str], ...]) -> dict[str, str]:
    return guess_chapter_mapping(names, dict(told))


def _at(item: Mapping[str, Any], path: str) -> object:
    """Value at a key or a dotted path."""
    if path in item:
        return item[path]
    value: object = item
    for key in path.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return value
