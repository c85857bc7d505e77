"""The C library's heap kept by processes that read works one after another.

By default it gives free memory at its end back to the system as soon as there are some hundred kilobytes of it, which
is once or twice a work; to be given each page again costs a tenth of what it costs to read a page of HTML.
"""

from __future__ import annotations

import ctypes
import sys
from typing import Final

_TRIM_THRESHOLD: Final = -1
_MMAP_THRESHOLD: Final = -3
_KEPT: Final = 64 << 20
"""Bytes that are free at the end of the heap before they are given back."""
_LARGEST: Final = 32 << 20
"""Bytes of a block up to which it is taken from the heap: the most that glibc comes to by itself as it is used."""


def keep_heap() -> None:
    """Let this process, and those forked from it, keep what they have freed, where the heap is glibc's (mallopt(3))."""
    if sys.platform != "linux":
        return
    set_option = getattr(ctypes.CDLL(None), "mallopt", None)
    if set_option is not None:
        set_option(_MMAP_THRESHOLD, _LARGEST)
        set_option(_TRIM_THRESHOLD, _KEPT)
