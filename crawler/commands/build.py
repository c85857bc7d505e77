"""``scrapy build``: everything staged into a new version of the dataset."""

from __future__ import annotations

import argparse
from pathlib import Path

from crawler.command import Command, default_jobs
from crawler.progress import BuildProgress
from crawler.summary import say_built
from pipelines.build import build
from pipelines.corpus import Corpus
from pipelines.errors import CannotStart, WrongUsage
from pipelines.stage import Staging


class Build(Command):
    """Build a version of a corpus."""

    arguments = "CORPUS [options]"
    summary = "Build a dataset from what a corpus has gathered"
    description = (
        "Build a new version of the dataset from everything that is staged, by the settings of corpus.toml. "
        "Nothing is read again; the same staged works and settings give the same bytes."
    )
    examples = (
        ("scrapy build datasets/mine", "again, after a change of datasets/mine/corpus.toml"),
        ("scrapy build datasets/mine -j 1", "with one thread"),
    )

    def add_own_options(self, group: argparse._ArgumentGroup) -> None:
        group.add_argument("-j", "--jobs", metavar="N", type=int, default=default_jobs(), help="threads (all cores)")

    def execute(self, args: list[str], opts: argparse.Namespace) -> None:
        if len(args) != 1:
            raise WrongUsage("say which corpus: scrapy build datasets/NAME")
        corpus = Corpus(Path(args[0]).expanduser())
        if not corpus.path.is_dir():
            raise WrongUsage(f"{corpus.path}: no such corpus; scrapy ingest FOLDER -c {corpus.path} makes one")
        if not (corpus.staging / "ledger.sqlite").exists():
            raise CannotStart(f"{corpus.path}: nothing is staged; scrapy ingest FOLDER -c {corpus.path} gathers works")
        with corpus.lock(), BuildProgress() as progress:
            staging = Staging(corpus.staging)
            try:
                staging.discard_unacknowledged()
                manifest = build(corpus, staging, jobs=opts.jobs, progress=progress)
            finally:
                staging.close()
        say_built(corpus, manifest)
