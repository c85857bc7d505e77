"""What the project's own commands share: errors in one line, exit statuses, help with examples."""

from __future__ import annotations

import argparse
import gc
import os
import sys
from abc import abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

from scrapy.commands import ScrapyCommand

from pipelines.errors import CannotStart, FanthologyError, Incomplete, WrongUsage

STORE = "s3://"
EXIT_STATUSES = "exit status: 0 done, 1 could not start, 2 wrong usage, 3 ran but incomplete"


class Reporting:
    """What a command says of errors: one line, and an exit status."""

    exitcode: int

    def reported(self, name: str, do: Callable[[], None]) -> None:
        """Do something and report what goes wrong as the command of that name."""
        try:
            do()
        except FanthologyError as error:
            self._fail(name, error)
        except BrokenPipeError:  # the reader of our output has gone: not ours to complain about
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        except OSError as error:
            place = f"{error.filename}: " if error.filename else ""
            self._fail(name, CannotStart(f"{place}{os.strerror(error.errno or 0)}"))
        except KeyboardInterrupt:
            # CPython notes an interruption inside exec (a dataclass being made), and would die of it at the end
            exec("")  # noqa: S102 - it forgets with the next one
            self._fail(name, Incomplete("interrupted; what is staged is safe, run the same command again to go on"))

    def _fail(self, name: str, error: FanthologyError) -> None:
        for line in str(error).splitlines():
            print(f"scrapy {name}: {line}", file=sys.stderr)
        self.exitcode = error.exit_status


class Command(Reporting, ScrapyCommand):
    """A command that works on a corpus and needs no crawler.

    Subclasses give ``arguments``, ``summary``, ``description`` and ``examples`` and fill in ``execute``.
    """

    requires_project = True
    requires_crawler_process = False
    default_settings: ClassVar = {"LOG_ENABLED": False}

    arguments: ClassVar[str]
    summary: ClassVar[str]
    description: ClassVar[str]
    examples: ClassVar[tuple[tuple[str, str], ...]]
    """Command lines with what they do."""

    def syntax(self) -> str:
        return self.arguments

    def short_desc(self) -> str:
        return self.summary

    def long_desc(self) -> str:
        return self.description

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.formatter_class = argparse.RawDescriptionHelpFormatter
        lines = [f"  {line}\n      {meaning}" for line, meaning in self.examples]
        parser.epilog = "\n".join(["examples:", *lines, "", EXIT_STATUSES])
        self.add_own_options(parser.add_argument_group("Options"))

    def add_own_options(self, group: argparse._ArgumentGroup) -> None:
        """Add the options of this command."""

    @abstractmethod
    def execute(self, args: list[str], opts: argparse.Namespace) -> None:
        """Do it. Errors are raised as ``FanthologyError``."""

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        name = type(self).__module__.rpartition(".")[2]

        def do() -> None:
            if unknown := [argument for argument in args if argument.startswith("-") and argument != "-"]:
                raise WrongUsage(f"unknown option {unknown[0]}; see scrapy {name} --help")
            self.execute(args, opts)

        self.reported(name, do)
        gc.freeze()  # the process ends: nobody need look for what could be collected, which takes a fifth of a second


def add_cluster_option(group: argparse._ArgumentGroup) -> None:
    """Add ``--cluster`` to a command whose tasks may run on many machines."""
    group.add_argument(
        "--cluster",
        metavar="ADDRESS",
        help="Dask scheduler whose workers do the tasks, such as tcp://host:8786 (docs/cluster.md)",
    )


def default_jobs() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def corpus_place(given: str) -> Path | str:
    """Where the corpus of a command line is: a folder, or an address of an object store."""
    return given if given.startswith(STORE) else Path(given).expanduser()


def corpus_folder(given: str) -> Path:
    """The folder of a corpus, for what works in folders only.

    Raises ``WrongUsage`` for an address of an object store.
    """
    if given.startswith(STORE):
        raise WrongUsage(
            f"{given}: a crawl works in a folder of this machine; read what it captured into {given} with scrapy ingest"
        )
    return Path(given).expanduser()


def shown(path: Path) -> str:
    """A path as a person would type it: relative to the working folder where it lies below."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)
