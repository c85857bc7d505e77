"""Works made for tests, and a corpus of them without files."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from pipelines.build import build
from pipelines.corpus import Corpus
from pipelines.ledger import InputRecord
from pipelines.prepare import prepare
from pipelines.stage import StagedReject, StagedWork, Staging, write_segment
from schemas.manifest import Manifest
from schemas.tables import RejectRow
from schemas.work import Chapter, Provenance, Work

OPENINGS = (
    "The fog had lain on Baker Street since noon, and my friend had not moved from the window.",
    "Elizabeth put the letter down, took it up again, and laughed at herself for doing so.",
    "Odysseus told the story a third time, and for a third time the sea in it was calmer.",
    "Alice had been told that the door was locked, but nobody had told the door.",
)


def prose(seed: int, sentences: int = 12) -> str:
    """Paragraphs that no other seed gives: every sentence names numbers that follow from the seed."""
    names = ("Holmes", "Watson", "Lestrade", "Mary", "Gregson", "Mycroft", "Wiggins")
    things = ("violin", "letter", "candle", "carriage", "window", "newspaper", "pipe", "umbrella", "tea", "hat")
    verbs = ("hid", "found", "praised", "lost", "sketched", "mended", "forgot", "borrowed")
    parts = [OPENINGS[seed % len(OPENINGS)]]
    state = seed * 2654435761 + 12345
    for _ in range(sentences):
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        bits = state >> 20
        parts.append(
            f"{names[bits % 7]} {verbs[bits // 7 % 8]} the {things[bits // 56 % 10]} of {names[bits // 560 % 7]} "
            f"at number {bits // 3920 % 997}, while {names[bits // 11 % 7]} {verbs[bits // 13 % 8]} a "
            f"{things[bits // 17 % 10]} and said so to {names[bits // 19 % 7]} {bits // 23 % 89} times."
        )
    return "\n\n".join(" ".join(parts[start : start + 3]) for start in range(0, len(parts), 3))


def work(text: str | Iterable[str], *, title: str = "A Case of Tests", path: str = "a.txt", **fields) -> Work:
    """A work of one or more chapters; its raw hash follows from its text, title and fields."""
    texts = [text] if isinstance(text, str) else list(text)
    raw = hashlib.sha256(repr((texts, title, sorted(fields.items(), key=repr))).encode()).hexdigest()
    provenance = Provenance(
        format="text", parser_version="1", raw_sha256=raw, path=path, retrieved_at=fields.pop("retrieved_at", None)
    )
    chapters = tuple(Chapter(text=part, number=number) for number, part in enumerate(texts, start=1))
    return Work(**{"source": "file"} | fields, title=title, chapters=chapters, provenance=provenance)


class WorkCorpus:
    """A corpus that is fed with works instead of files."""

    def __init__(self, path: Path, config: str = "") -> None:
        path.mkdir(parents=True)
        (path / "corpus.toml").write_text(config, encoding="utf-8")
        self.corpus = Corpus(path)
        self._segments = 0

    def configure(self, config: str) -> None:
        """Put other settings in place."""
        self.corpus.config_path.write_text(config, encoding="utf-8")
        self.corpus = Corpus(self.corpus.path)

    def stage(self, *works: Work, origin: str = "folder", rejects: Iterable[RejectRow] = ()) -> None:
        """Stage works as one segment; the path in their provenance is their input."""
        staging = Staging(self.corpus.staging)
        run = staging.ledger.begin_run("test", {})
        self._segments += 1
        segment = f"{run:06d}-{self._segments:06d}"
        staged = [StagedWork(item.provenance.path or item.url or "", prepare(item)) for item in works]
        refused = [StagedReject(row.ref, row) for row in rejects]
        records = [InputRecord(s.ref, 1, 1, s.prepared.work.raw_sha256, 1, 0) for s in staged]
        records += [InputRecord(r.ref, 1, 1, r.row.raw_sha256, 0, 1) for r in refused]
        write_segment(staging.unfinished(segment), staged, refused)
        staging.commit(segment, [segment], origin, records, preparation="test", run=run)
        staging.ledger.end_run(run, {})
        staging.close()

    def build(self, jobs: int = 1) -> Manifest:
        """Build a version."""
        with self.corpus.lock():
            staging = Staging(self.corpus.staging)
            try:
                return build(self.corpus, staging, jobs=jobs)
            finally:
                staging.close()

    def table(self, name: str, version: str = "latest"):
        """A table of a version, as pandas shows it."""
        import pandas as pd  # noqa: PLC0415 - the tests that need it pay for it

        return pd.read_parquet(self.corpus.path / version / name)
