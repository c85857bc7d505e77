"""Which page of an OTW archive comes next, and what its lists tell: the navigation of a crawl, without Scrapy."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urljoin, urlsplit

from crawler.pages.otw_answers import Answer, listing_page
from crawler.pages.otw_blurb import Listing, read_listing
from crawler.pages.otw_outcomes import redirected
from crawler.pages.page import Refused
from crawler.spiders.arguments import FIRST_DAY, Arguments, work_numbers
from crawler.spiders.otw_addresses import page_of, rewritten, with_parameters
from crawler.spiders.otw_listed import is_wanted, listed_of
from crawler.spiders.otw_walk import Walk, can_be_sliced, slices
from pipelines.crawl_records import Listed
from pipelines.crawl_stage import Gathering
from pipelines.errors import WrongUsage
from schemas.work import Work

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Step:
    """What to ask for next: a page of a list, or a work."""

    listing: str | None = None
    """Address of the list."""
    page: str = ""
    """Address of the page of it."""
    number: str = ""
    """Number of the work."""
    place: int = 0
    """Its place in the crawl."""


class Navigation:
    """The lists of a crawl and the works that they name. Where it is, is in the ledger at any moment."""

    def __init__(self, arguments: Arguments, base: str, source: str, gathering: Gathering, *, max_results: int) -> None:
        self.errors: list[str] = []
        """What kept the crawl from being whole, in lines for a person."""
        self.outcomes: Counter[str] = Counter()
        """Works that need not be fetched, by outcome, as the lists told in this run."""
        self._arguments = arguments
        self._base = base
        self._source = source
        self._gathering = gathering
        self._max_results = max_results
        self._walks: dict[str, Walk] = {}
        self._seen: dict[str, set[str]] = {}
        self._failed: set[str] = set()
        self._listed: set[str] = set()
        self._place = 0
        self._n_before = 0  # works of an unfinished crawl that were done before this run
        self._n_whole = 0  # works of a list that is read in parts

    def begin(self, first_listing: str | None) -> None:
        """Take up the lists of an unfinished crawl, or begin them. Raises as the ledger does."""
        gathering, ledger = self._gathering, self._gathering.ledger
        if first_listing is not None:
            if not ledger.listings(gathering.crawl):
                ledger.add_listings(gathering.crawl, [first_listing])
            self._load()
        else:
            numbers = work_numbers(self._arguments.works or "")[: self._arguments.max_works]
            named = [self._named(number) for number in numbers]
            self._record(
                ledger.record_page(
                    *(gathering.crawl, gathering.run, [gathering.judged(work) for work in named]),
                    seen_at=None,
                    refresh=self._arguments.refresh,
                )
            )
        counts = ledger.counts(gathering.crawl)
        self._listed = ledger.seen(gathering.crawl)
        self._n_before = sum(counts.values()) - counts.get("pending", 0) - self.outcomes.total()
        if gathering.is_resumed:
            told = len(self._listed), counts.get("pending", 0)
            logger.info("going on with an unfinished crawl: %d works listed, %d to fetch", *told)

    def _named(self, number: str, mark: str | None = None, outcome: str | None = None) -> Listed:
        return Listed(f"{self._source}:{number}", f"{self._base}works/{number}", mark, outcome=outcome)

    def _load(self) -> None:
        gathering = self._gathering
        for address, state, is_done in gathering.ledger.listings(gathering.crawl):
            walk = Walk.from_state(state) if state else Walk.through(address, self._max_results)
            if is_done:
                walk.phase = "done"
            elif gathering.is_resumed and state:
                walk.has_moved = True  # time has passed since its last page
                if not self._arguments.text and walk.page > 1:
                    walk.page -= 1  # the works of the last page may not have been taken
                self._seen[address] = gathering.ledger.seen(gathering.crawl)
            self._walks[address] = walk

    # What comes next

    def next(self) -> Step | None:
        """What to ask for now: lists first, which tell what is to be fetched; ``None`` where all is done."""
        for address, walk in self._walks.items():
            if not walk.is_done and address not in self._failed:
                return Step(listing=address, page=page_of(address, walk.page))
        if not self._arguments.text:
            return None
        pending = self._gathering.ledger.next_pending(self._gathering.crawl, self._place)
        if pending is None:
            return None
        self._place = pending.place
        return Step(number=pending.work_id.partition(":")[2], place=pending.place)

    def passed(self, place: int) -> None:
        """The work at a place has been asked for, perhaps by a request that JOBDIR kept."""
        self._place = max(self._place, place)

    @property
    def is_finished(self) -> bool:
        """Whether nothing is left to ask for, now or by another run."""
        return not self._failed and self.next() is None

    @property
    def is_complete(self) -> bool:
        """Whether the lists were seen whole: then what is no longer in them is gone."""
        return not self._failed and not any(walk.is_cut for walk in self._walks.values())

    @property
    def known_total(self) -> int:
        """Works that this run will account for, as far as the lists have told."""
        stated = sum(walk.total or 0 for walk in self._walks.values() if not walk.is_cut)
        total = max(len(self._listed), stated, self._n_whole)
        return max(0, min(total, self._arguments.max_works or total) - self._n_before)

    # What a page of a list tells

    def take_page(self, answer: Answer, listing: str) -> list[Work]:
        """Take a page of a list; gives the works that are to be had from it, where no text is wanted.

        Raises as the ledger does.
        """
        walk = self._walks[listing]
        found = self._listing(answer, listing)
        if found is None or (walk.pages == 0 and self._slice(walk, listing, found.n_total or 0)):
            return []
        entries = [listed_of(work, found) for work in found.works]
        ids = [entry.work_id for entry in entries]
        seen = self._seen.setdefault(listing, set())
        new = [work_id for work_id in dict.fromkeys(ids) if work_id not in seen]
        seen.update(new)
        walk.took(ids, new, total=found.n_total, others=found.n_others, has_next=found.next_url is not None)
        works = dict(zip(ids, found.works, strict=True))
        wanted = {key: work for key, work in works.items() if is_wanted(work, listing, self._arguments)}
        chosen = [self._gathering.judged(entry) for entry in entries if entry.work_id in wanted]
        chosen += [self._named(number, "mystery", "unrevealed") for number in found.mysteries]
        self._take_works(walk, listing, chosen, answer.retrieved_at)
        return [] if self._arguments.text else self._pending(wanted)

    def _pending(self, works: Mapping[str, Work]) -> list[Work]:
        pending = self._gathering.ledger.pending(self._gathering.crawl, works)
        return [work for work_id, work in works.items() if work_id in pending]

    def _take_works(self, walk: Walk, listing: str, chosen: list[Listed], seen_at: datetime) -> None:
        most = self._arguments.max_works
        if most is not None:
            fresh = [entry for entry in chosen if entry.work_id not in self._listed]
            room = most - len(self._listed)
            chosen = fresh[:room]
            if len(fresh) > room or (len(fresh) == room and not walk.is_done):
                walk.cut()
        if walk.is_done and walk.missing and not walk.is_cut:
            self.say(f"{listing}: the list states {walk.missing:,} works more than it showed")
            walk.is_cut = True
        self._record(self._keep(walk, listing, chosen, seen_at))

    def _keep(self, walk: Walk, listing: str, works: list[Listed], seen_at: datetime | None) -> list[Listed]:
        """Take works and the state of a walk into the ledger; gives the works that are new to the crawl."""
        return self._gathering.ledger.record_page(
            *(self._gathering.crawl, self._gathering.run, works),
            seen_at=seen_at,
            address=listing,
            state=walk.as_state(),
            is_done=walk.is_done,
            with_text=self._arguments.text,
            refresh=self._arguments.refresh,
        )

    def _record(self, taken: list[Listed]) -> None:
        self._listed.update(work.work_id for work in taken)
        self.outcomes.update(work.outcome for work in taken if work.outcome is not None)

    def _listing(self, answer: Answer, listing: str) -> Listing | None:
        """What a page of a list holds; ``None`` where it is no such page, which is noted."""
        if 300 <= answer.status < 400 and redirected(answer.headers.get("location", "")) is None:
            self._follow(answer, listing)
            return None
        try:
            page, provenance = listing_page(answer)
        except Refused as refused:
            self.listing_failed(listing, refused.reason, refused.detail)
            return None
        found = read_listing(page, provenance)
        if not found.works and not found.n_others and not found.heading:
            self.listing_failed(listing, "parse_error", "no list of works; the archive may have changed its pages")
            return None
        return found

    def _follow(self, answer: Answer, listing: str) -> None:
        """Another tag stands for the one that was asked for: its list takes the place."""
        there = urljoin(answer.url, answer.headers.get("location", ""))
        try:
            target = rewritten(there, self._base)
        except WrongUsage:
            self.listing_failed(listing, "parse_error", f"a redirect to {there}, which is no list of works")
            return
        target = with_parameters(target, parse_qsl(urlsplit(listing).query))
        if target in self._walks:
            self.listing_failed(listing, "deleted", "there is no such list")
            return
        logger.info("%s: the archive leads on to %s", listing, target)
        self._replace(listing, [target])

    def _replace(self, listing: str, others: list[str]) -> None:
        """Read other lists in the place of one."""
        walk = self._walks[listing]
        walk.phase = "done"
        self._gathering.ledger.add_listings(self._gathering.crawl, others)
        self._keep(walk, listing, [], None)
        for address in others:
            self._walks[address] = Walk.through(address, self._max_results)

    def _slice(self, walk: Walk, listing: str, total: int) -> bool:
        """Read a list that is longer than the archive shows in two, by date; says whether it is."""
        if total <= self._max_results:
            return False
        parts = slices(listing, FIRST_DAY, datetime.now(UTC).date()) if can_be_sliced(listing) else [listing]
        if len(parts) < 2:
            walk.is_cut = True
            self.say(f"{listing}: {total:,} works, of which the archive shows {self._max_results:,}")
            return False
        logger.info(
            "%d works are more than the archive shows of a list (%d): in two, by date", total, self._max_results
        )
        self._n_whole = max(self._n_whole, total)
        self._replace(listing, parts)
        return True

    def listing_failed(self, listing: str, reason: str, detail: str) -> None:
        """A list that did not come: another run tries again, unless there is none."""
        walk = self._walks[listing]
        page = f", page {walk.page}" if walk.page > 1 else ""
        self.say(f"{listing}{page}: {reason}: {detail}")
        if reason in ("deleted", "restricted", "hidden", "parse_error"):
            walk.cut()
            self._keep(walk, listing, [], None)
        else:
            self._failed.add(listing)

    def say(self, line: str) -> None:
        """Note what keeps the crawl from being whole."""
        self.errors.append(line)
        logger.error("%s", line)
