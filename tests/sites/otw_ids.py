"""Numbers and names of the test archive: ids of works and chapters, series, collections, users; chance by number."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from tests.sites.otw_words import TONGUES

FIRST_ID: Final = 40_000_000
ID_STEP: Final = 7
FIRST_CHAPTER_ID: Final = 60_000_000
MAX_CHAPTERS: Final = 40
BEGUN: Final = 1_262_304_000
"""The first work was posted at the start of 2010 (UTC, in seconds since 1970)."""
INTERVAL: Final = 4_800
"""Seconds from one new work to the next: eighteen a day."""
DAY: Final = 86_400
SERIES_BLOCK: Final = 120
COLLECTION_BLOCK: Final = 500
_ACCOUNTS: Final = TONGUES[0].fillers
_MASK: Final = (1 << 64) - 1


def mix(*numbers: int) -> int:
    """64 bits that depend on all the numbers and look like chance."""
    state = 0x9E3779B97F4A7C15
    for number in numbers:
        state = ((state ^ number) * 0xBF58476D1CE4E5B9 + 0x94D049BB133111EB) & _MASK
        state ^= state >> 29
    state = (state * 0x94D049BB133111EB) & _MASK
    return state ^ (state >> 32)


def work_id_of(n: int) -> str:
    """The id of work ``n``."""
    return str(FIRST_ID + n * ID_STEP)


def number_of(work_id: str | int) -> int | None:
    """The N of a work's id; none where no work can have it."""
    n, rest = divmod(int(work_id) - FIRST_ID, ID_STEP)
    return n if n >= 0 and not rest else None


def chapter_of(chapter_id: str | int) -> tuple[int, int] | None:
    """N and chapter number (from 1) of a chapter's id."""
    n, place = divmod(int(chapter_id) - FIRST_CHAPTER_ID, MAX_CHAPTERS)
    return (n, place + 1) if n >= 0 else None


def chapter_id(n: int, number: int) -> str:
    """The id of chapter ``number`` (from 1) of work ``n``."""
    return str(FIRST_CHAPTER_ID + n * MAX_CHAPTERS + number - 1)


def day_of(seconds: int) -> str:
    """The day of a moment, in UTC: ``2010-01-31``."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d")


def user_name(user: int) -> str:
    """The account of user number ``user``."""
    return "orphan_account" if user == 0 else f"{_ACCOUNTS[user % len(_ACCOUNTS)]}_{user}"


def user_number(name: str) -> int | None:
    """The number of a user's account; none where nobody is called so."""
    digits = name.rpartition("_")[2]
    number = 0 if name == "orphan_account" else int(digits) if digits.isdecimal() and len(digits) < 9 else -1
    return number if number >= 0 and user_name(number) == name else None


def series_ids(n: int) -> list[str]:
    """Series that work ``n`` belongs to."""
    found = [str(5_000 + n // SERIES_BLOCK)] if n % 4 == 1 else []
    return [*found, str(900_000 + n // (4 * SERIES_BLOCK))] if n % 40 == 1 else found


def series_members(series_id: int) -> range:
    """Works of a series, in order."""
    if series_id >= 900_000:
        block = (series_id - 900_000) * 4 * SERIES_BLOCK
        return range(block + (1 - block) % 40, block + 4 * SERIES_BLOCK, 40)
    block = (series_id - 5_000) * SERIES_BLOCK
    return range(block + 1, block + SERIES_BLOCK, 4)


def series_title(series_id: int | str) -> str:
    """The title of a series."""
    return f"Tides & Letters, Book {int(series_id) % 900_000}"


def collection_of(n: int) -> tuple[str, str]:
    """Name (in addresses) and title of the collection of a work's block."""
    block = n // COLLECTION_BLOCK
    return f"tide_fest_{block}", f"Tide Fest, Year {block}"
