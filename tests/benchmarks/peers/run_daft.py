"""Daft's built-in normalize and minhash; bands, components and the writing by numpy, scipy and pyarrow.

Daft has no deduplication of its own: the join follows its tutorial (bands of the signature, equal bands are edges).
"""

from __future__ import annotations

import sys
from pathlib import Path

import daft
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from daft import col
from daft.functions import minhash, normalize
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

BANDS, ROWS = 14, 8


def main() -> None:
    texts, out = Path(sys.argv[1]), Path(sys.argv[2])
    rows = daft.read_json(str(texts))
    plain = normalize(col("text"), remove_punct=True, lowercase=True, white_space=True)
    signed = rows.select(
        col("id"),
        minhash(plain, num_hashes=BANDS * ROWS, ngram_size=5, hash_function="xxhash3_64").alias("signature"),
    ).to_arrow()
    ids = signed.column("id").to_pylist()
    signatures = signed.column("signature").combine_chunks()
    matrix = np.asarray(signatures.values if hasattr(signatures, "values") else signatures.flatten())
    matrix = matrix.reshape(len(ids), BANDS, ROWS).astype(np.uint32)
    edges = []
    for band in range(BANDS):
        keys = np.ascontiguousarray(matrix[:, band]).view(np.dtype((np.void, 4 * ROWS))).ravel()
        order = np.argsort(keys, kind="stable")
        equal = np.flatnonzero(keys[order][1:] == keys[order][:-1])
        edges.append(np.stack((order[equal], order[equal + 1])))
    pairs = np.concatenate(edges, axis=1)
    graph = coo_array((np.ones(pairs.shape[1], np.int8), (pairs[0], pairs[1])), shape=(len(ids), len(ids)))
    _, labels = connected_components(graph, directed=False)
    _, firsts = np.unique(labels, return_index=True)
    kept = {ids[place] for place in firsts.tolist()}
    out.mkdir(parents=True)
    schema = pa.schema([("id", pa.string()), ("text", pa.large_string())])
    with pq.ParquetWriter(out / "kept.parquet", schema, compression="zstd", compression_level=3) as writer:
        for batch in daft.read_json(str(texts)).select("id", "text").to_arrow_iter():
            table = pa.Table.from_batches([batch]).cast(schema)
            writer.write_table(table.filter(pa.array([one in kept for one in table.column("id").to_pylist()])))


if __name__ == "__main__":
    main()
