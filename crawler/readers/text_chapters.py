"""Chapters of a text: headings in many languages, told by standing alone and by counting on.

A heading is believed only as part of a sequence: numbers that rise one by one (with small gaps), of one kind. Text
before the first heading stays as a chapter without number and title, unless it only lists the chapters that follow.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import islice
from typing import Final, NamedTuple

from crawler.readers.text_coded import Coded, Openings
from crawler.readers.text_numbers import NUMBER, NUMBER_WORDS, is_number_word, number_of

MAX_HEADING: Final = 120
_MAX_TITLE: Final = 80
_MAX_GAP: Final = 3

_CHAPTER_WORDS: Final = (
    "chapter|chap|ch|kapitel|kap|chapitre|capítulo|capitulo|cap|capitolo|capitolul|hoofdstuk|глава|rozdział|rozdzial|kapitola"
    "|poglavlje|luku|fejezet|bölüm|peatükk|skyrius|nodaļa|розділ|κεφάλαιο|chương|bab|פרק|الفصل|บทที่"
)
_PART_WORDS: Final = "part|pt|teil|partie|parte|deel|часть|część|del|osa|episode|episodio|épisode|act|book|scene"
_SPECIAL: Final = (
    "prologue|prolog|prólogo|prologo|proloog|пролог|epilogue|epilog|épilogue|epílogo|epilogo|epiloog|эпилог|interlude|intermezzo"
    "|zwischenspiel|интерлюдия|interludio|intermission|序章|序幕|楔子|尾声|尾聲|終章|终章|番外|プロローグ|エピローグ|프롤로그|에필로그"
)
_CHAPTER: Final = rf"(?:{_CHAPTER_WORDS})\.?"
_PART: Final = rf"(?:{_PART_WORDS})\.?"
_KEYWORDS: Final = frozenset(f"{_CHAPTER_WORDS}|{_PART_WORDS}|{_SPECIAL}".split("|"))
_MARKS: Final = " \t>*_#~=+-–—•·.|:/\\([<【「『"
_MARK: Final = rf"[{re.escape(_MARKS)}]{{0,16}}"
_WORD_FIRST: Final = re.compile(
    rf"{_MARK}(?i:(?P<chapter>{_CHAPTER})|(?P<part>{_PART}))(?:\s{{0,3}}(?:no\.?|nr\.?|№|#)?\s{{0,3}}|(?<=\.))"
    rf"(?P<number>{NUMBER})(?P<rest>(?![\w'’]).{{0,{MAX_HEADING}}})?"
)
_NUMBER_FIRST: Final = re.compile(
    rf"{_MARK}(?P<number>{NUMBER})[.)]?\s{{1,2}}(?i:(?P<chapter>{_CHAPTER})|(?P<part>{_PART}))"
    rf"(?P<rest>(?!\w).{{0,{MAX_HEADING}}})?"
)
_EAST_ASIAN: Final = re.compile(
    rf"{_MARK}(?:第\s?(?P<number>[0-9０-９〇零一二三四五六七八九十百千两兩]{{1,9}})\s?(?:[章回话話节節折幕])"
    rf"|제\s?(?P<korean>\d{{1,4}})\s?[장화회])(?P<rest>.{{0,{MAX_HEADING}}})?"
)
_ALONE: Final = re.compile(rf"{_MARK}(?P<number>{NUMBER})[ \t.:*_#~=+\-–—•·|/\\)\]>】」』]{{0,16}}")
_NAMED: Final = re.compile(rf"{_MARK}(?i:(?P<special>{_SPECIAL}))(?P<rest>(?!\w).{{0,{MAX_HEADING}}})?")
_OF: Final = re.compile(r"\s{0,3}(?:/|of|von|de|из|av)\s{0,3}(?P<total>\d{1,4}|\?)(?!\w)", re.IGNORECASE)
_TITLE_MARKS: Final = " \t\u3000:：.-–—~*_#=|/\\()[]<>【】「」『』+•·"

_OPENINGS: Final = Openings({word.casefold() for word in _KEYWORDS} | NUMBER_WORDS, _MARKS)
_BEGINNING: Final = re.compile(rf"{_MARK}(?P<first>[^\W_]{{1,20}})[^\w\n]{{0,16}}(?P<second>[^\W_]{{1,20}})?")
_MAX_TESTED: Final = 20_000  # lines that begin like a heading; a file with more of them is no book


class Heading(NamedTuple):
    """A line that may head a chapter. ``start`` and ``end`` are its offsets in the body, with a title below it."""

    kind: str
    number: int | None
    title: str | None
    start: int = 0
    end: int = 0
    total: int | None = None


class Section(NamedTuple):
    """A chapter before its paragraphs are put in order."""

    text: str
    number: int | None = None
    title: str | None = None
    total: int | None = None
    """Number of chapters that the heading promises: the 5 of ``Part 2 of 5``."""


def is_heading(line: str) -> bool:
    """Whether a line reads as a chapter heading with a word (``Chapter 3``, ``Prologue``), not as a bare number."""
    heading = heading_of(line.strip()) if len(line) <= MAX_HEADING else None
    return heading is not None and heading.kind != "number"


@lru_cache(maxsize=1024)
def heading_of(line: str) -> Heading | None:
    """What a stripped line says as a heading, or ``None``."""
    if len(line) > MAX_HEADING:
        return None
    for pattern in (_WORD_FIRST, _NUMBER_FIRST, _EAST_ASIAN):
        if match := pattern.fullmatch(line):
            return _numbered(match)
    if match := _NAMED.fullmatch(line):
        rest = match["rest"] or ""
        if rest.strip(_TITLE_MARKS) and not re.match(r"\s{0,3}[:：\-–—.*_]", rest):
            return None  # "Prologue to a war", a sentence or a title
        return Heading("special", None, line.strip(_TITLE_MARKS)) if _is_title(rest) else None
    if match := _ALONE.fullmatch(line):
        return Heading("number", number_of(match["number"]), None)
    return None


def _numbered(match: re.Match[str]) -> Heading | None:
    groups = match.groupdict()
    number = number_of(groups.get("number") or groups.get("korean") or "")
    rest = groups.get("rest") or ""
    of = _OF.match(rest)
    if of:
        rest = rest[of.end() :]
    if number is None or not _is_title(rest):
        return None
    kind = "part" if groups.get("part") else "chapter"
    total = int(of["total"]) if of and of["total"] != "?" else None
    return Heading(kind, number, rest.strip(_TITLE_MARKS) or None, total=total)


def _is_title(rest: str) -> bool:
    """Whether what follows the number may be a title: short, and no running sentence without a colon before it."""
    title = rest.strip(_TITLE_MARKS)
    if not title:
        return True
    parted = re.match(r"\s{0,3}[:：.\-–—~|*_)\]】」』]", rest) is not None
    if len(title) > _MAX_TITLE:
        return False
    return parted or (not title[0].islower() and rest.rstrip()[-1] not in ".,;")


def split(body: str | Coded, *, by_line: bool = False) -> list[Section]:
    """Chapters of a body with newlines as line ends; one without number and title where no headings are believed.

    With ``by_line`` every line is a paragraph, and a heading needs no blank lines around it.
    """
    coded = Coded(body) if isinstance(body, str) else body
    body = coded.text
    headings = _believed(_candidates(coded, by_line=by_line), body)
    if not headings:
        return [Section(body)]
    sections = []
    front = body[: headings[0].start]
    if any(map(str.isalnum, front)) and not _is_contents(front, headings):
        sections.append(Section(front))
    for heading, following in zip(headings, [*headings[1:], None], strict=True):
        text = body[heading.end : following.start if following else len(body)]
        sections.append(Section(text, heading.number, heading.title, heading.total))
    return sections


def _candidates(coded: Coded, *, by_line: bool) -> Iterator[Heading]:
    body = coded.text
    counted, start = coded.start, 0
    for place, line in islice(_likely(coded, by_line=by_line), _MAX_TESTED):
        if not (heading := heading_of(line.strip())):
            continue
        start += len(coded.line(counted, place))
        counted = place
        before = start == 0 or body[max(start - 2, 0) : start] in ("\n\n", "\n")
        end = start + len(line)
        title, title_end = _title_below(body, end)
        after = end >= len(body) or body.startswith("\n\n", end) or title is not None
        worded = heading.kind != "number"
        tight = heading.kind == "chapter" and not after and not _heads(body, end + 1)
        if not ((before and (after or tight)) or (by_line and worded)):
            continue
        if heading.title is None and title and heading.kind != "special":
            heading = Heading(heading.kind, heading.number, title, total=heading.total)
            end = title_end
        yield Heading(heading.kind, heading.number, heading.title, start, end, heading.total)


def _likely(coded: Coded, *, by_line: bool) -> Iterator[tuple[int, str]]:
    """The short lines that begin as a heading does, with their places among the bytes."""
    for start, end in coded.opened_by(_OPENINGS, MAX_HEADING, alone=not by_line):
        line = coded.line(start, end)
        if len(line) <= MAX_HEADING and _may_head(line):
            yield start, line


def _heads(body: str, start: int) -> bool:
    """Whether the line at an offset is a heading too, as in a table of contents."""
    return heading_of(body[start : start + MAX_HEADING + 1].split("\n", 1)[0].strip()) is not None


def _may_head(line: str) -> bool:
    """Whether a line begins as a heading does: the cheap test before the patterns.

    A keyword, or a number with nothing or a keyword after it.
    """
    match = _BEGINNING.match(line)
    if match is None:
        return False
    first, second = match["first"].casefold(), match["second"]
    if first in _KEYWORDS or first[0] in "第제":
        return True
    if not (first.isdecimal() or is_number_word(first)):
        return False
    return second is None or second.casefold() in _KEYWORDS or is_number_word(second)


def _title_below(body: str, end: int) -> tuple[str | None, int]:
    """Title in the line right under a heading: short, no sentence, and with a blank line or a rule below it."""
    line = body[end + 1 : end + 2 + MAX_HEADING].split("\n", 1)[0]
    title = line.strip().strip("*_~=#").strip(" -–—")
    below = end + 1 + len(line)
    if not title or len(line) > _MAX_TITLE or title[-1] in '.,;:!?…。！？，"”' or title[0] in '"“„«「—':
        return None, end
    if not any(map(str.isalnum, title)) or heading_of(line.strip()):
        return None, end
    parted = below >= len(body) or body.startswith("\n\n", below) or re.match(r"\n[-=_*~]{3,}", body[below : below + 8])
    return (title, below) if parted else (None, end)


def _believed(candidates: Iterable[Heading], body: str) -> list[Heading]:
    """The headings of the one kind that counts on, with prologues and epilogues; empty where none convinces."""
    if not (found := list(candidates)):
        return []
    for kind in ("chapter", "part", "number"):
        chain = _chain([heading for heading in found if heading.kind == kind], body)
        if chain and _convinces(chain, kind, body):
            return _with_special(chain, [heading for heading in found if heading.kind == "special"])
    special = [heading for heading in found if heading.kind == "special"]
    names = [heading.title for heading in special]
    if special and (not body[: special[0].start].strip() or len(set(names)) > 1) and len(set(names)) == len(names):
        return special
    return []


def _chain(headings: Sequence[Heading], body: str) -> list[Heading]:
    """The longest run of numbers that rise, begun anew where a table of contents was the first run."""
    chain: list[Heading] = []
    for heading in headings:
        assert heading.number is not None
        last = chain[-1].number if chain else None
        if last is None or last < heading.number <= last + _MAX_GAP:
            chain.append(heading)
        elif chain[0].number == heading.number and _empty(chain, heading.start, body):
            chain = [heading]
    return chain


def _empty(chain: Sequence[Heading], end: int, body: str) -> bool:
    """Whether the chapters of ``chain`` would hold nothing: the lines of a table of contents."""
    bounds = zip(chain, [*(heading.start for heading in chain[1:]), end], strict=True)
    return not any(body[heading.end : stop].strip() for heading, stop in bounds)


def _convinces(chain: Sequence[Heading], kind: str, body: str) -> bool:
    first = chain[0].number or 0
    top = not any(map(str.isalnum, body[: chain[0].start]))
    if kind == "number":
        return len(chain) > 1 and first in (0, 1)
    if len(chain) == 1:
        return top or (first in (1, 2) and kind == "chapter" and body.startswith("\n\n", chain[0].end))
    return first <= 2 or top


def _with_special(chain: Sequence[Heading], special: Sequence[Heading]) -> list[Heading]:
    """Numbered chapters with the prologues, interludes and epilogues around and between them."""
    return sorted([*chain, *special], key=lambda heading: heading.start)


def _is_contents(front: str, headings: Sequence[Heading]) -> bool:
    """Whether the text before the first chapter only lists the chapters: every line is a heading or a title of one."""
    titles = {heading.title.casefold() for heading in headings if heading.title}
    lines = [line.strip() for line in front[:20_000].split("\n") if any(map(str.isalnum, line))]
    if len(front) > 20_000 or not lines:
        return False
    listed = [line for line in lines if heading_of(line) or line.strip(_TITLE_MARKS).casefold() in titles]
    other = [line for line in lines if line not in listed]
    named = len(other) == 0 or (len(other) == 1 and other[0] == lines[0] and _CONTENTS.fullmatch(other[0]) is not None)
    return named and len(listed) >= min(2, len(headings))


_CONTENTS: Final = re.compile(
    r"(?i)[\W_]*(?:table of contents|contents|chapters|index|inhalt|inhaltsverzeichnis|sommaire|table des matières"
    r"|índice|indice"
    r"|содержание|оглавление|spis treści|inhoud|目录|目錄|目次|차례)[\W_]*"
)


def split_by_titles(body: str, titles: Sequence[str]) -> list[Section] | None:
    """Chapters whose titles a table of contents gives in order; ``None`` if one of them is not found."""
    places = []
    at = 0
    for title in titles:
        match = re.compile(rf"^[ \t]*{re.escape(title)}[ \t]*$", re.MULTILINE).search(body, at)
        if not match:
            return None
        places.append(match)
        at = match.end()
    ends = [match.start() for match in places[1:]] + [len(body)]
    return [_titled(title, body[match.end() : end]) for title, match, end in zip(titles, places, ends, strict=True)]


def _titled(title: str, text: str) -> Section:
    plain = re.sub(r"^\d{1,4}\.\s", "", title)
    heading = heading_of(plain)
    if heading and heading.kind != "number":
        return Section(text, heading.number, heading.title)
    number = re.match(r"(\d{1,4})\.\s", title)
    return Section(text, int(number[1]) if number else None, plain)
