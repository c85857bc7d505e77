"""Many machines: the same bytes as one gives, also when some are lost on the way."""

import subprocess
from contextlib import closing

import pytest

from crawler import ingest as ingest_module
from crawler.ingest import ingest
from crawler.scan import scan
from pipelines import build as build_module
from pipelines import cluster as cluster_module
from pipelines.build import build
from pipelines.cluster import Cluster, open_cluster, same_bytes_key
from pipelines.corpus import Corpus
from pipelines.errors import CannotStart
from pipelines.stage import Staging
from schemas.corpus import CorpusConfig
from tests.cluster.losses import stage_and_lose_the_machine, write_and_lose_the_machine
from tests.cluster.machines import ROOT, machines
from tests.works import prose

N_STORIES = 12


@pytest.fixture(scope="session")
def stories(tmp_path_factory):
    """Stories, copies of some of them, and files that are none: enough for several tasks."""
    folder = tmp_path_factory.mktemp("sources") / "stories"
    folder.mkdir()
    for number in range(N_STORIES):
        (folder / f"tale {number}x.txt").write_text(f"Title: Tale {number}\nAuthor: A\n\n{prose(number, 60)}\n")
        if number % 4 == 0:
            (folder / f"copy {number}x.txt").write_text(f"Title: Copy\nAuthor: B\n\n{prose(number, 60)}\nThe end.\n")
    (folder / "cover.txt").write_bytes(b"\x89PNG\r\n\x1a\n and so on")
    (folder / "empty.txt").write_bytes(b"")
    return folder


@pytest.fixture(scope="session")
def by_one_machine(tmp_path_factory, stories):
    """Manifest of the dataset that one machine makes."""
    return made(tmp_path_factory.mktemp("one") / "corpus", stories)


@pytest.fixture(autouse=True)
def small_tasks(monkeypatch):
    monkeypatch.setattr(ingest_module, "MAX_BATCH_FILES", 4)


def made(path, stories, jobs=2):
    """Ingest and build, in this process or on a cluster; the manifest."""
    corpus = Corpus(path)
    path.mkdir(exist_ok=True)
    with corpus.lock(), closing(Staging(corpus.staging)) as staging:
        ingest(staging, "stories", list(scan(stories)), CorpusConfig(), command="test", jobs=jobs)
        return build(corpus, staging, jobs=jobs)


def contents(manifest):
    """What must be equal: every file with its bytes' hash, and what became of everything."""
    return manifest.digest, {file.path: file.sha256 for file in manifest.files}, manifest.counts


def test_two_machines_make_the_same_bytes_as_one(tmp_path, stories, by_one_machine, two_machines):
    corpus = tmp_path / "corpus"
    command = [ROOT / ".venv" / "bin" / "scrapy", "ingest", stories, "-c", corpus, "--cluster", two_machines.address]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    manifest = type(by_one_machine).model_validate_json((corpus / "latest" / "MANIFEST.json").read_bytes())
    assert by_one_machine.counts.kept == 15
    assert by_one_machine.counts.clusters == 3
    assert contents(manifest) == contents(by_one_machine)


def test_machines_that_are_lost_change_nothing(tmp_path, stories, by_one_machine, monkeypatch):
    monkeypatch.setattr(ingest_module, "stage_elsewhere", stage_and_lose_the_machine)
    monkeypatch.setattr(build_module, "write_part", write_and_lose_the_machine)
    corpus = tmp_path / "corpus"
    with machines(tmp_path / "machines", 3) as three, open_cluster(three.address) as cluster:
        manifest = made(corpus, stories, cluster)
        assert sum(worker.poll() is None for worker in three.workers) == 1
    assert (corpus / "staging" / "lost while staging").exists()
    assert (corpus / "lost while writing").exists()
    assert contents(manifest) == contents(by_one_machine)
    assert not [path for path in corpus.rglob("*") if path.name.endswith(".part")]
    with closing(Staging(corpus / "staging")) as staging:
        staging.discard_unacknowledged()
        assert sorted(path.name for path in staging.segments_folder.iterdir()) == staging.ledger.segments()


def test_a_cluster_that_is_not_there_is_told_in_one_line(tmp_path, stories, monkeypatch):
    monkeypatch.setattr(cluster_module, "CONNECT_SECONDS", 0.2)
    with pytest.raises(CannotStart, match=r"^tcp://127\.0\.0\.1:9: no Dask scheduler answers there .*$"):
        made(tmp_path / "corpus", stories, open_cluster("tcp://127.0.0.1:9").__enter__())


class Answers:
    """A client whose one worker says this of itself."""

    def __init__(self, **other):
        self._answer = tuple(({"key": same_bytes_key(), "unseen": [], "may_fork": True} | other).values())

    def get_executor(self, **_):
        return None

    def run(self, *_):
        return {"tcp://host:1": self._answer}


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"key": "?"}, "tcp://host:1: this worker has other versions"),
        ({"unseen": ["/data"]}, "tcp://host:1: this worker does not see /data"),
        ({"may_fork": False}, "tcp://host:1: this worker may start no processes; set DASK_DISTRIBUTED__WORKER__DAEMON"),
    ],
)
def test_workers_that_cannot_do_it_are_named_before_anything_is_done(other, message):
    Cluster(Answers(), "tcp://host:8786").check([])
    with pytest.raises(CannotStart, match=f"^{message}"):
        Cluster(Answers(**other), "tcp://host:8786").check([])


def test_workers_say_the_truth_of_themselves(tmp_path, two_machines):
    with open_cluster(two_machines.address) as cluster:
        assert cluster.width == 2
        cluster.check([tmp_path])
        with pytest.raises(CannotStart, match="does not see"):
            cluster.check([tmp_path / "nowhere"])


def test_a_worker_that_comes_later_with_other_versions_is_told(two_machines, monkeypatch):
    with open_cluster(two_machines.address) as cluster:
        assert list(cluster.run(str, [1, 2, 3])) == ["1", "2", "3"]
        monkeypatch.setattr(cluster, "_same", "of another time")
        with pytest.raises(CannotStart, match=r"^tcp://.*: this worker has other versions"):
            list(cluster.run(str, [1]))
