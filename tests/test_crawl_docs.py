"""docs/crawling.md tells every argument, outcome and exit status."""

from pathlib import Path

import pytest

from crawler.spiders.arguments import Arguments
from pipelines.crawl_records import OUTCOMES

TEXT = (Path(__file__).parent.parent / "docs" / "crawling.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", Arguments.model_fields)
def test_every_argument_is_told(name):
    assert f"-a {name}=" in TEXT


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_every_outcome_is_told(outcome):
    assert f"| `{outcome}` |" in TEXT


@pytest.mark.parametrize("status", range(5))
def test_every_exit_status_is_told(status):
    assert f"\n| {status} | " in TEXT
