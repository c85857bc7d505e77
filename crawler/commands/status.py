"""``scrapy status``: what a corpus holds, what is missing and why."""

from __future__ import annotations

import argparse

from crawler.command import Command, corpus_folder
from pipelines.errors import WrongUsage


class Status(Command):
    """Say what a corpus has gathered."""

    arguments = "CORPUS [options]"
    summary = "Say what a corpus holds, what is missing and why"
    description = (
        "Say what crawls and ingests have gathered in a corpus, which works are missing and why, and what the last "
        "crawl found changed. Reads the ledger only, so it may be asked while a crawl is running."
    )
    examples = (
        ("scrapy status datasets/johnlock", "what is in, what is missing, what has changed"),
        ("scrapy status datasets/johnlock --json", "all of it as JSON, with every missing work"),
    )

    def add_own_options(self, group: argparse._ArgumentGroup) -> None:
        group.add_argument("--json", action="store_true", help="print JSON")

    def execute(self, args: list[str], opts: argparse.Namespace) -> None:
        if len(args) != 1:
            raise WrongUsage("say which corpus: scrapy status datasets/NAME")
        from crawler.status_report import say_status
        from pipelines.crawl_status import status_of

        found = status_of(corpus_folder(args[0]))
        if opts.json:
            print(found.model_dump_json(indent=2))
        else:
            say_status(found)
