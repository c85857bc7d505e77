from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.readers.text_mojibake import foreign_of, is_suspicious, mend, suspects_of
from tests.crawler.readers.test_encoding import TEXTS

SAMPLE = Path(__file__).parents[4] / "shared" / "samples" / "mojibake" / "python-ftfy__in-the-wild.json"

SENTENCES = {
    "en": "“You’re late,” said Holmes—and did not turn round…",
    "fr": "Déjà l’été à la gare, où le garçon s’arrêta.",
    "de": "Über den Fluß zogen Nebelschwaden, müde und schön.",
    "cs": "Příliš žluťoučký kůň úpěl ďábelské ódy.",
}


def misreadings():
    """Each sentence as each codec misreads it, where that codec knows all of its bytes."""
    for language, sentence in SENTENCES.items():
        for codec in ("cp1252", "latin-1", "mac_roman", "cp1250", "cp437"):
            with suppress(UnicodeDecodeError):
                yield pytest.param(sentence.encode().decode(codec), sentence, id=f"{language}-{codec}")


def test_most_misreadings_can_be_made():
    assert len(list(misreadings())) == 17


@pytest.mark.parametrize(("broken", "whole"), list(misreadings()))
def test_utf8_misread_is_mended(broken, whole):
    assert mend(broken) == (whole, True)


def test_russian_misread_as_windows_1251_is_mended():
    assert mend("РџСЂРёРІРµС‚, Р’Р°С‚СЃРѕРЅ.") == ("Привет, Ватсон.", True)


def test_only_the_broken_line_is_touched():
    assert mend("naïve café\nCafÃ© noir\nÃ‰té?") == ("naïve café\nCafé noir\nÉté?", True)


@pytest.mark.parametrize(
    "clean",
    [
        *TEXTS.values(),
        *(text.upper() for text in TEXTS.values()),
        *SENTENCES.values(),
        "«NÃO», disse ele. “A MAÇÔ é do João — CORAÇÃO…",
        "Ä… jag vet inte. På »Å« står det så.",
        "»Ano, má,« řekla. „Â“ a „Å“.",
        "Сім років. Різдво. «Єдність», — Іван.",
        "√2 ≈ 1,41 × 3 ± ½ ‚Ärger‘ ‚Öl‘",
        "«À», «É», «Î»… ÎN «ŢARĂ»",
        "ﬁne ｆｕｌｌ &amp; ‘quotes’ …",
    ],
)
def test_clean_text_is_never_touched(clean):
    assert mend(clean) == (clean, False)


@settings(deadline=None, max_examples=100)
@given(st.text("abc éèàüößñ“”‘’—…ŽÅÄÃÂâ«»žš\n", max_size=60))
def test_mending_twice_changes_nothing_more(value):
    once, _ = mend(value)
    assert mend(once)[0].count("\n") == value.count("\n")


@pytest.mark.skipif(not SAMPLE.exists(), reason="the samples of the project are not here")
def test_the_pairs_found_in_the_wild():
    pairs = json.loads(SAMPLE.read_text("utf-8"))
    wanted = [pair.get("fixed-encoding") or pair["fixed"] for pair in pairs]
    assert [mend(pair["original"])[0] for pair in pairs] == wanted
    assert [mend(text) for text in wanted] == [(text, False) for text in wanted]
    assert [mend(pair["fixed"])[1] for pair in pairs] == [False] * len(pairs)


def test_no_character_that_mojibake_begins_with_is_passed_over():
    for code in (*range(0x80, 0xD800), *range(0xE000, 0x20000)):
        text = chr(code)
        if is_suspicious(text):
            assert suspects_of(text, text.encode()) == text


@pytest.mark.parametrize(
    ("text", "seen"),
    [("“No,” she said—‘nothing’…", ""), ("plain", ""), ("“Déjà”", "“éà”"), ("“a├”", "“├”"), ("\xa0“", "\xa0“")],
)
def test_most_english_holds_no_suspect(text, seen):
    assert suspects_of(text, text.encode()) == seen
    assert is_suspicious(seen) == is_suspicious(foreign_of(text.encode()))
