"""Bytes → text: which character encoding a file has, and what was mended on the way.

The order is that of certainty: byte order mark, NUL pattern, ISO 2022 escapes, valid UTF-8, a declaration that
holds, UTF-8 with a few broken bytes, and statistical detection (chardet) at last.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import chardet

from crawler.readers.source import Unreadable

EncodingSource = Literal["bom", "declared", "utf-8", "detected"]

ENCODING_ERRORS = "encoding_errors_replaced"
_DETECT_BYTES = 64 * 1024
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16 LE, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_MARKS = tuple(bom for bom, _ in _BOMS)
# Bytes of a character, and which of them is NUL in Western writing; UTF-32 first, as hardly anything passes for it.
_WIDE_ENCODINGS = {"utf-32-le": (4, 3), "utf-32-be": (4, 0), "utf-16-le": (2, 1), "utf-16-be": (2, 0)}
_CONTROLS = bytes({*range(32), 127} - set(b"\t\n\r\f\x1a\x1b"))
_EAST_ASIAN = re.compile(r"[\u3000-\u9fff\uac00-\ud7a3\uff00-\uffef]")

_ESCAPES = (
    (re.compile(rb"\x1b\$\)C"), ("iso2022_kr",)),
    (re.compile(rb"\x1b(?:\$[@B]|\$\([@BDOPQ]|\([JI])"), ("iso2022_jp", "iso2022_jp_ext", "iso2022_jp_2004")),
    (re.compile(rb"~\{(?:[!-w][!-~]){2,400}~\}"), ("hz",)),
)
_DECLARATION = re.compile(
    rb"(?i)(?:^|\n)(?:content-type:[^\n]{0,80}charset=|[^\n]{0,8}-\*-.{0,40}coding:\s?)\"?([\w.-]{2,20})"
)

# What fan fiction was ever written in. Mainframe and rare regional code pages would only win by accident.
_CANDIDATES = (
    *(f"cp{number}" for number in (1250, 1251, 1252, 1253, 1254, 1255, 1256, 1257, 1258)),
    *(f"iso8859-{part}" for part in (1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 15)),
    *("koi8-r", "koi8-u", "cp437", "cp737", "cp850", "cp852", "cp855", "cp862", "cp866", "cp874", "tis-620"),
    *("mac-cyrillic", "mac-greek", "mac-latin2", "mac-roman", "mac-turkish"),
    *("shift_jis_2004", "cp932", "euc_jis_2004", "gb18030", "big5hkscs", "euc_kr", "cp949", "johab"),
)
# The codec of a family that reads what its smaller sisters read, and more.
_SUPERSETS = {
    "iso8859-1": "cp1252",
    "ascii": "cp1252",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "euc_kr": "cp949",
    "tis-620": "cp874",
    "iso8859-11": "cp874",
    "big5": "big5hkscs",
}
_FALLBACKS = {"shift_jis": "cp932", "shift_jis_2004": "cp932", "euc_jp": "euc_jis_2004", "big5hkscs": "cp950"}

_ASCII = bytes(range(128))
_HIGH = bytes(range(128, 256))
_CONTEXT = 60  # bytes of ASCII around foreign ones that tell the language
_FOREIGN = re.compile(rb"[\x80-\xff]")
_FOREIGN_RUN = re.compile(rb"[\x80-\xff]+")
_MULTIBYTE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_CESU = re.compile(rb"\xed([\xa0-\xaf])([\x80-\xbf])\xed([\xb0-\xbf])([\x80-\xbf])")
_QUOTES_ONLY = re.compile(rb"[\x80-\x84\x86-\x90\x98-\xff]")
_ODD_QUOTES = re.compile(  # as windows-1252 these bytes would be quotes and dashes in places where none stands
    rb"[A-Za-z][\x91\x93][A-Za-z]|[\x91\x93](?:\s|$)|(?:^|\s)\x94|\x94[A-Za-z]|[A-Za-z]\x92(?!(?:s|t|d|m|ll|re|ve|em)\b)[a-z]"
)
_EUC_PAIR = re.compile(rb"\x8e[\xa1-\xa7][\xa1-\xfe]{2}|[\xa1-\xfe]{2}")
# 的一是不了在人有我他這個們中來上大為和國，。之也者你她到說 in EUC-TW
_EUC_TW_COMMON = frozenset(
    _EUC_PAIR.findall(
        bytes.fromhex(
            "cefbc4a1d1d2c4e2c4a7c7e3c4a9c8b4cabcc5ecddd5d4b6d4afc4e3"
            "cbf4c4b8c4cbd2b3cccfd9cfa1a2a1a4c4e6c4becfafc9a3c7f0ccafeba9"
        )
    )
)


@dataclass(frozen=True, slots=True)
class Decoded:
    """Text of a file, and how it was read: ``encoding`` is a Python codec name in lower case."""

    text: str
    encoding: str
    source: EncodingSource
    flags: tuple[str, ...] = ()


def decode(raw: bytes, *, is_plain: bool = False) -> Decoded:
    """Text of ``raw``; with ``is_plain`` it is known that its only control is the newline.

    Never fails on broken bytes: what no encoding explains becomes U+FFFD and the flag ``encoding_errors_replaced``.
    The encoding is detected on at most 64 KiB around the first foreign byte; all of the file is decoded.

    Raises ``Unreadable`` (``encoding_not_supported``) for an encoding that Python has no codec for.
    """
    if raw.startswith(_MARKS):
        bom, name = next((bom, name) for bom, name in _BOMS if raw.startswith(bom))
        return _replaced(raw[len(bom) :], name, "bom")
    if not is_plain or b"\x7f" in raw or b"~" in raw:
        if wide := wide_encoding(raw):
            return _replaced(raw, wide, "detected")
        if escaped := _escaped(raw):
            return escaped
    try:
        return Decoded(raw.decode("utf-8"), "utf-8", "utf-8")
    except UnicodeDecodeError:
        pass
    sample = _sample(raw)
    return _declared(raw) or _damaged_utf8(raw, sample) or _detected(raw, sample)


def wide_encoding(raw: bytes) -> str | None:
    """UTF-16 or UTF-32 without a byte order mark, told by where the NULs and controls stand; else ``None``."""
    head = raw[:4096]
    controls = len(head) - len(head.translate(None, _CONTROLS))
    if controls * 50 < len(head) and b"\0" not in head:
        return None
    for name, (width, place) in _WIDE_ENCODINGS.items():
        nuls = [head[start::width].count(b"\0") for start in range(width)]
        if len(raw) % width or (
            sum(nuls) * 50 > len(head) and nuls[place] * 20 < sum(nuls) * (14 if width == 2 else 5)
        ):
            continue
        text = _writing(head[: len(head) // width * width], name)
        if text and (nuls[place] or len(_EAST_ASIAN.findall(text)) * 5 > len(text) * 4):
            return name
    return None


def _writing(head: bytes, encoding: str) -> str | None:
    """``head`` read so, if that is writing: no controls, hardly a character that Unicode has not assigned."""
    try:
        text = codecs.getincrementaldecoder(encoding)("strict").decode(head)
    except UnicodeDecodeError:
        return None
    odd = sum(unicodedata.category(char) in ("Cc", "Cn", "Co") and char not in "\t\n\r\f" for char in text)
    return text if odd * 50 <= len(text) else None


def _replaced(raw: bytes, encoding: str, source: EncodingSource) -> Decoded:
    try:
        return Decoded(raw.decode(encoding), encoding, source)
    except UnicodeDecodeError:
        return Decoded(raw.decode(encoding, "replace"), encoding, source, (ENCODING_ERRORS,))


def _escaped(raw: bytes) -> Decoded | None:
    """ISO-2022-JP, ISO-2022-KR and HZ: seven-bit encodings that shift by escapes."""
    if b"\x1b" not in raw and (b"~" not in raw or b"~{" not in raw):
        return None
    for pattern, names in _ESCAPES:
        if not pattern.search(raw):
            continue
        for name in names:
            try:
                return Decoded(raw.decode(name), name, "detected")
            except UnicodeDecodeError:
                continue
        if raw.isascii() and names[0] != "hz":
            return Decoded(raw.decode(names[0], "replace"), names[0], "detected", (ENCODING_ERRORS,))
    return None


def _declared(raw: bytes) -> Decoded | None:
    """Encoding that a mail header or an editor's mode line names, if the file can be read so without an error."""
    if not (match := _DECLARATION.search(raw[:4096])):
        return None
    try:
        name = codecs.lookup(match[1].decode("ascii")).name
        name = _SUPERSETS.get(name, name)
        return Decoded(raw.decode(name), name, "declared")
    except (LookupError, UnicodeError):
        return None


def _damaged_utf8(raw: bytes, sample: bytes) -> Decoded | None:
    """UTF-8 with a few broken bytes, where at least four of five foreign bytes stand in valid sequences."""
    foreign = len(sample) - len(sample.translate(None, _HIGH))
    valid = foreign - len(_MULTIBYTE.sub(b"", sample).translate(None, _ASCII))
    if valid * 5 < foreign * 4:
        return None
    mended = _CESU.sub(_supplementary, raw)
    return Decoded(mended.decode("utf-8", _WINDOWS_BYTES), "utf-8", "utf-8", (ENCODING_ERRORS,))


def _supplementary(match: re.Match[bytes]) -> bytes:
    """A surrogate pair written as two three-byte sequences (CESU-8), as the one character that is meant."""
    high, low = ((match[i][0] & 0x3F) << 6 | (match[i + 1][0] & 0x3F) for i in (1, 3))
    return chr(0x10000 + ((high - 0x800) << 10) + (low - 0xC00)).encode() if high >= 0x800 else match[0]


def _from_windows_1252(error: UnicodeError) -> tuple[str, int]:
    """A single foreign byte among ASCII is a windows-1252 letter or quote; anything else is U+FFFD."""
    assert isinstance(error, UnicodeDecodeError)
    start, end = error.start, error.end
    around = error.object[max(start - 1, 0) : start] + error.object[end : end + 1]
    if end - start == 1 and around.isascii():
        char = error.object[start:end].decode("cp1252", "replace")
        return char, end
    return "\ufffd", end


_WINDOWS_BYTES = "fanthology.windows-1252"
codecs.register_error(_WINDOWS_BYTES, _from_windows_1252)


def _sample(raw: bytes) -> bytes:
    """At most 64 KiB of the file around its foreign bytes: a long English header says nothing about the rest."""
    first = _FOREIGN.search(raw)
    start = max(first.start() - _CONTEXT, 0) if first else 0
    sample = raw[start : start + _DETECT_BYTES]
    foreign = len(sample) - len(sample.translate(None, _HIGH))
    return b" ".join(_around(sample)) if foreign * 5 < len(sample) else sample


def _around(sample: bytes) -> Iterator[bytes]:
    """The foreign bytes with up to 60 bytes of ASCII on each side."""
    start = end = 0
    for match in _FOREIGN_RUN.finditer(sample):
        if match.start() - _CONTEXT > end:
            if end:
                yield sample[start:end]
            start = match.start() - _CONTEXT
        end = match.end() + _CONTEXT
    yield sample[start:end]


def _detected(raw: bytes, sample: bytes) -> Decoded:
    if _is_euc_tw(sample):
        raise Unreadable("encoding_not_supported", "EUC-TW, which Python has no codec for; convert the file to UTF-8")
    name = "cp1252" if _only_quotes(sample) else _by_statistics(sample)
    for encoding in (name, _FALLBACKS.get(name)):
        if encoding is None:
            continue
        try:
            return Decoded(raw.decode(encoding), encoding, "detected")
        except UnicodeDecodeError:
            continue
    return Decoded(raw.decode(name, "replace"), name, "detected", (ENCODING_ERRORS,))


def _only_quotes(sample: bytes) -> bool:
    """Whether all foreign bytes are windows-1252 quotes, dashes and ellipses in their places: an English file."""
    return not _QUOTES_ONLY.search(sample) and not _ODD_QUOTES.search(sample)


def _by_statistics(sample: bytes) -> str:
    found = chardet.detect(sample, include_encodings=_CANDIDATES, compat_names=False)["encoding"] or "cp1252"
    name = codecs.lookup(found).name
    return _SUPERSETS.get(name, name)


def _is_euc_tw(sample: bytes) -> bool:
    """Whether the text is EUC-TW: its commonest characters and marks stand where no other EUC has common ones.

    Their share is a fifth to a third in Chinese of Taiwan and below a twentieth in EUC-KR, EUC-JP and GB 18030.
    """
    pairs = _EUC_PAIR.findall(sample)
    if len(pairs) < 8 or _EUC_PAIR.sub(b"", sample).translate(None, _ASCII):
        return False
    return sum(pair in _EUC_TW_COMMON for pair in pairs) * 8 > len(pairs)
