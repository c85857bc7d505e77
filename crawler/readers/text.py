"""Plain text → one ``Work``: decoding, header, chapters, paragraphs. The story's own words are never changed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import Any, Final

from crawler.readers.encoding import Decoded, decode
from crawler.readers.source import Low, Source, Unreadable
from crawler.readers.text_chapters import Section, split, split_by_titles
from crawler.readers.text_coded import Coded, Lines
from crawler.readers.text_fields import read_fields
from crawler.readers.text_fimfiction import read_boxes
from crawler.readers.text_header import Header, read_header
from crawler.readers.text_markup import MARKUP_IN_TEXT, has_markup, without_paragraph_tags
from crawler.readers.text_mojibake import MOJIBAKE_FIXED, mend, suspects_of
from crawler.readers.text_paragraphs import Paragraphs, convention_of, with_blank_lines
from schemas.work import Chapter, Provenance, Work

PARSER_VERSION: Final = "1"

TITLE_FROM_FILE_NAME: Final = "title_from_file_name"
_NULS_REMOVED: Final = "nul_bytes_removed"

_TRAILING: Final = re.compile(r"(?<![ \t\xa0\u3000])[ \t\xa0\u3000]++(?=\n|\Z)")
_BLANKS: Final = 5
"""Line ends in a row that are kept."""
_MANY_BLANKS: Final = re.compile(r"\n{6,}")
_WIDE_BLANKS: Final = ((0xC2, "\xa0"), (0xE3, "\u3000"))
"""Each with the first byte that it has in UTF-8."""
_BEGINNING: Final = 200
_INVISIBLE: Final = " \t\n\r\f\v\x1a\xa0\u3000\ufeff\u200b\u2028\u2029\u2060"
_SURROGATES: Final = re.compile(r"[\ud800-\udfff]")
_HASH: Final = re.compile(r"(?:\d+|[0-9a-f]{8,}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})", re.IGNORECASE)
_COUNTED: Final = re.compile(r"\A(?:0\d{0,5}[\s._)-]+|\d{1,4}(?:\s-\s|\.\s|\)\s))(?=.*[^\W\d_])")
_SUFFIXES: Final = frozenset({".txt", ".text", ".md", ".markdown", ".asc", ".utf8"})
_CONTENTS_LINE: Final = "TABLE OF CONTENTS"
_END_LINE: Final = "End file."


def read(source: Source) -> Iterator[Work]:
    """The work of a text file.

    Raises ``Unreadable``: ``empty``, ``no_story`` (nothing but a header), ``too_large``, ``encoding_not_supported``.
    """
    raw = source.data
    lines = Lines.plain(raw, source.low if len(raw) == len(source.head) else Low.of(raw))
    yield _work(source, decode(raw, is_plain=lines is not None), lines)


def _work(source: Source, decoded: Decoded, lines: Lines | None) -> Work:
    flags = list(decoded.flags)
    text = decoded.text
    if lines is None and b"\0" in source.data and "\0" in text:
        text = text.replace("\0", "")
        flags.append(_NULS_REMOVED)
    if decoded.source == "utf-8" and not flags:
        coded = _normalised(text, source.data, lines, flags)
    else:
        coded = _normalised(text, None, None, flags)
    header, sections, paragraphs = _parts(coded, flags)
    if not any(any(map(str.isalnum, section.text)) for section in sections):
        raise Unreadable("no_story", "nothing but a header or a heading")
    reading = read_fields(header.fields)
    if reading.chapter and len(sections) == 1 and sections[0].number is None:
        sections = [Section(sections[0].text, reading.chapter.number, reading.chapter.title or sections[0].title)]
    values: dict[str, Any] = {"source": "file", **reading.values}
    if "title" not in values:
        values["title"] = title_from_name(source.ref)
        flags.append(TITLE_FROM_FILE_NAME)
    totals = [section.total for section in sections if section.total]
    values.setdefault("n_chapters_planned", max(totals, default=None))
    if paragraphs.convention != "blank_line":
        flags.append(paragraphs.convention)
    return Work(
        **values,
        header=tuple(reading.header),
        chapters=tuple(_chapters(sections, paragraphs)),
        provenance=_provenance(source, decoded, header, [*flags, *reading.flags]),
    )


def _provenance(source: Source, decoded: Decoded, header: Header, flags: Sequence[str]) -> Provenance:
    return Provenance(
        format="text",
        parser_version=PARSER_VERSION,
        raw_sha256=source.sha256,
        path=_printable(source.ref),
        layout=header.layout,
        encoding=decoded.encoding,
        encoding_source=decoded.source,
        flags=tuple(dict.fromkeys(flags)),
    )


def _normalised(text: str, raw: bytes | None, lines: Lines | None, flags: list[str]) -> Coded:
    """Text with newlines as its only line ends, no blanks before them, mojibake mended.

    ``raw`` is the text in UTF-8 where it is at hand, ``lines`` are those of it where it has no control but the newline.
    Raises ``Unreadable`` (``empty``) where nothing can be seen.
    """
    given = text
    if lines is None:
        if "\r" in text:
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        if "\f" in text or "\v" in text:
            text = text.replace("\f", "\n\n").replace("\v", "\n")
    text = text.strip("\ufeff\x1a")
    if not text[:_BEGINNING].strip(_INVISIBLE) and not text.strip(_INVISIBLE):
        raise Unreadable("empty", "only blank space" if text else "no text")
    coded = Coded(text, raw, lines=lines) if text is given else Coded(text)
    is_trailing = coded.ended_by(b" ", b"\t")
    if is_trailing or any(lead in coded.raw and blank in text and blank + "\n" in text for lead, blank in _WIDE_BLANKS):
        text = _TRAILING.sub("", text)
        is_trailing = True  # lines that were blanks may now be empty
    if is_trailing or coded.has_ends_in_a_row(_BLANKS + 1):
        text = _MANY_BLANKS.sub("\n" * _BLANKS, text)
    text, mended = mend(text, foreign=suspects_of(coded.text, coded.raw))
    if mended:
        flags.append(MOJIBAKE_FIXED)
        text = _SURROGATES.sub("\ufffd", text)
    return coded if text is coded.text else Coded(text)


def _parts(coded: Coded, flags: list[str]) -> tuple[Header, list[Section], Paragraphs]:
    if boxed := read_boxes(coded.text):
        header, sections = boxed
        body = coded
    else:
        header = read_header(coded.text)
        body = coded.after(header.body)
        sections = []
    if has_markup(body.text):
        flags.append(MARKUP_IN_TEXT)
        if plain := without_paragraph_tags(body.text):
            body = Coded(plain)
    paragraphs = convention_of(body.text) if body.has_pairs else Paragraphs("blank_line")
    if not sections and header.layout == "fanficfare":
        sections = _fanficfare(body.text)
    if not sections:
        sections = split(body, by_line=paragraphs.convention == "paragraphs_by_line")
    return header, sections, paragraphs


def _fanficfare(body: str) -> list[Section]:
    """Chapters of FanFicFare's text, which lists the titles under ``TABLE OF CONTENTS``; empty where it does not."""
    body = body.strip().removesuffix(_END_LINE)
    if not body.startswith(_CONTENTS_LINE):
        return [Section(body)]
    listed, _, story = body.removeprefix(_CONTENTS_LINE).strip("\n").partition("\n\n\n")
    titles = [" ".join(title.split()) for title in listed.split("\n\n") if title.strip()]
    return split_by_titles(story, titles) or []


def _chapters(sections: Sequence[Section], paragraphs: Paragraphs) -> Iterator[Chapter]:
    for section in sections:
        text = with_blank_lines(section.text, paragraphs)
        yield Chapter(text=text.strip("\n").rstrip(), number=section.number, title=section.title)


def title_from_name(ref: str) -> str:
    """Title that a file name gives: the stem, without leading numbering; a hash or number stays as it is.

    Underscores and hyphens are spaces where the name has none: ``01_the_hound.txt`` is ``the hound``.
    """
    path = PurePosixPath(_printable(ref))
    name = (path.stem if path.suffix.casefold() in _SUFFIXES else path.name).strip()
    if not name or all(_HASH.fullmatch(part) for part in re.split(r"[_\-. ]", name) if part):
        return name or ref
    rest = _COUNTED.sub("", name).strip()
    if rest and _HASH.fullmatch(rest) is None:
        name = rest
    if " " not in name:
        name = re.sub(r"_+|(?<=\w)-+(?=\w)", " ", name).strip() or name
    return name


def _printable(ref: str) -> str:
    """A path without the lone surrogates that stand for bytes of a file name that is not UTF-8."""
    return ref.encode("utf-8", "backslashreplace").decode("utf-8")
