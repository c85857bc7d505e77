"""``scrapy build``: everything staged into a new version of the dataset."""

from __future__ import annotations

import argparse

from crawler.command import Command, add_cluster_option, corpus_place, default_jobs
from pipelines.errors import WrongUsage


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
        add_cluster_option(group)

    def execute(self, args: list[str], opts: argparse.Namespace) -> None:
        if len(args) != 1:
            raise WrongUsage("say which corpus: scrapy build datasets/NAME")
        if opts.jobs < 1:
            raise WrongUsage(f"-j {opts.jobs}: give the number of threads, 1 or more")
        if opts.jobs > 1 and not opts.cluster:
            from crawler import workers

            workers.start_early(workers.SEARCHERS)  # beside the imports of this process, which take longer
        from crawler.building import build_version
        from pipelines.without_pandas import settle_pandas

        settle_pandas()
        build_version(corpus_place(args[0]), jobs=opts.jobs, cluster=opts.cluster)
