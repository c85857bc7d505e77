"""Pages of HTML: bytes to text, and the page kind that reads it."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Sequence

import numpy as np

from crawler.pages import otw
from crawler.pages.body_plain import ODD
from crawler.pages.kinds import KINDS
from crawler.pages.opt_outs import noted_opt_outs, opted_out
from crawler.pages.page import EncodedPage, Page, Refused
from crawler.readers.encoding import Decoded, EncodingSource, decode, wide_encoding
from crawler.readers.epub_markup import MANY_TAGS, flattened, foreign_in, has_many_tags
from crawler.readers.source import Item, Source, Unreadable
from crawler.readers.text_mojibake import MOJIBAKE_FIXED, is_suspicious, mend, suspects_of
from schemas.work import Provenance, Work

_BYTE_ORDER_MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_CHARSET = re.compile(
    rb"<meta[^>]{0,500}?charset\s*=\s*[\"']?\s*([\w.:-]{2,40})|<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([\w.:-]{2,40})",
    re.IGNORECASE,
)
_TAG = re.compile(r"<[^<>]{0,2000}>")
_WORDS = re.compile(r"[^\W\d_]+")
_SAMPLE = 200_000  # characters of a page that are looked at
_FEW = 40  # foreign letters that say nothing yet
_SURROGATES = re.compile("[\ud800-\udfff]")
_MISTAKEN = {"iso8859-1": "cp1252", "ascii": "cp1252", "gb2312": "gb18030", "gbk": "gb18030", "euc_kr": "cp949"}
"""Names that pages use for what is a larger encoding (the WHATWG Encoding Standard's labels)."""


def decode_page(raw: bytes, media_type: str | None = None) -> Decoded:
    """Text of a page: by byte order mark, UTF-8, the stated charset, else as any text.

    A charset that the bytes cannot be in is passed over, and so is one in which the page would be no writing, and a
    single-byte one where the bytes are valid UTF-8: templates state charsets that their authors did not write in.
    Raises ``Unreadable`` for an encoding that Python has no codec for.
    """
    if not raw.startswith(_BYTE_ORDER_MARKS) and not wide_encoding(raw):
        try:
            return Decoded(raw.decode("utf-8"), "utf-8", "utf-8")
        except UnicodeDecodeError:
            pass
        for name in _stated(raw, media_type):
            try:
                text = raw.decode(name)
            except (UnicodeDecodeError, LookupError):
                continue
            if _is_writing(text):
                return Decoded(text, name, "declared")
    return decode(raw)


def _is_writing(text: str) -> bool:
    """Whether a page read in a stated charset is what people write in it.

    Cyrillic read as Western is words of accents alone; KOI8-R read as windows-1251 has its capitals and small letters
    the wrong way round.
    """
    words = "".join(_WORDS.findall(_TAG.sub(" ", text[:_SAMPLE])))
    foreign = [char for char in words if not char.isascii()]
    if len(foreign) < _FEW:
        return True
    if "\u0400" <= max(foreign) <= "\u04ff":
        letters = "".join(char for char in foreign if char >= "\u0400")
        return sum(map(str.isupper, letters)) * 2 < len(letters) or len(letters) < _FEW
    return max(foreign) > "\u024f" or len(foreign) * 5 < len(words) * 2


def _stated(raw: bytes, media_type: str | None) -> Iterator[str]:
    found = re.search(r"charset\s*=\s*\"?([\w.:-]+)", media_type or "", re.IGNORECASE)
    names = [found[1]] if found else []
    names += [(match[1] or match[2]).decode("ascii", "replace") for match in _CHARSET.finditer(raw[:8192])]
    for name in names:
        try:
            codec = codecs.lookup(name).name
        except LookupError:
            continue
        if codec != "utf-8" and not codec.startswith(("utf-16", "utf-32", "utf-7")):
            yield _MISTAKEN.get(codec, codec)


def read(source: Source) -> Iterator[Item]:
    """Works of a page, by the first kind that recognises it.

    Raises ``Unreadable`` for a page that holds none, with the reason.
    """
    page, provenance = page_of(source)
    for work in _works(page, provenance):
        if source.retrieved_at is None or work.provenance.format != otw.KIND_WORK.name:
            yield work  # what a person has saved is theirs to use
            continue
        if refused := opted_out(source.headers, page):
            raise Unreadable(refused.reason, refused.detail)
        yield noted_opt_outs(work, source.headers, page)


def page_of(source: Source) -> tuple[Page, Provenance]:
    """The page that some bytes are, and what is known of its origin. Raises ``Unreadable``."""
    page, encoding, encoding_source, flags = _page_as_it_is(source) or _page(source)
    provenance = Provenance(
        format="html",
        parser_version="0",
        raw_sha256=source.sha256,
        path=source.ref.encode("utf-8", "backslashreplace").decode(),
        encoding=encoding,
        encoding_source=encoding_source,
        retrieved_at=source.retrieved_at,
        flags=flags,
    )
    return page, provenance


_Found = tuple[Page, str, EncodingSource, tuple[str, ...]]
"""A page, its encoding, what told that, and flags."""


def _page_as_it_is(source: Source) -> _Found | None:
    """A page in UTF-8 with nothing to mend, as nearly all are: told of its bytes alone. ``None`` for any other."""
    raw = source.data
    if raw.startswith(_BYTE_ORDER_MARKS) or b"\0" in raw or wide_encoding(raw):
        return None
    codes = np.frombuffer(raw, np.uint8)
    if np.count_nonzero(codes == ord("<")) > MANY_TAGS:
        return None
    foreign = foreign_in(raw, codes)
    if foreign is None or is_suspicious(foreign):
        return None
    is_plain = b"\x7f" not in raw and ODD.search(foreign) is None
    return EncodedPage(raw, source.url, is_plain=is_plain), "utf-8", "utf-8", ()


def _page(source: Source) -> _Found:
    """Any page: decoded, mended, and flattened where that is needed. Raises ``Unreadable``."""
    decoded = decode_page(source.data, source.media_type)
    text = decoded.text.replace("\0", "") if b"\0" in source.data else decoded.text
    is_as_it_was = text is decoded.text and decoded.source == "utf-8" and not decoded.flags
    text, mended = mend(text, "<", suspects_of(text, source.data) if is_as_it_was else None)
    if (mended or decoded.encoding != "utf-8") and _SURROGATES.search(text):  # strict UTF-8 gives none
        text = _SURROGATES.sub("\ufffd", text)
    flags = (*decoded.flags, MOJIBAKE_FIXED) if mended else decoded.flags
    is_shallow = is_as_it_was and not mended and not has_many_tags(source.data)
    if not is_shallow and (flat := flattened(text)) is not text:
        text, flags = flat, (*flags, "markup_flattened")
    page = Page(text, source.url, source.data if is_as_it_was and text is decoded.text else None)
    return page, decoded.encoding, decoded.source, flags


def _works(page: Page, provenance: Provenance) -> Sequence[Work]:
    """What the first kind that recognises a page makes of it."""
    for kind in KINDS:
        try:
            if kind.recognise(page):
                return kind.read(page, provenance)
        except Refused as error:
            raise Unreadable(error.reason, error.detail) from None
        except Exception as error:
            # A site that changed its pages must not pass for a fault of the run: the page is named and counted.
            detail = f"{kind.name}: {type(error).__name__}: {error}; the site may have changed, please report it"
            raise Unreadable("parse_error", detail) from error
    raise Unreadable("no_story", "a page without elements")
