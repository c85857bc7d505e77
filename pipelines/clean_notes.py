"""Rules that tell an author's note or disclaimer by its words, in the languages that archives hold most of."""

from __future__ import annotations

import re
from typing import NamedTuple

from pipelines.clean_rules import Guess

_OPENING = 200
BODY = 1500
"""Characters of a paragraph that openers and phrases are looked for in."""

_EDGE = r"[\s*_~=\-–—•<>\[({【（《#/|.:!]{0,12}+"
_SEPARATOR = r"\s{0,3}[*_]{0,3}\s?(?:[:：;.~,\-–—)\]】）>/]|$|\n)"

# Unmistakable: they need no more than a separator after them.
OPENER = re.compile(
    _EDGE + r"(?:a/n\b(?!/)"
    r"|(?:(?:an? )?(?:quick|small|short|brief|final|little|long|important|very important|another)? ?"
    r"author(?:'s|s'|s|ess'|ess's)? ?'?notes?|author's (?:corner|ramblings?)|note from (?:the |your )?(?:author"
    r"|writer)"
    r"|writer's notes?|(?:beta|translator|editor)'?s? ?notes?|end notes?|t/n|b/n"
    r"|nota(?:s)? (?:de la|del|de|da|do) (?:los )?(?:autora?|autores|escritora?|traductora?|tradutora?)"
    r"|notas? finales|notas? iniciales"
    r"|notas? finais|notas? iniciais"
    r"|notes? (?:de |d')(?:l'|la )?(?:auteure?|autrice|auteurice|traductrice|traducteur)|mot de l'aut(?:eure?|rice)"
    r"|anmerkung(?:en)? (?:des autors|der autorin|vom autor|von der autorin|des übersetzers|der übersetzerin)"
    r"|autor(?:en|innen)?[- ]?(?:notiz|anmerkung|kommentar)(?:en)?|vorwort der autorin"
    r"|not[ae] (?:dell'|del l')?(?:autrice|autore)|not[ae] (?:di|della) (?:traduttrice|traduzione)"
    r"|angolo (?:dell')?(?:autrice|autore)"
    r"|от авт[оа]р[аы]?|примечани[ея] (?:автора|переводчика)|авторск(?:ие|ое) примечани[ея]"
    r"|прим\.? ?(?:авт(?:ора)?|пер(?:еводчика)?)"
    r"|п/а|а/н|від автор(?:а|ки)|примітк[аи] автор(?:а|ки)"
    r"|od autor(?:a|ki)|not(?:ka|atka) (?:autorska|od autor(?:a|ki))|słowo od autor(?:a|ki)"
    r"|noot van de (?:auteur|schrijver|schrijfster)|författarens (?:anteckning(?:ar)?|kommentar)|författarnot"
    r"|forfatter(?:ens|en)? ?(?:note|notat|kommentar)(?:er)?|kirjoittajan (?:huomautus|huomio|sana|sanat)"
    r"|poznámk[ay] autor(?:a|ky)|(?:a szerző megjegyzése|szerzői megjegyzés)|yazar(?:ın|dan)? not(?:u|ları)"
    r"|catatan penulis"
    r"|lời (?:của )?tác giả|nota auto(?:rului|arei)|σημείωση (?:της |του )?συγγραφέα"
    r"|ملاحظة (?:من )?الكاتبة?|הערת (?:ה)?(?:סופרת?|כותבת?)"
    r"|作者有[话話](?:要)?[说說]|作者的?[话話]|作者[注按]|作者より|あとがき|後書き|まえがき|前書き|後記|后记"
    r"|작가의? ?(?:말|후기|한마디))" + _SEPARATOR + ")"
)
CAPITAL_OPENER = re.compile(
    _EDGE + r"(?:AN\s?[:;\-–—]|(?:A\s?/\s?N'?s?\b|A\\N\b|A\. ?N\.)(?!/)"
    r"|(?:N\.? ?[dD][eE']?\.? ?A\.?|N/A(?=\s?:)|N\. ?A\.(?=\s?:))" + _SEPARATOR + ")"
)
_MEMO = re.compile(r"\b(?:VON|FROM|TO|BETREFF|RE|VIA)\s?:")
_WEAK_OPENER = re.compile(
    _EDGE + r"(?:notes?|ps|p\.s\.|nota|notas|anmerkung(?:en)?|примечани[ея]|uwaga|opmerking|remarques?)\s?[:：;\-–—]"
)
_LABEL = re.compile(
    _EDGE
    + r"(?:ratings?|rated|pairings?|ships?|(?:content |trigger )?warnings?|tw|cw|beta(?:'?d|ed)?(?: by)?|spoilers?"
    r"|summary|fandom|genres?|feedback|archiv(?:e|ing)|distribution|word ?count|written for|prompt|dedication"
    r"|timeline"
    r"|altersfreigabe|warnung(?:en)?|zusammenfassung|inhalt|advertencias?|resumen|clasificación|parejas?"
    r"|avertissements?|résumé|rating|couple|avisos?|resumo|sinopse|classificação|casal|avvertimenti|riassunto|coppia"
    r"|ostrzeżenia|фандом|рейтинг|п[эе]йринг|жанры?|предупреждения|размер|бета|саммари|описание"
    r"|配对|配對|分级|分級|警告|预警|カップリング|注意|등급|주의)[*_ ]{0,3}[:：][*_ ]{0,3}"
)
DISCLAIMER = re.compile(
    _EDGE + r"(?:(?:obligatory |standard |legal |usual )?disc?laim(?:er|or)s?|haftungsausschluss|rechtliches"
    r"|descargos?(?: de responsabilidad)?|aviso legal|renuncia(?: de derechos)?|дисклеймер|отказ(?: от прав)?"
    r"|дисклаймер"
    r"|zastrzeżenie|ansvarsfraskrivelse|vastuuvapautus|免责声明|免責聲明|声明|聲明|ディスクレーマー|면책)" + _SEPARATOR
)

_LABELLED = re.compile(r"[^:：\n]{1,30}[:：]")

# Said by no one but a disclaimer.
_DISCLAIMING = re.compile(
    r"no (?:copyright|trademark) infringement|(?:not|n't) mak(?:e|ing) (?:any |a )?(?:money|profit)"
    r"|no (?:money|profit) (?:is|was|has been) (?:being )?made|(?:all|these|main) (?:\w+ ){0,2}(?:characters"
    r"|rights)[^.!?\n]{0,60} (?:belongs? to|property of)"
    r"|belongs? to (?:their|its) (?:respective|rightful|original) (?:owners?|creators?|authors?)"
    r"|i (?:do not|don't|dont|didn't|sadly don't|still don't) own (?:any of )?(?:the |these |their "
    r"|its )?(?:characters?|rights)"
    r"|i own (?:nothing|none)(?: of (?:this|these|it|the characters))?[.!,]"
    r"|gehör(?:t|en) nicht mir|mir gehör(?:t|en) (?:nichts|gar nichts|nur)|verdiene (?:hiermit |damit "
    r"|hiermit auch )?kein geld"
    r"|no me pertenecen?|personajes[^.!?\n]{0,60} (?:pertenecen|son propiedad|no son míos)|sin (?:ánimo"
    r"|fines) de lucro"
    r"|ne m'appart(?:ient|iennent) pas|personnages[^.!?\n]{0,60} appartiennent|não me pertencem?"
    r"|personagens[^.!?\n]{0,60} pertencem|sem fins lucrativos|non mi appart(?:iene|engono)"
    r"|personaggi[^.!?\n]{0,60} (?:appartengono|sono proprietà)|senza (?:scopo|fini) di lucro"
    r"|(?:права|герои|персонажи)[^.!?\n]{0,60} принадлеж[аи]т|не извлекаю (?:никакой )?(?:прибыли|выгоды)"
    r"|nie należą do mnie"
    r"|behoren niet (?:toe )?aan mij|tillhör inte mig|不属于我|不屬於我|版权归|版權歸|著作権|권리는"
)
_NOT_MINE = re.compile(r"(?:i|we) (?:do not|don't|dont|sadly don't) own (?:[A-Z]|any\b|anything)|i own nothing\b")

_REQUESTS = re.compile(
    r"please (?:read and |r&)?(?:review|comment|leave (?:a |me a )?(?:review|comment|kudos))|\bread (?:and|&"
    r"|n) review"
    r"|(?:reviews?|comments|kudos|feedback|concrit) (?:and \w+ )?(?:is|are) (?:always |much |very |greatly )?"
    r"(?:love|loved|appreciated|welcomed?)\b|\br ?& ?r\b[!. ]*(?:please|plz)|(?:please|plz) r ?& ?r\b"
    r"|leave (?:me )?(?:a |some )?(?:reviews?|kudos)|(?:follow|find|visit) me (?:\w+ )?on (?:tumblr|twitter|ao3"
    r"|instagram|discord)"
    r"|thank(?:s| you)[^.!?\n]{0,40} for (?:all )?(?:the|your) (?:lovely |kind |amazing |wonderful "
    r"|great )?(?:reviews|comments|kudos)"
    r"|(?:my|the) (?:very )?first (?:ever )?(?:fan ?fic|fic|fan ?fiction)\b|\b(?:un-?beta'?e?d|not beta(?:'?d"
    r"|ed|[- ]read))"
    r"|constructive criticism|\bno flames\b|flames will be|cross-?posted (?:on|to|from|at) (?:ao3|ff)"
    r"|\b(?:dejad?|deja|dejen) (?:un )?reviews?|reviews? (?:por favor|bitte|please)|laissez (?:une |des )?reviews?"
    r"|lasst (?:mir )?(?:ein )?(?:review|kommentar)s?|комментарии и лайки|жду (?:ваших )?(?:отзывов|комментариев)"
    r"|求评论|求評論|感想(?:を)?お待ち"
)
_TALK = re.compile(
    r"\b(?:fan-?fics?|fan ?fictions?|fics?|oneshots?|one-shots?|reviews?|reviewers|readers|kudos|beta(?:'?d|ed"
    r"|s)?|tumblr"
    r"|ao3|ff\.?net|wattpad|(?:next|this|last|new) chap(?:ter|pie)?s?|updat(?:e|es|ed|ing)|canon|ooc"
    r"|headcanons?|fandom"
    r"|prompts?|plot ?bunn(?:y|ies)|writer's block|sorry for the (?:late|long|delay|wait)|cliff-?hanger|drabbles?"
    r"|hope you (?:all |guys )?(?:like|liked|enjoy|enjoyed)|(?:mis)?spell?ings?|typos?|grammar|hiatus"
    r"|nächste[sn]? kapitel|siguiente capítulo|próximo capítulo|prochain chapitre|prossimo capitolo"
    r"|следующ\w+ глав\w+)\b"
)

# Each search needs one of these: a pattern of many branches is slow to find nothing.
_DISCLAIMING_STEMS = (
    *(f"{before} {gain}" for before in ("no", "make", "making", "any", "a") for gain in ("money", "profit")),
    *("infringement", "belong", "property of", "t own", "i own n", "gehör", "verdien", "pertenec", "lucr"),
    *("appart", "pertence", "принадлеж", "извлекаю", "należą", "behoren", "tillhör", "属于", "屬於", "版权", "版權"),
    *("personaje", "personaggi", "著作権", "권리"),
)
_REQUESTS_STEMS = (
    *(
        "review",
        "comment",
        "kudos",
        "feedback",
        "concrit",
        "r&r",
        "r & r",
        "me on ",
        "me here on ",
        "first fi",
        "first fan",
    ),
    *("first ever", "beta", "criticism", "flames", "posted", "отзыв", "комментари", "评论", "評論", "感想"),
)
_TALK_STEMS = (
    *(
        " fic",
        "fanfic",
        "review",
        "readers",
        "kudos",
        "beta",
        "tumblr",
        "ao3",
        "ff.net",
        "ffnet",
        "wattpad",
        " chap",
        "updat",
    ),
    *(
        "canon",
        "ooc",
        "fandom",
        "prompt",
        "plot b",
        "plotb",
        "writer's block",
        "sorry for the",
        "cliff",
        "drabble",
        "hope you",
    ),
    *(
        "spelling",
        "speling",
        "typo",
        "grammar",
        "hiatus",
        "one-shot",
        "oneshot",
        "kapitel",
        "capítulo",
        "capitolo",
        "глав",
    ),
)


class Stems(NamedTuple):
    """Stems by the search that needs one of them."""

    disclaiming: tuple[str, ...]
    requests: tuple[str, ...]
    talk: tuple[str, ...]


ALL_STEMS = Stems(_DISCLAIMING_STEMS, _REQUESTS_STEMS, _TALK_STEMS)
NO_STEMS = Stems((), (), ())

_QUOTES = re.compile('["“”„«»「『]')
STARTS_QUOTATION = tuple('"“”„«»「『')
_STARTS_SPEECH = (*STARTS_QUOTATION, *"‘'—–")
STARTS_QUOTED = (*_STARTS_SPEECH, "’", "´")


def note_opener(paragraph: str) -> Guess | None:
    """Whether ``paragraph`` opens as a note or disclaimer does, such as ``A/N`` or ``От автора:``."""
    if paragraph.startswith(STARTS_QUOTATION):
        return None
    opening = plain(paragraph[:_OPENING])
    lowered = opening.lower()
    guess = None
    if DISCLAIMER.match(lowered):
        guess = Guess("disclaimer", "disclaimer_label", 0.95)
    elif OPENER.match(lowered) or (CAPITAL_OPENER.match(opening) and not _MEMO.search(opening)):
        guess = Guess("note_candidate", "note_opener", 0.95)
    if guess and "\n" in paragraph and speaks(paragraph.partition("\n")[2]):
        return None  # the story follows in the same paragraph
    return guess


def note_label(paragraph: str) -> Guess | None:
    """Whether ``paragraph``, before any prose, is a line of a story's header: ``Rating: …``, ``Warnings: …``."""
    if ":" not in paragraph[:_OPENING] and "：" not in paragraph[:_OPENING]:
        return None
    first, *others = paragraph[:BODY].split("\n")
    found = _LABEL.match(plain(first).lower()) and len(paragraph) <= BODY and all(map(_LABELLED.match, others))
    return Guess("note_candidate", "note_label", 0.8) if found else None


def note_words(paragraph: str, stems: Stems = ALL_STEMS) -> Guess | None:
    """Whether the words of ``paragraph``, at an edge of a chapter, are those of a note or disclaimer.

    ``stems`` are all that it may hold.
    """
    if paragraph.startswith(STARTS_QUOTED):
        return None
    body = plain(paragraph[:BODY])
    quote = _QUOTES.search(body)
    unquoted = body[: quote.start()] if quote else body
    lowered = unquoted.lower()
    if _has(lowered, stems.disclaiming):
        if _DISCLAIMING.search(lowered):
            return Guess("disclaimer", "disclaimer_words", 0.85)
        if len(paragraph) <= 300 and _NOT_MINE.match(unquoted[:1].lower() + unquoted[1:]):
            return Guess("disclaimer", "disclaimer_words", 0.7)
    if _has(lowered, stems.requests) and _REQUESTS.search(lowered):
        return Guess("note_candidate", "note_words", 0.85)
    talk = _talks(lowered, stems.talk)
    if talk and _WEAK_OPENER.match(lowered):
        return Guess("note_candidate", "note_weak_opener", 0.75)
    return Guess("note_candidate", "note_words", 0.7) if talk >= 3 else None


def talks(paragraph: str) -> int:
    """Number of different words of ``paragraph`` that belong to writing and posting rather than to a story."""
    return _talks(plain(paragraph[:BODY]).lower(), _TALK_STEMS)


def _talks(lowered: str, stems: tuple[str, ...]) -> int:
    return len({match[0] for match in _TALK.finditer(lowered)}) if _has(lowered, stems) else 0


def _has(lowered: str, stems: tuple[str, ...]) -> bool:
    for stem in stems:  # noqa: SIM110 - twice as fast as any() over a generator, and this is the hot path
        if stem in lowered:
            return True
    return False


def speaks(paragraph: str) -> bool:
    """Whether somebody speaks in ``paragraph``: quotation marks, or a dash at its start."""
    return paragraph.startswith(_STARTS_SPEECH) or _QUOTES.search(paragraph) is not None


def plain(text: str) -> str:
    """``text`` with straight apostrophes."""
    return text.replace("’", "'").replace("‘", "'").replace("´", "'")
