"""Progress on the terminal; without one, nothing but the final report."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from crawler.ingest import IngestCounts


def _made() -> Progress | None:
    """A bar on standard error; ``None`` where no person looks at it."""
    if not sys.stderr.isatty():
        return None
    from rich.console import Console  # noqa: PLC0415 - a tenth of a second that scripts need not wait
    from rich.progress import (  # noqa: PLC0415
        BarColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[says]}"))
    return Progress(*columns, TimeElapsedColumn(), TimeRemainingColumn(), console=Console(stderr=True), transient=True)


class _Bar:
    """A bar that shows one task at a time, where there is one."""

    def __init__(self) -> None:
        self._progress = _made()
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        if self._progress:
            self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._progress:
            self._progress.stop()
        sys.stderr.flush()

    def _begin(self, name: str, total: int, says: str) -> None:
        if self._progress:
            if self._task is not None:
                self._progress.remove_task(self._task)
            self._task = self._progress.add_task(name, total=total, says=says)

    def _show(self, done: int, says: str) -> None:
        if self._progress and self._task is not None:
            self._progress.update(self._task, completed=done, says=says)


class FileProgress(_Bar):
    """Progress of an ingest: by bytes, with counts of works and rejects."""

    def __init__(self, n_files: int, n_bytes: int) -> None:
        super().__init__()
        self._n_files = n_files
        self._begin("read", max(1, n_bytes), f"0 of {n_files} files")

    def __call__(self, counts: IngestCounts) -> None:
        """Show what an ingest has done so far."""
        says = (
            f"{counts.files:,} of {self._n_files:,} files, {counts.works:,} works, {counts.rejects.total():,} rejects"
        )
        self._show(counts.bytes, says)


class BuildProgress(_Bar):
    """Progress of a build: one bar per step."""

    def __init__(self) -> None:
        super().__init__()
        self._step = ""

    def __call__(self, step: str, done: int, total: int) -> None:
        """Show how far a step of a build is; a new step takes a new bar."""
        if step != self._step:
            self._begin(step, total, "")
            self._step = step
        self._show(done, f"{done} of {total}" if total > 1 else "")
