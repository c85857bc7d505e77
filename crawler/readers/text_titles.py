"""Titles and bylines: which lines may be one by their looks."""

from __future__ import annotations

import re
from typing import Final

_MAX_TITLE: Final = 120

OPENS_SPEECH: Final = re.compile(r"[\"“„«»”'‘—–\-「『]")
_QUOTED: Final = re.compile(r"[\"“„«「『](?P<inside>[^\"“”„«»「」『』]{1,100})[\"“”»」』]")
_HASHES: Final = re.compile(r"#{1,6}\s+")
_MARKS: Final = " \t*_~=>"
_BYLINE: Final = re.compile(
    r"(?i:(?:a\s+(?:fan\s?fic(?:tion)?|story)\s+|(?:re)?written\s+|geschrieben\s+|écrite?\s+|escrito\s+|scritt[oa]\s+)?)"
    r"(?P<word>(?i:by|von|par|de|por|di|door|av|af|przez|от|автор))\s*:?\s+(?P<name>\S.{0,79})"
)
_ONE_LINE: Final = re.compile(
    r"(?P<title>\S.{0,99}?)(?P<mark>[\s,(–—-]*)\s[(]?(?i:by)\s(?P<name>[^\s()][^()]{0,49})\)?"
)
_NO_NAME: Final = re.compile(
    r"(?i)(?:the|an?|my|your|his|her|its|our|their|me|you|him|it|us|them|this|that|day|night|one|two|side|step|far|now|then)\b"
)
_DATE: Final = re.compile(
    r".*,\s*\d{4}|.*\d{1,2}[:.]\d{2}(\s*[ap]\.?m\.?)?|\d{1,2}(?:st|nd|rd|th|\.)?\s\w+(\s\d{4})?", re.IGNORECASE
)


def _plain(line: str) -> str:
    """A line without Markdown's heading marks and the stars, tildes and the like around it."""
    plain = line[: _MAX_TITLE + 20].strip(_MARKS)
    if match := _HASHES.match(plain):
        plain = plain[match.end() :].rstrip("#").strip(_MARKS)
    return plain


def title_of(line: str) -> str | None:
    """The title that a line is, without the marks around it; ``None`` for what reads like a sentence.

    A title is short, does not end like a sentence or a clause, and is no dialogue, date or rule. A question or an
    exclamation is one if most of its words begin with a capital.
    """
    title = _plain(line)
    if quoted := _QUOTED.fullmatch(title):
        title = quoted["inside"]
    elif OPENS_SPEECH.match(title):
        return None
    words = title.split()
    if not words or len(line) > _MAX_TITLE or len(words) > 16 or not any(map(str.isalnum, title)):
        return None
    if title[-1] in '.,;:-–—…。、，；：」”"»' or _DATE.fullmatch(title):
        return None
    if title[-1] in "?!？！":
        capitals = sum(word[0].isupper() or word[0].isdigit() for word in words)
        return title if len(words) > 1 and capitals * 2 > len(words) else None
    return title


def byline(line: str) -> str | None:
    """The name in a line such as ``by Mary Morstan``; ``None`` for other lines."""
    plain = _plain(line)
    match = _BYLINE.fullmatch(plain)
    if not match or len(line) > _MAX_TITLE:
        return None
    name = match["name"].strip(" *_")
    words = name.split()
    if not words or len(words) > 8 or (name[-1] in ".,;:?!" and "@" not in name) or '"' in name:
        return None
    if match["word"].casefold() != "by" and (name[0].islower() or len(words) > 4):
        return None  # "de repente": in these languages the word begins many a sentence
    return None if _NO_NAME.match(name) and len(words) > 2 and name[0].islower() else name


def title_and_author(line: str) -> tuple[str, str] | None:
    """The two parts of ``Title by Author``, where that cannot be a title such as *Stand by Me* or *Touched by Fire*."""
    plain = _plain(line)
    match = _ONE_LINE.fullmatch(plain)
    if not match or len(line) > 80 or plain[-1] in ".?!,;:":
        return None
    title, name = match["title"].strip(), match["name"].strip()
    if _NO_NAME.match(name):
        return None
    quoted = _QUOTED.fullmatch(title)
    clear = bool(quoted or match["mark"].strip() or plain.endswith(")") or re.search(r"[\d_]|[a-z][A-Z]", name))
    words = name.split()
    named = 2 <= len(words) <= 3 and all(word[0].isupper() for word in words) and len(title.split()) > 1
    if not clear and (not named or re.search(r"(?:ed|en|wn|ght|nt|ne|ost)$", title)):
        return None
    title = (quoted["inside"] if quoted else title).strip(" ,–—-")
    if not title_of(title):
        return None
    return title, name
