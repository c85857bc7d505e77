"""What ``scrapy status`` prints."""

from __future__ import annotations

from itertools import groupby
from typing import Final

from pipelines.crawl_records import OUTCOMES
from pipelines.crawl_status import CrawlState, Status

_SHOWN: Final = 5
"""Missing works named per outcome; `--json` has all."""
_CHANGES: Final = {"new": "new", "updated": "updated", "gone": "gone", "back": "back again"}


def say_status(status: Status) -> None:
    """Print the state of a corpus for a person."""
    print(f"{status.corpus}: {f'newest version {status.version}' if status.version else 'no version yet'}")
    if status.files:
        print(f"files     {status.files:,} read, {status.file_works:,} works")
    for crawl in status.crawls[-1:]:
        _say_crawl(crawl)
    if status.outcomes:
        held = ", ".join(f"{count:,} with {what}" for what, count in sorted(status.held.items(), reverse=True))
        print(f"works     {sum(status.outcomes.values()):,} come across, held: {held or 'none'}")
        for outcome, meaning in OUTCOMES.items():
            if count := status.outcomes.get(outcome):
                print(f"            {count:>7,}  {outcome:<11}  {meaning}")
    for outcome, works in groupby(status.missing, key=lambda work: work.outcome):
        found = list(works)
        kept = sum(1 for work in found if work.held)
        told = f", {kept:,} of them held from before" if kept else ""
        print(f"missing   {len(found):,} {outcome.replace('_', ' ')}{told}")
        for work in found[:_SHOWN] if outcome != "restricted" else ():
            print(f"            {work.url}  {work.detail}")
        if len(found) > _SHOWN and outcome != "restricted":
            print(f"            … and {len(found) - _SHOWN:,} more: --json lists all")


def _say_crawl(crawl: CrawlState) -> None:
    asked = ", ".join(f"{name}={value}" for name, value in crawl.asked.items() if name not in ("text", "chapter_dates"))
    if crawl.finished_at:
        ended = f"finished {crawl.finished_at}"
    else:
        ended = f"unfinished ({crawl.reason or 'under way, or cut off'}), {crawl.pending:,} works to fetch"
    print(f"crawl     {crawl.source} {asked[:100]}: begun {crawl.started_at}, {ended}")
    told = ", ".join(f"{crawl.changes[name]:,} {words}" for name, words in _CHANGES.items() if name in crawl.changes)
    print(f"changes   {told or 'none'} in that crawl")
