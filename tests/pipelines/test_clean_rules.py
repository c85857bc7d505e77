"""What each rule takes for its own, and what it leaves to the story."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.clean_notes import (
    ALL_STEMS,
    CAPITAL_OPENER,
    DISCLAIMER,
    NO_STEMS,
    OPENER,
    note_label,
    note_opener,
    note_words,
)
from pipelines.clean_rules import end_marker, heading, image, scene_break, verse
from pipelines.clean_signs import NO_SIGNS, signs_of

BREAKS = [
    "*",
    "***",
    "* * *",
    "~~~",
    "---",
    "-----",
    "———",
    "oOo",
    "xXx",
    "XxX",
    "o0o",
    "oOoOoOo",
    "o O o",
    "x x x",
    "XXX",
    "xxx",
    "-x-",
    "~o~",
    "*x*",
    "-oOo-",
    "--oOo--",
    "o-O-o",
    ".oOo.",
    "# # #",
    "#",
    "§",
    "◇",
    "◆◇◆",
    "⁂",
    "• • •",
    "+++",
    "===",
    "-=-=-=-",
    "<><><>",
    "...",
    ". . .",
    "…",
    "* ~ *",
    "line break",
    "LINE BREAK",
    "- Page Break -",
    "[scene break]",
    "~~~Time Skip~~~",
    "linebreaklinebreak",
    "Zeitsprung",
    "~*~*~*~",
    "//////",
    "0-0-0",
    "xXxXxXx",
    "x-x-x-x",
    "oooOOOooo",
    "❤",
    "~ ❤ ~",
    "-.-.-.-",
    "o.O.o.O.o",
    "***oOo***",
    "-",
]
NO_BREAKS = [
    "O",
    "X.",
    "X",
    "O.",
    "o",
    "x",
    "0",
    "00",
    "000",
    "0.0",
    "0:00",
    "0-0",
    "^_^",
    "O_O",
    "o.O",
    "XX",
    "xx",
    "Oo",
    "Ooo",
    "xoxo",
    "XOXO",
    "<3",
    "No.",
    "Ox",
    "Xo!",
    "oh",
    "?",
    "!!!",
    "X...",
    "O...",
    "100",
    "<",
    ">",
    "^",
    ":",
    "..",
    '"..."',
    "The line break was long",
    "0.00",
    "-0",
    "@",
    "xo",
    "OX.",
    "Ooo...",
    ". x",
    ">:(",
    "OOO",
]
ENDS = [
    "TBC",
    "T.B.C.",
    "To be continued...",
    "The End",
    "THE END.",
    "~Fin~",
    "FIN",
    "End of Chapter 3",
    "End chapter one",
    "*Fine*",
    "Ende",
    "Continuará...",
    "À suivre…",
    "Fim",
    "Конец",
    "Продолжение следует...",
    "完",
    "(完)",
    "未完待续",
    "つづく",
    "끝",
    "***THE END***",
    "End of Part Two",
    "Ende Kapitel 3",
    "Fin del capítulo 2",
    "конец главы 3",
    "~ Slut ~",
    "c.d.n.",
]
NO_ENDS = [
    "Fine.",
    "Fine",
    "End.",
    "Son.",
    "Slut.",
    "The end of the road",
    "Ended",
    '"The End"',
    "Finish",
    "Final",
    "Fin whale",
    "The end was near.",
    "Slut!",
    "In the end",
]
HEADINGS = [
    "Chapter 1",
    "CHAPTER IV",
    "Chapter One: The Letter",
    "Chapter 12 - Baker Street",
    "Ch. 3",
    "Part 2",
    "Kapitel 3",
    "Capítulo 2: La niebla",
    "Chapitre 4",
    "Capitolo 5",
    "Глава 1",
    "Глава первая",
    "第一章",
    "第12話 夜の図書館",
    "제1장",
    "Prologue",
    "Epilogue: After",
    "Prólogo",
    "1",
    "1.",
    "IV.",
    "~Chapter Two~",
    "**Chapter 3**",
    "Rozdział 2",
    "2. fejezet",
    "1. Bölüm",
    "Chapter 3/10",
    "Chapter 3 of 10",
]
NO_HEADINGS = [
    "Chapter 1 was the hardest to write.",
    "Part of me knew",
    "Ch",
    "I was late.",
    "Mild",
    "Part two of the plan went wrong",
    "1895",
    "Act one was boring",
    "1st of May",
    "Mix it.",
    "Civil.",
]
OPENERS = [
    "A/N: hi",
    "A/N hi there all",
    "AN: Hello",
    "Author's Note: thanks",
    "Author’s Notes",
    "AUTHOR'S NOTE",
    "Authors note - sorry",
    "a/n: hi",
    "(A/N: hi)",
    "[A/N] hello",
    "**A/N:** hi",
    "Note from the author: x",
    "N/A: Olá",
    "Nota de la autora: hola",
    "Nota de autora: hola",
    "Notas del autor:",
    "Notas da autora: oi",
    "NdA: salut",
    "Note de l'auteur : bonjour",
    "Note de l’autrice: x",
    "Anmerkung der Autorin: x",
    "Autorennotiz: x",
    "N.d.A.: ciao",
    "Note dell'autrice: ciao",
    "Angolo autrice: ciao",
    "От автора: привет",
    "Примечание автора: x",
    "П/А: x",
    "А/Н: x",
    "Від автора: x",
    "Od autorki: cześć",
    "Noot van de auteur: hoi",
    "Författarens anteckning: hej",
    "Forfatterens note: hej",
    "Kirjoittajan huomautus: hei",
    "Poznámka autorky: ahoj",
    "A szerző megjegyzése: szia",
    "Yazarın notu: x",
    "Catatan penulis: x",
    "作者有话说：你好",
    "作者有話要說：",
    "作者的话：谢谢",
    "あとがき",
    "作者より：こんにちは",
    "작가의 말: 안녕",
    "작가의 말",
    "Nota autoarei: x",
    "Disclaimer: I own nothing",
    "DISCLAIMER - not mine",
    "Дисклеймер: x",
    "Haftungsausschluss: x",
    "免责声明：x",
    "Disclaimer",
    "Translator's note: x",
    "A.N. hi",
]
NO_OPENERS = [
    "An: old word",
    "An hour later",
    "AN HOUR LATER",
    "AN OLD MAN",
    "Note: he left",
    "Notes were scattered",
    "Author's notes were scattered on the desk.",
    "N/A",
    "Na, wie geht's",
    "Nda",
    "An: Herr Holmes",
    "And: more",
    "Na: she said",
    "A note: burn this.",
    "Notes on the desk",
    "AN: HOLMES\nVON: WATSON",
    "Disclaimers were signed.",
    "A / B",
    "NA. That was all.",
    "Endnotes of the song rang",
    "声明书",
    "Renunciation",
    "Nota bene: x",
    "Fanatic",
    "Can: x",
    "nana: hi",
    "The author's note: was gone",
]
NOTE_WORDS = [
    "I don't own Harry Potter.",
    "I do not own any of these characters",
    "All characters belong to Arthur Conan Doyle.",
    "No copyright infringement intended.",
    "Please review!",
    "Read and review!",
    "R&R please!",
    "Reviews are love.",
    "I'm not making any money from this.",
    "Die Figuren gehören nicht mir, ich verdiene kein Geld.",
    "Los personajes no me pertenecen.",
    "Les personnages ne m'appartiennent pas.",
    "I personaggi non mi appartengono.",
    "Os personagens não me pertencem.",
    "Права принадлежат Конан Дойлу.",
    "Postacie nie należą do mnie.",
    "Thanks to everyone who left reviews, the next chapter of this fic will be up soon!",
    "Follow me on tumblr!",
    "Note: this fic ignores canon.",
    "Sorry for the long wait, this chapter fought me, and my beta left the fandom.",
]
NO_NOTE_WORDS = [
    "The house belongs to my aunt.",
    "“I don't own a car,” he said.",
    "I don't own a car.",
    "Note: he left.",
    "He needed some R&R after the case.",
    "The prompt reply pleased him.",
    "He read the review in the Times and laughed.",
    "Holmes reviewed the case.",
    "“Please review the file,” she said.",
    "The characters on the stone were old.",
    "The canon greeted us in the cathedral, quick to update us.",
    "Die Bücher gehören ihr.",
    "He had every right to the property.",
    "The rights of man were never his own property, he thought.",
]


@pytest.mark.parametrize("line", BREAKS)
def test_scene_break(line):
    guess = scene_break(line)
    assert guess is not None
    assert guess.kind == "scene_break"
    assert guess.score is not None
    assert 0.5 <= guess.score < 1


@pytest.mark.parametrize("line", NO_BREAKS)
def test_no_scene_break(line):
    assert scene_break(line) is None


@pytest.mark.parametrize("line", ENDS)
def test_end_marker(line):
    guess = end_marker(line)
    assert guess is not None
    assert guess.kind == "end_marker"
    assert guess.score is not None
    assert 0.5 <= guess.score < 1


@pytest.mark.parametrize("line", NO_ENDS)
def test_no_end_marker(line):
    assert end_marker(line) is None


@pytest.mark.parametrize("line", HEADINGS)
def test_heading(line):
    guess = heading(line, None)
    assert guess is not None
    assert guess.kind == "heading"
    assert guess.score is not None
    assert 0.5 <= guess.score < 1


@pytest.mark.parametrize("line", NO_HEADINGS)
def test_no_heading(line):
    assert heading(line, None) is None


@pytest.mark.parametrize("line", OPENERS)
def test_note_opener(line):
    guess = note_opener(line)
    assert [signs.may_open for signs in signs_of(["Rain.", line, "“Rain.”", line])] == [False, True, False, True]
    assert guess is not None
    assert guess.kind in ("note_candidate", "disclaimer")
    assert guess.score is not None
    assert 0.5 <= guess.score < 1


@pytest.mark.parametrize("line", NO_OPENERS)
def test_no_note_opener(line):
    assert note_opener(line) is None


@pytest.mark.parametrize("line", NOTE_WORDS)
def test_note_words(line):
    guess = note_words(line)
    assert guess is not None
    assert guess.kind in ("note_candidate", "disclaimer")
    assert guess.score is not None
    assert 0.5 <= guess.score < 1
    before, signs, after = signs_of(["Rain.", line, "More rain."])
    assert signs.stems != NO_STEMS
    assert before == after == NO_SIGNS
    assert note_words(line, signs.stems) == note_words(line)


@pytest.mark.parametrize("line", NO_NOTE_WORDS)
def test_no_note_words(line):
    assert note_words(line) is None


@pytest.mark.parametrize(
    ("line", "title", "rule"),
    [
        ("The Red Lamp", "The Red Lamp", "heading_title"),
        ("THE RED LAMP", "The red lamp", "heading_title"),
        ("Chapter 3 - The Red Lamp", "The Red Lamp", "heading_title"),
        ("The Red-Lamp Affair", "The Red Lamp Affairs", "heading_title_fuzzy"),
        ("Who Goes There?", "Who Goes There?", "heading_title"),
        ("Run.", "Run", None),
        ("“Run”", "Run", None),
        ("The Red Lamp stood in the window.", "The Red Lamp", None),
        ("***", "!!!", None),
    ],
)
def test_repeated_title(line, title, rule):
    guess = heading(line, title)
    assert (guess and guess.rule) == rule


@pytest.mark.parametrize(
    "line", ["Rating: T", "**Pairing:** Holmes/Watson", "Фандом: Онегин", "配对：无", "Warnings: none\nBeta: Mina"]
)
def test_note_label(line):
    assert note_label(line) is not None


@pytest.mark.parametrize(
    "line", ["Rated highly by all: nobody", "Summary: short\nAlice ran down the hole after him and did not look back."]
)
def test_no_note_label(line):
    assert note_label(line) is None


def test_a_note_in_one_paragraph_with_the_story_is_left():
    assert note_opener("A/N: enjoy!\n“Run,” said Alice.") is None
    assert note_opener("A/N: enjoy!\nMore tomorrow.") is not None


def test_image():
    assert image("[image: a rabbit]") is not None
    assert image("[image]") is not None
    assert image("[imagine: a rabbit]") is None
    assert image("[image: a rabbit] ran") is None


@pytest.mark.parametrize(
    ("paragraph", "is_verse"),
    [
        ("The owl and the fox\nwent down to the sea,\nAnd nobody knew\nwhat the errand might be", True),
        ("“Yes.”\n“No.”\n“Yes.”", False),
        ("Holmes: hello\nWatson: hello\nHolmes: goodbye", False),
        ("1. tea\n2. milk\n3. sugar", False),
        ("One line\nand another", False),
        ("He ran.\nHe fell.\nHe rose.", False),
        (
            "This line was wrapped by a mail program at fifty\ncolumns, as the custom of old lists was,\nand on",
            False,
        ),
        ("The Owl and the Fox\nA tale of the sea\nWritten by Nobody", False),
        ("これは短い行\n月が昇った\n風が吹いた", True),
        (
            "これは一行ずつ折り返された、とても長い普通の文章であって\n詩ではないのだから、詩と呼ばれる\nことはない",
            False,
        ),
    ],
)
def test_verse(paragraph, is_verse):
    assert (verse(paragraph) is not None) == is_verse


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.sampled_from([*itertools.chain(*ALL_STEMS), "R&R", "rain", " ", "İΣ", "“", "отз", "beta", "’"]), max_size=12
    )
)
def test_stems_are_found_wherever_they_are(parts):
    half = len(parts) // 2
    passages = ["".join(parts), "".join(parts[:half]), "".join(parts[half:])]
    lowered = ["" if p.startswith(("“", "’")) else p.replace("’", "'").lower() for p in passages]
    assert [signs.stems for signs in signs_of(passages)] == [
        tuple(tuple(stem for stem in group if stem in passage) for group in ALL_STEMS) for passage in lowered
    ]


OPENINGS = st.from_regex(OPENER.pattern) | st.from_regex(CAPITAL_OPENER.pattern) | st.from_regex(DISCLAIMER.pattern)


@settings(max_examples=300, deadline=None)
@given(st.lists(OPENINGS | st.text("A/N:\n aΣİ\0“’", max_size=8), max_size=4))
def test_whatever_opens_as_a_note_has_the_sign(paragraphs):
    for paragraph, signs in zip(paragraphs, signs_of(paragraphs), strict=True):
        assert signs.may_open or note_opener(paragraph) is None
