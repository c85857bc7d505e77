"""Large files of lines, read in parts by several processes; what comes of it is the same as of reading them whole.

The coordinator goes through such a file once, a little ahead of the workers: it hashes it, and counts the lines up to
each part. The first part shows whether the reader of the file can do with parts. Where any part does not end well,
all of them are dropped, and the file is read whole: that tells what is wrong with it.
"""

from __future__ import annotations

import hashlib
import shutil
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import replace
from io import BufferedReader

from crawler.ingest_tasks import Result, Task
from crawler.readers.source import Span
from crawler.scan import FoundFile
from crawler.workers import Done, Lost

FIRST_BYTES = 2**18
"""The first part is small: the others wait for what it shows."""
LEAST_BYTES = 2**20
MOST_BYTES = 16 * 2**20
"""A part is about a segment."""
_CHUNK = 2**20

TaskOf = Callable[[tuple[FoundFile, ...]], Task]
"""Makes a task of some files, with a name of its own."""


def share_of(left: int, width: int, least: int, most: int) -> int:
    """How much of what is left one of ``width`` workers takes next: less towards the end, so that all end together."""
    return min(most, max(least, left // (3 * width)))


class LargeFile:
    """A file that is read in parts, and what has come of them."""

    def __init__(self, file: FoundFile, width: int, task_of: TaskOf) -> None:
        """``task_of`` makes the task that would read it whole.

        Raises ``OSError`` where it cannot be opened.
        """
        self.file = file
        self.task = task_of((file,))
        self.is_dropped = False
        """Whether it is read whole after all."""
        self._task_of = task_of
        self._width = width
        self._results: dict[int, Result] = {}
        self._hash = hashlib.sha256()
        self._given = 0
        self._is_given = False
        self._parts: Generator[Task] = self._cut()
        self.first = next(self._parts)
        """The task of its first part."""

    @property
    def is_done(self) -> bool:
        """Whether all parts are read."""
        return not self.is_dropped and self._is_given and len(self._results) == self._given

    def take(self, outcome: Done[Task, Result] | Lost[Task]) -> Iterator[Task]:
        """Take what came of a part; the tasks that are to be done then, each as soon as it is cut."""
        if isinstance(outcome, Done) and not self.is_dropped and outcome.result.is_sound:
            self._results[outcome.task.number] = outcome.result
            if not outcome.result.is_part:  # its reader knows no parts, and has read the whole
                self._parts.close()
                self._is_given = True
                return
            try:
                yield from self._next()
            except OSError:  # whoever reads it whole tells why
                yield self._drop()
            return
        if isinstance(outcome, Done):
            self._discard(outcome.result)
        if not self.is_dropped:
            yield self._drop()

    def result(self) -> Result:
        """What came of all parts, as one."""
        parts = [self._results[number] for number in range(self._given)]
        if not parts[0].is_part:
            return parts[0]
        (record,) = parts[0].records
        works, rejects = (sum(getattr(part.records[0], name) for part in parts) for name in ("works", "rejects"))
        record = replace(record, sha256=self._hash.hexdigest(), works=works, rejects=rejects)
        segments = tuple(segment for part in parts for segment in part.segments)
        reasons = sum((part.rejects for part in parts), Counter[str]())
        return replace(parts[0], segments=segments, records=(record,), rejects=reasons, is_part=False)

    def _next(self) -> Iterator[Task]:
        """Parts for every worker, and one more for each to go on with at once."""
        while self._given - len(self._results) < 2 * self._width and (task := next(self._parts, None)):
            yield task

    def _cut(self) -> Generator[Task]:
        left, start, line = self.file.size or 0, 0, 1
        with closing(self.file.path.open("rb")) as stream:
            while not self._is_given:
                size = share_of(left, self._width, LEAST_BYTES, MOST_BYTES) if start else FIRST_BYTES
                end, n_lines = start, line
                for chunk in _through(stream, size):
                    self._hash.update(chunk)
                    end, n_lines = end + len(chunk), n_lines + chunk.count(b"\n")
                number, self._given = self._given, self._given + 1
                self._is_given = not stream.peek(1)
                span = Span(start, line, None if self._is_given else n_lines)
                name = f"{self.task.name}.p{number:06d}" if number else self.task.name
                yield replace(self.task, name=name, span=span, number=number)
                left, start, line = left - (end - start), end, n_lines

    def _drop(self) -> Task:
        self.is_dropped = True
        self._parts.close()
        for result in self._results.values():
            self._discard(result)
        return self._task_of((self.file,))

    def _discard(self, result: Result) -> None:
        for segment in result.segments:
            shutil.rmtree(self.task.folder / f".{segment}", ignore_errors=True)


def _through(stream: BufferedReader, size: int) -> Iterator[bytes]:
    """The next bytes of a stream, up to the end of a line, in pieces."""
    while size > 0 and (chunk := stream.read(min(size, _CHUNK))):
        yield chunk
        size -= len(chunk)
    while chunk := stream.readline(_CHUNK):
        yield chunk
        if chunk.endswith(b"\n"):
            return
