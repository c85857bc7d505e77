"""Pages of no known origin, and what the reader of pages mends before any kind sees them."""

from __future__ import annotations

import pytest

from tests.fixture_folders import cases, check


@pytest.mark.parametrize("case", cases("html"), ids=lambda case: case.name)
def test_fixtures(case):
    check(case)
