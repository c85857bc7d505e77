"""Language identification of chapters: accuracy, the repairs of langdetect, trust, determinism."""

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines import language_engines
from pipelines.language import Detection, detect, detect_many, engines
from pipelines.language_engines import Cld2, Engines, Langdetect, Opinion, PackagedLangdetect, shipped_profiles
from pipelines.language_pairs import Pairs
from pipelines.language_scripts import PROFILES
from schemas.vocabulary import LanguageStatus

ROOT = Path(__file__).parents[2]
PASSAGES = {
    path.stem: path.read_text(encoding="utf-8")
    for path in sorted((ROOT / "tests/fixtures/language/passages").glob("*.txt"))
}
PAIRS = Pairs(shipped_profiles())
NOTE = (
    "Author's note: thank you all so much for the comments on the last chapter, I read every single one of them. "
    "I do not own these characters, and this chapter has not been checked by anybody but me. Please tell me what you "
    "think of it in a comment, and remember that kudos are what keeps a writer going through the winter months!\n\n"
)
NAMES = "Holmes, Watson, Lestrade, Moriarty, Adler, Mycroft, Hudson, Gregson, Moran, Hopkins, Milverton, Baskerville, "


class Fixed:
    """An engine that says what it is told, and remembers what it was handed."""

    def __init__(self, answer: str | None = "en", confidence: float = 1.0, *, is_reliable: bool = True) -> None:
        self.answer, self.confidence, self.is_reliable = answer, confidence, is_reliable
        self.handed: list[str] = []

    def probabilities(self, text, script):
        self.handed.append(text)
        return [(self.answer, self.confidence)] if self.answer else []

    def strange_letters(self, text, script):
        return 0

    def opinion(self, text):
        self.handed.append(text)
        return Opinion(self.answer, self.confidence, self.is_reliable)


@pytest.fixture(scope="module")
def python_engine():
    return Langdetect(shipped_profiles())


@pytest.fixture(params=["python", "langdetect_rs", "langdetect_rs with pycld2"])
def any_engines(request, python_engine, monkeypatch):
    first, second = python_engine, None
    if request.param != "python":
        pytest.importorskip("langdetect_rs")
        first = rust_engine()
    if request.param.endswith("pycld2"):
        pytest.importorskip("pycld2")
        second = Cld2()
    monkeypatch.setattr(language_engines, "load", lambda: Engines(first, second, {}, PAIRS))
    return request.param


@cache
def rust_engine() -> Langdetect:
    return PackagedLangdetect("langdetect_rs", shipped_profiles())


@pytest.fixture
def langdetect_alone(python_engine, monkeypatch):
    monkeypatch.setattr(language_engines, "load", lambda: Engines(python_engine, None, {}, PAIRS))


@pytest.fixture
def with_cld2(monkeypatch, python_engine):
    pytest.importorskip("pycld2")
    monkeypatch.setattr(language_engines, "load", lambda: Engines(python_engine, Cld2(), {}, PAIRS))


def use(monkeypatch: pytest.MonkeyPatch, first: Any, second: Any = None) -> None:
    monkeypatch.setattr(language_engines, "load", lambda: Engines(first, second, {}))


def test_every_passage_is_recognised_and_sure(any_engines):
    assert len(PASSAGES) == 37
    found = {
        tag: (each.language, each.status)
        for tag, each in zip(PASSAGES, detect_many(list(PASSAGES.values())), strict=True)
    }
    assert found == {tag: (tag, LanguageStatus.RELIABLE) for tag in PASSAGES}


def test_200_characters_are_enough_for_every_passage(any_engines):
    assert [tag for tag, text in PASSAGES.items() if detect(text[:200]).language != tag] == []


@pytest.mark.parametrize("tag", ["en", "es", "fr", "de", "pl", "tr", "ru", "la"])
def test_capitals_make_no_difference(tag, any_engines):
    assert detect(PASSAGES[tag].upper())[:3] == (tag, 1.0, LanguageStatus.RELIABLE)


def test_traditional_chinese_is_never_korean(any_engines):
    text = PASSAGES["zh-Hant"]
    found = {detect(text[start : start + 100]).language for start in range(0, len(text) - 100, 10)}
    assert found == {"zh-Hant"}


@pytest.mark.parametrize(
    ("text", "status", "letters"),
    [
        ("", LanguageStatus.NO_LANGUAGE, 0),
        (" \n\n\t ", LanguageStatus.NO_LANGUAGE, 0),
        ("12345 67890 " * 100, LanguageStatus.NO_LANGUAGE, 0),
        ("* * *\n" * 1000, LanguageStatus.NO_LANGUAGE, 0),
        ("🐉❤️✨" * 200, LanguageStatus.NO_LANGUAGE, 0),
        ("\ud800\udfff" * 500, LanguageStatus.NO_LANGUAGE, 0),
        ("The end.", LanguageStatus.UNDETERMINED, 6),
        ("x" * 59, LanguageStatus.UNDETERMINED, 59),
    ],
)
def test_too_little_to_say(text, status, letters):
    assert detect(text) == Detection(None, None, status, letters)


def test_between_60_and_150_letters_an_answer_is_a_guess():
    text = PASSAGES["en"][:150]
    found = detect(text)
    assert (found.language, found.status, found.letters) == ("en", LanguageStatus.LOW, sum(map(str.isalpha, text)))


@pytest.mark.parametrize("tag", ["de", "ru", "ja", "id", "eo"])
def test_english_notes_at_both_ends_do_not_count(tag, any_engines):
    body = "\n\n".join([PASSAGES[tag]] * 30)
    assert detect(NOTE + body + NOTE).language == tag
    assert detect(NOTE + body + NOTE).status is LanguageStatus.RELIABLE


def test_markup_and_addresses_are_not_read(langdetect_alone):
    text = PASSAGES["ru"].replace(". ", '.</p>\n<p class="quotation italic paragraph">&nbsp;')
    text += " https://www.example.org/the/house/of/the/seven/lanterns/and/then/some/more?by=somebody@example.org" * 4
    assert detect(text)[:3] == ("ru", 1.0, LanguageStatus.RELIABLE)


def test_controls_and_lone_surrogates_do_not_matter(any_engines):
    text = PASSAGES["fr"].replace(" ", " \0\x0b\ud800\u200b")
    assert detect(text)[:3] == ("fr", 1.0, LanguageStatus.RELIABLE)


def test_mathematical_letters_are_letters(any_engines):
    bold = "".join(chr(0x1D41A + ord(c) - 97) if "a" <= c <= "z" else c for c in PASSAGES["en"].lower())
    assert detect(bold)[:3] == ("en", 1.0, LanguageStatus.RELIABLE)


@pytest.mark.parametrize("text", ["la la la na na na " * 15, "Nooooo" * 200, "哈" * 400, "ha" * 1000])
def test_refrains_and_screams_are_never_sure(text, any_engines):
    assert detect(text).status in {LanguageStatus.LOW, LanguageStatus.UNDETERMINED}


@pytest.mark.parametrize("times", [2, 3, 10])
def test_names_are_not_sure_with_a_second_opinion(times, with_cld2):
    assert detect(NAMES * times).status is LanguageStatus.LOW


def test_romanised_japanese_is_not_sure_with_a_second_opinion(with_cld2):
    text = (
        "watashi wa kyou gakkou ni ikimasen deshita. ame ga futte ita kara desu. kasa o motte inakatta node, uchi ni "
        "kaette, ocha o nomimashita. sore kara hon o yonde, hayaku nemashita. ashita wa ikitai to omoimasu."
    )
    assert detect(text).status is LanguageStatus.LOW


def test_two_scripts_by_halves_are_not_sure(any_engines):
    halves = "\n\n".join([PASSAGES["en"], PASSAGES["ru"]] * 5)
    assert detect(halves).status is LanguageStatus.LOW


def test_a_script_with_less_than_two_thirds_of_the_text_is_not_sure(langdetect_alone):
    greek, english = PASSAGES["el"], PASSAGES["en"]
    assert detect(greek + english[:60])[:3] == ("el", 1.0, LanguageStatus.RELIABLE)
    assert detect(greek + english[:200])[:3] == ("el", 1.0, LanguageStatus.LOW)


def test_a_doubt_is_put_to_the_vote(monkeypatch):
    class Doubtful(Fixed):
        def probabilities(self, text, script):
            self.handed.append(text)
            return [("de", 0.857)] if len(text) > 500 else [("nl", 0.999)]

    engine = Doubtful()
    use(monkeypatch, engine)
    text = "".join(PASSAGES[tag] for tag in ("de", "nl", "en", "fr", "es", "it", "pt", "sv", "da", "no", "fi"))
    assert detect(text)[:3] == ("nl", 0.999, LanguageStatus.RELIABLE)
    assert len(engine.handed) == 1 + 16


def test_the_vote_counts_windows_by_probability_and_length(monkeypatch):
    class Divided(Fixed):
        def probabilities(self, text, script):
            self.handed.append(text)
            return [("de", 0.6), ("nl", 0.4)] if len(self.handed) % 2 else [("nl", 1.0)]

    use(monkeypatch, Divided())
    found = detect("abcdefghij" * 2000)
    assert found[:3] == ("nl", 0.7, LanguageStatus.LOW)


def test_a_second_engine_that_contradicts_or_abstains_takes_the_trust(monkeypatch):
    text = PASSAGES["de"] * 3
    for opinion, said in [(Fixed("nl"), "nl"), (Fixed(None, 0.0, is_reliable=False), None)]:
        use(monkeypatch, Fixed("de"), opinion)
        assert detect(text)[1:] == (1.0, LanguageStatus.LOW, detect(text).letters, said)
        assert detect(text).language == "de"


def test_a_second_engine_of_the_same_group_agrees(monkeypatch):
    for first, second in [("id", "ms"), ("hr", "bs"), ("no", "nn")]:
        use(monkeypatch, Fixed(first), Fixed(second))
        assert detect(PASSAGES["de"])[:3] == (first, 1.0, LanguageStatus.RELIABLE)


def test_the_second_engine_wins_with_a_language_that_the_first_does_not_know(monkeypatch):
    first = Fixed("es")
    use(monkeypatch, first, Fixed("gl", 0.97))
    assert detect(PASSAGES["es"] * 3)[:3] == ("gl", 0.97, LanguageStatus.SECOND)
    assert detect(PASSAGES["es"][:100])[:3] == ("gl", 0.97, LanguageStatus.LOW)
    assert len(first.handed) == 2  # no vote: it could not find Galician either
    use(monkeypatch, first, Fixed("gl", 0.97, is_reliable=False))
    assert detect(PASSAGES["es"] * 3)[:3] == ("es", 1.0, LanguageStatus.LOW)


ICELANDIC = (
    "Skömmu fyrir miðnætti steig þokan upp af ánni og Holmes lagði fiðluna frá sér til að horfa á hana. „Það stendur "
    "einhver undir ljóskerinu,“ sagði hann lágt. Watson, sem var næstum sofnaður við eldinn, stóð upp og gekk til hans "
    "að glugganum. Gatan var auð, en á blautum steinunum lá einn hvítur hanski."
)


def test_letters_that_no_known_language_writes_take_the_trust(langdetect_alone):
    assert detect(ICELANDIC).status is LanguageStatus.LOW


def test_pycld2_knows_languages_that_langdetect_lacks(with_cld2):
    assert detect(ICELANDIC)[:1] + detect(ICELANDIC)[2:3] == ("is", LanguageStatus.SECOND)


def test_a_script_without_a_known_language_is_undetermined(langdetect_alone):
    assert detect("ሰላም ለሁሉም ጓደኞቼ " * 30).status is LanguageStatus.UNDETERMINED


@pytest.mark.parametrize(
    "text",
    [
        "Fog over London. " * 60_000,
        "x" * 1_000_000,
        "\n" * 999_900 + "x" * 100,
        "<" * 1_000_000 + "x" * 100,
        "http://" * 150_000,
        "a@" * 500_000,
        "a" + "\u0301" * 1_000_000 + "b" * 100,
        "\u4e00" * 1_000_000,
    ],
    ids=["prose", "word", "newlines", "tags", "urls", "mails", "marks", "han"],
)
def test_only_windows_of_a_long_text_are_handed_over(text, monkeypatch):
    first, second = Fixed("en", 0.5), Fixed("de")
    use(monkeypatch, first, second)
    detect(text)
    assert sum(map(len, first.handed)) <= 5 * 201 + 16 * 121
    assert sum(map(len, second.handed)) <= 5 * 201 + 16 * 121


def test_a_text_that_is_mostly_blank_is_still_read(any_engines):
    text = PASSAGES["it"].replace(" ", "\n" * 5000)
    assert detect(text)[:3] == ("it", 1.0, LanguageStatus.RELIABLE)


def test_many_are_as_one_by_one():
    texts = [*PASSAGES.values(), "", "la " * 200, *list(PASSAGES.values())[:3]]
    assert detect_many(texts) == [detect(text) for text in texts]


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=3000) | st.text("abcd eé中ंあ한\0\ud800<&@", min_size=200, max_size=3000))
def test_no_text_raises_and_the_fields_fit_together(text):
    found = detect(text)
    assert found == detect(text)
    assert (found.language is None) == (found.confidence is None)
    assert found.letters <= len(text)
    if found.language is None or found.confidence is None:
        assert found.status in {LanguageStatus.UNDETERMINED, LanguageStatus.NO_LANGUAGE}
        assert (found.status is LanguageStatus.NO_LANGUAGE) == (found.letters == 0)
    else:
        assert found.letters >= 60
        assert 0 < found.confidence <= 1
    if found.status is LanguageStatus.RELIABLE:
        assert found.letters >= 150
        assert (found.confidence or 0) >= 0.99


def run_python(script: str, **environment: str) -> Any:
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return json.loads(done.stdout)


READ = """
import json, threading
from pathlib import Path
texts = [p.read_text(encoding="utf-8")[:n] for p in sorted(Path("tests/fixtures/language/passages").glob("*.txt"))[::2]
         for n in (70, 300)]
"""
COLD_THREADS = (
    READ
    + """
from pipelines.language import detect
barrier, found = threading.Barrier(8), [None] * 8
def work(number):
    barrier.wait()
    found[number] = [detect(text) for text in texts]
threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
[t.start() for t in threads]; [t.join() for t in threads]
assert all(each == found[0] for each in found)
print(json.dumps(found[0]))
"""
)
REVERSED = READ + "from pipelines.language import detect\nprint(json.dumps([detect(t) for t in texts[::-1]][::-1]))"
WITHOUT_RUST = "import sys; sys.modules['langdetect_rs'] = None\n"


def test_threads_orders_hash_seeds_and_engines_give_the_same():
    threads = run_python(COLD_THREADS, PYTHONHASHSEED="1")
    assert [row[0] for row in threads][1::2] == list(PASSAGES)[::2]
    assert run_python(REVERSED, PYTHONHASHSEED="2") == threads
    assert run_python(WITHOUT_RUST + COLD_THREADS, PYTHONHASHSEED="3") == threads


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_child_forked_while_another_thread_loads_can_load():
    script = """
import json, os, threading, warnings
warnings.simplefilter("ignore")
from pipelines import language_engines
from pipelines.language import detect
held, done = threading.Event(), threading.Event()
def hold():
    with language_engines._lock:
        held.set()
        done.wait()
thread = threading.Thread(target=hold)
thread.start()
held.wait()
child = os.fork()
if child == 0:
    os._exit(7 if detect("The fog came up from the river before midnight. " * 5).language == "en" else 1)
code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
done.set()
thread.join()
print(json.dumps(code))
"""
    assert run_python(script) == 7


def test_engines_name_what_is_in_force():
    methods = engines()
    assert list(methods) == [
        "language",
        "language_engine",
        "language_profiles",
        "language_second",
        "language_strategy",
    ]
    assert methods["language"].startswith("langdetect 1.")


def test_the_best_guess_is_the_first_of_equals(monkeypatch):
    class Tied(Fixed):
        def probabilities(self, text, script):
            return [("nl", 0.5), ("de", 0.5)]

    use(monkeypatch, Tied())
    assert detect(PASSAGES["de"])[:2] == ("de", 0.5)


def test_the_gate_hands_the_script_on(monkeypatch):
    class Listening(Fixed):
        def probabilities(self, text, script):
            self.handed.append(script)
            return []

    engine = Listening()
    use(monkeypatch, engine)
    for tag in ("en", "ru", "ar", "hi", "zh-Hans"):
        detect(PASSAGES[tag][:260])
    assert list(dict.fromkeys(engine.handed)) == ["Latin", "Cyrillic", "Arabic", "Devanagari", "Chinese"]
    assert set(engine.handed) < set(PROFILES)
