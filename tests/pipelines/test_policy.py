"""policy: the reason why a corpus does not hold a work."""

import pytest

from pipelines.policy import judge
from schemas.corpus import CorpusConfig

GOOD = {
    "n_words": 1000,
    "n_chapters": 1,
    "compression_ratio": 0.4,
    "language": "en",
    "language_declared": None,
    "language_status": "reliable",
}
ENGLISH = {"languages": {"wanted": ["en"]}}


@pytest.mark.parametrize(
    ("work", "settings", "reason"),
    [
        ({}, {}, None),
        ({"n_words": 24}, {}, "too_short"),
        ({"n_words": 25}, {}, None),
        ({"n_words": 24}, {"filters": {"min_words": 0}}, None),
        ({"n_words": 1001}, {"filters": {"max_words": 1000}}, "too_long"),
        ({"compression_ratio": 0.0999}, {}, "junk_compression"),
        ({"compression_ratio": 0.1}, {}, None),
        ({"n_words": 0, "n_chapters": 0, "compression_ratio": None}, {}, None),
        ({}, ENGLISH, None),
        ({"language": "de"}, ENGLISH, "language_not_wanted"),
        ({"language": "de", "language_status": "low"}, ENGLISH, None),
        ({"language": "de", "language_declared": "de", "language_status": "low"}, ENGLISH, "language_not_wanted"),
        ({"language": "de", "language_declared": "en", "language_status": "reliable"}, ENGLISH, "language_not_wanted"),
        ({"language": "und", "language_status": "und"}, ENGLISH, None),
        ({"language": "en-GB"}, ENGLISH, None),
        ({"language": "ms"}, {"languages": {"wanted": ["id"]}}, None),
        ({"language": "zh-Hant"}, {"languages": {"wanted": ["Chinese"]}}, None),
    ],
)
def test_judgement(work, settings, reason):
    verdict = judge(GOOD | work, CorpusConfig.model_validate(settings))
    assert (verdict.reason if verdict else None) == reason


def test_the_detail_says_it_to_a_person():
    verdict = judge(GOOD | {"language": "es"}, CorpusConfig.model_validate(ENGLISH))
    assert verdict is not None
    assert verdict.detail == "Spanish (es), found in the text; wanted: en"
