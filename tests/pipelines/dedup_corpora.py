"""Small corpora for the tests of dedup: made texts, staged as an ingest would, and what was found of them by id."""

import random
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pipelines.dedup import find_duplicates
from pipelines.dedup_decide import ROLES
from schemas.corpus import DedupConfig
from schemas.tables import DuplicateRow
from tests.staged_stories import staged_works, write_stories

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


def named_tale(seed, n_words, names, pronoun):
    """A story with a name or a pronoun at every fifth word."""
    chance = random.Random(seed)
    words = [f"{chance.choice(('lamp', 'fog', 'river', 'door'))}{chance.randrange(90)}" for _ in range(n_words)]
    words[0::10] = [names[place % 2] for place in range(len(words[0::10]))]
    words[5::10] = [pronoun] * len(words[5::10])
    return " ".join(words)


@dataclass(frozen=True)
class Found:
    """Findings by ``work_id``."""

    rows: list[DuplicateRow]
    cluster_of: dict[str, str]
    role_of: dict[str, str]
    n_screened: int
    n_verified: int


def find(corpus, config=None, *, segments=1, run=map, times=1, **facts):
    """Stage a corpus in a number of segments, as given, and find its copies; ``facts`` go by the number in the id.

    The search is made a number of times, each with what the one before it left.
    """
    facts = {work_id: facts[work_id.split(":")[1]] for work_id in corpus if work_id.split(":")[1] in facts}
    with tempfile.TemporaryDirectory() as place:
        folders = [Path(place) / f"{number}" for number in range(segments)]
        for number, folder in enumerate(folders):
            write_stories(folder, dict(list(corpus.items())[number::segments]), facts)
        staged = staged_works(folders)
        for _ in range(times):
            findings = find_duplicates(staged, config or DedupConfig(), Path(place) / "dedup", run)
    ids = staged.works["work_id"].to_pylist()
    clusters = zip(ids, findings.cluster_of.tolist(), findings.role_of.tolist(), strict=True)
    members = {work_id: (ids[first], ROLES[role]) for work_id, first, role in clusters if first >= 0}
    return Found(
        rows=[DuplicateRow(**row) for row in findings.rows.to_pylist()],
        cluster_of={work_id: first for work_id, (first, _) in members.items()},
        role_of={work_id: role for work_id, (_, role) in members.items()},
        n_screened=findings.n_screened,
        n_verified=findings.n_verified,
    )
