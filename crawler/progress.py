"""Progress on the terminal; without one, nothing but the final report."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from crawler.ingest import IngestCounts


class _Bar:
    """A bar on standard error, shown only where a person looks at it."""

    def __init__(self) -> None:
        console = Console(stderr=True)
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[says]}"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=console,
            disable=not console.is_terminal,
            transient=True,
        )

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()
        sys.stderr.flush()


class FileProgress(_Bar):
    """Progress of an ingest: by bytes, with counts of works and rejects."""

    def __init__(self, n_files: int, n_bytes: int) -> None:
        super().__init__()
        self._n_files = n_files
        self._task = self._progress.add_task("read", total=max(1, n_bytes), says=f"0 of {n_files} files")

    def __call__(self, counts: IngestCounts) -> None:
        """Show what an ingest has done so far."""
        says = (
            f"{counts.files:,} of {self._n_files:,} files, {counts.works:,} works, {counts.rejects.total():,} rejects"
        )
        self._progress.update(self._task, completed=counts.bytes, says=says)


class BuildProgress(_Bar):
    """Progress of a build: one bar per step."""

    def __init__(self) -> None:
        super().__init__()
        self._task: TaskID | None = None
        self._step = ""

    def __call__(self, step: str, done: int, total: int) -> None:
        """Show how far a step of a build is; a new step takes a new bar."""
        if step != self._step:
            if self._task is not None:
                self._progress.remove_task(self._task)
            self._task = self._progress.add_task(step, total=total, says="")
            self._step = step
        assert self._task is not None
        self._progress.update(self._task, completed=done, total=total, says=f"{done} of {total}" if total > 1 else "")
