"""How far a crawl is, from its stats: a bar on a terminal, a line in the log elsewhere."""

from __future__ import annotations

import io
import logging
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from rich.text import Text

OUTCOME: Final = "fanthology/outcome/"
"""Prefix of the stats keys that count works by outcome in this run."""
KNOWN_TOTAL: Final = "fanthology/known_total"
"""Stats key: works that this run will account for, as far as is known."""


@dataclass(frozen=True)
class CrawlState:
    """Where a crawl stands."""

    done: int
    total: int | None
    outcomes: dict[str, int]
    """Works by outcome, the most frequent first."""
    elapsed: float
    """Seconds since its start."""

    @classmethod
    def of(cls, stats: Mapping[str, Any], elapsed: float) -> CrawlState:
        """State that Scrapy's stats tell."""
        counts = {key.removeprefix(OUTCOME): count for key, count in stats.items() if key.startswith(OUTCOME)}
        outcomes = dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))
        return cls(sum(outcomes.values()), stats.get(KNOWN_TOTAL), outcomes, elapsed)

    @property
    def per_hour(self) -> float | None:
        """Works an hour; ``None`` before the first."""
        return self.done * 3600 / self.elapsed if self.done and self.elapsed > 0 else None

    @property
    def seconds_left(self) -> float | None:
        """Seconds until the known total at this rate; ``None`` where it cannot be told."""
        if not self.total or self.per_hour is None:
            return None
        return max(0, self.total - self.done) * 3600 / self.per_hour

    def says(self) -> str:
        """The state in one line."""
        known = f" of {self.total:,}" if self.total else ""
        parts = [f"{self.done:,}{known} works"]
        if self.outcomes:
            parts[0] += f" ({self.told_outcomes()})"
        if self.per_hour is not None:
            parts.append(f"{self.per_hour:,.0f} an hour")
        if self.seconds_left is not None:
            parts.append(f"{duration(self.seconds_left)} left")
        return ", ".join(parts)

    def told_outcomes(self) -> str:
        """Outcomes with their counts."""
        return ", ".join(f"{name.replace('_', ' ')} {count:,}" for name, count in self.outcomes.items())


def duration(seconds: float) -> str:
    """A length of time as a person says it: ``40 s``, ``12 min``, ``3 h 05 min``, ``2 d 4 h``."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours} h {minutes:02} min"
    return f"{hours // 24} d {hours % 24} h"


class _Above(io.TextIOBase):
    """A stream whose text comes to stand above the bar, in lines as long as they are."""

    def __init__(self, console: Console) -> None:
        super().__init__()
        self._console = console

    def write(self, text: str) -> int:
        """Source: streams."""
        self._console.print(Text(text), end="", soft_wrap=True)
        return len(text)


@dataclass
class CrawlBar:
    """A bar on standard error that leaves room for log lines; none where standard error is no terminal."""

    _console: Console = field(default_factory=lambda: Console(stderr=True))
    _handlers: list[tuple[logging.StreamHandler[TextIO], TextIO]] = field(default_factory=list)

    @property
    def shown(self) -> bool:
        """Whether anybody sees it."""
        return self._console.is_terminal

    def start(self) -> None:
        """Draw it, and lead the log's lines past it."""
        self._progress = Progress(
            TextColumn("{task.fields[says]}"),
            BarColumn(bar_width=20),
            console=self._console,
            transient=True,
            refresh_per_second=2,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._task = self._progress.add_task("crawl", total=None, says="starting")
        self._progress.start()
        for handler in logging.getLogger().handlers:
            if isinstance(handler, logging.StreamHandler) and handler.stream is sys.stderr:
                handler.setStream(_Above(self._console))
                self._handlers.append((handler, sys.stderr))

    def show(self, state: CrawlState) -> None:
        """Draw a state."""
        self._progress.update(self._task, completed=state.done, total=state.total, says=state.says())

    def stop(self) -> None:
        """Take it away."""
        self._progress.stop()
        for handler, stream in self._handlers:
            handler.setStream(stream)
        self._handlers.clear()
