"""text-dedup's MinHash, through its command, with datatrove's 14 bands of 8 and 5-grams."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import pyarrow.parquet as pq

import datasets


def main() -> None:
    texts, out, processes = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    with tempfile.TemporaryDirectory(dir=out.parent) as place:
        kept = Path(place) / "kept"
        command = [sys.executable, "-m", "text_dedup.minhash", "--path", "json", "--data_files", str(texts)]
        command += ["--split", "train", "--cache_dir", str(Path(place) / "cache"), "--output", str(kept)]
        command += ["--column", "text", "--ngram", "5", "--num_perm", "112", "--b", "14", "--r", "8"]
        command += ["--hash_func", "xxh3", "--num_proc", processes, "--batch_size", "10000"]
        subprocess.run(command, check=True)
        out.mkdir(parents=True)
        rows = datasets.load_from_disk(str(kept))
        pq.write_table(rows.select_columns(["id", "text"]).data.table, out / "kept.parquet", compression="zstd")


if __name__ == "__main__":
    main()
