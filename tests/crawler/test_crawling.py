"""The verdict on a crawl that has ended, and whether a version is built."""

from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from crawler.crawling import judge, may_build
from crawler.spiders.otw import OtwSpider


@dataclass
class Ended:
    """What of a spider the verdict looks at."""

    errors: list[str] = field(default_factory=list)


def verdict(stats: dict[str, Any], errors: tuple[str, ...] = ()) -> tuple[int, str] | None:
    error = judge(cast("OtwSpider", Ended(list(errors))), stats)
    return (error.exit_status, str(error)) if error else None


def test_a_crawl_that_is_whole_is_done():
    assert verdict({"finish_reason": "finished", "fanthology/outcomes/ok": 3, "fanthology/outcomes/deleted": 1}) is None


@pytest.mark.parametrize(
    ("stats", "errors", "status", "says"),
    [
        ({"finish_reason": "shutdown"}, (), 3, "interrupted; what is staged is safe, run the same command again"),
        ({}, (), 3, "interrupted"),
        ({"finish_reason": "closespider_timeout"}, (), 3, "ended early (closespider_timeout)"),
        ({"finish_reason": "shutdown", "fanthology/stopped_by": "blocked"}, (), 4, "the site refuses the crawl"),
        ({"finish_reason": "finished"}, ("a list did not come", "a list did not come"), 3, "a list did not come"),
        ({"finish_reason": "finished", "fanthology/outcomes/blocked": 2}, (), 3, "2 blocked"),
        ({"finish_reason": "finished", "fanthology/outcomes/parse_error": 1}, (), 3, "1 parse_error"),
        ({"finish_reason": "finished", "fanthology/outcomes/pending": 5}, (), 3, "5 works were not fetched"),
        ({"finish_reason": "finished", "log_count/ERROR": 1}, (), 3, "errors were logged"),
    ],
)
def test_what_is_not_well_has_a_status_and_a_line(stats, errors, status, says):
    found = verdict(stats, errors)
    assert found is not None
    assert found[0] == status
    assert found[1].startswith(says) or says in found[1]
    assert "\n" not in found[1]


@pytest.mark.parametrize(
    ("reason", "builds"),
    [
        ("finished", True),
        ("blocked", True),
        ("unavailable", True),
        ("shutdown", False),
        ("robots_unreachable", False),
        ("storage_error", False),
        ("warc_failed", False),
        (None, False),
    ],
)
def test_nothing_is_built_where_a_person_waits_or_the_disk_refuses(reason, builds):
    assert may_build({"finish_reason": reason}) is builds
