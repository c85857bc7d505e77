"""``scrapy explain``: why a work is in a dataset or not."""

from __future__ import annotations

import argparse

from crawler.command import Command, corpus_place
from pipelines.errors import WrongUsage


class Explain(Command):
    """Say what became of a work."""

    arguments = "CORPUS WORK_ID"
    summary = "Say why a work is in a dataset or not, and what comes nearest to it"
    description = (
        "Say what was staged of a work, whether the newest version holds it and why: revision, policy, copies with "
        "what they share and by which rule one stands for the others. Then show the works that come nearest to it. "
        "Nothing is changed."
    )
    examples = (
        ("scrapy explain datasets/mine ao3:123", "by the work_id of the tables works, duplicates and rejects"),
        ("scrapy explain datasets/mine 'old files/story.txt'", "a file that gave no work, by its ref in rejects"),
    )

    def execute(self, args: list[str], opts: argparse.Namespace) -> None:  # noqa: ARG002 - as its base has it
        if len(args) != 2:
            raise WrongUsage("say which corpus and which work: scrapy explain datasets/NAME WORK_ID")
        from crawler.building import explain_work

        explain_work(corpus_place(args[0]), args[1])
