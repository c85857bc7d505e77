"""A cluster of two machines and an object store, on loopback, for all tests of them."""

import os
import subprocess
import sys
import time
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import BotoCoreError

from crawler import ingest as ingest_module
from pipelines.corpus import Corpus
from pipelines.object_store import open_store
from tests.cluster.machines import free_port, machines
from tests.cluster.making import made, write_stories


@pytest.fixture(scope="session")
def object_store(tmp_path_factory):
    """Address of a bucket; the environment of this process, and of those that it starts, says where it is."""
    port = free_port()
    log = tmp_path_factory.mktemp("store") / "log"
    environment = {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": "tests",
        "AWS_SECRET_ACCESS_KEY": "tests",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    with log.open("wb") as stream:
        server = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)], stdout=stream, stderr=stream
        )
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        try:
            make_bucket(server, log)
            yield "s3://shelf"
        finally:
            open_store.cache_clear()
            server.kill()
            server.wait()


def make_bucket(server: subprocess.Popen[bytes], log: Path) -> None:
    """Make the bucket, as soon as the server answers."""
    client = boto3.client("s3")
    deadline = time.monotonic() + 60
    while True:
        try:
            client.create_bucket(Bucket="shelf")
        except BotoCoreError:
            assert server.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        else:
            return


@pytest.fixture(scope="session")
def two_machines(object_store, tmp_path_factory):
    with machines(tmp_path_factory.mktemp("cluster") / "machines", 2) as cluster:
        yield cluster


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """Where this machine keeps its working folders; another one is another machine."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture(scope="session")
def stories(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sources") / "stories"
    write_stories(folder)
    return folder


@pytest.fixture(scope="session")
def by_one_machine(tmp_path_factory, stories):
    """Manifest of the dataset that one machine makes."""
    path = tmp_path_factory.mktemp("one") / "corpus"
    path.mkdir()
    return made(Corpus(path), stories)


@pytest.fixture
def small_tasks(monkeypatch):
    """Several tasks of few files."""
    monkeypatch.setattr(ingest_module, "MAX_BATCH_FILES", 4)
