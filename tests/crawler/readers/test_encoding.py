from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.readers.encoding import decode, wide_encoding
from crawler.readers.source import Unreadable

TEXTS = {
    "cs": "Když se Šerlok probudil, venku ještě pršelo. „Zase jste nespal,“ řekl Watson tiše a otočil se k oknu.",
    "pl": "Kiedy Sherlock się obudził, na dworze wciąż padało. „Znowu pan nie spał” – powiedział cicho Watson.",
    "ru": "Когда Шерлок проснулся, на улице всё ещё шёл дождь, а огонь в камине давно погас.",
    "fr": "« Vous n’avez pas dormi », dit Watson à voix basse. La lettre était arrivée de Besançon, très tôt.",
    "de": "Als Sherlock erwachte, regnete es draußen. „Sie haben nicht geschlafen“, sagte Watson über den Tisch.",
    "es": "Cuando Sherlock despertó, seguía lloviendo. —¿Otra vez sin dormir? —dijo Watson—. Hay té, señor.",
    "el": "Όταν ο Σέρλοκ ξύπνησε, έξω έβρεχε ακόμη και η φωτιά είχε σβήσει από ώρα.",
    "tr": "Sherlock uyandığında dışarıda yağmur yağıyordu ve şöminedeki ateş çoktan sönmüştü.",
    "he": "כאשר שרלוק התעורר, בחוץ עדיין ירד גשם, והאש באח כבתה מזמן.",
    "ar": "عندما استيقظ شارلوك كان المطر لا يزال يهطل في الخارج، وكانت النار قد انطفأت منذ زمن طويل.",
    "lt": "Kai Šerlokas pabudo, lauke vis dar lijo, o ugnis židinyje seniai buvo užgesusi.",
    "ja": "シャーロックが目を覚ますと、外はまだ雨で、暖炉の火はとっくに消えていた。",
    "zh": "夏洛克醒来的时候，外面还在下雨，壁炉里的火早就熄灭了。华生坐在桌边读着早报。",
    "zh-tw": "夏洛克醒來的時候，外面還在下雨，壁爐裡的火早就熄滅了。華生坐在桌邊讀著早報。",
    "ko": "셜록이 눈을 떴을 때 밖에는 아직 비가 내리고 있었고, 벽난로의 불은 꺼진 지 오래였다.",
}


@pytest.mark.parametrize(
    ("language", "encoding"),
    [
        ("cs", "cp1250"),
        ("pl", "cp1250"),
        ("ru", "cp1251"),
        ("ru", "koi8-r"),
        ("ru", "cp866"),
        ("ru", "iso8859-5"),
        ("fr", "cp1252"),
        ("de", "cp1252"),
        ("de", "mac-roman"),
        ("es", "cp1252"),
        ("el", "cp1253"),
        ("tr", "cp1254"),
        ("he", "cp1255"),
        ("ar", "cp1256"),
        ("lt", "cp1257"),
        ("ja", "shift_jis"),
        ("ja", "euc_jp"),
        ("ja", "iso2022_jp"),
        ("ko", "iso2022_kr"),
        ("zh", "hz"),
        ("zh", "gb18030"),
        ("zh-tw", "big5"),
        ("ko", "euc_kr"),
    ],
)
def test_legacy_encodings_are_detected(language, encoding):
    decoded = decode(TEXTS[language].encode(encoding))
    assert decoded.text == TEXTS[language]
    assert decoded.source == "detected"
    assert decoded.flags == ()


@pytest.mark.parametrize("language", TEXTS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be"])
def test_unicode_encodings(language, encoding):
    decoded = decode(TEXTS[language].encode(encoding))
    assert decoded.text == TEXTS[language]
    bom = encoding in ("utf-8-sig", "utf-16", "utf-32")
    assert decoded.source == ("bom" if bom else "utf-8" if encoding == "utf-8" else "detected")


def test_ascii_is_utf8():
    assert (decode(b"It rained.").encoding, decode(b"It rained.").source) == ("utf-8", "utf-8")


def test_quotes_alone_make_windows_1252_not_latin_1():
    decoded = decode(b"\x93I don\x92t know,\x94 he said \x97 and left\x85")
    assert decoded.text == "“I don’t know,” he said — and left…"
    assert decoded.encoding == "cp1252"


def test_a_declaration_that_holds_is_believed():
    raw = b"From: a list\nContent-Type: text/plain; charset=iso-8859-7\n\n" + "Ναι".encode("iso8859-7")
    decoded = decode(raw)
    assert (decoded.encoding, decoded.source) == ("iso8859-7", "declared")
    assert decoded.text.endswith("Ναι")


def test_a_declaration_without_a_codec_is_passed_over():
    assert decode(b"Content-Type: text/plain; charset=x-klingon\n\n caf\xe9 au lait et th\xe9").source == "detected"


@pytest.mark.parametrize(
    ("broken", "mended"),
    [
        (b"caf\xe9 ", "café "),  # a windows-1252 letter among ASCII
        (b"\xe2\x80 end", "\ufffd end"),  # a cut sequence
        (b"\xed\xa0\xbd\xed\xb8\x8d", "😍"),  # CESU-8
        (b"\xed\xa0\xbd.", "\ufffd\ufffd\ufffd."),  # half a surrogate pair
    ],
)
def test_utf8_with_a_few_broken_bytes(broken, mended):
    before = TEXTS["ru"]
    decoded = decode(before.encode() + b" " + broken)
    assert decoded.text == f"{before} {mended}"
    assert (decoded.encoding, decoded.flags) == ("utf-8", ("encoding_errors_replaced",))


def test_euc_tw_is_named_not_guessed():
    # "他是人，我也是人。" over and over, in EUC-TW
    raw = bytes.fromhex("c8b4cabca1a2c4e2c4a7cbf4a1a4") * 8
    with pytest.raises(Unreadable) as error:
        decode(raw)
    assert error.value.reason == "encoding_not_supported"


def test_the_foreign_part_of_a_long_english_file_decides():
    raw = b"It rained all day. " * 20_000 + TEXTS["ru"].encode("cp1251")
    assert decode(raw).text.endswith(TEXTS["ru"])


def test_noise_is_not_wide():
    assert wide_encoding(bytes(range(256)) * 16) is None
    assert wide_encoding(b"plain text") is None


@settings(deadline=None, max_examples=100)
@given(st.binary(max_size=400))
def test_any_bytes_decode_or_are_refused(raw):
    try:
        decoded = decode(raw)
    except Unreadable:
        return
    decoded.text.encode("utf-8")  # no lone surrogates
    assert decode(raw) == decoded


@settings(deadline=None, max_examples=60)
@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=200))
def test_utf8_is_never_touched(value):
    if "~{" not in value and not value.startswith("\ufeff"):
        assert decode(value.encode()).text == value


@given(st.lists(st.sampled_from(["a", "\n", "é", "“", "~{", "~", "\x7f", "第", "\ufeff"]), max_size=30).map("".join))
def test_plain_bytes_are_read_alike(text):
    for raw in (text.encode(), text.encode("gb18030")):
        assert decode(raw, is_plain=True) == decode(raw)
