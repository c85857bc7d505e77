"""What the commands do with a corpus: check, hold it, ingest, build, and say what came of it."""

from __future__ import annotations

import functools
import textwrap
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from crawler.command import shown
from crawler.ingest import IngestCounts, ingest, limits_of
from crawler.preparation import current_preparation
from crawler.progress import BuildProgress, FileProgress
from crawler.readers.formats import recognise
from crawler.readers.source import Source, Unreadable
from crawler.scan import FoundFile, scan
from crawler.summary import say_built, say_ingested
from pipelines.assemble import assemble
from pipelines.build import build
from pipelines.corpus import Corpus
from pipelines.crawl_stage import stage_left
from pipelines.errors import CannotStart, WrongUsage
from pipelines.explain import explain
from pipelines.stage import Staging
from schemas.corpus import CorpusConfig, SourceConfig


def ingest_and_build(path: Path, paths: Sequence[Path], *, command: str, jobs: int, with_build: bool) -> None:
    """Read files into the corpus at ``path``, making it if it is new, and build a version.

    Raises ``WrongUsage`` for paths that do not exist, ``CannotStart`` for a ``corpus.toml`` that
    cannot be read, folders without files and a corpus in use, ``Incomplete`` as ``ingest`` and
    ``build`` do. Nothing is made before the arguments are known to be right.
    """
    corpus = Corpus(path)
    if path.exists() and not path.is_dir():
        raise WrongUsage(f"{path}: is a file; -c takes the folder of a corpus")
    roots = _roots(paths, corpus, corpus.config)
    found = {root: list(scan(root, leave_out=[path])) for root in roots}
    if not any(found.values()):
        raise CannotStart(f"{', '.join(map(shown, roots))}: no files there; nothing to read")
    if corpus.create():
        print(f"new corpus {shown(path)}; its settings: {shown(corpus.config_path)}")
    with corpus.lock(), closing(Staging(corpus.staging)) as staging:
        say_ingested(_ingest_all(staging, found, corpus, command, jobs))
        if with_build:
            _build(corpus, staging, jobs)


def say_how(path: Path, paths: Sequence[Path]) -> None:
    """Print how each file would be read, and of tables which column would become which field; nothing is made.

    Raises ``WrongUsage`` and ``CannotStart`` as ``ingest_and_build`` does.
    """
    corpus = Corpus(path)
    for root in _roots(paths, corpus, corpus.config):
        told = _told(root, corpus) or SourceConfig(path=".")
        for file in scan(root, leave_out=[path]):
            if file.problem:
                print(f"{file.ref}: not read: {': '.join(file.problem)}")
                continue
            limits = limits_of(corpus.config)
            source = Source(file.path, file.ref, limits.max_bytes, limits, form=told.format or None, fields=told.fields)
            try:
                form = recognise(source)
                print(f"{file.ref}: {form.name}")
                if form.takes_fields and hasattr(form.code, "describe_mapping"):
                    print(textwrap.indent(form.code.describe_mapping(source, told.fields or None), "    "))
            except Unreadable as error:
                print(f"{file.ref}: not read: {error}")


def build_version(path: Path, *, jobs: int) -> None:
    """Build a version of the corpus at ``path`` from what it has staged.

    Raises ``WrongUsage`` where there is no corpus, ``CannotStart`` where nothing is staged or
    ``corpus.toml`` cannot be read, ``Incomplete`` as ``build`` does.
    """
    corpus = _gathered(path)
    with corpus.lock(), closing(Staging(corpus.staging)) as staging:
        staging.discard_unacknowledged()
        _finish_assembling(staging)
        _build(corpus, staging, jobs)


def explain_work(path: Path, work_id: str) -> None:
    """Print what became of a work of the corpus at ``path``.

    Raises ``WrongUsage`` where there is no such corpus or work, ``CannotStart`` where nothing is staged or
    ``corpus.toml`` cannot be read.
    """
    corpus = _gathered(path)
    with closing(Staging(corpus.staging)) as staging:
        for line in explain(corpus, staging, work_id):
            print(line)


def _gathered(path: Path) -> Corpus:
    """A corpus that has gathered something."""
    corpus = Corpus(path)
    if not path.is_dir():
        raise WrongUsage(f"{path}: no such corpus; scrapy ingest FOLDER -c {path} makes one")
    if not (corpus.staging / "ledger.sqlite").exists():
        raise CannotStart(f"{path}: nothing is staged; scrapy ingest FOLDER -c {path} gathers works")
    return corpus


def _finish_assembling(staging: Staging) -> None:
    """An ingest that was killed may have left pieces of works that are not yet put together, a crawl its journal."""
    run = staging.ledger.begin_run("scrapy build", {})
    stage_left(staging, run, current_preparation())
    counts = assemble(staging, preparation=current_preparation, run=run)
    staging.ledger.end_run(run, {"works": counts.works})


def _build(corpus: Corpus, staging: Staging, jobs: int) -> None:
    with BuildProgress() as progress:
        manifest = build(corpus, staging, jobs=jobs, progress=progress)
    say_built(corpus, manifest)


def _ingest_all(
    staging: Staging, found: dict[Path, list[FoundFile]], corpus: Corpus, command: str, jobs: int
) -> IngestCounts:
    total = IngestCounts()
    n_files = sum(len(files) for files in found.values())
    n_bytes = sum(file.size or 0 for files in found.values() for file in files)
    with FileProgress(n_files, n_bytes) as progress:
        for root, files in found.items():
            told = _told(root, corpus)
            total += ingest(
                staging,
                str((root if root.is_dir() else root.parent).resolve()),
                files,
                corpus.config,
                command=command,
                jobs=jobs,
                told=told,
                progress=functools.partial(_report, progress, total),
            )
    return total


def _report(progress: FileProgress, before: IngestCounts, counts: IngestCounts) -> None:
    progress(before + counts)


def _told(root: Path, corpus: Corpus) -> SourceConfig | None:
    """What ``corpus.toml`` says of a folder or file: the source that names it or a folder that it lies in."""
    here = root.resolve()
    for source in corpus.config.sources:
        there = (corpus.path / source.path).resolve()
        if here == there or there in here.parents:
            return source
    return None


def _roots(paths: Sequence[Path], corpus: Corpus, config: CorpusConfig) -> list[Path]:
    given = paths or [corpus.path / source.path for source in config.sources]
    if not given:
        raise WrongUsage("say what to read: scrapy ingest FOLDER -c CORPUS, or name [[sources]] in corpus.toml")
    for path in given:
        if not path.exists():
            raise WrongUsage(f"{path}: no such file or folder")
    return list(dict.fromkeys(given))
