"""The manners of a crawl, without Scrapy: what an answer means, how long to wait, what robots.txt allows."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Any, Final

from crawler.pages.otw_outcomes import refusal_of
from crawler.pages.page import Page
from pipelines.errors import CannotStart

_RECOVERY: Final = 0.9
_SMALL_PAGE: Final = 64 * 1024
_BLOCK_STATUSES: Final = frozenset({401, 403, 451})
_THROTTLE_STATUSES: Final = frozenset({429, 503})
_BLOCK_MARKS: Final = re.compile(
    rb"shields are up|just a moment|attention required|access denied|cf-wrapper|cf-error-details|challenge-form"
    rb"|challenge-running|cf-browser-verification|retry later|too many requests",
    re.IGNORECASE,
)
_HTML_BEGINS: Final = re.compile(rb"<html[\s>]", re.IGNORECASE)
_RESERVATION: Final = re.compile(r"(content-usage|content-signal|license|ai-usage)\s*:\s*(\S.*)", re.IGNORECASE)


class Answer(StrEnum):
    """What an answer says about our welcome. Pages that are merely missing are good answers."""

    GOOD = "good"
    BLOCKED = "blocked"
    THROTTLED = "throttled"
    FAILING = "failing"


def judge(status: int, headers: Mapping[str, str], body: bytes, transient: Iterable[int]) -> tuple[Answer, str]:
    """What an answer is, and the detail for a person.

    ``headers`` have names in lower case; ``body`` is unpacked; ``transient`` are the statuses worth another try.
    """
    refused = None
    if len(body) <= _SMALL_PAGE and _BLOCK_MARKS.search(body):
        refused = refusal_of(Page(body.decode("utf-8", "replace")))
    if headers.get("cf-mitigated", "").lower() == "challenge":
        return Answer.BLOCKED, "a challenge of Cloudflare"
    if refused is not None and refused.reason == "blocked":
        return Answer.BLOCKED, refused.detail
    if status in _BLOCK_STATUSES:
        return Answer.BLOCKED, f"status {status}"
    if status in _THROTTLE_STATUSES:
        return Answer.THROTTLED, f"status {status}"
    if refused is not None and refused.reason == "rate_limited":
        return Answer.THROTTLED, refused.detail
    if status in transient:
        return Answer.FAILING, f"status {status}"
    return Answer.GOOD, ""


def is_cut_off(status: int, media_type: str, body: bytes) -> bool:
    """Whether a page of HTML begins and never ends: half of it got lost where no length gave that away."""
    if status != 200 or "html" not in media_type.lower() or not _HTML_BEGINS.search(body[:4096]):
        return False
    return b"</html" not in body[-4096:].lower()


def retry_after(value: str | None, date: str | None, now: datetime) -> float | None:
    """Seconds that a ``Retry-After`` header asks to wait: a number of seconds or an HTTP date.

    A date counts from the answer's own ``Date``, as clocks differ, else from ``now``.
    ``None`` where there is no header, or one that says nothing.
    """
    if value is None:
        return None
    text = value.strip()
    if re.fullmatch(r"\d{1,9}(?:\.\d*)?", text, re.ASCII):
        seconds = float(text)
    else:
        until, since = _moment(text), _moment(date or "") or now
        if until is None:
            return None
        seconds = (until - since).total_seconds()
    return seconds if seconds > 0 else None


def _moment(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, IndexError, OverflowError):
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


@dataclass
class Pace:
    """When the next request to a host may go out, beyond its ordinary delay. Moments are seconds of one clock.

    ``interval`` is 0 as long as the host is content; it doubles with each answer that says too much,
    from ``start`` up to ``limit``, and loses a tenth with each good one.
    """

    start: float
    limit: float
    interval: float = 0.0
    not_before: float = 0.0
    _last: float = field(default=float("-inf"), repr=False)

    def reserve(self, now: float) -> float:
        """Seconds to wait and ask again; 0 takes the turn."""
        wait = max(self.not_before, self._last + self.interval) - now
        if wait > 0:
            return wait
        self._last = now
        return 0.0

    def pause(self, now: float, seconds: float) -> None:
        """Let nothing out for so long; a longer pause that is under way stays."""
        self.not_before = max(self.not_before, now + seconds)

    def slow_down(self, now: float) -> float:
        """Double the interval and wait for it from now on; gives it."""
        self.interval = min(self.limit, max(self.start, 2 * self.interval))
        self.pause(now, self.interval)
        return self.interval

    def recover(self) -> None:
        """Take note of a good answer."""
        self.interval *= _RECOVERY
        if self.interval < self.start / 2:
            self.interval = 0.0


@dataclass
class Streak:
    """Bad answers in a row, from whatever page."""

    limit: int
    length: int = 0

    def bad(self) -> bool:
        """Count one; says whether that is the last one to bear."""
        self.length += 1
        return self.length >= self.limit

    def good(self) -> None:
        """Begin anew."""
        self.length = 0


@dataclass(frozen=True)
class RobotsRecord:
    """A robots.txt as it was fetched, and what follows from it. Kept in the record of the run."""

    url: str
    fetched_at: str
    """UTC, ISO 8601."""
    status: int | None
    """Null where no answer came."""
    sha256: str | None
    """Of the file as received and unpacked; null where there was none."""
    decision: str
    """obeyed, none (there is no file: everything is allowed), unreachable (nothing is crawled)
    or kept (could not be fetched again; the last one stays in force)."""
    detail: str = ""
    crawl_delay: float | None = None
    """Seconds between requests that the file asks of us."""
    reservations: tuple[str, ...] = ()
    """Lines on the use for AI or licences, which robots.txt parsers pass over."""

    def as_json(self) -> dict[str, Any]:
        """Values for JSON."""
        return asdict(self) | {"reservations": list(self.reservations)}


def robots_record(
    url: str, fetched_at: datetime, status: int | None, headers: Mapping[str, str], body: bytes, error: str = ""
) -> RobotsRecord:
    """What the answer to a request for robots.txt means (RFC 9309).

    404 and 410 allow everything, like other 4xx, but for 401, 403 and 429: who refuses us the rules, refuses us.
    Server errors, no answer and a page of a gate-keeper in the file's place forbid everything.
    """
    fetched = fetched_at.astimezone(UTC).isoformat(timespec="seconds")
    decision, detail, digest = "obeyed", error, hashlib.sha256(body).hexdigest()
    lines: tuple[str, ...] = ()
    if status is None:
        return RobotsRecord(url, fetched, None, None, "unreachable", error or "no answer")
    answer, said = judge(status, headers, body, ())
    if answer is not Answer.GOOD or status >= 500:
        decision, detail = "unreachable", said or f"status {status}"
    elif 400 <= status < 500:
        decision, detail = "none", f"status {status}: everything is allowed"
    elif status != 200:
        decision, detail = "unreachable", f"status {status}"
    else:
        lines = tuple(reservations(body))
    return RobotsRecord(url, fetched, status, digest, decision, detail, reservations=lines)


def reservations(body: bytes) -> list[str]:
    """Lines of a robots.txt on AI or licences, without comments: ``Content-Usage``, ``Content-Signal``, ``License``."""
    found = []
    for line in body[: 512 * 1024].decode("utf-8", "replace").splitlines():
        match = _RESERVATION.match(line.partition("#")[0].strip())
        if match:
            found.append(f"{match[1]}: {match[2].strip()}"[:200])
    return found[:50]


def require_robots(spider: str, obey: bool) -> None:
    """Hold a spider of the archives on the OTW software to robots.txt.

    Raises ``CannotStart`` where a setting switches it off.
    """
    if not obey:
        raise CannotStart(
            f"ROBOTSTXT_OBEY=False: {spider} always obeys robots.txt, as its archives run on donations; "
            "leave that setting out"
        )
