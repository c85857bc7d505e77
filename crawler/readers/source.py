"""What a reader is given, what it gives back, and how it says that it cannot read something."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, Final, Generic, NamedTuple, Self, TypeVar, overload

import numpy as np

from schemas.work import Work

HEAD_BYTES = 64 * 1024


class Unreadable(Exception):
    """Raised by a reader for an input that gives no work; it becomes a row of ``rejects``.

    ``reason`` is one word for counting (``empty``, ``binary`` …), ``detail`` says it to a person.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Rejected:
    """One record or member of an input that gives no work, where others of the same input do."""

    ref: str
    reason: str
    detail: str
    format: str | None = None
    raw_sha256: str | None = None


Item = Work | Rejected
"""What a reader yields."""


@dataclass(frozen=True)
class Limits:
    """What one input may cost; members of archives count together with the archive that holds them."""

    max_bytes: int = 256 * 2**20
    """Size of a single file, or of a single member once unpacked, that is read whole."""
    max_unpacked_bytes: int = 16 * 2**30
    """Bytes unpacked from one input in all."""
    max_ratio: float = 200.0
    """Unpacked by packed size of a member, from 1 MiB on: prose stays under 20."""
    max_members: int = 1_000_000
    """Members of one input in all."""
    max_depth: int = 4
    """Archives within archives."""


_LIMITS: Final = Limits()


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a large file of lines, as one task reads it.

    Where it is cut is told by bytes, what belongs together by the reader: it reads from the first place on, at or
    after the start, where one work has ended for sure and another begins, to the first such place after the end.
    """

    start: int
    """Bytes before its first line."""
    line: int
    """Number of its first line."""
    end: int | None
    """Number of the first line after it; ``None`` where it goes on to the end of the file."""

    @property
    def is_first(self) -> bool:
        """Whether the file begins with it."""
        return self.line == 1


class Low(NamedTuple):
    """Bytes below the space, line ends and controls: they tell text from all else, and are looked for once."""

    places: np.ndarray[Any, np.dtype[np.int64]]
    codes: bytes
    """The bytes themselves."""

    @classmethod
    def of(cls, data: bytes) -> Low:
        """Those of some bytes."""
        codes = np.frombuffer(data, np.uint8)
        places = (codes < ord(" ")).nonzero()[0]
        return cls(places, codes[places].tobytes())


T = TypeVar("T")


class once(Generic[T]):  # noqa: N801 - a decorator
    """``cached_property`` without the lock that Python 3.11 takes for it."""

    def __init__(self, function: Callable[[Any], T]) -> None:
        self._function = function
        self._name = function.__name__
        self.__doc__ = function.__doc__

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...
    @overload
    def __get__(self, instance: object, owner: type) -> T: ...
    def __get__(self, instance: object, owner: type) -> T | Self:
        if instance is None:
            return self
        value = instance.__dict__[self._name] = self._function(instance)
        return value


@dataclass
class Budget:
    """What an input has cost so far, shared by everything that is unpacked from it."""

    unpacked_bytes: int = 0
    members: int = 0


@dataclass(frozen=True)
class Source:
    """One input: a file, a member of an archive, or a response of a web archive.

    ``ref`` is the file's path relative to the folder that was given, with ``/``, and for a member
    goes on with the path inside: the only name that gets into a dataset.
    """

    path: Path
    """The file on disk; for a member, of the archive that holds it."""
    ref: str
    max_bytes: int = 256 * 2**20
    limits: Limits = _LIMITS
    content: bytes | None = field(default=None, repr=False)
    """Bytes of a member; ``None`` for a file, which is read when asked."""
    url: str | None = None
    """Address that a response came from."""
    retrieved_at: datetime | None = None
    """When the response was fetched (UTC)."""
    media_type: str | None = None
    """Media type and charset that the response stated."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Headers of the response, names in lower case; empty for files."""
    depth: int = 0
    """How many archives the member lies in."""
    budget: Budget = field(default_factory=Budget, repr=False)
    opener: Callable[[], BinaryIO] | None = field(default=None, repr=False)
    """Opens a member that is too large to hold: a stream from its first byte on that cannot seek, and that raises
    ``Unreadable`` where the member is damaged or costs more than the limits allow. ``None`` for all else."""

    span: Span | None = None
    """The part that is to be read, by a reader that ``reads_spans``; ``None`` for all of it."""

    form: str | None = None
    """Name of the format, where ``corpus.toml`` tells it; else it is recognised."""
    fields: Mapping[str, str] = field(default_factory=dict)
    """Columns of a table by field of a work, where ``corpus.toml`` tells them."""

    def member(self, name: str, content: bytes | None, **known: object) -> Source:
        """A member of this input with its unpacked bytes; it shares the budget.

        ``known`` may give ``url``, ``retrieved_at``, ``media_type`` and ``headers``, and ``opener`` for a member
        without content.
        """
        known.setdefault("fields", self.fields)
        return Source(
            self.path,
            f"{self.ref}/{name}",
            self.max_bytes,
            self.limits,
            content,
            depth=self.depth + 1,
            budget=self.budget,
            **known,  # type: ignore[arg-type]
        )

    def open(self, buffering: int = -1) -> BinaryIO:
        """The bytes as a stream: formats larger than memory are read through it.

        It can seek, but for members that have an ``opener``. ``buffering`` is that of a file, as ``open`` takes it.
        """
        if self.opener is not None:
            return self.opener()
        return self.path.open("rb", buffering) if self.content is None else io.BytesIO(self.content)

    @once
    def head(self) -> bytes:
        """The first 64 KiB, to recognise the format by."""
        if self.content is not None:
            return self.content[:HEAD_BYTES]
        with self.open() as stream:
            return stream.read(HEAD_BYTES)

    @once
    def low(self) -> Low:
        """The bytes of the head that are below the space."""
        return Low.of(self.head)

    @once
    def data(self) -> bytes:
        """The whole content.

        Raises ``Unreadable`` (``too_large``) before reading past ``max_bytes``.
        """
        if self.content is not None:
            return self.content
        with self.open() as stream:
            data = stream.read(self.max_bytes + 1)
        if len(data) > self.max_bytes:
            raise Unreadable("too_large", f"larger than {self.max_bytes // 2**20} MiB; raise limits.max_file_mib")
        return data

    @once
    def sha256(self) -> str:
        """SHA-256 of the content, in hex; of a file without holding it in memory."""
        held = self.content if self.content is not None else self.__dict__.get("data")
        if held is not None:
            return hashlib.sha256(held).hexdigest()
        with self.open() as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()  # type: ignore[arg-type]
