"""One cluster of two machines for all tests of it."""

import pytest

from tests.cluster.machines import machines


@pytest.fixture(scope="session")
def two_machines(tmp_path_factory):
    with machines(tmp_path_factory.mktemp("cluster") / "machines", 2) as cluster:
        yield cluster
