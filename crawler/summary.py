"""What a command says at its end, on standard output."""

from __future__ import annotations

from pathlib import Path

from crawler.command import STORE, shown
from crawler.ingest import IngestCounts
from pipelines.corpus import Corpus
from schemas.manifest import Manifest

_METHODS = {
    "same_file": "the same file in two places",
    "exact": "the same words",
    "minhash": "nearly the same words",
    "containment": "held in a longer work",
    "renamed": "the same but for names and pronouns",
}


def shown_corpus(corpus: Corpus, *below: str) -> str:
    """A corpus, or a thing in it, as a person would type it."""
    local = Path(corpus.address, *below)
    return "/".join([corpus.address, *below]) if corpus.address.startswith(STORE) else shown(local)


def say_ingested(counts: IngestCounts) -> None:
    """What was read."""
    parts = [_count(counts.works, "work"), _count(counts.rejects.total(), "reject")]
    parts += [f"{_count(counts.pieces, 'piece')} put together"] if counts.pieces else []
    parts += [f"{counts.unchanged:,} unchanged since the last run"] if counts.unchanged else []
    print(f"read      {_count(counts.files, 'file')}: {', '.join(parts)}")


def say_built(corpus: Corpus, manifest: Manifest) -> None:
    """What a version holds, what was left out and why, and how to open it."""
    counts = manifest.counts
    chapters = manifest.tables["chapters"].rows
    print(f"kept      {_count(counts.kept, 'work')} in {_count(chapters, 'chapter')}, of {counts.staged:,} staged")
    dropped = f", {counts.dropped:,} dropped" if counts.dropped else ""
    copies = sum(counts.duplicates.values())
    print(f"copies    {copies:,} in {_count(counts.clusters, 'cluster')}{dropped}")
    for method, number in counts.duplicates.items():
        print(f"            {number:>5,}  {_METHODS.get(method, method)}")
    print(f"rejects   {sum(counts.rejects.values()):,}")
    for reason, number in counts.rejects.items():
        print(f"            {number:>5,}  {reason}")
    print(f"written   {shown_corpus(corpus, manifest.version)} (digest {manifest.digest[:16]})")
    print("open it:")
    newest = shown_corpus(corpus, corpus.newest_name)
    print(f"""  python -c 'import pandas as pd; print(pd.read_parquet("{newest}/works"))'""")


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
