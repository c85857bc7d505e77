"""Other people's tools on the same corpus: one short script for each, run in an environment of its own.

Each script takes ``TEXTS OUT PROCESSES``: JSON lines of ``id`` and ``text`` in, a folder of zstd Parquet files out
that holds the ``id`` and ``text`` of the works it keeps. They import nothing of ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Peer:
    """A tool that finds near-duplicates, and how it is run."""

    name: str
    environment: str
    """Name of its environment; tools that share one are installed once."""
    packages: tuple[str, ...]
    """What is installed there."""
    script: str
    """Its script, in this folder."""
    options: tuple[str, ...] = ()
    version_of: str = ""
    """Package whose version is told."""
    is_slow: bool = False
    """Whether it takes minutes for a thousand works, and is left out of the larger corpora."""


PEERS = (
    Peer(
        "datatrove, defaults",
        "datatrove",
        ("datatrove[processing,io]>=0.10", "spacy>=3.8"),
        "run_datatrove.py",
        version_of="datatrove",
        is_slow=True,
    ),
    Peer(
        "datatrove, whitespace tokenizer",
        "datatrove",
        ("datatrove[processing,io]>=0.10", "spacy>=3.8"),
        "run_datatrove.py",
        ("--whitespace",),
        version_of="datatrove",
    ),
    Peer("text-dedup", "text-dedup", ("text-dedup==0.4.0",), "run_text_dedup.py", version_of="text-dedup"),
    Peer(
        "Daft minhash",
        "daft",
        ("daft>=0.7", "numpy", "scipy", "pyarrow"),
        "run_daft.py",
        version_of="daft",
    ),
    Peer("rensa", "rensa", ("rensa>=0.5", "orjson", "pyarrow"), "run_rensa.py", version_of="rensa"),
)
"""The tools of the table, in its order."""
