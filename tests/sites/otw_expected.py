"""What a right reading of the test archive's pages gives, by the field names of ``schemas.work.Work``."""

from __future__ import annotations

from typing import Any, Final

from tests.sites.otw_catalogue import Catalogue
from tests.sites.otw_ids import collection_of, day_of, number_of
from tests.sites.otw_pages import Relation
from tests.sites.otw_works import CATEGORIES, RATINGS, WARNINGS, ChapterText, Facets, Story

_SOURCES: Final = {
    "archiveofourown.org": "ao3",
    "squidgeworld.org": "squidgeworld",
    "superlove.sayitditto.net": "superlove",
}


def expected(catalogue: Catalogue, work_id: str | int) -> dict[str, Any]:
    """Fields as ``schemas.work.Work`` names them, of the work's page; see ``Archive.expected``."""
    facets = catalogue.facets(number_of(work_id))
    assert facets is not None, work_id
    whole = catalogue.whole(facets)
    told = whole.story
    base = f"https://{catalogue.host}"
    status = ("Completed" if facets.complete else "Updated") if facets.chaptered else None
    return {
        "source": _SOURCES.get(catalogue.host, catalogue.host),
        "source_work_id": facets.id,
        "url": f"{base}/works/{facets.id}",
        "title": told.title,
        "authors": _authors(told),
        "fandoms": list(facets.fandoms),
        "relationships": list(facets.relationships),
        "characters": list(facets.characters),
        "freeforms": list(facets.additional),
        "rating_raw": RATINGS[facets.rating],
        "warnings_raw": list(WARNINGS[facets.warnings]),
        "categories_raw": list(CATEGORIES[facets.categories]),
        "language_raw": facets.tongue.name,
        "language": facets.tongue.code,
        "status_raw": status or "Complete",
        "complete": facets.complete,
        "published_date": day_of(facets.created),
        "updated_date": day_of(facets.revised) if facets.chaptered else None,
        "n_words_source": facets.words,
        "n_chapters_source": facets.chapters,
        "n_chapters_planned": facets.planned,
        "engagement": {
            "kudos": told.kudos,
            "hits": told.hits,
            "comments": told.comments,
            "bookmarks": told.bookmarks,
        },
        "series": [{"id": p.id, "title": p.title, "position": p.position} for p in whole.places],
        "collections": [collection_of(facets.n)[1]] if facets.collected else [],
        "gifts": list(told.gifts),
        "related": [_related(catalogue.host, relation) for relation in whole.relations],
        "summary": told.summary,
        "notes_before": told.notes_before,
        "notes_after": told.notes_after,
        "updated_at": facets.stamp,
        "chapters": [_chapter(catalogue.host, facets, chapter) for chapter in whole.chapters],
    }


def expected_blurb(catalogue: Catalogue, work_id: str | int) -> dict[str, Any]:
    """The same of a blurb: no dates of publication, notes, collections' names or chapters."""
    facets = catalogue.facets(number_of(work_id))
    assert facets is not None, work_id
    fields = expected(catalogue, work_id)
    for name in ("chapters", "notes_before", "notes_after", "published_date", "collections", "related"):
        del fields[name]
    places = catalogue.stored_places(facets.n)
    return fields | {
        "status_raw": "Complete Work" if facets.complete else "Work in Progress",
        "updated_date": day_of(facets.revised),
        "series": [{"id": p.id, "title": p.title, "position": p.position} for p in places],
    }


def _related(host: str, relation: Relation) -> dict[str, Any]:
    return {
        "kind": relation.kind,
        "title": relation.title,
        "url": f"https://{host}/works/{relation.work_id}",
        "author": relation.author,
        "language": relation.language if relation.kind == "translated_as" else None,
    }


def _chapter(host: str, facets: Facets, chapter: ChapterText) -> dict[str, Any]:
    named = facets.chaptered
    url = f"https://{host}/works/{facets.id}/chapters/{chapter.id}"
    return {
        "number": chapter.number if named else None,
        "source_chapter_id": chapter.id if named else None,
        "url": url if named else None,
        "title": chapter.title,
        "summary": chapter.summary,
        "notes_before": chapter.notes_before,
        "notes_after": chapter.notes_after,
        "authors": [chapter.co_author] if chapter.co_author else [],
        "published_date": chapter.published,
        "paragraphs": list(chapter.paragraphs),
    }


def _authors(told: Story) -> list[dict[str, Any]]:
    if not told.authors:
        return [{"name": "Anonymous", "id": None, "kind": "anonymous"}]
    if told.archived_for:
        return [{"name": told.archived_for, "id": None}]
    return [
        {
            "name": pseud if pseud == account else f"{pseud} ({account})",
            "id": account,
            "kind": "orphaned" if account == "orphan_account" else "user",
        }
        for account, pseud in told.authors
    ]
