"""What of a text is read to identify its language: windows spread evenly over it, cleaned for the engines.

Notes and headers, often in another language, stand at the head and the tail; a window never does. All work on
a text as a whole is one linear pass; whatever costs more is done on windows alone.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

_TAG = re.compile(r"</?[A-Za-z!][^<>]{0,300}>|&(?:[a-zA-Z]{2,8}|#[0-9]{1,7}|#x[0-9a-fA-F]{1,6});")
_ADDRESS = re.compile(r"(?:https?://|www\.)\S{1,2000}|[\w.+-]{1,64}@[\w.-]{1,255}")
_BETWEEN = "\\"  # stories hardly ever hold one, and nothing composes with it
_NO_LETTERS = re.compile(r"[\W\d_]{2,}")


def windows(text: str, count: int, size: int) -> list[str]:
    """``count`` pieces of ``size`` characters at the centres of equal strides, or the whole of a shorter text."""
    if len(text) <= count * size:
        return [text]
    return _cut(text, count, size)


def slices(text: str, most: int, size: int) -> list[str]:
    """Up to ``most`` windows of ``size`` characters: as many as a text has room for, at least one."""
    return _cut(text, max(1, min(most, len(text) // size)), size)


def _cut(text: str, count: int, size: int) -> list[str]:
    centres = [(2 * index + 1) * len(text) // (2 * count) for index in range(count)]
    starts = [max(0, centre - size // 2) for centre in centres]
    return [text[start : start + size] for start in starts]


def condensed(text: str) -> str:
    """A text with every run of what is no letter made one space, for texts that are mostly made of such runs."""
    return _NO_LETTERS.sub(" ", text)


def cleaned_all(cut: Sequence[str]) -> list[str]:
    """Windows, each as ``cleaned`` makes it; all at once where there is nothing but letter case to change."""
    text = _BETWEEN.join(cut)
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    if "<" not in text and "&" not in text and "@" not in text and "://" not in text and "www." not in text:
        text = _on_one_line(text.lower())
        if "  " not in text and text.isprintable() and text.count(_BETWEEN) == len(cut) - 1:
            return [part.strip(" ") for part in text.split(_BETWEEN)]
    return [cleaned(window) for window in cut]


def cleaned(window: str) -> str:
    """A window as the engines want it: NFKC, no tags, addresses, controls or invisible characters, lower case.

    langdetect drops runs of capitals; pycld2 raises on controls and lone surrogates.
    """
    text = window if window.isascii() else unicodedata.normalize("NFKC", window)
    if "<" in text or "&" in text:
        text = _TAG.sub(" ", text)
    if "@" in text or "://" in text or "www." in text:
        text = _ADDRESS.sub(" ", text)
    text = _on_one_line(text.lower())
    if text.isprintable() and "  " not in text:  # the one printable space is that of ASCII
        return text.strip(" ")
    text = " ".join(text.split())
    return text if text.isprintable() else " ".join("".join(map(_visible, text)).split())


def _on_one_line(text: str) -> str:
    return text.replace("\n\n", " ").replace("\n", " ") if "\n" in text else text


def _visible(char: str) -> str:
    if char.isprintable():
        return char
    return "" if unicodedata.category(char) == "Cf" else " "
