"""What can go wrong, and with which exit status a command ends for it.

FanthologyError
├── CannotStart    1: could not start
├── WrongUsage     2: wrong usage
├── Incomplete     3: ran, but what it left is incomplete
└── Blocked        4: a site refused to be crawled
"""

from __future__ import annotations

import errno
import os


class FanthologyError(Exception):
    """Base of all errors that end a command with one line; the line names what, what was expected and what to do."""

    exit_status = 1


class CannotStart(FanthologyError):
    """Raised before anything was done: unreadable ``corpus.toml``, nothing to read, corpus in use."""

    exit_status = 1


class WrongUsage(FanthologyError):
    """Raised for arguments that make no sense: a path that does not exist, an unknown option."""

    exit_status = 2


class Incomplete(FanthologyError):
    """Raised when a command stops half-way: disk full, a worker that died, an interruption."""

    exit_status = 3


class Blocked(FanthologyError):
    """Raised when a site answers with blocks only: the crawl has stopped, and should not be tried again soon."""

    exit_status = 4


_OUT_OF_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def write_failure(error: OSError, what: str) -> Incomplete:
    """The one line for a write that failed; a full disk is named as such."""
    code = error.errno
    if code is None:  # pyarrow keeps the number in its message only
        code = next((number for number in _OUT_OF_SPACE if f"[errno {number}]" in str(error)), None)
    if code in _OUT_OF_SPACE:
        return Incomplete(f"{what}: no space left to write; free some and run the same command again")
    reason = os.strerror(code) if code else str(error)
    return Incomplete(f"{what}: cannot write: {reason}; what is staged is safe, run the same command again")
