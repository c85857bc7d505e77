"""Chapters of one work: decided together where they are alike, each by itself where the answer could differ."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines import language_engines
from pipelines.clean_groups import Counted
from pipelines.language import combine, detect, detect_many
from pipelines.language_chapters import Body, detect_works
from pipelines.language_engines import Cld2, Engines, Langdetect, Opinion, shipped_profiles
from pipelines.language_pairs import Pairs, Reading
from pipelines.language_scripts import count_letters
from schemas.vocabulary import LanguageStatus

RELIABLE, LOW, SECOND = LanguageStatus.RELIABLE, LanguageStatus.LOW, LanguageStatus.SECOND
ROOT = Path(__file__).parents[2]
PASSAGES = {
    path.stem: path.read_text(encoding="utf-8")
    for path in sorted((ROOT / "tests/fixtures/language/passages").glob("*.txt"))
}
PROFILES = shipped_profiles()
PAIRS = Pairs(PROFILES)
GALICIAN = (
    "Pouco antes da medianoite a néboa subiu do río, e Holmes deixou o violín para ollar para ela. Hai alguén baixo o "
    "farol, dixo en voz baixa. Watson, que xa case durmía a carón do lume, ergueuse e foi onda el ata a fiestra. A rúa "
    "estaba baleira, pero sobre as pedras molladas xacía unha soa luva branca que ninguén quixera recoller."
)


def text(tag: str, number: int = 0, length: int = 3000) -> str:
    """A chapter of its own: a passage again and again, from another place in each chapter."""
    passage = PASSAGES[tag] + "\n\n"
    start = number * 37 % len(passage)
    return (passage[start:] + passage * (length // len(passage) + 1))[:length]


class Counting:
    """langdetect, counting what it is asked."""

    def __init__(self, engine: Langdetect) -> None:
        self.engine, self.asked = engine, 0
        self.strange_letters = engine.strange_letters

    def probabilities(self, sample, script):
        self.asked += 1
        return self.engine.probabilities(sample, script)


class Fixed:
    """An engine that says what it is told, unless the text holds a word of its own."""

    def __init__(self, answer: str, confidence: float = 1.0, **by_word: str) -> None:
        self.answer, self.confidence, self.by_word = answer, confidence, by_word
        self.handed: list[str] = []

    def _said(self, sample):
        self.handed.append(sample)
        return next((said for word, said in self.by_word.items() if word in sample), self.answer)

    def probabilities(self, sample, script):
        return [(self._said(sample), self.confidence)]

    def strange_letters(self, sample, script):
        return 0

    def opinion(self, sample):
        return Opinion(self._said(sample), 0.98, is_reliable=True)


class Undecided:
    """Pairs of letters that speak for one language, and leave another possible."""

    def read(self, windows, script):
        scores = np.tile(np.array([2, 1, -100_000], dtype=np.float32), (len(windows), 1))
        return Reading(("de", "nl", "en"), scores, np.array([len(window) for window in windows], dtype=np.float32))


@pytest.fixture(scope="module")
def engine():
    return Langdetect(PROFILES)


@pytest.fixture(params=["alone", "with pycld2"])
def counting(request, engine, monkeypatch):
    second = None
    if request.param == "with pycld2":
        pytest.importorskip("pycld2")
        second = Cld2()
    first = Counting(engine)
    monkeypatch.setattr(language_engines, "load", lambda: Engines(first, second, {}, PAIRS))  # type: ignore[arg-type]
    return first


def use(monkeypatch, first, second=None, pairs=PAIRS):
    monkeypatch.setattr(language_engines, "load", lambda: Engines(first, second, {}, pairs))


@pytest.mark.parametrize("tag", ["en", "de", "ru", "ar", "hi", "zh-Hant", "vi", "eo"])
@pytest.mark.parametrize("count", [1, 3, 30])
def test_a_work_in_one_language_is_one_question(tag, count, counting):
    chapters = [text(tag, number) for number in range(count)]
    found = detect_many(chapters, tag)
    assert [each[:4] for each in found] == [(tag, 1.0, RELIABLE, count_letters(chapter)) for chapter in chapters]
    assert counting.asked == 1


def test_a_script_of_one_language_is_no_question(counting):
    assert {each[:3] for each in detect_many([text("el"), text("el", 1)])} == {("el", 1.0, RELIABLE)}
    assert counting.asked == 0


@pytest.mark.parametrize(
    ("a", "b"), [("en", "es"), ("es", "pt"), ("da", "sv"), ("ru", "uk"), ("en", "ru"), ("zh-Hans", "zh-Hant")]
)
@pytest.mark.parametrize("declared", ["first", "second", None])
def test_chapters_in_turns_are_two_questions(a, b, declared, counting):
    tags = [a, b] * 5
    stated = {"first": a, "second": b}.get(declared)
    found = detect_many([text(tag, number) for number, tag in enumerate(tags)], stated)
    assert [each[:3] for each in found] == [(tag, 1.0, RELIABLE) for tag in tags]
    assert counting.asked == 2


@pytest.mark.parametrize("length", [200, 1000, 3000])
@pytest.mark.parametrize(
    ("a", "b"), [("en", "fr"), ("fr", "en"), ("es", "pt"), ("cs", "pl"), ("de", "el"), ("id", "fil")]
)
def test_one_chapter_in_another_language_is_found(a, b, length, counting):
    chapters = [text(a, number) for number in range(11)] + [text(b, 3, length)]
    found = detect_many(chapters, a)
    assert [each.language for each in found] == [a] * 11 + [b]
    assert combine(found, a).language == a


@pytest.mark.parametrize(
    ("a", "b"), [("en", "es"), ("en", "de"), ("es", "pt"), ("cs", "pl"), ("en", "ru"), ("fi", "hu")]
)
def test_a_chapter_half_in_another_language_is_a_guess(a, b, counting):
    found = detect(text(a, 0, 4000) + "\n\n" + text(b, 1, 4000))
    assert found.status is LOW
    assert found.language in {a, b}


def test_confidence_counts_the_part_in_the_language(monkeypatch):
    """Of sixteen windows of 120 characters, the last five are in the last third of the text."""
    use(monkeypatch, Fixed("en"))
    found = detect(text("en", 0, 11 * 600) + text("es", 0, 5 * 600))
    assert (found.language, found.status) == ("en", LOW)
    assert found.confidence == pytest.approx(11 / 16, abs=0.02)
    found = detect(text("en", 0, 13 * 600) + text("es", 0, 3 * 600))
    assert found[:3] == ("en", 1.0, RELIABLE)


@pytest.mark.parametrize("tag", ["de", "fr", "id", "ru", "fi"])
@pytest.mark.parametrize("declared", ["own", "en", None])
def test_english_notes_in_front_of_each_chapter_change_nothing(tag, declared, counting):
    noted = [text("en", number, 300) + "\n\n" + text(tag, number, 1700) for number in range(4)]
    found = detect_many(noted, tag if declared == "own" else declared)
    assert {each[:3] for each in found} == {(tag, 1.0, RELIABLE)}


def test_a_short_chapter_is_not_made_sure_by_the_others(counting):
    chapters = [text("en"), text("en", 1), PASSAGES["en"][:110], "The end."]
    found = detect_many(chapters, "en")
    assert [each.status for each in found] == [RELIABLE, RELIABLE, LOW, LanguageStatus.UNDETERMINED]
    assert [each.language for each in found] == ["en", "en", "en", None]


@pytest.mark.parametrize("refrain", ["la la la na na na " * 30, "Nooooo! " * 100])
def test_a_refrain_is_not_made_sure_by_the_others(refrain, counting):
    found = detect_many([text("en"), text("en", 1), refrain])
    assert [each.status for each in found[:2]] == [RELIABLE, RELIABLE]
    assert found[2].status in {LOW, LanguageStatus.UNDETERMINED}


def test_a_declared_language_that_cannot_be_excluded_has_each_chapter_examined(monkeypatch):
    chapters = [text("de", number) for number in range(4)]
    for declared, questions in [("nl", 1 + 4), ("en", 1), ("ja", 1), ("de", 1), ("und", 1), (None, 1)]:
        first = Fixed("de")
        use(monkeypatch, first, pairs=Undecided())
        assert {each[:3] for each in detect_many(chapters, declared)} == {("de", 1.0, RELIABLE)}
        assert len(first.handed) == questions


def test_chapters_of_which_the_second_engine_says_something_else_are_examined_by_themselves(monkeypatch):
    chapters = [text("de", number) for number in range(5)]
    chapters[3] = chapters[3].replace(" ", " Zauberwort ")
    first, second = Fixed("de"), Fixed("de", zauberwort="nl")
    use(monkeypatch, first, second)
    found = detect_many(chapters)
    assert [(each.status, each.second) for each in found] == [(RELIABLE, "de")] * 3 + [(LOW, "nl"), (RELIABLE, "de")]
    assert len(first.handed) == 1 + 1 + 16  # the others, the one, and its vote


def test_a_doubt_about_all_is_settled_for_each(monkeypatch):
    first = Fixed("de", 0.857)
    use(monkeypatch, first)
    found = detect_many([text("de", number) for number in range(3)])
    assert {each[:3] for each in found} == {("de", 0.857, LOW)}
    assert len(first.handed) == 1 + 3 * (1 + 16)


def test_an_answer_that_the_pairs_of_letters_contradict_is_a_guess(monkeypatch):
    use(monkeypatch, Fixed("fi"))
    assert {each[:3] for each in detect_many([text("de", number) for number in range(3)])} == {("fi", 1.0, LOW)}


def test_chapters_in_a_language_that_only_the_second_engine_knows(engine, monkeypatch):
    pytest.importorskip("pycld2")
    first = Counting(engine)
    use(monkeypatch, first, Cld2())
    found = detect_many([GALICIAN, text("es"), GALICIAN[40:] + GALICIAN, text("es", 1)])
    assert [(each.language, each.status) for each in found] == [("gl", SECOND), ("es", RELIABLE)] * 2


def test_a_second_engine_that_means_a_part_of_the_text_does_not_win(monkeypatch):
    class Partly(Fixed):
        def opinion(self, sample):
            return Opinion("sr", 0.79, is_reliable=True)

    use(monkeypatch, Fixed("mk"), Partly("sr"), None)
    assert detect(PASSAGES["bg"])[:3] == ("mk", 1.0, LOW)


def test_equal_chapters_are_read_once(monkeypatch):
    first = Fixed("de")
    second = Fixed("de")
    use(monkeypatch, first, second)
    found = detect_many([text("de")] * 50)
    assert found == [found[0]] * 50
    assert (len(first.handed), len(second.handed)) == (1, 1)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.sampled_from(["", "12", "la la " * 40, text("en"), text("ru"), text("ja"), text("es", 1, 150), text("el")])
        | st.text("abc éж中ंあ한\0\ud800<&@", max_size=1200),
        max_size=8,
    ),
    st.sampled_from([None, "en", "ru", "und", "nonsense", "ms"]),
)
def test_any_chapters_have_answers_that_fit_together(chapters, declared):
    found = detect_many(chapters, declared)
    assert [each.letters for each in found] == [count_letters(chapter) for chapter in chapters]
    for each in found:
        assert (each.language is None) == (each.confidence is None)
        if each.status is RELIABLE:
            assert each.letters >= 150
            assert (each.confidence or 0) >= 0.99
    assert detect_many(chapters, declared) == found


WORK = """
import json, threading
from pathlib import Path
texts = [p.read_text(encoding="utf-8") for p in sorted(Path("tests/fixtures/language/passages").glob("*.txt"))]
work = [a[:300] + b for a, b in zip(texts, texts[5:] + texts[:5])] + texts + [t[:90] for t in texts] + texts[:9] * 2
from pipelines.language import detect_many
barrier, found = threading.Barrier(4), [None] * 4
def identify(number):
    barrier.wait()
    found[number] = detect_many(work, "en")
threads = [threading.Thread(target=identify, args=(n,)) for n in range(4)]
[t.start() for t in threads]; [t.join() for t in threads]
assert all(each == found[0] for each in found)
print(json.dumps(found[0]))
"""


def test_threads_hash_seeds_and_engines_give_the_same():
    answers = []
    for seed, before in [("1", ""), ("2", "import sys; sys.modules['langdetect_rs'] = None\n")]:
        done = subprocess.run(
            [sys.executable, "-c", before + WORK],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
        answers.append(json.loads(done.stdout))
    assert len(answers[0]) == 3 * 37 + 18
    assert answers[0] == answers[1]


@pytest.mark.parametrize("is_encoded", [False, True])
def test_works_are_found_together_as_each_by_itself(is_encoded, counting):
    works = [
        [text("en", 1), text("de", 2), text("en", 3)],
        ["", "...", "hm", text("ru", 4)[:100]],
        [text("zh-Hant", 5), text("ru", 6), text("ru", 6)],
        [f"{text('en', 7)}\n\n{text('es', 8)}"],
        [],
    ]
    bodies = [Body(texts, "en", [Counted.of(each) for each in texts] if is_encoded else None) for texts in works]
    begun: list[int] = []
    assert detect_works(bodies, begun.append) == [detect_many(texts, "en") for texts in works]
    assert set(begun) == set(range(len(works)))
