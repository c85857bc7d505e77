"""Makes ``parity.json``: fixed strings with the probabilities that langdetect itself gives them.

``python -m pipelines.profiles.make_parity``, to be run again whenever a profile changes.
"""

from __future__ import annotations

import json

from pipelines.language_engines import PARITY_FILE, PackagedLangdetect, profiles_digest, shipped_profiles
from pipelines.language_windows import cleaned

# Whole sentences, short and torn ones whose answer hangs on every single draw, and what is hardly text.
TEXTS = {
    "Latin": (
        "The lantern had gone out again, and Watson would not admit that he was afraid of the dark.",
        "Die Laterne war wieder erloschen, und niemand wollte zugeben, dass er sich fürchtete.",
        "La linterna se había apagado otra vez y nadie quería reconocer que tenía miedo.",
        "La lanterne s'était encore éteinte, et personne ne voulait avouer sa peur.",
        "Lucerna iterum exstincta erat, nec quisquam se timere fatebatur.",
        "La lanterno denove estingiĝis, kaj neniu volis konfesi, ke li timas.",
        "Lykten hadde sluknet igjen, og ingen ville innrømme at de var redde.",
        "Lygten var gået ud igen, og ingen ville indrømme, at de var bange.",
        "Lentera itu padam lagi, dan tidak seorang pun mau mengaku takut.",
        "Đèn lồng lại tắt, và không ai chịu nhận là mình sợ bóng tối.",
        "Latarnia znowu zgasła i nikt nie chciał przyznać, że się boi.",
        "Fener yine sönmüştü ve kimse korktuğunu kabul etmek istemiyordu.",
        "a lampa",
        "no",
        "Holmes, Watson, Lestrade, Moriarty",
        "la la la na na na la la la",
        "asdf jkl qwer uiop zxcv",
        "NEVER AGAIN, said the sign. THE END.",
        "lampa świeci e a luz não 12 der Abend http://example.org/story the end",
        "12345 !!!",
    ),
    "Cyrillic": (
        "Фонарь опять погас, и никто не хотел признаться, что боится темноты.",
        "Ліхтар знову згас, і ніхто не хотів зізнатися, що боїться темряви.",
        "Фенерът пак угасна и никой не искаше да признае, че се страхува.",
        "Фенерот пак се изгасна и никој не сакаше да признае дека се плаши.",
        "да не",
    ),
    "Arabic": (
        "انطفأ الفانوس مرة أخرى ولم يعترف أحد بخوفه",
        "فانوس دوباره خاموش شد و هیچ‌کس نپذیرفت",
        "لالٹین پھر بجھ گئی",
    ),
    "Devanagari": ("लालटेन फिर बुझ गई और किसी ने नहीं माना", "कंदील पुन्हा विझला आणि कोणी मान्य केले नाही", "लालटिन फेरि निभ्यो"),
    "Chinese": ("灯笼又灭了，谁也不肯承认自己害怕。", "燈籠又滅了，誰也不肯承認自己害怕。", "人"),
    "Chinese or Japanese": ("提灯がまた消えた。", "燈籠又滅了の。", "人山人海"),
}


def main() -> None:
    """Ask langdetect and write its answers."""
    profiles = shipped_profiles()
    engine = PackagedLangdetect("langdetect", profiles)
    cases = [
        {"script": script, "text": text, "probabilities": engine.probabilities(text, script)}
        for script, texts in TEXTS.items()
        for text in (form for each in texts for form in dict.fromkeys((each, cleaned(each))))
    ]
    parity = {"profiles_sha256": profiles_digest(profiles), "cases": cases}
    PARITY_FILE.write_text(json.dumps(parity, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
