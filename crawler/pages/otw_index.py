"""The chapter index of an OTW archive, ``/works/ID/navigate``: titles and days of a work's chapters, without text."""

from __future__ import annotations

from typing import Final

from crawler.pages.otw_blurb import read_navigate
from crawler.pages.otw_fields import authors_of
from crawler.pages.otw_markup import archive_of, children, mended, stamped
from crawler.pages.page import Page, PageKind, Refused
from schemas.work import ListedChapter, Provenance, Work

VERSION: Final = "1"


def recognise(page: Page) -> bool:
    """Whether a page is the index of a work's chapters."""
    return mended(page)[0].frame.css_first("ol.chapter.index li a") is not None and "works-navigate" in page.html


def read(page: Page, provenance: Provenance) -> list[Work]:
    """The work without text, with the chapters that the page lists.

    Raises ``Refused``: ``parse_error`` where the page does not name the work.
    """
    index = read_navigate(page)
    if not index.title:
        raise Refused("parse_error", "an index of chapters without the title of the work")
    page, flags = mended(page)
    archive = archive_of(page)
    heading = next((child for child in children(page.tree.css_first("#main")) if child.tag == "h2"), None)
    title_link = next((link for link in children(heading) if link.tag == "a"), None)
    authors, header = authors_of(heading, archive, after=title_link)
    listed = tuple(
        ListedChapter(
            title=each.title,
            number=each.number,
            id=each.chapter_id,
            url=each.url,
            published_date=each.published_date,
        )
        for each in index.chapters
    )
    return [
        Work(
            source=archive.source,
            source_work_id=index.work_id,
            url=archive.url(f"/works/{index.work_id}"),
            title=index.title,
            authors=authors,
            n_chapters_source=len(listed),
            listed_chapters=listed,
            header=tuple(header),
            chapters=(),
            provenance=stamped(provenance, "otw_index", VERSION, "otw_navigate", list(flags)),
        )
    ]


KIND_INDEX: Final = PageKind(
    name="otw_index",
    version=VERSION,
    recognised_by="ol.chapter.index on the page /works/ID/navigate",
    yields="a work without text, with titles and days of its chapters",
    lost="nothing",
    recognise=recognise,
    read=read,
)
