"""What ``scrapy ingest`` does with a corpus: check, hold it, ingest, build, and say what came of it."""

from __future__ import annotations

import functools
import textwrap
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from crawler.command import shown
from crawler.ingest import IngestCounts, ingest, limits_of
from crawler.progress import FileProgress
from crawler.readers.formats import recognise
from crawler.readers.source import Source, Unreadable
from crawler.scan import FoundFile, scan
from crawler.summary import say_ingested, shown_corpus
from pipelines.cluster import Cluster, open_cluster
from pipelines.corpus import Corpus
from pipelines.errors import CannotStart, WrongUsage
from pipelines.stage import Staging
from schemas.corpus import CorpusConfig, SourceConfig


def ingest_and_build(
    where: Path | str, paths: Sequence[Path], *, command: str, jobs: int, with_build: bool, cluster: str | None = None
) -> None:
    """Read files into the corpus at ``where``, making it if it is new, and build a version.

    Raises ``WrongUsage`` for paths that do not exist, ``CannotStart`` for a ``corpus.toml`` that
    cannot be read, folders without files and a corpus in use, ``Incomplete`` as ``ingest`` and
    ``build`` do. Nothing is made before the arguments are known to be right.
    ``cluster`` is the address of the scheduler whose workers do the tasks.
    """
    if cluster:
        where, paths = for_all(where), [root.absolute() for root in paths]
    corpus = corpus_at(where)
    if corpus.path.exists() and not corpus.path.is_dir():
        raise WrongUsage(f"{where}: is a file; -c takes the folder of a corpus")
    roots = _roots(paths, corpus, corpus.config)
    found = {root: list(scan(root, leave_out=[corpus.path])) for root in roots}
    if not any(found.values()):
        raise CannotStart(f"{', '.join(map(shown, roots))}: no files there; nothing to read")
    if corpus.create():
        print(f"new corpus {shown_corpus(corpus)}; its settings: {shown_corpus(corpus, 'corpus.toml')}")
        corpus = corpus_at(where)
    with (
        place_of_tasks(jobs, cluster, [*seen(where), *roots]) as place,
        corpus.lock(),
        closing(corpus.open_staging()) as staging,
    ):
        say_ingested(_ingest_all(staging, found, corpus, command, place))
        if with_build:
            from crawler.building import build_now  # noqa: PLC0415 - nothing of it is needed before

            build_now(corpus, staging, place)


def say_how(where: Path | str, paths: Sequence[Path]) -> None:
    """Print how each file would be read, and of tables which column would become which field; nothing is made.

    Raises ``WrongUsage`` and ``CannotStart`` as ``ingest_and_build`` does.
    """
    corpus = corpus_at(where)
    for root in _roots(paths, corpus, corpus.config):
        told = _told(root, corpus) or SourceConfig(path=".")
        for file in scan(root, leave_out=[corpus.path]):
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


def corpus_at(where: Path | str) -> Corpus:
    """The corpus in a folder, or at the address of an object store (``s3://…``)."""
    if isinstance(where, Path):
        return Corpus(where)
    from pipelines.remote_corpus import RemoteCorpus  # noqa: PLC0415 - an optional part

    return RemoteCorpus.at(where)


def for_all(where: Path | str) -> Path | str:
    """The same place as other machines know it."""
    return where.absolute() if isinstance(where, Path) else where


def seen(where: Path | str) -> list[Path]:
    """What workers of a cluster must see on their file system."""
    return [where] if isinstance(where, Path) else []


@contextmanager
def place_of_tasks(jobs: int, address: str | None, paths: Sequence[Path]) -> Iterator[int | Cluster]:
    """Where tasks run: in ``jobs`` processes, or on the cluster at an address, whose workers see ``paths``."""
    if address is None:
        yield jobs
        return
    with open_cluster(address) as cluster:
        cluster.check(paths)
        yield cluster


def _ingest_all(
    staging: Staging, found: dict[Path, list[FoundFile]], corpus: Corpus, command: str, jobs: int | Cluster
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
