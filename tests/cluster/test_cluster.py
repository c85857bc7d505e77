"""Many machines: the same bytes as one gives, also when some are lost on the way."""

import subprocess
from contextlib import closing

import pytest

from pipelines import build as build_module
from pipelines import cluster as cluster_module
from pipelines.cluster import Cluster, open_cluster, same_bytes_key
from pipelines.corpus import Corpus
from pipelines.errors import CannotStart, Incomplete
from pipelines.stage import Staging
from tests.cluster import dying
from tests.cluster.losses import lose_a_machine_once, write_and_lose_the_machine
from tests.cluster.machines import ROOT, machines
from tests.cluster.making import contents, made

pytestmark = pytest.mark.usefixtures("small_tasks")


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
    lose_a_machine_once(monkeypatch, tmp_path / "lost while staging")
    monkeypatch.setattr(build_module, "write_part", write_and_lose_the_machine)
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    with machines(tmp_path / "machines", 3) as three, open_cluster(three.address) as cluster:
        manifest = made(Corpus(corpus), stories, cluster)
        assert sum(worker.poll() is None for worker in three.workers) == 1
    assert (tmp_path / "lost while staging").exists()
    assert (corpus / "lost while writing").exists()
    assert contents(manifest) == contents(by_one_machine)
    assert not [path for path in corpus.rglob("*") if path.name.endswith(".part")]
    with closing(Staging(corpus / "staging")) as staging:
        staging.discard_unacknowledged()
        assert sorted(path.name for path in staging.segments_folder.iterdir()) == staging.ledger.segments()


@pytest.mark.parametrize(
    ("end", "message"),
    [
        (dying.end_the_scheduler, r"^tcp://.*: the scheduler of the cluster has gone; what is staged is safe, .*$"),
        (dying.end_the_worker, r"^tcp://.*: a task ended 1 workers one after the other \(their logs say why\); .*$"),
    ],
)
def test_a_cluster_that_fails_is_told_in_one_line(tmp_path, capfd, end, message):
    one = machines(tmp_path / "machines", 1, DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES="0")
    with one as cluster, open_cluster(cluster.address) as many, pytest.raises(Incomplete, match=message):
        list(many.run(end, [cluster.scheduler.pid]))
    assert capfd.readouterr() == ("", "")


def test_a_cluster_that_is_not_there_is_told_in_one_line(monkeypatch):
    monkeypatch.setattr(cluster_module, "CONNECT_SECONDS", 0.2)
    with pytest.raises(CannotStart, match=r"^tcp://127\.0\.0\.1:9: no Dask scheduler answers there .*$"):
        open_cluster("tcp://127.0.0.1:9").__enter__()


class Answers:
    """A client whose one worker says this of itself."""

    def __init__(self, **other):
        self._answer = tuple(({"key": same_bytes_key(), "unseen": [], "may_fork": True} | other).values())

    def get_executor(self, **_):
        return None

    def run(self, *_):
        return {"tcp://host:1": self._answer}


class NoProgram(Answers):
    """A client whose worker was started elsewhere. Dask raises what it is told, in no class of its own."""

    def run(self, *_):
        raise Exception("ModuleNotFoundError(\"No module named 'pipelines'\")")  # noqa: TRY002 - as Dask does


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


def test_workers_without_the_program_are_told_in_one_line():
    with pytest.raises(CannotStart, match=r"^tcp://host:8786: its workers cannot run this program .*'pipelines'.*$"):
        Cluster(NoProgram(), "tcp://host:8786").check([])


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
