"""Fixtures of the tests of the test archive."""

from collections.abc import Iterator

import pytest

from tests.sites.otw import Archive


@pytest.fixture(scope="module")
def archive() -> Iterator[Archive]:
    """An archive that no test changes."""
    with Archive(seed=1, works=400) as served:
        yield served
