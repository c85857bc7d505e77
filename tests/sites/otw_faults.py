"""Misbehaviour of the test archive: rate limits, error pages, broken and late answers."""

from __future__ import annotations

import re
import time
from collections import deque
from dataclasses import dataclass, field
from threading import Lock
from typing import Final

CLOUDFLARE: Final = {520: "Web server is returning an unknown error", 525: "SSL handshake failed"}
KINDS: Final = (
    "429", "429 page", "503", "520", "525", "403", "445", "504", "500",
    "hang", "half", "length", "reset", "login", "timeout_error", "empty",
)  # fmt: skip
"""429: text/plain ``Retry later``; 403: a challenge of Cloudflare's; 445: the search engine is down, nothing comes;
hang: no answer until the client leaves; half: the connection closes within the body; length: ``Content-Length`` says
more than comes; reset: the connection closes before an answer; login, timeout_error: redirects; empty: 200 and nothing.
"""


@dataclass
class Fault:
    """A misbehaviour in waiting."""

    kind: str
    path: re.Pattern[str]
    left: int
    """How many answers it will still spoil."""
    after: int = 0
    """How many fitting requests go well first."""
    every: int = 1
    """It spoils one of so many."""
    retry_after: int | None = None
    seconds: float = 3600.0
    """How long ``hang`` holds the connection."""
    seen: int = 0
    spoiled: int = 0


@dataclass
class Faults:
    """The misbehaviours of an archive and its rate limit."""

    limit: tuple[int, float] | None = None
    """Requests per so many seconds, per client."""
    waiting: list[Fault] = field(default_factory=list)
    _times: deque[float] = field(default_factory=deque)
    _lock: Lock = field(default_factory=Lock)

    def add(self, fault: Fault) -> Fault:
        """Let a misbehaviour wait for requests."""
        if fault.kind not in KINDS:
            raise ValueError(f"a fault of no known kind: {fault.kind}; known: {', '.join(KINDS)}")
        with self._lock:
            self.waiting.append(fault)
        return fault

    def take(self, target: str) -> Fault | None:
        """The misbehaviour that a request meets, if any."""
        with self._lock:
            for fault in self.waiting:
                if fault.left > 0 and fault.path.search(target):
                    fault.seen += 1
                    if fault.seen > fault.after and (fault.seen - fault.after - 1) % fault.every == 0:
                        fault.left -= 1
                        fault.spoiled += 1
                        return fault
            return None

    def wait(self) -> int | None:
        """Seconds for which the rate limit sends a client away; none within the limit."""
        if self.limit is None:
            return None
        number, period = self.limit
        with self._lock:
            now = time.monotonic()
            while self._times and self._times[0] <= now - period:
                self._times.popleft()
            if len(self._times) >= number:
                return max(1, round(self._times[0] + period - now + 0.5))
            self._times.append(now)
            return None


def cloudflare_page(host: str, status: int) -> str:
    """An error page of the network before the archive."""
    text = CLOUDFLARE.get(status, "Service unavailable")
    return (
        f"<!DOCTYPE html><html><head><title>{host} | {status}: {text}</title></head><body>"
        f'<div id="cf-wrapper"><div id="cf-error-details"><h1>{text}</h1><p>Error code {status}</p></div></div>'
        "</body></html>"
    )


def challenge_page(host: str) -> str:
    """A challenge of the network before the archive."""
    return (
        "<!DOCTYPE html><html><head><title>Just a moment...</title></head><body>"
        f'<h1>{host}</h1><form id="challenge-form" action="/" method="post"><noscript>Turn on JavaScript.</noscript>'
        "</form></body></html>"
    )
