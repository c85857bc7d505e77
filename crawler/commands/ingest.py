"""``scrapy ingest``: files into a corpus, then a new version of the dataset."""

from __future__ import annotations

import argparse
import shlex
import sys
from pathlib import Path

from crawler.command import Command, add_cluster_option, corpus_place, default_jobs
from pipelines.errors import WrongUsage


class Ingest(Command):
    """Read files into a corpus and build a version."""

    arguments = "[PATH ...] -c CORPUS [options]"
    summary = "Read story files into a corpus and build a dataset"
    description = (
        "Read every file below the given folders (or the sources of corpus.toml), stage what they hold and build "
        "a new version of the dataset. What is staged and has not changed since is not read again."
    )
    examples = (
        ("scrapy ingest ~/stories -c datasets/mine", "read a folder, with all folders in it, and build datasets/mine"),
        ("scrapy ingest a.txt b.txt -c datasets/mine", "add two files to what the corpus holds"),
        ("scrapy ingest -c datasets/demo", "read the sources that datasets/demo/corpus.toml names"),
        ("scrapy ingest works.csv -c datasets/mine --dry-run", "show which column would become which field"),
        ("scrapy ingest ~/stories -c datasets/mine -j 1 --no-build", "use one process, and build later"),
    )

    def add_own_options(self, group: argparse._ArgumentGroup) -> None:
        group.add_argument(
            "-c",
            "--corpus",
            metavar="CORPUS",
            help="folder of the corpus, or s3://BUCKET/NAME; made if it does not exist",
        )
        group.add_argument("-j", "--jobs", metavar="N", type=int, default=default_jobs(), help="processes (all cores)")
        group.add_argument("--dry-run", action="store_true", help="say how each file would be read, and read nothing")
        group.add_argument("--no-build", action="store_true", help="stage only; build with `scrapy build CORPUS`")
        add_cluster_option(group)

    def execute(self, args: list[str], opts: argparse.Namespace) -> None:
        if not opts.corpus:
            raise WrongUsage("say which corpus: -c datasets/NAME")
        if opts.jobs < 1:
            raise WrongUsage(f"-j {opts.jobs}: give the number of processes, 1 or more")
        if not opts.dry_run and not opts.cluster:
            from crawler import workers

            workers.start_early(workers.READERS)  # beside the imports of this process, which take as long
        from crawler.session import ingest_and_build, say_how
        from pipelines.without_pandas import settle_pandas

        settle_pandas()
        corpus = corpus_place(opts.corpus)
        paths = [Path(argument).expanduser() for argument in args]
        if opts.dry_run:
            say_how(corpus, paths)
            return
        ingest_and_build(
            corpus,
            paths,
            command=shlex.join(["scrapy", "ingest", *sys.argv[1:]]),
            jobs=opts.jobs,
            with_build=not opts.no_build,
            cluster=opts.cluster,
        )
