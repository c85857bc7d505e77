"""The header of FanFicFare's text format: title, byline and labelled lines, always in this shape.

Source: ``writers/writer_txt.py`` of FanFicFare. Values of lists are joined by a comma and a space, categories are
fandoms, a title or summary wraps at 78 characters, and the title may look like anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from crawler.readers.text_labels import label_of
from crawler.readers.text_lines import Lines

_LABEL: Final = re.compile(r"([A-Z][A-Za-z ]{1,40}):(?: (.*))?")
_PROOF: Final = ("Packaged: ", "Story URL: ")
_LISTS: Final = {
    "category": "fandom",
    "genre": "genres",
    "characters": "characters",
    "relationships": "relationship",
    "warnings": "warnings",
}
_SERIES: Final = re.compile(r"(.{1,300}) \[(\d{1,5})\]")
_TAG: Final = re.compile(r"</?(?:p|i|b|em|strong|div|span|u|a)\b[^<>]{0,300}>|<br\s?/?>")
_PARAGRAPH: Final = re.compile(r"\s*(?:</(?:p|div)>|<br\s?/?>)\s*")


class Statement(NamedTuple):
    """A statement: the reader's own word for it, the label as written, and what it says."""

    meaning: str
    label: str
    value: str


def read(lines: Lines) -> tuple[list[Statement], int] | None:
    """Statements of the header and the line that follows it; ``None`` for any other text."""
    start = lines.next_full(0)
    end = lines.block_end(start)
    by = lines.next_full(end)
    if lines.blank(by) or not lines.lines[by].startswith("by "):
        return None
    by_end = lines.block_end(by)
    first = lines.next_full(by_end)
    if not lines.has(first) or not _LABEL.match(lines.lines[first]):
        return None
    if not all(any(line.startswith(proof) for line in lines.rest(0)) for proof in _PROOF):
        return None
    stop = first
    while lines.has(stop) and not (lines.blank(stop) and lines.blank(stop + 1)):
        stop += 1
    labelled = list(_labelled(lines.lines[first:stop]))
    found = [
        Statement("title", "Title", " ".join(lines.lines[start:end])),
        Statement("author", "by", _byline(" ".join(lines.lines[by:by_end])[3:].strip(), dict(labelled))),
    ]
    for label, value in labelled:
        found += _statements(label, value)
    return found, lines.next_full(stop)


def _byline(names: str, labelled: dict[str, str]) -> str:
    """The byline, parted by semicolons where there are as many addresses of authors: a name may hold a comma."""
    addresses = labelled.get("Author URL", "").split(", ")
    return names.replace(", ", "; ") if names.count(", ") + 1 == len(addresses) else names


def _labelled(block: list[str]) -> Iterator[tuple[str, str]]:
    """Labels and values; the summary is the last one and may hold anything that follows."""
    label = ""
    value: list[str] = []
    for line in block:
        match = _LABEL.fullmatch(line)
        if match and label != "Summary":
            if label:
                yield label, " ".join(value)
            label, value = match[1], [match[2] or ""]
        elif label == "Summary" and not line:
            value.append("\n\n")
        else:
            value.append(line)
    if label:
        yield label, " ".join(value).replace(" \n\n ", "\n\n")


def _statements(label: str, value: str) -> Iterator[Statement]:
    value = value.strip()
    name = label.casefold()
    if name in _LISTS:
        for item in filter(None, value.split(", ")):
            yield Statement(_LISTS[name], label, item)
    elif name == "series" and (match := _SERIES.fullmatch(value)):
        yield Statement("series", label, f"{match[1]} #{match[2]}")
    elif name == "summary":
        plain = _TAG.sub("", _PARAGRAPH.sub("\n\n", value)).strip() if _TAG.search(value) else value
        yield Statement("summary", label, plain)
    else:
        known = label_of(f"{label}: {value}")
        yield Statement(known.meaning if known else "other", label, value)
