"""datatrove's four stages of MinHash deduplication, as its documentation has them (5-grams, 14 buckets of 8)."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.base import PipelineStep
from datatrove.pipeline.dedup import (
    MinhashDedupBuckets,
    MinhashDedupCluster,
    MinhashDedupFilter,
    MinhashDedupSignature,
)
from datatrove.pipeline.dedup.minhash import MinhashConfig
from datatrove.pipeline.readers import JsonlReader
from datatrove.pipeline.writers import ParquetWriter
from datatrove.utils.word_tokenizers import WordTokenizer


class SplitTokenizer(WordTokenizer):
    """Words are what spaces part: the fastest that datatrove takes."""

    def word_tokenize(self, text: str) -> list[str]:
        return text.split()

    def sent_tokenize(self, text: str) -> list[str]:
        return [text]

    def span_tokenize(self, text: str) -> list[tuple[int, int]]:
        return [(0, len(text))]


def shards(texts: Path, folder: Path, count: int) -> None:
    """A task reads whole files: the corpus in as many as there are tasks, in turns."""
    streams = [(folder / f"{number}.jsonl").open("wb") for number in range(count)]
    with texts.open("rb") as lines:
        for number, line in enumerate(lines):
            streams[number % count].write(line)
    for stream in streams:
        stream.close()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("texts", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("processes", type=int)
    parser.add_argument("--whitespace", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.out.parent) as place:
        work = Path(place)
        (work / "in").mkdir()
        tasks = 2 * options.processes
        shards(options.texts, work / "in", tasks)
        config = MinhashConfig()

        def run(name: str, steps: list[PipelineStep], count: int) -> None:
            executor = LocalPipelineExecutor(
                pipeline=steps, tasks=count, workers=options.processes, logging_dir=str(work / "logs" / name)
            )
            executor.run()

        tokenizer = {"language": SplitTokenizer()} if options.whitespace else {}
        run(
            "signatures",
            [JsonlReader(str(work / "in")), MinhashDedupSignature(str(work / "sig"), config=config, **tokenizer)],
            tasks,
        )
        run(
            "buckets",
            [MinhashDedupBuckets(str(work / "sig"), str(work / "buckets"), config=config)],
            config.num_buckets,
        )
        run("clusters", [MinhashDedupCluster(str(work / "buckets"), str(work / "remove"), config=config)], 1)
        run(
            "filter",
            [
                JsonlReader(str(work / "in")),
                MinhashDedupFilter(str(work / "remove")),
                ParquetWriter(str(options.out), compression="zstd"),
            ],
            tasks,
        )


if __name__ == "__main__":
    main()
