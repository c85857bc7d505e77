"""Labels of header lines, as authors write them in many languages, and how a line is told to be one."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, NamedTuple

MAX_LABEL: Final = 40

# One line per meaning: what the reader calls it, then the labels. A label that is not here is no label.
_LABELS: Final = {
    "title": (
        "title|fic|שם|שם הסיפור|story title|fic title|name of story|titel|titre|título|titulo|titolo|название"
        "|заголовок|tytuł|název|cím|titlu|标题|標題|题目|題目|タイトル|題名|제목|otsikko|tittel|başlık|judul"
        "|כותרת|τίτλος|story"
    ),
    "author": (
        "author|מאת|authors|writer|written by|by|pen name|penname|autor|autorin|autoren|auteur|auteure|autora"
        "|autore|autrice|schrijver|автор|авторы|作者|著者|作家|작가|kirjoittaja|författare|forfatter|szerző"
        "|yazar|penulis|מחבר|συγγραφέας"
    ),
    "email": "email|e-mail|mail|email address|e-mail address|author's email|contact|почта|邮箱|メール",
    "fandom": (
        "fandom|fandoms|fandom/universe|fandom/pairing|fandom name|show|series/fandom|universe|fandome|фандом"
        "|фэндом|фандомы|原作|原作名|同人原作|작품|fandomy"
    ),
    "rating": (
        "rating|rated|rate|ratings|altersfreigabe|altersempfehlung|freigabe|classification|clasificación"
        "|clasificacion|classificação|classificacao|рейтинг|raiting|rating/warnings|ograniczenie wiekowe|分级"
        "|分級|レーティング|등급|ikäraja|przedział wiekowy"
    ),
    "relationship": (
        "pairing|pairings|ship|ships|relationship|relationships|couple|couples|paare|paar|paring|parings"
        "|pareja|parejas|couple principal|coppia|coppie|casal|casais|shipper|пейринг|пейринги|пэйринг|配对"
        "|配對|cp|カップリング|커플|paritus|parowanie|main pairing|main pairings|pairing/characters"
        "|pairings/characters|pairing(s)/character(s)|characters/pairings|characters/pairing"
    ),
    "characters": (
        "characters|character|main characters|cast|charaktere|figuren|hauptpersonen|personnages|personnage"
        "|personajes|personaggi|personagens|personages|персонажи|герои|postacie|bohaterowie|postavy|人物|角色"
        "|登場人物|キャラクター|등장인물|hahmot"
    ),
    "summary": (
        "summary|סיכום|sum|summery|story summary|description|synopsis|blurb|teaser|zusammenfassung|inhalt"
        "|kurzbeschreibung|beschreibung|résumé|resume|sommaire|resumen|sinopsis|resumo|sinopse|riassunto"
        "|trama|samenvatting|саммари|аннотация|описание|краткое содержание|содержание|streszczenie|opis"
        "|shrnutí|obsah|összefoglaló|rezumat|简介|簡介|摘要|文案|内容简介|あらすじ|概要|요약|줄거리"
        "|tiivistelmä|sammanfattning|resumé|özet|ringkasan|tóm tắt|תקציר|περίληψη"
    ),
    "warnings": (
        "warning|warnings|content warning|content warnings|content notes|trigger warning|trigger warnings|tw"
        "|cw|archive warning|archive warnings|warnung|warnungen|avertissement|avertissements|advertencia"
        "|advertencias|aviso|avisos|avvertimenti|avvertenze|waarschuwing|waarschuwingen|предупреждение"
        "|предупреждения|ostrzeżenia|ostrzeżenie|varování|警告|注意|注意事项|경고|varoitukset"
    ),
    "notes": (
        "note|notes|a/n|an|n/a|author note|author notes|author's note|author's notes|authors note"
        "|authors notes|authors' note|author’s note|author’s notes|story notes|anmerkung|anmerkungen"
        "|anmerkung des autors|a/n der autorin|note de l'auteur|nda|nota|notas|nota de autora|nota del autor"
        "|nota de la autora|notas de la autora|notas do autor|notas da autora|nota dell'autrice"
        "|note dell'autrice|note dell'autore|opmerking|opmerkingen|примечание|примечания|от автора|uwagi"
        "|od autora|od autorki|poznámka|poznámky|作者的话|作者有话说|备注|備註|備考|作者注|비고|huomautus"
        "|author comments|comments|comment"
    ),
    "category": (
        "category|categories|kategorie|catégorie|categoría|categoria|категория|направленность|kategoria|分类"
        "|分類|性向|orientation"
    ),
    "freeforms": (
        "keyword|keywords|tag|tags|additional tag|additional tags|freeform|freeforms|schlagwörter|stichwörter"
        "|mots-clés|etiquetas|метки|теги|tagi|标签|標籤|タグ|태그"
    ),
    "genres": (
        "genre|genres|género|genero|géneros|genere|gênero|gêneros|жанр|жанры|gatunek|žánr|类型|類型|ジャンル"
        "|장르|lajityyppi|tyylilaji"
    ),
    "series": "series|serie|série|reihe|saga|серия|цикл|seria|series title|系列|シリーズ|시리즈|sarja",
    "status": "status|story status|completed|complete|stand|statut|estado|stato|статус|状态|狀態|completion",
    "words": (
        "words|word count|wordcount|words count|total words|length|wörter|wortzahl|wortanzahl|mots|palabras"
        "|parole|woorden|слов|количество слов|liczba słów|字数|字數|文字数"
    ),
    "chapters": (
        "chapters|number of chapters|chapter count|kapitelanzahl|anzahl kapitel|chapitres|capítulos|capitoli"
        "|hoofdstukken|количество глав|章数|章節數"
    ),
    "published": (
        "published|publish date|publication date|posted|date posted|date published|date|date written|written"
        "|veröffentlicht|erstellt|datum|publié|publié le|publicado|publicación|pubblicato|gepubliceerd"
        "|опубликовано|дата|дата публикации|opublikowano|发表日期|發表日期|发布日期|日期|公開日|投稿日"
    ),
    "updated": (
        "updated|last updated|last update|date updated|update|revised|aktualisiert|mis à jour|mise à jour"
        "|actualizado|aggiornato|atualizado|bijgewerkt|обновлено|zaktualizowano|更新|更新日期|更新日"
    ),
    "completed": "date completed|completed on|finished",
    "language": (
        "language|languages|sprache|langue|idioma|lingua|taal|язык|język|jazyk|语言|語言|言語|언어|kieli"
        "|idioma original"
    ),
    "url": (
        "url|source|source url|story url|link|links|permalink|original url|original link|website|web|web site"
        "|homepage|quelle|lien|enlace|источник|ссылка|ссылка на работу|źródło|来源|來源|链接|連結|原文链接"
        "|出典|website url|archived at|originally posted at|posted at|also posted at|crossposted at"
        "|read online|story link"
    ),
    "disclaimer": (
        "disclaimer|disclaimers|disclaimers/notes|haftungsausschluss|disclamer|disclaimor|renuncia|descargo"
        "|rechte|дисклеймер|отказ от прав|disclaim|声明|聲明|免责声明|免責聲明|免責事項|copyright|legal"
    ),
    "archive": (
        "archive|archiving|archived|distribution|archive/distribution|distribution/archive"
        "|permission to archive|permissions|permission|архивирование|разрешение|размещение|archivierung|转载"
        "|轉載|授权|授權"
    ),
    "feedback": "feedback|reviews|feedback to|review|c&c|feed back|fb|kommentare|kritik",
    "spoilers": "spoiler|spoilers|spoiler warning|спойлеры|spoilery|剧透",
    "chapter": "chapter|chapter number|kapitel|chapitre|capítulo|глава|章节|章",
    "other": (
        "beta|betas|beta reader|beta readers|beta-reader|betaed by|beta'd by|beta by|beta read by|бета|гамма"
        "|betaleser|betaleserin|timeline|time line|time frame|timeframe|setting|set|season|episode|episodes"
        "|continuity|dedication|dedicated to|widmung|for|gift for|written for|challenge|challenges|prompt"
        "|prompts|request|recipient|sequel|sequel to|sequel/series|prequel|prequel to|series/sequel"
        "|sequel/prequel|crossover|type|размер|size|part|parts|thanks|thanks to|thank you|acknowledgements"
        "|acknowledgments|credits|credit|inspiration|inspired by|soundtrack|music|song|pov|point of view"
        "|format|publisher|packaged|author url|author's url|site|story id|id|посвящение|переводчик|translator"
        "|translated by|translation|übersetzer|übersetzung|traducteur|traductora|traductor|traduction"
        "|original|original author|artist|cover|cover art|art|content|contents|au|canon|era|kink|kinks|squick"
        "|squicks|started|version|subject|from|to|newsgroups|message-id|organization|lines|references"
        "|reply-to|sender|path|cc|content-type|mime-version|x-mailer"
    ),
}
_MEANINGS: Final = {label: meaning for meaning, labels in _LABELS.items() for label in labels.split("|")}

WEAK: Final = frozenset(
    {
        "chapter",
        "notes",
        "warnings",
        "published",
        "updated",
        "words",
        "chapters",
        "series",
        "status",
        "language",
        "other",
    }
)
"""Meanings whose labels also begin prose, letters and notes: one of them alone makes no header."""

_WEAK_LABELS: Final = frozenset(
    (
        "by",
        "show",
        "name of story",
        "contact",
        "mail",
        "source",
        "link",
        "links",
        "web",
        "rate",
        "stand",
        "sum",
        "copyright",
        "legal",
    )
)
_NEVER_BY_DASH: Final = frozenset(
    ("by", "to", "for", "from", "set", "note", "notes", "an", "stand", "sum", "au", "mail", "art", "original", "part")
)

_ADDRESS: Final = re.compile(r"https?://[^\s<>\"]{4,500}")
_DECORATION: Final = r"\s>/*_~#<\[【『《|•·=+({\-"
_LINE: Final = re.compile(
    rf"[{_DECORATION}]{{0,16}}"
    rf"(?P<label>[^\W\d_][^:：=<>\]】』》\n*~]{{0,{MAX_LABEL}}}?)"
    r"(?:[\s*_~>\])】』》]{0,6}(?P<colon>[:：]|\.{2,40}|…{1,20})[\s*_]{0,4}"
    r"|[\s*_~]{0,4}(?P<close>[>\]】』》])[\s*_~>]{0,4}"
    r"|[\s*_~]{0,6}(?P<dash>(?<=\s)[-–—=~]{1,2}(?=\s)|=)\s{0,4})"
)


_PARTED: Final = re.compile(r"[:：…>\]】』》\-–—=~]")
_REACH: Final = 16 + 1 + MAX_LABEL + 6 + 1
"""One of these marks, or two full stops, stand so near to the start of a line with a label: soon told of most prose."""

_EMPHASIS: Final = (
    *(("**", "**"), ("__", "__"), ("*", "*"), ("_", "_")),
    *(("~", "~"), ("[", "]"), ("【", "】"), ("|", "|")),
)


class Label(NamedTuple):
    """A label that a line begins with: ``meaning`` is the reader's own word, ``name`` the label as written."""

    meaning: str
    name: str
    value: str

    @property
    def strong(self) -> bool:
        """Whether this label alone tells a header from prose."""
        return is_strong(self.meaning, self.name)


def is_strong(meaning: str, name: str) -> bool:
    """Whether a label of this meaning and name alone tells a header from prose."""
    return meaning not in WEAK and name.casefold() not in _WEAK_LABELS


def label_of(line: str) -> Label | None:
    """The known label that a line begins with, and the rest of the line as its value; ``None`` for other lines.

    A line that is nothing but an address is as good as one with a label.
    """
    if (plain := _plain(line)) is not None:
        return plain
    if line.startswith("http") and _ADDRESS.fullmatch(line):
        return Label("url", "URL", line)
    if _PARTED.search(line, 0, _REACH) is None and line.find("..", 0, _REACH + 1) < 0:
        return None
    match = _LINE.match(line)
    if match is None:
        return None
    name = match["label"].strip(" \t.'\"")
    if "(" in name and ")" not in name:
        name += ")"  # "Pairing(s)": the bracket went to the decoration
    key = _key(name)
    meaning = _MEANINGS.get(key)
    if (
        meaning is None
        or (key == "story" and not line[match.end() :].strip())
        or (match["dash"] and key in _NEVER_BY_DASH)
    ):
        return None
    if (match["close"] or match["dash"]) and not line[match.end() :].strip():
        return None  # "[Summary]", "Notes -": a heading or a thought, not a statement
    return Label(meaning, name, _value(line[match.end() :], line[: match.start("label")]))


def _plain(line: str) -> Label | None:
    """The label of a line such as ``Story title: The Hound``, which most are; the pattern reads all others."""
    end = line.find(":", 0, MAX_LABEL + 2)
    meaning = _MEANINGS.get(line[:end].lower()) if end > 0 and line[:end].isascii() else None
    if meaning is None or line[end + 1 : end + 2] != " " or not line[end + 2 : end + 3].isalnum():
        return None
    name = line[:end]
    return Label(meaning, name, line[end + 2 :].rstrip()) if name.replace(" ", "").isalpha() else None


@lru_cache(maxsize=4096)
def _key(name: str) -> str:
    key = re.sub(r"\((e?s|en|in|nen)\)?", r"\1", name.casefold()).replace("’", "'").replace("`", "'")
    return re.sub(r"\s+", " ", key).strip()


def _value(value: str, decoration: str) -> str:
    """Value without the emphasis marks that the label's own decoration opened."""
    value = value.strip()
    if not decoration:
        return value
    for opened, mark in _EMPHASIS:
        if opened in decoration and value.endswith(mark) and mark not in value[: -len(mark)]:
            value = value.removesuffix(mark).rstrip()
    return value
