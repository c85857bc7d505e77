"""``scrapy formats``: what can be read."""

from __future__ import annotations

import argparse

from crawler.command import Command
from pipelines.errors import WrongUsage


class Formats(Command):
    """List the formats that are read."""

    arguments = "[options]"
    summary = "List the formats that are read"
    description = "List every format and kind of page that is read: how it is recognised, what it yields, what is lost."
    examples = (("scrapy formats", "everything that `scrapy ingest` reads"),)

    def execute(self, args: list[str], opts: argparse.Namespace) -> None:  # noqa: ARG002 - as its base has it
        if args:
            raise WrongUsage("takes no arguments; see scrapy formats --help")
        from crawler.readers.formats import described

        for entry in described():
            print(f"{entry.name} (version {entry.version})")
            print(f"    recognised by  {entry.recognised_by}")
            print(f"    yields         {entry.yields}")
            print(f"    lost           {entry.lost}")
