"""Mojibake: UTF-8 that was once read as something else, and is mended only where it cannot be anything else.

ftfy finds what it may have been; the gate before it knows which sequences no language writes. Text without such a
sequence is never handed to ftfy, and of a text with one only the lines that hold it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import numpy as np
from ftfy import TextFixerConfig, fix_encoding

MOJIBAKE_FIXED: Final = "mojibake_fixed"

# Encoding only: quotes stay curly, ligatures and full-width letters stay, entities stay (facts of cleaning, rule 4).
_CONFIG: Final = TextFixerConfig(
    uncurl_quotes=False,
    fix_latin_ligatures=False,
    fix_character_width=False,
    unescape_html=False,
    normalization="NFC",
)

# UTF-8 continuation bytes as windows-1252 shows them; `_SIGN` without what may follow a letter in good text.
_SIGN: Final = "\x80-\x9f¡-ª¬-º¼-¿€ƒ†‡ˆ‰Š‹ŒŽ™š›œžŸ˜•"
_BYTE: Final = _SIGN + "\xa0«»‚„…‘’“”–—"
_BYTE_1251: Final = "ЂЃѓ‚„…†‡€‰Љ‹ЊЌЋЏђ‘’“”•–—™љ›њќћџ\xa0ЎўЈ¤Ґ¦§Ё©Є«¬\xad®Ї°±Ііґµ¶·ё№є»јЅѕї"
_GATE: Final = re.compile(
    "|".join(
        (
            r"[\x80-\x84\x86-\x9f]",  # C1 controls: windows-1252 read as latin-1, or worse
            r"â€|ï»¿|ï¿½|ðŸ|í\xa0½",
            rf"â[œš™ž˜ˆ†\x80-\x9f][{_BYTE}]|ï¼[{_BYTE}]|Ì[¶·²´]",
            rf"Ã[{_SIGN}]|Ã[‚„…‘’“”–—«»\xa0][\w'&;]|[A-Z]Ã[‘œ€–“”™š\x8f][A-Z]|(?<![A-ZÀ-Ý])Ã\xa0",
            rf"Â[{_SIGN}]|Â\xa0",
            rf"[a-zà-ÿ][ÃÂÄÅÆÎÏÐÑ][{_SIGN}]",  # a capital inside a word, and no letter after it
            rf"\b[ÄÅÆ][{_SIGN}][a-zÃÄÅ]|[A-Z]Î[±-½]|[A-Za-z][ÄÅ][«»][a-z]|[a-z]Ä[ŻŹ][a-z]",
            rf"(?:[ÐÑ][{_BYTE}]){{2}}|(?:[ÎÏ][{_BYTE}]){{2}}|(?:×[{_BYTE}]){{2}}|(?:[ØÙ][{_BYTE}]){{2}}",
            rf"(?:[ãäåæçèéêëì][{_BYTE}]{{2}}){{2}}|(?:à[¸¹¤¥¦§][{_BYTE}]){{2}}|á[º»][{_SIGN}]",
            rf"вЂ|п¬Ѓ|Г‚В|(?:[РС][{_BYTE_1251}]){{3}}|[A-Za-z][ГВ][{_BYTE_1251}]",  # read as windows-1251
            r"[a-z][ĂĹÄ][^\s\w.,;:!?'\"’”»)\]…—–-]|[a-z]Ă[­ĄŁľ]",  # as windows-1250
            r"√[©®°¢£§•¶ß™´¨≠ÆØ∞±≤≥¥µ∂∑∏π∫ªºΩæøüâåéàáèêëìîïòôûùñ]|‚Ä[ìîïòôúùû°¢π¶†]|≈[°¢Üìæ]|ƒ[Åìī´]",  # as MacRoman
            r"(?:[╨╤][^\s]){2}|ΓÇ[ÖÿªØ£¥ôöªú]|├[⌐¬ñóº║¿á«»]|├[£ƒ╝╢][a-z]|[a-z]├[ƒ╝╢]",  # as cp437
        )
    )
)
# What every sequence of the gate begins with, as one cheap scan; the gate itself looks at these places only.
_STARTS: Final = r"[\x80-\x84\x86-\x9fÃÂÄÅÐÑÎÏ×ØÙÌĂĹÆâïðíãäåæçèéêëìàá√≈ƒ╨╤├‚ΓвпГВРС]"
_START: Final = re.compile(_STARTS)
# One byte of each of them in UTF-8, but of a box whose bytes curly quotes and dashes have: looked for one by one, bytes
# are found sooner than characters.
_START_BYTES: Final = (0xC3, 0xC2, 0xD0, 0xC4, 0xC6, 0xCE, 0x9A, 0x89, 0x95)
_BOX: Final = "├"
_PLACE: Final = re.compile(
    _STARTS
    + r"(?:(?<=[\x80-\x9f])|(?<=[ÃÂÄÅÐÑÎÏ×ØÙÌĂĹÆ√≈ƒ╨╤├‚ΓвпГВРС])[^\x00-\x7fа-яА-Я]|[\x80-\xbf\u2010-\u20bf™ƒŒŽŸˆ˜œšž])"
)
_FIRST_FOREIGN: Final = 0x80
_MAX_LINE: Final = 1_000_000  # code points; ftfy needs about a second for as much
_REACH: Final = (2, 12)  # code points before and after such a place that the gate looks at


def mend(text: str, separator: str = "\n", foreign: str | None = None) -> tuple[str, bool]:
    """Text with its mojibake mended, and whether there was any.

    Costs one scan of the characters beyond ASCII for clean text: ``foreign``, where they are known (``foreign_of``). A
    line is taken from ftfy only if the gate finds less in it than before. In markup the ``separator`` of lines is
    ``<``: a page may be one line, of which a part only went through a wrong encoding.
    """
    if text.isascii():
        return text, False
    if not is_suspicious(foreign_of(text.encode("utf-8", "surrogatepass")) if foreign is None else foreign):
        return text, False
    if next(_places(text), None) is None:
        return text, False
    lines = text.split(separator)
    changed = False
    for number, line in enumerate(lines):
        if line.isascii() or len(line) > _MAX_LINE or not (before := _bad(line)):
            continue
        mended = fix_encoding(line, _CONFIG)
        if mended != line and _bad(mended) < before:
            lines[number] = mended
            changed = True
    return (separator.join(lines), True) if changed else (text, False)


def foreign_of(raw: bytes) -> str:
    """The characters beyond ASCII of a text in UTF-8, which are few in most scripts: they cost little to look through.

    Lone surrogates are kept as ``surrogatepass`` writes them.
    """
    codes = np.frombuffer(raw, np.uint8)
    return codes[codes >= _FIRST_FOREIGN].tobytes().decode("utf-8", "surrogatepass")


def suspects_of(text: str, raw: bytes) -> str:
    """``foreign_of`` of a text and its UTF-8; empty where it is soon seen that ``is_suspicious`` finds nothing in it.

    That is so in most English: curly quotes and dashes share no byte with what mojibake begins with.
    """
    if text.isascii() or not (any(map(raw.__contains__, _START_BYTES)) or _BOX in text):
        return ""
    return foreign_of(raw)


def is_suspicious(foreign: str) -> bool:
    """Whether there is a character that mojibake may begin with among those beyond ASCII."""
    return _START.search(foreign) is not None


def _bad(text: str) -> int:
    """Number of places with a sequence that no language writes."""
    return sum(1 for _ in _places(text))


def _places(text: str) -> Iterator[int]:
    before, after = _REACH
    for place in _PLACE.finditer(text):
        if _GATE.search(text, max(place.start() - before, 0), place.start() + after):
            yield place.start()
