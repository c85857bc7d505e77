"""Damaged inputs: every fixture, broken in the ways that disks, networks and people break files.

``python -m tests.mutations [N]`` reads N of them and says what came of them; the test suite reads fewer.
"""

import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from crawler.readers import formats
from crawler.readers.source import Limits, Rejected, Source, Unreadable
from pipelines.prepare import Unprepared, prepare

ROOT = Path(__file__).parent.parent
LIMITS = Limits(max_bytes=32 * 2**20, max_unpacked_bytes=64 * 2**20, max_members=2000)
MAX_SECONDS = 10.0


def inputs() -> list[tuple[str, bytes]]:
    """Name and bytes of every fixture, of the demo's sources and of archives that hold some of them."""
    files = [*(ROOT / "tests" / "fixtures").rglob("input.*"), *(ROOT / "datasets" / "demo" / "sources").rglob("*.*")]
    return [(path.name, path.read_bytes()) for path in sorted(files) if path.is_file()]


def _truncated(data: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(len(data) + 1)]


def _flipped(data: bytes, chance: random.Random) -> bytes:
    broken = bytearray(data)
    for _ in range(chance.choice((1, 4, 64))):
        if broken:
            broken[chance.randrange(len(broken))] = chance.randrange(256)
    return bytes(broken)


def _cut(data: bytes, chance: random.Random) -> bytes:
    start = chance.randrange(len(data) + 1)
    return data[:start] + data[start + chance.randrange(1, 400) :]


def _doubled(data: bytes, chance: random.Random) -> bytes:
    start = chance.randrange(len(data) + 1)
    return data[:start] + data[start : start + 2000] * chance.choice((2, 50)) + data[start:]


def _injected(data: bytes, chance: random.Random) -> bytes:
    junk = chance.choice(
        (
            b"\0" * 50,
            b"<" * 3000,
            b"<div>" * 2000,
            b"</p>" * 500,
            b"&" * 2000,
            b"\xff\xfe",
            b"\xed\xa0\x80",
            b"\n" * 5000,
            b"\x1b$B",
            b"%PDF-1.4",
            b"PK\x03\x04",
            b"<!DOCTYPE x [<!ENTITY a 'aaaa'>]>",
            b'{"a":' * 500,
            b"A" * 100_000,
            "\u202e\u200b\ufeff".encode(),
        )
    )
    start = chance.randrange(len(data) + 1)
    return data[:start] + junk + data[start:]


def _swapped(data: bytes, chance: random.Random) -> bytes:
    middle = chance.randrange(len(data) + 1)
    return data[middle:] + data[:middle]


MUTATIONS: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    _truncated,
    _flipped,
    _cut,
    _doubled,
    _injected,
    _swapped,
)


def mutated(count: int, seed: int = 0) -> Iterator[tuple[str, bytes]]:
    """``count`` damaged inputs, each fixture in turn, always the same for a seed."""
    chance = random.Random(seed)
    originals = inputs()
    for number in range(count):
        name, data = originals[number % len(originals)]
        for _ in range(chance.choice((1, 1, 2))):
            data = chance.choice(MUTATIONS)(data, chance)
        yield name, data


def outcome(name: str, data: bytes) -> str:
    """What comes of an input: how many works, or why none. Any other exception is a fault of ours."""
    works = rejects = 0
    try:
        for item in formats.read(Source(Path(name), name, LIMITS.max_bytes, LIMITS, data)):
            if isinstance(item, Rejected):
                rejects += 1
                continue
            try:
                prepare(item)
                works += 1
            except Unprepared:
                rejects += 1
    except Unreadable as error:
        return error.reason
    return "works" if works else "rejects" if rejects else "nothing"


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    tally: Counter[str] = Counter()
    slowest = (0.0, "")
    for number, (name, data) in enumerate(mutated(count)):
        start = time.perf_counter()
        try:
            result = outcome(name, data)
        except Exception:
            Path("fault.bin").write_bytes(data)
            print(f"mutation {number} of {name}: kept as fault.bin")
            raise
        slowest = max(slowest, (time.perf_counter() - start, f"{number} {name}"))
        tally[result] += 1
    print(dict(tally.most_common()))
    print(f"slowest: {slowest[0]:.2f} s ({slowest[1]})")


if __name__ == "__main__":
    main()
