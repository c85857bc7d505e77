"""A dataset of a few stories, made on one machine or many, in a folder or an object store."""

from contextlib import closing
from pathlib import Path

from crawler.ingest import ingest
from crawler.scan import scan
from pipelines.build import build
from pipelines.cluster import Cluster
from pipelines.corpus import Corpus
from schemas.corpus import CorpusConfig
from schemas.manifest import Manifest
from tests.works import prose


def write_stories(folder: Path) -> None:
    """Stories, copies of some of them, and files that are none: enough for several tasks."""
    folder.mkdir()
    for number in range(12):
        (folder / f"tale {number}x.txt").write_text(f"Title: Tale {number}\nAuthor: A\n\n{prose(number, 60)}\n")
        if number % 4 == 0:
            (folder / f"copy {number}x.txt").write_text(f"Title: Copy\nAuthor: B\n\n{prose(number, 60)}\nThe end.\n")
    (folder / "cover.txt").write_bytes(b"\x89PNG\r\n\x1a\n and so on")
    (folder / "empty.txt").write_bytes(b"")


def staged(corpus: Corpus, stories: Path, jobs: int | Cluster = 2) -> None:
    with corpus.lock(), closing(corpus.open_staging()) as staging:
        ingest(staging, "stories", list(scan(stories)), CorpusConfig(), command="test", jobs=jobs)


def made(corpus: Corpus, stories: Path, jobs: int | Cluster = 2) -> Manifest:
    """Ingest and build; the manifest."""
    with corpus.lock(), closing(corpus.open_staging()) as staging:
        ingest(staging, "stories", list(scan(stories)), CorpusConfig(), command="test", jobs=jobs)
        return build(corpus, staging, jobs=jobs)


def contents(manifest: Manifest) -> tuple[object, ...]:
    """What must be equal: every file with its bytes' hash, and what became of everything."""
    return manifest.digest, {file.path: file.sha256 for file in manifest.files}, manifest.counts
