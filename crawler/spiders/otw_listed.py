"""Works as lists show them: what tells a change, and what the filters say of them."""

from __future__ import annotations

import hashlib
from typing import Final
from urllib.parse import urlsplit

from crawler.pages.otw_blurb import Listing
from crawler.spiders.arguments import Arguments
from pipelines.crawl_records import Listed
from pipelines.language import same_language
from schemas.vocabulary import Status, language_of, rating_of, status_of
from schemas.work import Work

_UNFILTERED: Final = ("/bookmarks", "/series/")


def listed_of(work: Work, listing: Listing) -> Listed:
    """A blurb's work for the ledger, with the mark that changes when the work does.

    That is the archive's ``updated_at``; where a list has none, what the blurb says of date, length and state.
    """
    assert work.source_work_id is not None
    assert work.url is not None
    stamp = listing.stamps.get(work.source_work_id)
    return Listed(
        work_id=f"{work.source}:{work.source_work_id}",
        url=work.url,
        mark=f"updated_at={stamp}" if stamp is not None else f"state={_state(work)}",
        engagement=work.engagement,
        outcome="restricted" if "restricted" in work.provenance.flags else None,
    )


def _state(work: Work) -> str:
    said = (
        *(work.title, work.updated_date, work.n_words_source, work.n_chapters_source, work.n_chapters_planned),
        *(work.status_raw, work.rating_raw, work.fandoms, work.relationships, work.characters, work.freeforms),
    )
    return hashlib.sha256(repr(said).encode()).hexdigest()[:20]


def is_wanted(work: Work, listing: str, arguments: Arguments) -> bool:
    """Whether a blurb passes the filters, in lists for which the archive itself does not filter.

    What the blurb does not state passes.
    """
    path = urlsplit(listing).path
    if not (path.endswith(_UNFILTERED[0]) or path.startswith(_UNFILTERED[1])):
        return True
    day = work.updated_date
    if day is not None and (
        (arguments.since is not None and day < arguments.since)
        or (arguments.until is not None and day > arguments.until)
    ):
        return False
    language = language_of(work.language_raw) if work.language_raw else None
    if arguments.language is not None and language is not None and not same_language(language, arguments.language):
        return False
    status = status_of(work.status_raw)
    if arguments.complete is not None and status is not None and (status is Status.COMPLETE) != arguments.complete:
        return False
    rating = rating_of(work.rating_raw)
    return arguments.rating is None or rating is None or rating is arguments.rating
