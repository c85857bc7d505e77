"""A work as JSON for the journal of a crawl: blocks and spans by column, as one object for each is slow."""

from __future__ import annotations

import orjson

from schemas.work import Blocks, Spans, Work


def work_to_json(work: Work) -> str:
    """Two lines of JSON: the work without its marks, and the marks of each chapter by column."""
    bare = work.model_dump_json(exclude={"chapters": {"__all__": {"blocks", "spans"}}})
    marks = [(Blocks.of(chapter.blocks).columns, Spans.of(chapter.spans).columns) for chapter in work.chapters]
    return f"{bare}\n{orjson.dumps(marks).decode()}"


def work_from_json(text: str) -> Work:
    """The work that ``work_to_json`` was given. Raises ``ValueError`` for anything else."""
    bare, _, columns = text.partition("\n")
    work = Work.model_validate_json(bare)
    chapters = tuple(
        chapter.model_copy(update={"blocks": Blocks(*blocks), "spans": Spans(*spans)})
        for chapter, (blocks, spans) in zip(work.chapters, orjson.loads(columns), strict=True)
    )
    return work.model_copy(update={"chapters": chapters})
