"""Works that lie in pieces: chapters on pages or in files of their own, put together into one work."""

from __future__ import annotations

import hashlib
import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from schemas.work import Chapter, ListedChapter, Provenance, Work

_CHAPTER_NAME = re.compile(
    r"(?P<stem>.*?)(?:^|[\W_])(?:chapter|chap|ch|part|pt|kapitel|kap|chapitre|capitulo|capítulo|capitolo|cap|глава|часть|第)"
    r"[\W_]*0*(?P<number>\d{1,4})(?:[\W_]*(?:章|話|话|回))?",
    re.IGNORECASE,
)
_NUMBER_NAME = re.compile(r"0*(?P<number>\d{1,4})")
INDEX = 0
"""Number of the piece that lists the chapters and holds none."""
CHAPTER_IN_TITLE = "chapter_in_title"
"""Flag of a page whose title names work and chapter."""
ORDERED_BY_ID = "part_ordered_by_chapter_id"
"""Flag of a page that does not say which chapter it holds."""
MAX_GAP = 1
"""Numbers of files may leave out one each: a chapter that was lost."""


@dataclass(frozen=True, slots=True)
class PartKey:
    """To which work a piece belongs, and which piece it is."""

    key: str
    """``<source>:<id>``, or ``folder:<path>`` for numbered files of one folder."""
    number: int


def part_key(work: Work) -> PartKey | None:
    """Key of a piece of a work; ``None`` for a whole work.

    A page or file that states its archive, work and chapter is a piece for sure, and so is one that lists them. A
    text file without a header is one perhaps: where its name says chapter and number and nothing else tells it from
    its neighbours; and so is a page of no known origin whose title names work and chapter.
    """
    if work.part_number is not None or (work.listed_chapters and not work.chapters):
        if work.source_work_id is None:
            return None
        return PartKey(f"{work.source}:{work.source_work_id}", work.part_number or INDEX)
    path = work.provenance.path
    if path is None or work.source != "file" or len(work.chapters) != 1 or work.authors or work.fandoms:
        return None
    name = PurePosixPath(path)
    if CHAPTER_IN_TITLE in work.provenance.flags and work.chapters[0].number is not None:
        return PartKey(f"folder:{name.parent.as_posix()}/{work.title}", work.chapters[0].number)
    if "title_from_file_name" not in work.provenance.flags:
        return None
    if found := _CHAPTER_NAME.fullmatch(name.stem) or _NUMBER_NAME.fullmatch(name.stem):
        stem = found.groupdict().get("stem") or ""
        stated = work.chapters[0].number
        number = int(found["number"])
        if stated is None or stated == number:
            return PartKey(f"folder:{name.parent.as_posix()}/{stem}{name.suffix.casefold()}", number)
    return None


def are_one_work(parts: Sequence[tuple[int, Work]]) -> bool:
    """Whether numbered files of one folder are the chapters of one work: each number once, hardly a gap."""
    numbers = sorted(number for number, _ in parts)
    steps = [after - before for before, after in itertools.pairwise(numbers)]
    return len(numbers) > 1 and numbers[0] <= 1 + MAX_GAP and all(1 <= step <= 1 + MAX_GAP for step in steps)


def join(parts: Sequence[tuple[int, Work]]) -> Work:
    """One work of several pieces, in the order of their numbers; of two with one number the newer.

    Each field is that of the newest piece that states it; the chapters are all there are, in the order of an index page
    that knows them all, which also tells titles and days that the chapters' own pages lack.
    """
    if len(parts) == 1 and not parts[0][1].chapters:
        return parts[0][1]
    newest_first = sorted(parts, key=lambda part: (_newness(part[1]), part[0]), reverse=True)
    chosen: dict[int, Work] = {}
    for number, work in newest_first:
        chosen.setdefault(number, work)
    pieces = [chosen[number] for number in sorted(chosen)]
    fields = {name: getattr(newest_first[0][1], name) for name in Work.model_fields}
    for _, work in newest_first[1:]:
        for name in Work.model_fields:
            if fields[name] in (None, ()):
                fields[name] = getattr(work, name)
    listed = fields["listed_chapters"]
    chapters, places = _by_list(tuple(_chapters(sorted(chosen.items()))), listed)
    if set(range(len(listed))) <= places:
        fields["listed_chapters"] = ()
    provenance = _provenance(pieces, fields, sorted(chosen))
    if listed and None not in places:
        flags = tuple(flag for flag in provenance.flags if flag != ORDERED_BY_ID)
        provenance = provenance.model_copy(update={"flags": flags})
    fields |= {"chapters": chapters, "part_number": None, "provenance": provenance}
    if all(work.source == "file" and CHAPTER_IN_TITLE not in work.provenance.flags for work in pieces):
        fields["title"] = _folder_title(pieces[0]) or fields["title"]
    return Work.model_validate(fields)


def _chapters(pieces: Sequence[tuple[int, Work]]) -> Iterator[Chapter]:
    """The chapters in order; one that two pages hold (a thread's pages overlap) comes once.

    Numbered files number their chapters; the order of pages may be that of ids, which are no numbers.
    """
    seen: set[str] = set()
    for number, work in pieces:
        for chapter in work.chapters:
            if chapter.source_chapter_id is not None:
                if chapter.source_chapter_id in seen:
                    continue
                seen.add(chapter.source_chapter_id)
            is_file = work.part_number is None and chapter.number is None
            yield chapter.model_copy(update={"number": number}) if is_file else chapter


def _by_list(
    chapters: tuple[Chapter, ...], listed: tuple[ListedChapter, ...]
) -> tuple[tuple[Chapter, ...], set[int | None]]:
    """Chapters in the order of a list that knows them all; and their places in it, ``None`` for those that it lacks.

    A list may be one page of several, or older than the last chapters: then it says nothing of the order.
    """
    places: dict[tuple[str, object], int] = {}
    for place, entry in enumerate(listed):
        places |= {("id", entry.id): place} if entry.id else {}
        places |= {("number", entry.number): place} if entry.number is not None else {}
    found = [_place(chapter, places) for chapter in chapters]
    order = list(range(len(chapters)))
    if None not in found:
        order.sort(key=lambda at: (found[at] or 0, at))
    return tuple(_with_listed(chapters[at], listed, found[at]) for at in order), set(found)


def _place(chapter: Chapter, places: Mapping[tuple[str, object], int]) -> int | None:
    by_id = places.get(("id", chapter.source_chapter_id))
    return by_id if by_id is not None else places.get(("number", chapter.number))


def _with_listed(chapter: Chapter, listed: Sequence[ListedChapter], place: int | None) -> Chapter:
    """A chapter with what the list says of it and its own page does not."""
    if place is None:
        return chapter
    entry = listed[place]
    told = {
        "title": entry.title,
        "number": entry.number,
        "source_chapter_id": entry.id,
        "url": entry.url,
        "published_date": entry.published_date,
        "n_words_source": entry.n_words,
    }
    return chapter.model_copy(update={name: value for name, value in told.items() if getattr(chapter, name) is None})


def _newness(work: Work) -> tuple[str, int, str]:
    provenance = work.provenance
    retrieved = provenance.retrieved_at.isoformat() if provenance.retrieved_at else ""
    return retrieved, sum(len(chapter.text) for chapter in work.chapters), provenance.raw_sha256


def _provenance(pieces: Sequence[Work], fields: dict[str, object], numbers: Sequence[int]) -> Provenance:
    first = next((piece for piece in pieces if piece.chapters), pieces[0]).provenance
    total = hashlib.sha256("".join(piece.provenance.raw_sha256 for piece in pieces).encode()).hexdigest()
    flags = dict.fromkeys(flag for piece in pieces for flag in piece.provenance.flags)
    if len(pieces) > 1:
        flags["joined_from_parts"] = None
    stated = fields.get("n_chapters_source")
    held = sum(len(piece.chapters) for piece in pieces)
    is_files = all(piece.part_number is None for piece in pieces)
    if (isinstance(stated, int) and 0 < held < stated) or (is_files and len(numbers) <= numbers[-1] - numbers[0]):
        flags["chapters_missing"] = None
    times = [piece.provenance.retrieved_at for piece in pieces if piece.provenance.retrieved_at]
    update = {"raw_sha256": total, "flags": tuple(flags), "retrieved_at": max(times, default=None)}
    return first.model_copy(update=update)


def _folder_title(first: Work) -> str | None:
    """Title of a work of numbered files: what their names share, else the folder's name."""
    path = PurePosixPath(first.provenance.path or "")
    found = _CHAPTER_NAME.fullmatch(path.stem)
    stem = re.sub(r"[\W_]+", " ", found["stem"]).strip() if found else ""
    return stem or path.parent.name or None
