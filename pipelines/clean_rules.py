"""Rules that tell a line's kind by itself: scene breaks, end markers, headings, images, verse.

Precision comes before recall: what may be prose stays a paragraph.
"""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from functools import lru_cache
from typing import NamedTuple

from schemas.work import BlockKind


class Guess(NamedTuple):
    """A kind that a rule told, and how sure the rule is (0 to 1; ``None`` where nothing was guessed)."""

    kind: BlockKind
    rule: str
    score: float | None


LONGEST_MARK = 60
"""Characters: no scene break or end marker is longer."""

_SYMBOLS = "*~#=\\-_–—―‐•·.+<>^°※◇◆★☆♥♡✦✧❖§⁂●○■□▪▫◦∞×♦♣♠❤✿❀✨⋆∗⁎✶✴❦❧～＊/\\\\|:%&$@\ufe0f"
_LETTERS = "oOxX0"
_ALONE = frozenset("*~#=_+°※◇◆★☆♥♡✦✧❖§⁂●○■□◦∞♦♣♠❤✿❀✨⋆∗✶✴❦❧•＊")
_ALONE_RARELY = frozenset("-–—.")
_ONLY_IN_RUNS = frozenset("/\\|:%&$@<>^")
_RULE_LINE = re.compile(f"[{_SYMBOLS}{_LETTERS} ]{{1,{LONGEST_MARK}}}")
_RULE_START = frozenset(_SYMBOLS + "…" + _LETTERS)
_SPEECH = frozenset('"“«「')
_LETTERS_ONLY = re.compile(r"(?:oO)+o?|(?:Oo){2,}O?|[oO]0[oO]|0[oO]0|xXx(?:Xx)*|XxX(?:xX)*|[xX]{3,}|o{4,}|O{4,}")
_FACES = frozenset(
    {
        "^_^",
        "^^",
        "-_-",
        ">_<",
        ">.<",
        "._.",
        "*_*",
        "^.^",
        "^-^",
        "-.-",
        "+_+",
        "=_=",
        "~_~",
        ".-.",
        "*-*",
        "*.*",
        ":o",
        ":0",
        ":x",
        "=o",
        "=x",
        "-o",
        "-x",
    }
)
_LETTER_FACE = re.compile(r"[o0x][_.\-][o0x]")
_ZEROS = re.compile(r"0(?:[-~=*]0){2,}")
_DOTS = re.compile(r"(?:\. ?){3,30}|(?:… ?){1,20}")

_DECORATION = ' \t*~#=-_–—•·.+<>()[]{}|/\\:!…※◇◆★☆♥♡✦✧❖§"“”«»【】（）《》「」'
_BREAK_WORDS = re.compile(
    r"(?:(?:line|page|scene|section|story|time)[ -]?(?:break|skip|change|jump)[ \-*~.,/|]*)+"
    r"|zeitsprung|szenenwechsel|ortswechsel|cambio de escena|salto de tiempo|salto temporal|changement de scène"
    r"|ellipse|cambio scena|cambio di scena|salto temporale|quebra de (?:cena|tempo)|mudança de cena"
    r"|смена сцены|zmiana sceny|przerywnik|场景转换|分割线|分隔线|時間跳躍",
    re.IGNORECASE,
)


def scene_break(line: str) -> Guess | None:
    """Whether ``line`` is a scene break: symbols, ``oOo`` and the like, or words such as ``line break`` alone."""
    first = line[0]
    if len(line) > LONGEST_MARK or first in _SPEECH:
        return None
    if first in _RULE_START and (guess := _symbols(line)):
        return guess
    core = line.strip(_DECORATION)
    return Guess("scene_break", "scene_break_words", 0.9) if _BREAK_WORDS.fullmatch(core) else None


@lru_cache(maxsize=256)
def _symbols(line: str) -> Guess | None:
    if _DOTS.fullmatch(line):
        return Guess("scene_break", "scene_break_dots", 0.6)
    score = _symbols_score(line) if _RULE_LINE.fullmatch(line) else 0
    return Guess("scene_break", "scene_break_symbols", score) if score else None


def _symbols_score(line: str) -> float:
    """How surely a line of symbols and the letters o, x and 0 parts scenes; 0 for prose, faces and numbers."""
    packed = line.replace(" ", "")
    folded = packed.casefold()
    symbols = [char for char in packed if char not in _LETTERS]
    if folded in _FACES or _LETTER_FACE.fullmatch(folded):
        return 0
    if len(packed) == 1:
        return 0.8 if packed in _ALONE else 0.6 if packed in _ALONE_RARELY else 0
    if not symbols:
        return _letters_score(line, packed)
    if len(symbols) == len(packed):
        runs_only = _ONLY_IN_RUNS.issuperset(packed)
        return 0 if len(packed) < 3 and (runs_only or packed == "..") else 0.95
    shaped = len(packed) >= 3 and (packed[0] in _LETTERS) == (packed[-1] in _LETTERS)
    numeric = "o" not in folded and "x" not in folded  # 0:00, 0.0 %, 0-0 are numbers and scores
    return 0.9 if shaped and (not numeric or _ZEROS.fullmatch(packed)) else 0


def _letters_score(line: str, packed: str) -> float:
    if set(packed) == {"0"}:
        return 0
    if " " in line:
        return (
            0.85 if len(packed) >= 3 and all(len(word) == 1 or word in ("oOo", "xXx") for word in line.split()) else 0
        )
    if not _LETTERS_ONLY.fullmatch(packed):
        return 0.8 if len(packed) >= 5 and packed == packed[::-1] and len(set(packed)) > 1 else 0
    return 0.7 if len(set(packed)) == 1 else 0.95


_PART_WORDS = (
    "chapter|chap|ch|part|book|episode|prologue|epilogue|act|story|kapitel|teil|capítulo|capitulo|chapitre|partie"
    "|capitolo|parte|hoofdstuk|deel|kapittel|rozdział|rozdziału|части|kapitola|kapitoly|глава|главы|розділ|розділу"
)
_ENDED_PART = re.compile(
    rf"(?:end(?: of)?|ende(?: von| des| der)?|fin(?: del?| du)?|fine(?: del)?|fim(?: do| da)?|einde(?: van)?"
    rf"|slut(?:et)?(?: på| af)?|koniec|konec|конец|кінець)"
    rf" (?:the )?(?:{_PART_WORDS})\.?(?: \w{{1,12}}){{0,3}}",
    re.IGNORECASE,
)
_END_PHRASES = frozenset(
    """tbc|t.b.c|to be continued|to be continued soon|the end|fin|finis|the end for now|end of story|end of part
    |continuará|à suivre|a suivre|ende|fortsetzung folgt|continua|fim|tbc soon|конец|продолжение следует|тбц|конец главы
    |koniec|ciąg dalszy nastąpi|c.d.n|cdn|einde|wordt vervolgd|fortsättning följer|fortsættelse følger
    |fortsettelse følger|loppu|jatkuu|konec|pokračování příště|vége|folytatjuk|folyt. köv|devam edecek|кінець|далі буде
    |tamat|bersambung|sfârșit|sfârşit|va urma|wakas|τέλος|συνεχίζεται|النهاية|يتبع|הסוף|המשך יבוא|owari|終わり|おわり
    |完|終|全文完|全书完|本章完|未完待续|未完待續|待续|つづく|続く|끝|계속|다음 화에 계속|จบ|hết""".replace(
        "\n    ", ""
    ).split("|")
)
_AMBIGUOUS_ENDS = frozenset({"end", "fine", "son", "slut", "slutt", "kraj", "край"})
"""Ends in one language, ordinary words in another: they need ornaments around them."""
_ORNAMENTS = "*~#=-_–—•<[(※◇◆★☆♥♡✦✧❖§【（"


def end_marker(line: str) -> Guess | None:
    """Whether ``line`` says that a story or chapter ends, such as ``TBC``, ``~ The End ~``, ``End of Chapter 3``."""
    if len(line) > LONGEST_MARK:
        return None
    core = line.strip(_DECORATION).casefold()
    if not core or line[0] in '"“«「':
        return None
    if core in _END_PHRASES:
        return Guess("end_marker", "end_phrase", 0.9)
    if core in _AMBIGUOUS_ENDS and line[0] in _ORNAMENTS and not line[-1].isalnum():
        return Guess("end_marker", "end_phrase", 0.8)
    return Guess("end_marker", "end_of_part", 0.9) if _ENDED_PART.fullmatch(core) else None


_IMAGE = re.compile(r"\[image(?:: [^\]\n]{0,2000})?\]")


def image(line: str) -> Guess | None:
    """Whether ``line`` is the place of an image, as the HTML readers write it: ``[image: …]``."""
    return Guess("image", "image_placeholder", None) if line[0] == "[" and _IMAGE.fullmatch(line) else None


_LONGEST_HEADING = 120
_NUMBER = (
    r"(?:\d{1,4}|[ivxlc]{1,8}|(?:the )?(?:first|last|final|one|two|three|four|five|six|seven|eight|nine|ten"
    r"|eleven|twelve"
    r"|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen"
    r"|(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)(?:[ -]?(?:one|two|three|four|five|six|seven"
    r"|eight|nine))?)"
    r"|eins|zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn|uno|dos|tres|cuatro|cinco|seis|siete|ocho|nueve|diez"
    r"|un|deux|trois|quatre|cinq|premier|première|primero|primera|um|dois|três|primeiro|due|tre|quattro|cinque|primo"
    r"|первая|вторая|третья|четвёртая|четвертая|пятая|шестая|седьмая|восьмая|девятая|десятая)"
)
_PART = (
    r"(?:chapter|chap\.?|ch\.?|part|book|act|episode|volume|vol\.?|kapitel|teil|buch|capítulo|capitulo|cap\.?"
    r"|chapitre"
    r"|partie|acte|tome|capitolo|parte|hoofdstuk|deel|kapittel|rozdział|część|kapitola|část|глава|часть|розділ"
    r"|частина"
    r"|luku|osa|bölüm|bab|bagian|chương|capitolul|κεφάλαιο|الفصل|פרק)"
)
_TAIL = r"(?:\s*[:：.\-–—~|)]+\s*\S.{0,80})?"
_NUMBERED = re.compile(
    rf"{_PART}\s*(?:no\.?|nr\.?|#|№)?\s*{_NUMBER}(?:\s*(?:of|/)\s*(?:\d{{1,4}}|\?))?[.:)]?{_TAIL}"
    rf"|\d{{1,4}}\.?\s*(?:fejezet|bölüm|kapitel|kapitola|rész|chapter|luku)[.:]?{_TAIL}"
    r"|第\s?[0-9０-９一二三四五六七八九十百千零〇两]{1,8}\s?[章回节節話话幕卷部](?:[\s:：、—-].{0,60})?"
    r"|제?\s?\d{1,4}\s?[장화부편](?:[\s:.].{0,60})?"
    r"|(?:prologue|epilogue|prolog|epilog|prólogo|epílogo|prologo|epilogo|épilogue|пролог|эпилог|епілог|interlude"
    rf"|interludio|intermezzo){_TAIL}"
    r"|(?:プロローグ|エピローグ|序章|終章|终章|楔子|尾声|番外|프롤로그|에필로그)(?:[\s:：、—-].{0,60})?",
    re.IGNORECASE,
)
_BARE_NUMBER = re.compile(r"\d{1,3}\.?|[IVXLC]{1,7}\.?")
_HEADING_EDGES = " *~#=_-–—•<>[]【】※◇◆★☆§"
_PREFIX = re.compile(rf"{_PART}\s*{_NUMBER}\b\W*", re.IGNORECASE)
_SENTENCE_ENDS = (".", "!", "?", "。", "！", "？", "…")


def heading(line: str, title: str | None) -> Guess | None:
    """Whether ``line``, before any prose, repeats the chapter's ``title`` or numbers the chapter."""
    if len(line) > _LONGEST_HEADING or "\n" in line or line[0] in '"“«„「':
        return None
    if title and (guess := _repeated_title(line, title)):
        return guess
    core = line.strip(_HEADING_EDGES)
    if _NUMBERED.fullmatch(core):
        return Guess("heading", "heading_number", 0.9)
    return Guess("heading", "heading_number", 0.7) if _BARE_NUMBER.fullmatch(core) else None


def _repeated_title(line: str, title: str) -> Guess | None:
    if len(title) > 2 * _LONGEST_HEADING:
        return None
    if line.endswith(_SENTENCE_ENDS) and not title.rstrip().endswith(_SENTENCE_ENDS):
        return None  # a story may begin with the words of its title
    ours, theirs = _letters(line), _letters(title)
    if not ours or not theirs:
        return None
    if ours == theirs or _letters(_PREFIX.sub("", line, count=1)) == _letters(_PREFIX.sub("", title, count=1)) != "":
        return Guess("heading", "heading_title", 0.95)
    if min(len(ours), len(theirs)) >= 8 and SequenceMatcher(None, ours, theirs, autojunk=False).ratio() >= 0.88:
        return Guess("heading", "heading_title_fuzzy", 0.8)
    return None


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text.casefold()))


_NO_VERSE = tuple("\"“”„«»‘'—–-•*([{<>「『0123456789")
_BYLINE = ("written by", "author", "автор")
_LONGEST_CASELESS = 20
"""Characters: a longer line of ideographs, kana or Hangul says as much as a line of prose."""
_STOPS = (".", "!", "?", "…", '"', "”", "»", "。", "！", "？", "」", ":", "：")


def verse(paragraph: str) -> Guess | None:
    """Whether ``paragraph`` is verse: three or more short lines, no dialogue, list or wrapped prose."""
    if len(paragraph) > 4000 or paragraph.count("\n") < 2:
        return None
    lines = paragraph.split("\n")
    if max(map(len, lines)) > 55 or len(paragraph) > 45 * len(lines) or any(len(line) < 2 for line in lines):
        return None
    if any(line.startswith(_NO_VERSE) or ": " in line or "@" in line for line in lines):
        return None
    if any(line.lower().startswith(_BYLINE) for line in lines):
        return None
    if max(map(len, lines)) > _LONGEST_CASELESS and not any(line[0].isupper() or line[0].islower() for line in lines):
        return None
    stopped = sum(line.endswith(_STOPS) for line in lines)
    lowered = sum(line[0].islower() for line in lines)
    if 2 * stopped > len(lines) or 2 * lowered > len(lines):
        return None
    return Guess("verse", "verse_short_lines", 0.6)
