"""FimFiction's own text download: boxes drawn with ``//----//`` that name the story, its author and each chapter."""

from __future__ import annotations

import re
from typing import Final

from crawler.readers.text_chapters import Section, heading_of
from crawler.readers.text_header import Field, Header

_EDGE: Final = r"[ \t]{0,4}//-{4,200}//[ \t]{0,4}"
_FIRST_EDGE: Final = re.compile(rf"{_EDGE}\n")
_BOX: Final = re.compile(rf"\n{_EDGE}\n(?P<lines>(?:(?!{_EDGE}\n)[^\n]{{0,300}}\n){{1,8}}){_EDGE}(?=\n|\Z)")
_STORY: Final = re.compile(r"(?i)story\s?:\s{0,4}(?P<title>\S.{0,299})")
_AUTHOR: Final = re.compile(r"(?i)-?\s?by:?\s(?P<name>\S.{0,99}?)\s?-?")


def read_boxes(text: str) -> tuple[Header, list[Section]] | None:
    """Header and chapters of a FimFiction download; ``None`` for a text that does not begin with such a box."""
    head = text[:600].lstrip()
    if not head.startswith("//") or not _FIRST_EDGE.match(head):
        return None
    lead = "\n" + text.lstrip("\n \t")
    boxes = list(_BOX.finditer(lead))
    if not boxes or boxes[0].start() != 0:
        return None
    fields: list[Field] = []
    sections = []
    ends = [box.start() for box in boxes[1:]] + [len(lead)]
    for place, (box, end) in enumerate(zip(boxes, ends, strict=True)):
        names = _read_box(box["lines"], fields, first=place == 0, alone=len(boxes) == 1)
        section = lead[box.end() : end]
        if names or any(map(str.isalnum, section)):
            sections.append(_section(" ".join(names), section))
    return Header("fimfiction", tuple(fields), 0), sections


def _read_box(lines: str, fields: list[Field], *, first: bool, alone: bool) -> list[str]:
    """Puts story and author of a box into ``fields`` and returns what is left: the name of the chapter."""
    rest = []
    for raw in lines.split("\n"):
        line = raw.strip().removeprefix("//").removeprefix(">").strip()
        if story := _STORY.fullmatch(line):
            _add(fields, "title", "Story", story["title"].strip())
        elif author := _AUTHOR.fullmatch(line):
            _add(fields, "author", "by", author["name"].strip())
        elif line:
            rest.append(line)
    titled = any(field.meaning == "title" for field in fields)
    if first and rest and not titled:
        fields.insert(0, Field("title", "Story", rest.pop(0)))
        return rest if alone else []
    return rest


def _add(fields: list[Field], meaning: str, label: str, value: str) -> None:
    field = Field(meaning, label, value)
    if field not in fields:
        fields.append(field)


def _section(name: str, text: str) -> Section:
    heading = heading_of(name) if name else None
    if heading and heading.kind != "number":
        return Section(text, heading.number, heading.title)
    return Section(text, None, name or None)
