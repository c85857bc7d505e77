"""What the commands do with what a corpus has gathered: build a version, explain it, and say what came of it."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from crawler.preparation import current_preparation
from crawler.progress import BuildProgress
from crawler.session import corpus_at, for_all, place_of_tasks, seen
from crawler.summary import say_built
from pipelines.assemble import assemble
from pipelines.build import build
from pipelines.cluster import Cluster
from pipelines.corpus import Corpus
from pipelines.crawl_stage import stage_left
from pipelines.errors import CannotStart, WrongUsage
from pipelines.stage import Staging


def build_version(where: Path | str, *, jobs: int, cluster: str | None = None) -> None:
    """Build a version of the corpus at ``where`` from what it has staged.

    Raises ``WrongUsage`` where there is no corpus, ``CannotStart`` where nothing is staged or
    ``corpus.toml`` cannot be read, ``Incomplete`` as ``build`` does.
    """
    where = for_all(where) if cluster else where
    corpus = gathered(where)
    with (
        place_of_tasks(jobs, cluster, seen(where)) as place,
        corpus.lock(),
        closing(corpus.open_staging()) as staging,
    ):
        staging.discard_unacknowledged()
        _finish_assembling(staging)
        build_now(corpus, staging, place)


def explain_work(where: Path | str, work_id: str) -> None:
    """Print what became of a work of the corpus at ``where``.

    Raises ``WrongUsage`` where there is no such corpus or work, ``CannotStart`` where nothing is staged or
    ``corpus.toml`` cannot be read.
    """
    from pipelines.explain import explain  # noqa: PLC0415 - half a second that a build need not wait

    corpus = gathered(where)
    with closing(corpus.open_staging()) as staging:
        for line in explain(corpus, staging, work_id):
            print(line)


def gathered(where: Path | str) -> Corpus:
    """A corpus that has gathered something."""
    corpus = corpus_at(where)
    if not corpus.path.is_dir():
        raise WrongUsage(f"{where}: no such corpus; scrapy ingest FOLDER -c {where} makes one")
    if not corpus.exists():
        raise CannotStart(f"{where}: nothing is staged; scrapy ingest FOLDER -c {where} gathers works")
    return corpus


def _finish_assembling(staging: Staging) -> None:
    """An ingest that was killed may have left pieces of works that are not yet put together, a crawl its journal."""
    run = staging.ledger.begin_run("scrapy build", {})
    stage_left(staging, run, current_preparation)
    counts = assemble(staging, preparation=current_preparation, run=run)
    staging.ledger.end_run(run, {"works": counts.works})


def build_now(corpus: Corpus, staging: Staging, jobs: int | Cluster) -> None:
    """Build a version from what is staged, and say what came of it."""
    with BuildProgress() as progress:
        manifest = build(corpus, staging, jobs=jobs, progress=progress)
    say_built(corpus, manifest)
