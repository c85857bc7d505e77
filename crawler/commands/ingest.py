"""``scrapy ingest``: files into a corpus, then a new version of the dataset."""

from __future__ import annotations

import argparse
import functools
import shlex
import sys
from pathlib import Path

from crawler.command import Command, default_jobs, shown
from crawler.ingest import IngestCounts, ingest
from crawler.progress import BuildProgress, FileProgress
from crawler.scan import FoundFile, scan
from crawler.summary import say_built, say_ingested
from pipelines.build import build
from pipelines.corpus import Corpus
from pipelines.errors import CannotStart, WrongUsage
from pipelines.stage import Staging
from schemas.corpus import CorpusConfig


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
        ("scrapy ingest ~/stories -c datasets/mine -j 1 --no-build", "use one process, and build later"),
    )

    def add_own_options(self, group: argparse._ArgumentGroup) -> None:
        group.add_argument("-c", "--corpus", metavar="CORPUS", help="folder of the corpus; made if it does not exist")
        group.add_argument("-j", "--jobs", metavar="N", type=int, default=default_jobs(), help="processes (all cores)")
        group.add_argument("--no-build", action="store_true", help="stage only; build with `scrapy build CORPUS`")

    def execute(self, args: list[str], opts: argparse.Namespace) -> None:
        if not opts.corpus:
            raise WrongUsage("say which corpus: -c datasets/NAME")
        if opts.jobs < 1:
            raise WrongUsage(f"-j {opts.jobs}: give the number of processes, 1 or more")
        corpus = Corpus(Path(opts.corpus))
        if corpus.path.exists() and not corpus.path.is_dir():
            raise WrongUsage(f"{corpus.path}: is a file; -c takes the folder of a corpus")
        roots = _roots(args, corpus, corpus.config)
        found = {root: list(scan(root, leave_out=[corpus.path])) for root in roots}
        if not any(found.values()):
            raise CannotStart(f"{', '.join(shown(root) for root in roots)}: no files there; nothing to read")
        if corpus.create():
            print(f"new corpus {shown(corpus.path)}; its settings: {shown(corpus.config_path)}")
        with corpus.lock():
            staging = Staging(corpus.staging)
            try:
                total = _ingest_all(staging, found, corpus, opts.jobs)
                say_ingested(total)
                if not opts.no_build:
                    with BuildProgress() as progress:
                        manifest = build(corpus, staging, jobs=opts.jobs, progress=progress)
                    say_built(corpus, manifest)
            finally:
                staging.close()


def _ingest_all(staging: Staging, found: dict[Path, list[FoundFile]], corpus: Corpus, jobs: int) -> IngestCounts:
    total = IngestCounts()
    n_files = sum(len(files) for files in found.values())
    command = shlex.join(["scrapy", *sys.argv[1:]])
    with FileProgress(n_files, sum(file.size or 0 for files in found.values() for file in files)) as progress:
        for root, files in found.items():
            total += ingest(
                staging,
                str((root if root.is_dir() else root.parent).resolve()),
                files,
                corpus.config,
                command=command,
                jobs=jobs,
                progress=functools.partial(_report, progress, total),
            )
    return total


def _report(progress: FileProgress, before: IngestCounts, counts: IngestCounts) -> None:
    progress(before + counts)


def _roots(args: list[str], corpus: Corpus, config: CorpusConfig) -> list[Path]:
    given = [Path(argument).expanduser() for argument in args]
    if not given:
        given = [corpus.path / source.path for source in config.sources]
    if not given:
        raise WrongUsage("say what to read: scrapy ingest FOLDER -c CORPUS, or name [[sources]] in corpus.toml")
    for path in given:
        if not path.exists():
            raise WrongUsage(f"{path}: no such file or folder")
    return list(dict.fromkeys(given))
