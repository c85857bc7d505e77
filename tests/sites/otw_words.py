"""Sentences in several languages, made from word lists: any number of words, fast, and no story of anybody's."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

_SENTENCES = 64


@dataclass(frozen=True)
class Tongue:
    """A language: how the archive names it, and what its sentences are made of.

    In a pattern ``%s`` stands for a subject, a verb, an object and an adverb, in this order. All entries of one list
    have the same number of words, so a pattern has a known length.
    """

    name: str
    code: str
    subjects: tuple[str, ...]
    verbs: tuple[str, ...]
    objects: tuple[str, ...]
    adverbs: tuple[str, ...]
    patterns: tuple[tuple[str, int], ...]
    fillers: tuple[str, ...]
    spaced: bool = True

    def sentences(self, rng: Random, words: int) -> list[str]:
        """Sentences of exactly ``words`` words (characters of the script, where it has no spaces)."""
        found: list[str] = []
        left = words
        longest = max(size for _, size in self.patterns) if self.spaced else 40
        s, v, o, a, p = self.subjects, self.verbs, self.objects, self.adverbs, self.patterns
        ns, nv, no, na, np = len(s), len(v), len(o), len(a), len(p)
        while left > longest:
            draw = iter(rng.randbytes(_SENTENCES * 5))
            for i, j, k, m, q in zip(draw, draw, draw, draw, draw, strict=True):
                pattern, size = p[q % np]
                sentence = pattern % (s[i % ns], v[j % nv], o[k % no], a[m % na])
                if not self.spaced:
                    size = len(sentence) - sentence.count("，") - 1
                found.append(sentence)
                left -= size
                if left <= longest:
                    break
        if left:
            found.append(self._filler(rng, left))
        return found

    def _filler(self, rng: Random, words: int) -> str:
        if not self.spaced:
            run = "".join(self.fillers)
            start = rng.randrange(len(run))
            return (run * (2 + words // len(run)))[start : start + words] + "。"
        start = rng.randrange(len(self.fillers))
        chosen = [self.fillers[(start + i) % len(self.fillers)] for i in range(words)]
        run = ", ".join(chosen)
        return run[0].upper() + run[1:] + "."

    def phrase(self, rng: Random) -> str:
        """Some words for a title."""
        pair = rng.choice(self.fillers), rng.choice(self.fillers)
        return "".join(pair) if not self.spaced else f"{pair[0].capitalize()} {pair[1]}"


def _split(words: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in words.split("|"))


def _sized(*patterns: str, phrase: int) -> tuple[tuple[str, int], ...]:
    """Patterns with their lengths; subjects and objects have ``phrase`` words each, verbs and adverbs one."""
    return tuple((text, len(text.split()) + 2 * (phrase - 1)) for text in patterns)


TONGUES: tuple[Tongue, ...] = (
    Tongue(
        "English",
        "en",
        _split(
            "the keeper|the pilot|the tailor|the widow|the gardener|the baker|the tide|the harbour|the lantern|"
            "the orchard|the stranger|the captain|the sparrow|the librarian|the smith|the ferryman|the clerk|the cook|"
            "the surveyor|the mason|the juggler|the heron|the magistrate|the seamstress|the cartographer|the weaver|"
            "the bell|the storm|the apprentice|the miller|the astronomer|the courier|the glazier"
        ),
        _split(
            "remembers|follows|forgets|mends|hides|watches|carries|answers|borrows|paints|counts|trusts|avoids|"
            "measures|opens|questions|warms|steals|praises|polishes|collects|buries|salutes|describes|unfolds|draws|"
            "loses|keeps|copies"
        ),
        _split(
            "the letter|the ladder|the violin|the kettle|the anchor|the mirror|the blanket|the gate|the compass|"
            "the river|the candle|the window|the bridge|the basket|the needle|the map|the garden|the clock|the ribbon|"
            "the saddle|the telescope|the bottle|the chimney|the feather|the ledger|the umbrella|the staircase|"
            "the teapot|the whistle|the barrel|the curtain"
        ),
        _split(
            "slowly|quietly|twice|tonight|gladly|carefully|again|somewhere|bravely|early|late|together|alone|"
            "patiently|badly|everywhere|downstairs|upstairs|outside|yesterday|rarely|politely|warmly"
        ),
        _sized(
            "Before the rain comes, %s %s %s %s.",
            "And so %s %s %s, although nobody asked, %s.",
            "“Do you think that %s %s %s %s?” she asked.",
            "It is said along the quay that %s %s %s %s.",
            "Later, he wrote, %s %s %s rather %s, and left it there.",
            "When winter ends, perhaps %s %s %s %s, they hoped.",
            "Nobody had told them why %s %s %s %s at all.",
            phrase=2,
        ),
        _split(
            "lamp|river|stone|salt|glass|morning|copper|thread|island|shadow|honey|paper|thunder|velvet|ember|willow|"
            "harbour|marble|feather|cinder|meadow|lantern|orchard|driftwood"
        ),
    ),
    Tongue(
        "Español",
        "es",
        _split(
            "el faro|la sastra|el piloto|la viuda|el panadero|la marea|el puerto|la golondrina|el barquero|la vecina|"
            "el relojero|la maestra|el pintor|la tormenta|el cartero|la jardinera|el herrero|la capitana|el escribano"
        ),
        _split(
            "recuerda|sigue|olvida|remienda|esconde|mira|lleva|contesta|pinta|cuenta|evita|mide|abre|calienta|roba|"
            "guarda|copia|pierde|busca|describe"
        ),
        _split(
            "la carta|el violín|la escalera|el espejo|la manta|el puente|la brújula|el río|la vela|el mapa|la aguja|"
            "el jardín|la ventana|el reloj|la cinta|el paraguas|la botella|el telescopio|la puerta|el cuaderno"
        ),
        _split("despacio|anoche|siempre|temprano|afuera|juntos|apenas|todavía|bien|tarde|nunca|arriba|aquí|allá"),
        _sized(
            "Antes de que llegue la lluvia, %s %s %s %s.",
            "Y así %s %s %s, aunque nadie lo pidió, %s.",
            "Dicen en el muelle que %s %s %s %s.",
            "Cuando termine el invierno, quizá %s %s %s %s.",
            "Nadie les había dicho por qué %s %s %s %s.",
            phrase=2,
        ),
        _split(
            "lámpara|río|piedra|sal|vidrio|mañana|cobre|hilo|isla|sombra|miel|papel|trueno|brasa|sauce|puerto|pluma"
        ),
    ),
    Tongue(
        "Français",
        "fr",
        _split(
            "le gardien|la couturière|le pilote|la veuve|le boulanger|la marée|le port|la voisine|le passeur|"
            "la tempête|le facteur|la jardinière|le forgeron|la capitaine|le peintre|la meunière|le greffier"
        ),
        _split(
            "retrouve|suit|raccommode|cache|regarde|porte|peint|compte|mesure|garde|copie|perd|cherche|décrit|touche|"
            "vole|prend|laisse"
        ),
        _split(
            "la lettre|le violon|le miroir|la couverture|le pont|la boussole|la rivière|la bougie|le panier|la carte|"
            "le jardin|la fenêtre|le ruban|le parapluie|la bouteille|le télescope|la porte|le cahier|la clé"
        ),
        _split("lentement|encore|toujours|dehors|ensemble|rarement|ici|tard|bientôt|parfois|partout|seulement|demain"),
        _sized(
            "Avant que la pluie ne tombe, %s %s %s %s.",
            "Et puis %s %s %s, sans que personne ne demande, %s.",
            "On dit sur le quai que %s %s %s %s.",
            "Quand vient la fin de cet hiver, %s %s %s %s.",
            "Personne ne leur avait dit pourquoi %s %s %s %s.",
            phrase=2,
        ),
        _split("lampe|rivière|pierre|sel|verre|matin|cuivre|fil|île|ombre|miel|papier|tonnerre|braise|saule|plume"),
    ),
    Tongue(
        "Deutsch",
        "de",
        _split(
            "die Wärterin|das Mädchen|die Schneiderin|die Witwe|die Bäckerin|die Flut|die Nachbarin|das Kind|"
            "die Fährfrau|die Lehrerin|die Malerin|das Gewitter|die Botin|die Gärtnerin|die Schmiedin|die Müllerin"
        ),
        _split(
            "vergisst|flickt|versteckt|betrachtet|trägt|malt|zählt|misst|öffnet|wärmt|stiehlt|bewahrt|verliert|sucht|"
            "beschreibt|findet|holt|bringt"
        ),
        _split(
            "die Leiter|die Geige|das Fenster|die Decke|die Brücke|das Tor|die Kerze|die Karte|die Nadel|das Band|"
            "die Uhr|das Fernrohr|die Flasche|die Feder|das Heft|die Treppe|das Boot|die Kanne|das Fass"
        ),
        _split("langsam|wieder|heute|gern|vorsichtig|draußen|allein|selten|früh|spät|überall|zweimal|immer|dort"),
        _sized(
            "Bevor der Regen kommt, heißt es: %s %s %s %s.",
            "Und so geschah es, denn %s %s %s, ungefragt und %s.",
            "Am Ufer erzählt man sich abends: %s %s %s %s.",
            "Wenn der Winter vorbei ist, hoffen sie, %s %s %s %s.",
            "Niemand hatte ihnen gesagt, was nun wird: %s %s %s %s.",
            phrase=2,
        ),
        _split("Lampe|Ufer|Stein|Salz|Glas|Morgen|Kupfer|Faden|Insel|Schatten|Honig|Papier|Donner|Glut|Weide|Feder"),
    ),
    Tongue(
        "Русский",
        "ru",
        _split(
            "старый смотритель|юная портниха|тихий пекарь|чужой капитан|новый сосед|бедная вдова|усталый паромщик|"
            "рыжий почтальон|старшая сестра|добрый мельник|храбрый художник|младший брат|пожилой писарь"
        ),
        _split(
            "помнит|забывает|прячет|видит|несёт|рисует|считает|мерит|открывает|греет|хранит|теряет|ищет|находит|"
            "описывает|бережёт"
        ),
        _split(
            "старое письмо|медный фонарь|длинный мост|синее одеяло|чужой дневник|тёплый платок|морской компас|"
            "белый парус|новое зеркало|пустой кувшин|сломанный зонт|тяжёлый якорь|далёкий остров"
        ),
        _split("медленно|снова|сегодня|осторожно|вместе|редко|рано|поздно|везде|дважды|всегда|вечером|молча"),
        _sized(
            "Прежде чем начнётся дождь, %s %s %s %s.",
            "И вот %s %s %s, хотя никто не просил, %s.",
            "На причале говорят, что %s %s %s %s.",
            "Когда кончится зима, может быть, %s %s %s %s.",
            "Никто не сказал им, почему %s %s %s %s.",
            phrase=2,
        ),
        _split("лампа|река|камень|соль|стекло|утро|медь|нить|остров|тень|мёд|бумага|гром|уголь|ива|гавань|перо"),
    ),
    Tongue(
        "中文-普通话 國語",
        "zh",
        _split("守灯人|裁缝|船长|园丁|面包师|陌生人|邻居|图书管理员|铁匠|摆渡人|画师|信使|学徒|钟表匠|老渔夫|小女孩"),
        _split("记得|跟着|忘了|修补|藏起|看着|带来|画下|数着|量过|打开|偷走|保存|丢失|寻找|描写|借走|擦亮"),
        _split("那封信|旧梯子|提琴|镜子|毯子|石桥|指南针|蜡烛|地图|花园|窗户|怀表|丝带|雨伞|瓶子|望远镜|账本|楼梯"),
        _split("一次|两回|好久|一遍|片刻|整夜|许多年|又一次"),
        tuple(
            (text, 0)
            for text in (
                "下雨之前，%s%s%s%s。",
                "于是%s%s%s，谁也没有问，只是%s。",
                "码头上的人都说，%s%s%s%s。",
                "等冬天过去，也许%s%s%s%s。",
                "没有人告诉他们，为什么%s%s%s%s。",
            )
        ),
        _split("灯火|河流|石头|海盐|清晨|铜线|孤岛|影子|蜂蜜|纸张|雷声|余烬|柳树|港口|羽毛|月光"),
        spaced=False,
    ),
)
"""The languages of the test archive, the most frequent first."""
