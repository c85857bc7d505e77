"""Small corpora for the tests of dedup: made texts, and the table of candidates that a build would give."""

import random
from datetime import UTC, datetime

import pyarrow as pa

from pipelines.fingerprint import FINGERPRINT_FIELDS, fingerprint_chapters, fingerprint_columns, fingerprint_work

FACTS = pa.schema(
    [
        ("work_id", pa.string()),
        ("source", pa.string()),
        ("title", pa.string()),
        ("authors", pa.list_(pa.string())),
        ("path", pa.string()),
        ("url", pa.string()),
        ("raw_sha256", pa.string()),
        ("status", pa.string()),
        ("updated_date", pa.date32()),
        ("published_date", pa.date32()),
        ("retrieved_at", pa.timestamp("us", tz="UTC")),
        ("n_words", pa.int32()),
        ("n_chapters", pa.int32()),
        ("filled", pa.int32()),
    ]
)
A_DAY = datetime(2024, 5, 6, tzinfo=UTC)

DISCLAIMER = (
    "I own neither the detective nor the doctor nor anything else in these pages, all of which belong to those who "
    "made them first and better; no money changes hands, no harm is meant, and whoever sues will find an empty purse, "
    "a cold kettle and a cat of uncertain temper on the other side of the door."
)
LYRICS = (
    "Oh, the river runs under the bridges of stone, and the lamps on the water burn low; / there's a light in the "
    "window I never have known, and a road that I never shall go. / Sing it soft, sing it slow, let the barges go by, "
    "let the bells of the harbour be still, / for the night has an ear and the dark has an eye and the fog has a hand "
    "on the hill."
)


def tale(seed, n_words):
    """Words of one story as a list; two seeds share no shingle."""
    chance = random.Random(seed)
    vocabulary = ("Holmes", "Watson", "lamp", "fog", "river", "letter", "sister", "carriage", "violin", "evening")
    return [f"{chance.choice(vocabulary)}{chance.randrange(60)}" for _ in range(n_words)]


def story(seed, n_words):
    """A story of one chapter."""
    return " ".join(tale(seed, n_words))


def candidates(corpus, **facts):
    """Table of works: ``corpus`` gives their chapters, ``facts`` what is stated of some of them by work id."""
    rows = [
        {
            "work_id": work_id,
            "source": work_id.split(":")[0],
            "title": f"Title of {work_id}",
            "authors": [],
            "raw_sha256": "00",
            "n_words": sum(len(text.split()) for text in chapters),
            "n_chapters": len(chapters),
            "filled": 0,
            **facts.get(work_id.split(":")[1], {}),
        }
        for work_id, chapters in corpus.items()
    ]
    table = pa.Table.from_pylist(rows, schema=FACTS)
    works = [fingerprint_work(fingerprint_chapters(chapters)) for chapters in corpus.values()]
    for field, column in zip(FINGERPRINT_FIELDS, fingerprint_columns(works), strict=True):
        table = table.append_column(field, column)
    return table


class Texts:
    """The texts of a corpus, and what was asked of it."""

    def __init__(self, corpus):
        self.corpus = corpus
        self.calls = []

    def __call__(self, work_ids):
        self.calls.append(list(work_ids))
        return [(work_id, self.corpus[work_id]) for work_id in reversed(work_ids)]
