"""prepare: works in, their rows and fingerprints out. A pure function of each work, run in many processes."""

from __future__ import annotations

import gc
import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import NamedTuple

from pipelines import clean, fingerprint, language
from schemas.tables import ChapterRow, RejectRow, WorkRow
from schemas.vocabulary import (
    AuthorKind,
    LanguageStatus,
    category_of,
    language_of,
    rating_of,
    relationship_kind,
    status_of,
    warning_of,
)
from schemas.work import Chapter, Engagement, Work

HASH_LENGTH = 20
"""Hex digits of the content hash in the key of a work that names no archive: 80 bits."""


_NO_ENGAGEMENT = Engagement().model_dump()


class Unprepared(Exception):
    """Raised for a work that cannot become rows; it becomes a row of ``rejects``."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Prepared:
    """A work's rows and its fingerprint, ready to be staged."""

    work: WorkRow
    chapters: tuple[ChapterRow, ...]
    fingerprint: fingerprint.WorkFingerprint
    encoded: tuple[bytes, ...] = field(repr=False)
    """The texts of its chapters in UTF-8, for the table that they are staged in."""


def work_id_of(work: Work) -> str:
    """Key of a work: ``<source>:<id>``, or the hash of its raw input where the source gives no id."""
    return f"{work.source}:{work.source_work_id or work.provenance.raw_sha256[:HASH_LENGTH]}"


def reject_of(work: Work, reason: str, detail: str) -> RejectRow:
    """Row of ``rejects`` for a work that could not be prepared."""
    provenance = work.provenance
    return RejectRow(
        ref=provenance.path or work.url or work_id_of(work),
        work_id=work_id_of(work),
        source=work.source,
        stage="prepare",
        reason=reason,
        detail=detail,
        format=provenance.format,
        raw_sha256=provenance.raw_sha256,
    )


def prepare(work: Work) -> Prepared:
    """Clean, count, identify and fingerprint a work.

    Raises ``Unprepared`` for a work whose chapters hold no text at all.
    """
    (prepared,) = prepare_many([work])
    if isinstance(prepared, Unprepared):
        raise prepared
    return prepared


def prepare_many(works: Sequence[Work], begin: Callable[[int], None] = lambda _: None) -> list[Prepared | Unprepared]:
    """``prepare`` of each work; ``begin`` is called with the number of the one that is at work.

    Each step is taken for all works before the next, and texts are fingerprinted together: the processor's caches then
    hold what a step needs. About 1 MB of text at a time is best.
    """
    with no_collections():
        return _prepared(works, begin)


@contextmanager
def no_collections() -> Iterator[None]:
    """Python is not to look for cycles meanwhile: there are none, and it would look at every row many times."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _prepared(works: Sequence[Work], begin: Callable[[int], None]) -> list[Prepared | Unprepared]:
    opened, refused = _open(works, begin)
    numbers = list(opened)
    bodies = [_body(one) for one in opened.values()]
    detected = language.detect_works(bodies, lambda place: begin(numbers[place]))
    drafts: dict[int, _Draft] = {}
    for number, detections in zip(numbers, detected, strict=True):
        begin(number)
        drafts[number] = _draft(opened[number], detections)
    encoded = {number: tuple(chapter.counted.data for chapter in opened[number].chapters) for number in drafts}
    prints = iter(fingerprint.fingerprint_chapters(list(chain.from_iterable(encoded.values()))))
    own = [list(islice(prints, len(draft.chapters))) for draft in drafts.values()]
    prepared = {
        number: Prepared(draft.work, draft.chapters, found, encoded[number])
        for (number, draft), found in zip(drafts.items(), fingerprint.fingerprint_works(own), strict=True)
    }
    return [prepared[number] if number in prepared else refused[number] for number in range(len(works))]


class _Opened(NamedTuple):
    """A work whose chapters are clean."""

    work: Work
    title: str
    chapters: list[clean.Cleaned]
    declared: str | None


class _Draft(NamedTuple):
    """The rows of a work that is not yet fingerprinted."""

    work: WorkRow
    chapters: tuple[ChapterRow, ...]


def _open(works: Sequence[Work], begin: Callable[[int], None]) -> tuple[dict[int, _Opened], dict[int, Unprepared]]:
    """Works with clean chapters, and why others hold no text, by number."""
    titles = [clean.one_line(work.title) for work in works]
    raws = [
        clean.Raw(chapter.text, chapter.title or title, chapter.blocks, chapter.spans)
        for work, title in zip(works, titles, strict=True)
        for chapter in work.chapters
    ]
    owners = [number for number, work in enumerate(works) for _ in work.chapters]
    texts = clean.clean_many(raws, lambda place: begin(owners[place]))
    cleaned = iter(texts)
    opened: dict[int, _Opened] = {}
    refused: dict[int, Unprepared] = {}
    for number, (work, title) in enumerate(zip(works, titles, strict=True)):
        chapters = list(islice(cleaned, len(work.chapters)))
        if chapters and not any(chapter.text for chapter in chapters):
            refused[number] = Unprepared("no_text", "its chapters hold nothing but white space")
            continue
        declared = language_of(work.language_raw) if work.language_raw else None
        opened[number] = _Opened(work, title, chapters, declared)
    return opened, refused


def _body(opened: _Opened) -> language.Body:
    texts = [chapter.text for chapter in opened.chapters]
    return language.Body(texts, opened.declared, [chapter.counted for chapter in opened.chapters])


def _draft(opened: _Opened, detections: list[language.Detection]) -> _Draft:
    work, title, cleaned, declared = opened
    known = language.combine(detections, declared)
    work_id = work_id_of(work)
    chapters = tuple(
        _chapter_row(work_id, index, *parts, known.language, source=work.source)
        for index, parts in enumerate(zip(work.chapters, cleaned, detections, strict=True), start=1)
    )
    ratio = clean.compression_ratio(b"\n\n".join([chapter.counted.data for chapter in cleaned]))
    return _Draft(_work_row(work_id, work, title, chapters, ratio, known, declared), chapters)


def _chapter_row(
    work_id: str,
    index: int,
    chapter: Chapter,
    cleaned: clean.Cleaned,
    detection: language.Detection,
    work_language: str,
    *,
    source: str,
) -> ChapterRow:
    sure = detection.status in {LanguageStatus.RELIABLE, LanguageStatus.SECOND}
    return ChapterRow(
        work_id=work_id,
        chapter_id=f"{work_id}#{index:04d}",
        chapter_index=index,
        source=source,
        language=(detection.language if sure else None) or work_language,
        title=_line(chapter.title),
        number=chapter.number,
        authors=_tags(chapter.authors),
        source_chapter_id=chapter.source_chapter_id,
        url=chapter.url,
        summary=_lines(chapter.summary),
        notes_before=_lines(chapter.notes_before),
        text=cleaned.text,
        notes_after=_lines(chapter.notes_after),
        blocks=cleaned.blocks,
        spans=cleaned.spans,
        n_words=cleaned.counted.n_words,
        n_words_source=chapter.n_words_source,
        n_chars=len(cleaned.text),
        n_paragraphs=clean.count_paragraphs(cleaned.blocks),
        hits=chapter.hits,
        published_date=chapter.published_date,
        updated_date=chapter.updated_date,
        language_detected=detection.language,
        language_confidence=detection.confidence,
        language_status=detection.status,
        text_flags=cleaned.flags,
        content_sha256=hashlib.sha256(cleaned.counted.data).hexdigest(),
    )


def _work_row(
    work_id: str,
    work: Work,
    title: str,
    chapters: tuple[ChapterRow, ...],
    ratio: float | None,
    known: language.WorkLanguage,
    declared: str | None,
) -> WorkRow:
    provenance = work.provenance
    engagement = work.engagement.model_dump() if work.engagement else _NO_ENGAGEMENT
    relationships = _tags(work.relationships)
    persons = [author for author in work.authors if author.kind not in {AuthorKind.ANONYMOUS, AuthorKind.ORPHANED}]
    flags = dict.fromkeys(provenance.flags)
    flags.update(dict.fromkeys(flag for chapter in chapters for flag in chapter.text_flags))
    return WorkRow(
        work_id=work_id,
        source=work.source,
        source_work_id=work.source_work_id,
        url=work.url,
        title=title,
        authors=_tags(tuple(author.name for author in work.authors)),
        author_ids=_tags(tuple(author.id or author.name for author in persons)),
        author_kind=work.authors[0].kind if work.authors else AuthorKind.UNKNOWN,
        n_authors=len(work.authors),
        summary=_lines(work.summary),
        short_summary=_line(work.short_summary),
        notes_before=_lines(work.notes_before),
        notes_after=_lines(work.notes_after),
        fandoms=_tags(work.fandoms),
        media=_tags(work.media),
        is_crossover=work.is_crossover,
        relationships=relationships,
        relationship_kinds=tuple(relationship_kind(tag) for tag in relationships),
        characters=_tags(work.characters),
        freeforms=_tags(work.freeforms),
        categories=tuple(filter(None, map(category_of, work.categories_raw))),
        categories_raw=_tags(work.categories_raw),
        warnings=tuple(filter(None, map(warning_of, work.warnings_raw))),
        warnings_raw=_tags(work.warnings_raw),
        genres=_tags(work.genres),
        rating=rating_of(work.rating_raw),
        rating_raw=_line(work.rating_raw),
        status=status_of(work.status_raw),
        status_raw=_line(work.status_raw),
        n_chapters=len(chapters),
        n_chapters_source=work.n_chapters_source,
        n_chapters_planned=work.n_chapters_planned,
        listed_chapters=work.listed_chapters,
        series=work.series,
        collections=_tags(work.collections),
        gifts=_tags(work.gifts),
        related=work.related,
        header=work.header,
        language=known.language,
        language_raw=_line(work.language_raw),
        language_declared=declared,
        language_detected=known.detected,
        language_confidence=known.confidence,
        language_status=known.status,
        language_agrees=known.agrees,
        language_shares=known.shares,
        n_words=sum(chapter.n_words for chapter in chapters),
        n_words_source=work.n_words_source,
        n_chars=sum(chapter.n_chars for chapter in chapters),
        compression_ratio=ratio,
        published_date=work.published_date,
        updated_date=work.updated_date,
        **engagement,
        engagement_at=work.engagement_at,
        dup_cluster_id=None,
        dup_role="unique",
        ai_opt_out=work.ai_opt_out,
        tdm_reserved=work.tdm_reserved,
        quality_flags=tuple(flags),
        path=provenance.path,
        format=provenance.format,
        layout=provenance.layout,
        encoding=provenance.encoding,
        retrieved_at=provenance.retrieved_at,
        first_seen_at=provenance.retrieved_at,
        last_seen_at=provenance.retrieved_at,
        raw_sha256=provenance.raw_sha256,
        content_sha256=_content_sha256(chapters),
        parser_version=provenance.parser_version,
        cleaner_version=clean.CLEANER_VERSION,
    )


def _content_sha256(chapters: tuple[ChapterRow, ...]) -> str:
    digest = hashlib.sha256()
    for chapter in chapters:
        digest.update(bytes.fromhex(chapter.content_sha256))
    return digest.hexdigest()


def _line(text: str | None) -> str | None:
    return (clean.one_line(text) or None) if text is not None else None


def _lines(text: str | None) -> str | None:
    return clean.few_lines(text) if text is not None else None


def _tags(tags: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(filter(None, map(clean.one_line, tags))) if tags else tags
