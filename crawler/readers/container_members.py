"""Members of archives: their names, and how they are handed over to the reader of what they hold."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, BinaryIO, Final, NamedTuple

from crawler.readers.container_streams import CHUNK, some, within_budget
from crawler.readers.source import Item, Rejected, Source, Unreadable

HELD_BYTES: Final = 16 * 2**20
"""Members up to this size are held in memory; larger ones are opened as streams."""

ReadMember = Callable[[Source], Iterable[Item]]
"""What reads a member, whatever it is; it may raise ``Unreadable``."""

_UNPRINTABLE: Final = re.compile(r"[\x00-\x1f\x7f]")
_SURROGATES: Final = re.compile(r"[\ud800-\udfff]")
_DRIVE: Final = re.compile(r"[A-Za-z]:")
_LONGEST_NAME: Final = 1024


class Member(NamedTuple):
    """A file in an archive. ``open`` gives its bytes from the first on, as often as it is called."""

    name: str
    open: Callable[[], BinaryIO]
    whole: Callable[[], bytes | None] = lambda: None
    """Gives its bytes at once where they are few and nothing about them is odd; it may raise ``Unreadable``."""


class Unread(NamedTuple):
    """A member that is not opened, and why."""

    name: str
    reason: str
    detail: str


def label(name: str) -> str:
    """A member's name as a path below the archive: it names, and is never a place on a disk.

    Backslashes become ``/``; roots, drives, ``.`` and ``..``, control characters and lone surrogates are taken out.
    """
    name = without_controls(name)
    if "/" not in name and "\\" not in name and len(name.strip()) > len("C:"):
        return name
    name = name.replace("\\", "/")
    parts = [part for part in name.split("/") if part.strip() not in ("", ".", "..")]
    if parts and _DRIVE.fullmatch(parts[0]):
        del parts[0]
    return "/".join(parts) or "member"


def without_controls(name: str) -> str:
    """A name of bounded length without control characters, and with U+FFFD for lone surrogates."""
    if len(name) <= _LONGEST_NAME and name.isprintable():
        return name
    return _SURROGATES.sub("\ufffd", _UNPRINTABLE.sub("", name[:_LONGEST_NAME]))


def decoded(name: bytes) -> str:
    """A name without a stated encoding: UTF-8 where it is that, else the code page 437 of the ZIP specification."""
    try:
        return name.decode("utf-8")
    except UnicodeDecodeError:
        return name.decode("cp437")


class Labels:
    """Names of one archive's members, made distinct: a second ``a.txt`` is ``a~2.txt``."""

    def __init__(self) -> None:
        self._times: dict[str, int] = {}

    def of(self, name: str) -> str:
        """The label of the next member with that name."""
        plain = label(name)
        times = self._times[plain] = self._times.get(plain, 0) + 1
        if times == 1:
            return plain
        folder, slash, last = plain.rpartition("/")
        stem, dot, suffix = last.rpartition(".")
        if not stem:
            stem, dot, suffix = last, "", ""
        return f"{folder}{slash}{stem}~{times}{dot}{suffix}"


class Replayed(io.RawIOBase):
    """Bytes held from the start of a member, then the rest of it."""

    def __init__(self, held: bytes, rest: Callable[[], BinaryIO]) -> None:
        self._held = io.BytesIO(held)
        self._open_rest = rest
        self._rest: BinaryIO | None = None

    def readable(self) -> bool:
        """Whether it can be read: always."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer, at most."""
        if count := self._held.readinto(buffer):
            return count
        if self._rest is None:
            self._rest = self._open_rest()
        data = some(self._rest, len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        """Close the rest too."""
        if self._rest is not None and not self.closed:
            self._rest.close()
        super().close()


class _Rest:
    """What follows the held bytes: of the stream that they were read from, the first time it is asked for."""

    def __init__(self, live: BinaryIO, member: Member, held: int) -> None:
        self._live: BinaryIO | None = live
        self._member = member
        self._held = held

    def __call__(self) -> BinaryIO:
        if self._live is not None:
            live, self._live = self._live, None
            return live
        again = self._member.open()
        left = self._held
        while left and (data := again.read(min(left, CHUNK))):
            left -= len(data)
        return again

    def close(self) -> None:
        if self._live is not None:
            self._live.close()
            self._live = None


class _Raise:
    """The rest of a damaged member: the damage."""

    def __init__(self, error: Unreadable) -> None:
        self._error = error

    def __call__(self) -> BinaryIO:
        raise Unreadable(self._error.reason, self._error.detail)


def hand_over(source: Source, members: Iterable[Member | Unread], read_member: ReadMember) -> Iterator[Item]:
    """Items of the members of an archive, one member at a time.

    A member that cannot be read is ``Rejected``, and so is the rest of a damaged archive. Raises ``Unreadable``:
    ``empty``, ``too_many_members``, ``too_large``, and ``too_deep`` for an archive within too many; and what
    ``members`` raises where no member came before.
    """
    if source.depth >= source.limits.max_depth:
        raise Unreadable("too_deep", f"more than {source.limits.max_depth} archives within each other")
    labels = Labels()
    given = False
    try:
        for member in members:
            source.budget.members += 1
            within_budget(source)
            name = labels.of(member.name)
            if isinstance(member, Unread):
                yield Rejected(f"{source.ref}/{name}", member.reason, member.detail)
            else:
                yield from _items(source, name, member, read_member)
            given = True
    except Unreadable as error:
        if not given:
            raise
        yield Rejected(source.ref, error.reason, error.detail)
    if not given:
        raise Unreadable("empty", "an archive without files")


def _items(source: Source, name: str, member: Member, read_member: ReadMember) -> Iterator[Item]:
    ref = f"{source.ref}/{name}"
    if _is_litter(name):
        yield Rejected(ref, "not_a_story", "a file of the operating system")
        return
    rest: _Rest | None = None
    try:
        made, rest = _source(source, name, member)
        yield from read_member(made)
    except Unreadable as error:
        yield Rejected(ref, error.reason, error.detail)
    finally:
        if rest is not None:
            rest.close()


def _source(source: Source, name: str, member: Member) -> tuple[Source, _Rest | None]:
    """A member for its reader: with its bytes where they are few and sound, else with what opens it."""
    if (content := member.whole()) is not None:
        return source.member(name, content), None
    held = bytearray()
    stream = member.open()
    try:
        while len(held) <= HELD_BYTES and (data := some(stream, CHUNK)):
            held += data
    except Unreadable as error:
        stream.close()
        if error.reason != "damaged" or not held:
            raise
        # Lines and records before the damage can still be read; whoever needs the whole of it fails.
        return source.member(name, None, opener=_opener(bytes(held), _Raise(error))), None
    if len(held) <= HELD_BYTES:
        stream.close()
        return source.member(name, bytes(held)), None
    rest = _Rest(stream, member, len(held))
    return source.member(name, None, opener=_opener(bytes(held), rest)), rest


def _opener(held: bytes, rest: Callable[[], BinaryIO]) -> Callable[[], BinaryIO]:
    return lambda: io.BufferedReader(Replayed(held, rest), CHUNK)


def _is_litter(name: str) -> bool:
    """Whether macOS put it there: forks of resources beside the files."""
    if "_" not in name:
        return False
    first, _, _ = name.partition("/")
    return first == "__MACOSX" or name.rpartition("/")[2].startswith("._")


def seekable(source: Source) -> BinaryIO:
    """An input that is read from its end; a member opened as a stream is held whole for that.

    Raises ``Unreadable`` (``too_large``).
    """
    return source.open() if source.opener is None else io.BytesIO(source.data)
