"""rensa's deduplicator as its page shows it: one process, token sets in, kept or not out."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import rensa

NOT_WORDS = re.compile(r"\W+")


def shingles(text: str) -> list[str]:
    words = NOT_WORDS.split(text.lower())
    return [" ".join(words[place : place + 5]) for place in range(max(1, len(words) - 4))]


def documents(texts: Path) -> Iterator[dict[str, str]]:
    with texts.open("rb") as lines:
        yield from map(orjson.loads, lines)


def main() -> None:
    texts, out = Path(sys.argv[1]), Path(sys.argv[2])
    deduplicator = rensa.RMinHashDeduplicator(threshold=0.7, num_perm=112, use_lsh=True, num_bands=14)
    out.mkdir(parents=True)
    schema = pa.schema([("id", pa.string()), ("text", pa.large_string())])
    with pq.ParquetWriter(out / "kept.parquet", schema, compression="zstd", compression_level=3) as writer:
        batch: list[dict[str, str]] = []
        for document in documents(texts):
            (signature,) = rensa.RMinHash.from_token_sets([shingles(document["text"])], num_perm=112, seed=42)
            if deduplicator.add(document["id"], signature):
                batch.append(document)
            if len(batch) == 500:
                writer.write_table(pa.Table.from_pylist(batch, schema=schema))
                batch.clear()
        writer.write_table(pa.Table.from_pylist(batch, schema=schema))


if __name__ == "__main__":
    main()
