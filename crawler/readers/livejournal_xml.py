"""XML that journal grabbers save: ``<entrypage><entry>`` with subject, user, date, text; comments are left out."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any, Final
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException  # type: ignore[import-untyped]  # it ships no stubs
from defusedxml.ElementTree import iterparse  # type: ignore[import-untyped]  # it ships no stubs

from crawler.pages.body import passage_of_html
from crawler.pages.livejournal import entry_work
from crawler.readers.encoding import decode
from crawler.readers.source import Rejected, Source, Unreadable
from crawler.readers.text_fields import date_of
from schemas.work import HeaderField, Provenance, Work

PARSER_VERSION: Final = "1"
ROOTS: Final = ("entrypage", "livejournal")
"""Root elements that ``read`` knows: a grabber's page, and LiveJournal's own export (export_do.bml)."""

_UNSAFE: Final = re.compile(r"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_DECLARATION: Final = re.compile(r"\A\s*<\?xml[^>]{0,200}\?>")
_CONTROLS: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_DAY: Final = re.compile(r"\d{4}-\d{1,2}-\d{1,2}")


def recognise(head: bytes) -> bool:
    """Whether a file begins with one of the roots."""
    start = re.sub(rb"<\?.{0,300}?\?>|<!--.{0,1000}?-->", b"", head[:4096], flags=re.DOTALL).lstrip(
        b"\xef\xbb\xbf \t\r\n"
    )
    return start.startswith((b"<entrypage", b"<livejournal>", b"<livejournal "))


def read(source: Source) -> Iterator[Work | Rejected]:
    """Works of the entries of a file.

    Raises ``Unreadable``: ``broken_xml`` (not well-formed, or with a DOCTYPE), ``too_large``.
    """
    decoded = decode(source.data)
    text = _CONTROLS.sub("\ufffd", _DECLARATION.sub("", decoded.text.lstrip("\ufeff"), count=1))
    if _UNSAFE.search(text[:65536]):
        raise Unreadable("broken_xml", "a DOCTYPE or entity in a journal's XML")
    provenance = Provenance(
        format="livejournal_xml",
        parser_version=PARSER_VERSION,
        raw_sha256=source.sha256,
        path=source.ref.encode("utf-8", "backslashreplace").decode(),
        encoding=decoded.encoding,
        encoding_source=decoded.source,
        flags=tuple(decoded.flags),
    )
    number = 0
    try:
        for _, element in iterparse(io.BytesIO(text.encode()), events=("end",)):
            if element.tag in ("comments", "comment"):
                element.clear()
            elif element.tag == "entry":
                number += 1
                yield _item(source, element, provenance, number)
                element.clear()
    except (ParseError, DefusedXmlException) as error:
        raise Unreadable("broken_xml", f"{error}") from None
    if not number:
        raise Unreadable("no_story", "no entry in a journal's XML")


def _item(source: Source, entry: Element, provenance: Provenance, number: int) -> Work | Rejected:
    told = passage_of_html(_text(entry, "text") or _text(entry, "event") or "")
    if not any(map(str.isalnum, told.text)):
        return Rejected(
            f"{source.ref}#{entry.get('id') or number}", "no_story", "an entry without text", "livejournal_xml"
        )
    user = entry.find("user")
    stamp = _DAY.match(_text(entry, "date") or _text(entry, "eventtime") or "")
    currents = (("Mood", "current_mood"), ("Music", "current_music"), ("Location", "current_location"))
    facts: dict[str, Any] = {
        "subject": _text(entry, "subject"),
        "poster": user.get("username") if user is not None else None,
        "posted": date_of(stamp[0]) if stamp else None,
        "header": [HeaderField(label=label, value=said) for label, name in currents if (said := _text(entry, name))],
    }
    work = entry_work(told, facts, provenance, "entry", url=_text(entry, "url"), kind="livejournal")
    noted = work.provenance.model_copy(update={"format": "livejournal_xml", "parser_version": PARSER_VERSION})
    return work.model_copy(update={"provenance": noted})


def _text(entry: Element, name: str) -> str | None:
    return (entry.findtext(name) or "").strip() or None
