"""Works and outcomes of a crawl into the staging of a corpus, so that a kill at any moment costs no page."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Self

from pipelines import versions
from pipelines.corpus import Corpus
from pipelines.crawl_ledger import CrawlLedger
from pipelines.crawl_records import Fetched, Journalled, Listed
from pipelines.errors import Incomplete
from pipelines.ledger import InputRecord
from pipelines.prepare import Prepared, Unprepared, prepare, reject_of, work_id_of
from pipelines.stage import StagedReject, StagedWork, Staging, write_segment
from pipelines.takedowns import read_takedowns
from pipelines.work_json import work_from_json, work_to_json
from schemas.tables import RejectRow
from schemas.work import Work

SEGMENT_WORKS = 200
SEGMENT_CHARACTERS = 16 * 2**20
"""What of a crawl is held in memory before it becomes a segment; until then it is safe in the journal."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A work that a site did not give."""

    work_id: str
    url: str
    source: str
    outcome: str
    """One of ``crawl_records.OUTCOMES``."""
    detail: str
    http_status: int | None = None
    raw_sha256: str | None = None
    size: int | None = None
    fetched_at: datetime | None = None


ORIGIN = "crawl"
"""Origin, in the ledger, of what is fetched; the address of the work is the input."""


@dataclass
class _Batch:
    """What will be the next segment."""

    works: list[StagedWork] = field(default_factory=list)
    rejects: list[StagedReject] = field(default_factory=list)
    records: list[InputRecord] = field(default_factory=list)
    characters: int = 0

    def add(self, entry: Journalled, prepared: Prepared | RejectRow) -> None:
        is_work = isinstance(prepared, Prepared)
        if isinstance(prepared, Prepared):
            self.works.append(StagedWork(entry.ref, prepared))
            self.characters += prepared.work.n_chars
        else:
            self.rejects.append(StagedReject(entry.ref, prepared))
        self.records.append(InputRecord(entry.ref, entry.size, None, entry.sha256, int(is_work), int(not is_work)))

    def forget(self, ref: str) -> None:
        """Take a former state of an input out: a segment holds one of each."""
        self.works = [work for work in self.works if work.ref != ref]
        self.rejects = [reject for reject in self.rejects if reject.ref != ref]
        self.records = [record for record in self.records if record.ref != ref]

    @property
    def is_full(self) -> bool:
        return len(self.records) >= SEGMENT_WORKS or self.characters >= SEGMENT_CHARACTERS


def prepared_or_rejected(work: Work) -> Prepared | RejectRow:
    """The rows of a work, or the reject that it becomes: one work must not end a crawl of thousands."""
    try:
        return prepare(work)
    except Unprepared as error:
        row = reject_of(work, error.reason, error.detail)
    except Exception as error:  # noqa: BLE001 - it is counted, and its page is in the web archive
        row = reject_of(work, "internal_error", f"{type(error).__name__}: {error}; please report it"[:500])
    return row.model_copy(update={"ref": work.url or work_id_of(work)})


class Stager:
    """Makes segments of what stands in the journal."""

    def __init__(self, staging: Staging, ledger: CrawlLedger, run: int, preparation: str) -> None:
        self._staging = staging
        self._ledger = ledger
        self._run = run
        self._preparation = preparation
        self._batch = _Batch()
        self._segments = 0

    def add(self, entry: Journalled, prepared: Prepared | RejectRow) -> None:
        """Take an entry of the journal with its rows. Raises ``Incomplete`` when the disk refuses."""
        self._batch.forget(entry.ref)
        self._batch.add(entry, prepared)
        if self._batch.is_full:
            self.flush()

    def forget(self, ref: str) -> None:
        """Take an entry out again."""
        self._batch.forget(ref)

    def flush(self) -> None:
        """Make a segment of what has come, and take it out of the journal. Raises ``Incomplete``."""
        batch, self._batch = self._batch, _Batch()
        if not batch.records:
            return
        segment = f"{self._run:06d}-crawled-{self._segments:06d}"
        self._segments += 1
        write_segment(self._staging.unfinished(segment), batch.works, batch.rejects)
        self._staging.commit(*(segment, [segment], ORIGIN, batch.records), preparation=self._preparation, run=self._run)
        self._ledger.clear_journal([(record.ref, record.sha256) for record in batch.records])

    def stage_journal(self) -> int:
        """Stage what a killed run left in the journal; says how much."""
        entries = list(self._ledger.journal())
        for entry in entries:
            if entry.work is not None:
                self.add(entry, prepared_or_rejected(work_from_json(entry.work)))
            else:
                self.add(entry, RejectRow.model_validate_json(entry.reject or ""))
        self.flush()
        return len(entries)


def stage_left(staging: Staging, run: int, preparation: Callable[[], str]) -> None:
    """Stage what a killed crawl left in the journal of a corpus. The caller holds it. Raises ``Incomplete``.

    ``preparation`` loads every reader, and is asked only where something was left.
    """
    with closing(CrawlLedger(staging.folder / "ledger.sqlite")) as ledger:
        if next(ledger.journal(), None) is not None:
            Stager(staging, ledger, run, preparation()).stage_journal()


class Gathering:
    """A corpus that a crawl writes into; held from ``open`` to ``close``."""

    def __init__(
        self, corpus: Corpus, staging: Staging, ledger: CrawlLedger, source: str, crawl: int, run: int, preparation: str
    ) -> None:
        self.corpus = corpus
        self.staging = staging
        self.ledger = ledger
        self.source = source
        self.crawl = crawl
        self.run = run
        self.is_resumed = False
        self._stager = Stager(staging, ledger, run, preparation)
        self._takedowns = read_takedowns(corpus.path)
        self._stack = ExitStack()
        self._is_closed = False

    @classmethod
    def open(cls, corpus: Corpus, source: str, asked: Mapping[str, Any], command: str, preparation: str) -> Self:
        """Take hold of a corpus, making it if it is new, and stage what a killed run left in the journal.

        Raises ``CannotStart`` where another process holds it or ``corpus.toml`` cannot be read, ``Incomplete`` when
        the disk refuses.
        """
        corpus.config  # noqa: B018 - a corpus.toml that cannot be read is told before anything is made
        with ExitStack() as stack:
            corpus.create()
            stack.enter_context(corpus.lock())
            staging = Staging(corpus.staging)
            stack.callback(staging.close)
            ledger = CrawlLedger(corpus.staging / "ledger.sqlite")
            stack.callback(ledger.close)
            staging.discard_unacknowledged()
            run = staging.ledger.begin_run(command, versions.tools() | versions.methods())
            crawl, is_resumed = ledger.begin(source, asked, run)
            gathering = cls(corpus, staging, ledger, source, crawl, run, preparation)
            gathering.is_resumed = is_resumed
            gathering._stager.stage_journal()
            gathering._take_down()
            gathering._stack = stack.pop_all()
            return gathering

    def keep(self, work: Work) -> None:
        """Acknowledge a work that was fetched: from here on it is never asked for again in this crawl.

        Raises ``Incomplete`` when the disk refuses.
        """
        work_id = work_id_of(work)
        url = work.url or work_id
        held = "text" if work.chapters else "metadata"
        fetched = Fetched(
            *(work_id, url, "ok", "", 200, held, work.engagement, work.provenance.retrieved_at),
        )
        if held == "metadata" and self.ledger.held(work_id) == "text":
            self._finish(fetched, None, None)
            return
        prepared = prepared_or_rejected(work)
        is_work = isinstance(prepared, Prepared)
        if isinstance(prepared, RejectRow) and prepared.reason == "internal_error":
            fetched = replace(fetched, outcome="parse_error", detail=prepared.detail, held="", engagement=None)
        entry = Journalled(
            *(url, work_id, None, work.provenance.raw_sha256),
            work=work_to_json(work) if is_work else None,
            reject=None if isinstance(prepared, Prepared) else prepared.model_dump_json(),
        )
        self._finish(fetched, entry, prepared)

    def refuse(self, refusal: Refusal) -> None:
        """Note why a work was not given. What is held of it already stays, but for works that are opted out.

        Raises ``Incomplete`` when the disk refuses.
        """
        fetched = Fetched(
            *(refusal.work_id, refusal.url, refusal.outcome, refusal.detail, refusal.http_status),
            fetched_at=refusal.fetched_at,
        )
        if refusal.outcome == "opted_out":
            self.staging.ledger.forget(ORIGIN, [refusal.url])
            self._stager.forget(refusal.url)
        elif self.ledger.held(refusal.work_id):
            self._finish(fetched, None, None)
            return
        row = RejectRow(
            ref=refusal.url,
            work_id=refusal.work_id,
            source=refusal.source,
            stage="read",
            reason=refusal.outcome,
            detail=refusal.detail,
            format=None,
            raw_sha256=refusal.raw_sha256,
        )
        entry = Journalled(refusal.url, refusal.work_id, refusal.size, refusal.raw_sha256, None, row.model_dump_json())
        self._finish(fetched, entry, row)

    def _finish(self, fetched: Fetched, entry: Journalled | None, prepared: Prepared | RejectRow | None) -> None:
        try:
            self.ledger.finish(self.crawl, self.run, fetched, entry)
        except sqlite3.OperationalError as error:
            raise Incomplete(f"{self.staging.folder}: cannot write the ledger: {error}; run the crawl again") from error
        if entry is not None and prepared is not None:
            self._stager.add(entry, prepared)

    def judged(self, work: Listed) -> Listed:
        """A listed work with its outcome where it is on the takedown list."""
        return replace(work, outcome="opted_out") if work.work_id in self._takedowns else work

    def _take_down(self) -> None:
        """Take what is held of works on the takedown list out of the corpus."""
        for work_id, url in self.ledger.held_of(self._takedowns):
            told = Refusal(work_id, url, work_id.partition(":")[0], "opted_out", "on the takedown list")
            self.refuse(told)

    def keep_page(self, source: str, number: str, body: bytes) -> None:
        """Keep a page that could not be read, for whoever mends the parser."""
        folder = self.staging.folder / "pages"
        folder.mkdir(exist_ok=True)
        (folder / f"{source}-{number}.html").write_bytes(body)

    def flush(self) -> None:
        """Stage what has come. Raises ``Incomplete``."""
        self._stager.flush()

    def close(self, reason: str, *, is_finished: bool, is_complete: bool) -> dict[str, int]:
        """Stage what is left, note how the run ended, and let the corpus go; gives the works by outcome.

        Raises ``Incomplete`` when the disk refuses; the corpus is let go all the same.
        """
        if self._is_closed:
            return {}
        self._is_closed = True
        try:
            self.flush()
            self.ledger.end(self.crawl, reason, is_finished=is_finished, is_complete=is_complete)
            counts = self.ledger.counts(self.crawl)
            self.staging.ledger.end_run(self.run, {"crawl": self.crawl, "reason": reason, "outcomes": counts})
        finally:
            self._stack.close()
        return counts
