"""Which engine answers: parity, fallbacks, and what the second one makes of odd input."""

import json
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from langdetect.detector_factory import PROFILES_DIRECTORY

from pipelines import language_engines
from pipelines.language_engines import (
    KNOWN,
    PARITY_FILE,
    Cld2,
    Langdetect,
    Opinion,
    PackagedLangdetect,
    check_parity,
    profiles_digest,
    shipped_profiles,
)
from pipelines.language_scripts import PROFILES, SINGLE
from pipelines.language_tags import tag_of
from pipelines.profiles.make_profiles import paragraphs, profile_of

ROOT = Path(__file__).parents[2]
CASES = json.loads(PARITY_FILE.read_text(encoding="utf-8"))["cases"]


@pytest.fixture(scope="module")
def profiles():
    return shipped_profiles()


@pytest.fixture(scope="module")
def python_engine(profiles):
    return PackagedLangdetect("langdetect", profiles)


@pytest.fixture(scope="module")
def array_engine(profiles):
    return Langdetect(profiles)


class Answering:
    """An engine that gives recorded answers, with the one to ``text`` changed."""

    def __init__(self, **changed: list[tuple[str, float]]) -> None:
        cases = json.loads(PARITY_FILE.read_text(encoding="utf-8"))["cases"]
        self.answers = {(case["script"], case["text"]): case["probabilities"] for case in cases}
        for text, answer in changed.items():
            self.answers[("Latin", text)] = answer

    def probabilities(self, text: str, script: str) -> Any:
        return self.answers[(script, text)]


def test_langdetect_itself_gives_the_recorded_answers(python_engine, profiles):
    assert check_parity(python_engine, profiles_digest(profiles)) is None


def test_the_method_over_arrays_gives_the_recorded_answers(profiles):
    assert check_parity(Langdetect(profiles), profiles_digest(profiles)) is None


SEEDS = "abcdeEFGHÀÉàéșțğıİßñ  \n\t.,'-&[]^_`@http://x.yя ЯЖжїєабвгд中文字的是了カひらア가나다نلاکیی\u0301\u0300\u0323"
SEEDS += "\u2019\u201c\U0001f600\U00010400\U00010401ऀअआकखﬁạếOUᾼ\ud800"


@pytest.mark.parametrize("script", PROFILES)
@given(
    text=st.text(st.sampled_from(SEEDS) | st.characters(), max_size=300)
    | st.lists(st.sampled_from([case["text"] for case in CASES]), max_size=3).map(" ".join)
)
@example(text="")
@example(text=" ")
@example(text="no " * 4000)
def test_the_method_over_arrays_is_langdetects(text, script, python_engine, array_engine):
    found, expected = (engine.probabilities(text, script) for engine in (array_engine, python_engine))
    assert [code for code, _ in found] == [code for code, _ in expected]
    assert [probability for _, probability in found] == pytest.approx([p for _, p in expected], abs=1e-9)


def test_the_recorded_answers_try_what_is_hard():
    cases = json.loads(PARITY_FILE.read_text(encoding="utf-8"))["cases"]
    assert len(cases) >= 50
    assert {case["script"] for case in cases} == set(PROFILES)
    assert sum(not case["probabilities"] for case in cases) >= 1
    assert sum(any(0.1 < each < 0.99 for _, each in case["probabilities"]) for case in cases) >= 5


def test_langdetect_rs_is_equal(profiles):
    pytest.importorskip("langdetect_rs")
    assert check_parity(PackagedLangdetect("langdetect_rs", profiles), profiles_digest(profiles)) is None


@pytest.mark.parametrize(
    "answer",
    [[("en", 0.1)], [], [("nl", 0.9999960718724)], [("pt", 0.7), ("ro", 0.2)]],
    ids=["en", "none", "nl", "two"],
)
def test_an_engine_that_differs_anywhere_fails_parity(answer, profiles):
    engine: Any = Answering(no=answer)
    assert check_parity(engine, profiles_digest(profiles)) == "it differs from langdetect on 'no'"


@pytest.mark.parametrize(("off", "equal"), [(0.9e-9, True), (1.1e-9, False)])
def test_parity_is_to_1e9(off, equal, profiles):
    language, probability = Answering().answers[("Latin", "no")][0]
    rest = Answering().answers[("Latin", "no")][1:]
    engine: Any = Answering(no=[(language, probability + off), *rest])
    assert (check_parity(engine, profiles_digest(profiles)) is None) is equal


def test_other_profiles_have_no_parity():
    engine: Any = Answering()
    assert check_parity(engine, "0" * 64) == "its parity is recorded for other profiles"


def test_an_engine_that_is_not_installed_is_done_without(monkeypatch):
    monkeypatch.setitem(sys.modules, "langdetect_rs", None)
    monkeypatch.setitem(sys.modules, "langdetect_rs.lang_detect_exception", None)
    monkeypatch.setitem(sys.modules, "pycld2", None)
    found = language_engines._load()
    assert found.second is None
    assert found.methods["language_engine"] == "python (langdetect-rs is not installed)"
    assert found.methods["language_second"] == "none (pycld2 is not installed)"
    assert found.first.probabilities("nobody was afraid of the dark any more", "Latin")[0][0] == "en"


def test_a_package_without_metadata_counts_as_not_installed(monkeypatch):
    real = version

    def missing(name: str) -> str:
        if name != "langdetect":
            raise PackageNotFoundError(name)
        return real(name)

    monkeypatch.setattr(language_engines, "version", missing)
    found = language_engines._load()
    assert found.second is None
    assert found.methods["language_engine"].startswith("python")


def test_an_engine_that_fails_parity_is_not_used(monkeypatch):
    pytest.importorskip("langdetect_rs")
    monkeypatch.setattr(language_engines, "check_parity", lambda engine, digest: "it differs from langdetect on 'no'")
    found = language_engines._load()
    assert found.methods["language_engine"].startswith("python (langdetect-rs 0.")
    assert found.methods["language_engine"].endswith("is not used: it differs from langdetect on 'no')")
    assert type(found.first) is Langdetect


def test_an_engine_that_breaks_is_not_used(monkeypatch):
    pytest.importorskip("langdetect_rs")

    def broken(self: Any, profile: Any, index: int, size: int) -> None:
        raise RuntimeError("panicked")

    monkeypatch.setattr("langdetect_rs.detector_factory.DetectorFactory.add_profile", broken)
    assert language_engines._load().methods["language_engine"] == "python (langdetect-rs failed: RuntimeError)"


def test_threads_that_come_at_once_load_once(monkeypatch):
    loads = []

    def slowly() -> Any:
        loads.append(threading.get_ident())
        time.sleep(0.05)
        return object()

    monkeypatch.setattr(language_engines, "_loaded", lru_cache(maxsize=1)(slowly))
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: language_engines.load(), range(8)))
    assert len(set(map(id, found))) == 1
    assert len(loads) == 1


def test_what_is_installed_is_used():
    pytest.importorskip("langdetect_rs")
    pytest.importorskip("pycld2")
    found = language_engines._load()
    assert found.methods["language_engine"].endswith("equal to langdetect on the parity strings")
    assert found.methods["language_second"].startswith("pycld2 0.")
    assert isinstance(found.second, Cld2)


def test_optional_engines_are_not_imported_before_they_are_asked_for():
    script = "import sys, pipelines.language; print(*{'pycld2', 'langdetect_rs'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


@pytest.mark.parametrize("text", ["", "a\x0bb", "\ud800 abc", "nul \0", "\x7f\ufffe"])
def test_pycld2_abstains_from_what_it_refuses(text):
    pytest.importorskip("pycld2")
    assert Cld2().opinion(text) == Opinion(None, 0.0, is_reliable=False)


def test_pycld2_answers_in_bcp_47():
    pytest.importorskip("pycld2")
    text = "זמן קצר לפני חצות עלה ערפל מן הנהר, והולמס הניח את הכינור כדי להביט בו."
    assert Cld2().opinion(text) == Opinion("he", 0.99, is_reliable=True)


def test_every_profile_that_langdetect_ships_is_in_its_place():
    shipped = {path.name for path in Path(PROFILES_DIRECTORY).iterdir() if not path.name.startswith((".", "_"))}
    competing = {code for codes in PROFILES.values() for code in codes}
    assert competing - shipped == {"la", "eo"}
    assert shipped - competing <= set(SINGLE.values())
    assert {tag_of(code) for code in shipped | competing} | set(SINGLE.values()) == KNOWN


def test_profiles_of_a_script_are_sorted():
    assert all(list(codes) == sorted(codes) for codes in PROFILES.values())


def test_strange_letters_are_those_that_no_language_of_the_script_writes(python_engine):
    assert python_engine.strange_letters("þá ég er ðð, 北京 и ы", "Latin") == 3
    assert python_engine.strange_letters("și pământ țară", "Latin") == 0
    assert python_engine.strange_letters("њ ђ ћ ђ", "Cyrillic") == 3
    assert python_engine.strange_letters("꯭丂丄", "Chinese") == 0


def test_a_profile_keeps_counts_of_what_comes_back():
    made = json.loads(profile_of("xx", ["Aba aba aba", "zu aba"]))
    assert made["name"] == "xx"
    assert made["freq"] == {" a": 4, " ab": 4, "a": 8, "ab": 4, "aba": 4, "b": 4, "ba": 4}
    assert made["n_words"] == [12, 12, 8]


def test_paragraphs_of_a_page():
    page = "<html><title>No</title><h1>A  b</h1><p>c <i>d</i></p>loose<ul><li>e</li><li> </li></ul></html>"
    assert paragraphs(page) == ["A b", "c d", "e"]
