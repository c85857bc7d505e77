"""Pages of the test archive that show one work; the structure is that of the real software."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from tests.sites.otw_frame import author_link, frame, site_name, tag_link
from tests.sites.otw_ids import collection_of, day_of
from tests.sites.otw_works import CATEGORIES, RATINGS, WARNINGS, ChapterText, Facets, Story


def byline(story: Story) -> str:
    """The names below a title."""
    if not story.authors:
        return "Anonymous"
    if story.archived_for:
        account, pseud = story.authors[0]
        return f"{escape(story.archived_for)} [archived by {author_link(account, pseud)}]"
    return ", ".join(author_link(*author) for author in story.authors)


@dataclass(frozen=True)
class Place:
    """A series of a work, with the work's place in it as the page shows it, and the works beside it."""

    id: str
    title: str
    position: int
    previous: str | None = None
    next: str | None = None


@dataclass(frozen=True)
class Relation:
    """A work that another names: kind as in ``schemas.work.RelatedWork``."""

    kind: str
    work_id: str
    title: str
    author: str
    language: str | None = None


@dataclass(frozen=True)
class Whole:
    """A work with all that its page says."""

    host: str
    story: Story
    chapters: Sequence[ChapterText]
    places: Sequence[Place] = ()
    relations: Sequence[Relation] = ()

    @property
    def facets(self) -> Facets:
        return self.story.facets


def _tags_row(name: str, label: str, tags: Sequence[str]) -> str:
    if not tags:
        return ""
    items = "".join(f"<li>{tag_link(tag)}</li>" for tag in tags)
    return (
        f'<dt class="{name} tags">\n{label}:\n</dt>\n<dd class="{name} tags"><ul class="commas">\n{items}\n</ul></dd>\n'
    )


def _plural(tags: Sequence[str], one: str, many: str) -> str:
    return one if len(tags) == 1 else many


def stats_items(story: Story, *, blurb: bool) -> str:
    """The counts as ``dt`` and ``dd``; comments, kudos and bookmarks are left out when 0."""
    facets = story.facets
    items = []

    def put(name: str, label: str, value: str) -> None:
        items.append(f'<dt class="{name}">{label}:</dt>\n<dd class="{name}">{value}</dd>')

    path = f"/works/{facets.id}"
    planned = "?" if facets.planned is None else f"{facets.planned:,}"
    if blurb:
        items.append(
            f'<dt class="language">Language:</dt>\n<dd class="language" lang="{facets.tongue.code}">'
            f"{facets.tongue.name}</dd>"
        )
        put("words", "Words", f"{facets.words:,}")
        posted = f'<a href="{path}/chapters/1">{facets.chapters}</a>' if facets.chapters > 1 else f"{facets.chapters}"
        put("chapters", "Chapters", f"{posted}/{planned}")
        if facets.collected:
            put("collections", "Collections", f'<a href="{path}/collections">1</a>')
    else:
        put("published", "Published", day_of(facets.created))
        if facets.chaptered:
            put("status", "Completed" if facets.complete else "Updated", day_of(facets.revised))
        put("words", "Words", f"{facets.words:,}")
        put("chapters", "Chapters", f"{facets.chapters}/{planned}")
    if story.comments:
        put("comments", "Comments", f'<a href="{path}?show_comments=true#comments">{story.comments:,}</a>')
    if story.kudos:
        put("kudos", "Kudos", f'<a href="{path}#kudos">{story.kudos:,}</a>' if blurb else f"{story.kudos:,}")
    if story.bookmarks:
        put("bookmarks", "Bookmarks", f'<a href="{path}/bookmarks">{story.bookmarks:,}</a>')
    put("hits", "Hits", f"{story.hits:,}")
    return "\n".join(items)


def _meta(whole: Whole) -> str:
    facets = whole.facets
    warnings, categories = WARNINGS[facets.warnings], CATEGORIES[facets.categories]
    rows = [
        _tags_row("rating", "Rating", (RATINGS[facets.rating],)),
        _tags_row("warning", _plural(warnings, "Archive Warning", "Archive Warnings"), warnings),
        _tags_row("category", _plural(categories, "Category", "Categories"), categories),
        _tags_row("fandom", _plural(facets.fandoms, "Fandom", "Fandoms"), facets.fandoms),
        _tags_row("relationship", "Relationship", facets.relationships),
        _tags_row("character", _plural(facets.characters, "Character", "Characters"), facets.characters),
        _tags_row("freeform", _plural(facets.additional, "Additional Tag", "Additional Tags"), facets.additional),
    ]
    rows.append(
        f'<dt class="language">Language:</dt>\n<dd class="language" lang="{facets.tongue.code}">\n'
        f"{facets.tongue.name}\n</dd>\n"
    )
    if whole.places:
        spans = "".join(map(_place, whole.places))
        rows.append(f'<dt class="series">Series:</dt>\n<dd class="series">{spans}</dd>\n')
    if facets.collected:
        name, title = collection_of(facets.n)
        rows.append(
            f'<dt class="collections">Collections:</dt>\n<dd class="collections">'
            f'<a href="/collections/{name}">{escape(title)}</a></dd>\n'
        )
    rows.append(
        '<dt class="stats">Stats:</dt>\n<dd class="stats">\n<dl class="stats">'
        f"{stats_items(whole.story, blurb=False)}</dl>\n</dd>\n"
    )
    return f'<div class="wrapper"><dl class="work meta group">\n{"".join(rows)}</dl></div>'


def _place(place: Place) -> str:
    before = f'<a class="previous" href="/works/{place.previous}">← Previous Work</a>' if place.previous else ""
    after = f'<a class="next" href="/works/{place.next}">Next Work →</a>' if place.next else ""
    return (
        f'<span class="series">{before}<span class="position">Part {place.position} of '
        f'<a href="/series/{place.id}">{escape(place.title)}</a></span>{after}</span>'
    )


def _module(name: str, label: str, text: str | None, items: str = "", more: str = "") -> str:
    if text is None and not items:
        return ""
    quoted = f'<blockquote class="userstuff">\n<p>{escape(text)}</p>\n</blockquote>\n' if text is not None else ""
    return f'<div{more} class="{name} module">\n<h3 class="heading">{label}:</h3>\n{items}{quoted}</div>\n'


def _association(relation: Relation) -> str:
    work = (
        f'<a href="/works/{relation.work_id}">{escape(relation.title)}</a> by '
        f"{author_link(relation.author, relation.author)}"
    )
    if relation.kind == "translated_as":
        return f"<li>Translation into <span>{relation.language}</span> available: {work}</li>"
    start = {"translation_of": "A translation of", "inspired_by": "Inspired by"}[relation.kind]
    return f"<li>{start} {work}.</li>"


def _preface(whole: Whole, *, first: bool) -> str:
    story = whole.story
    gifts = ", ".join(f'<a href="/users/{name}/gifts">{name}</a>' for name in story.gifts)
    items = [f"<li>For {gifts}.</li>"] if gifts else []
    items += [_association(relation) for relation in whole.relations if relation.kind != "inspired"]
    listed = '<ul class="associations">\n' + "\n".join(items) + "\n</ul>\n" if items else ""
    modules = ""
    if first:
        modules = _module("summary", "Summary", story.summary) + _module("notes", "Notes", story.notes_before, listed)
    return (
        f'<div class="preface group">\n<h2 class="title heading">\n{escape(story.title)}\n</h2>\n'
        f'<h3 class="byline heading">\n{byline(story)}\n</h3>\n{modules}</div>\n'
    )


def _paragraph(index: int, text: str) -> str:
    if index % 9 == 4:
        return f"<p><em>{text}</em></p>"
    return f"<blockquote><p>{text}</p></blockquote>" if index % 13 == 6 else f"<p>{text}</p>"


def _text(chapter: ChapterText) -> str:
    # The generated texts hold no <, > or &.
    return "\n".join(_paragraph(i, text) for i, text in enumerate(chapter.paragraphs))


def _chapter_box(work_id: str, chapter: ChapterText) -> str:
    title = f": {escape(chapter.title)}" if chapter.title else ""
    other = (
        f'<h4 class="byline heading">{author_link(chapter.co_author, chapter.co_author)}</h4>\n'
        if chapter.co_author
        else ""
    )
    end = _module("end notes", "Notes", chapter.notes_after, more=f' id="chapter_{chapter.number}_endnotes"')
    summary = _module("summary", "Summary", chapter.summary, more=' id="summary"')
    notes = _module("notes", "Notes", chapter.notes_before, more=' id="notes"')
    ending = f'<div class="chapter preface group">\n{end}</div>\n' if end else ""
    return (
        f'<div class="chapter" id="chapter-{chapter.number}">\n<div class="chapter preface group">\n'
        f'<h3 class="title">\n<a href="/works/{work_id}/chapters/{chapter.id}">Chapter {chapter.number}</a>{title}\n'
        f"</h3>\n{other}{summary}{notes}</div>\n"
        '<div class="userstuff module" role="article">\n<h3 class="landmark heading" id="work">Chapter Text</h3>\n'
        f"{_text(chapter)}\n</div>\n{ending}</div>\n"
    )


def _afterword(whole: Whole, *, last: bool) -> str:
    boxes = ""
    if last:
        boxes = _module("end notes", "Notes", whole.story.notes_after, more=' id="work_endnotes"')
        if whole.places:
            items = "".join(f"<li>{_place(place)}</li>" for place in whole.places)
            boxes += (
                '<div id="series" class="series module"><h3 class="heading">Series this work belongs to:</h3>'
                f"<ul>{items}</ul></div>\n"
            )
        inspired = [relation for relation in whole.relations if relation.kind == "inspired"]
        if inspired:
            items = "".join(
                f'<li><a href="/works/{other.work_id}">{escape(other.title)}</a> by '
                f"{author_link(other.author, other.author)}</li>"
                for other in inspired
            )
            boxes += (
                '<div id="children" class="children module"><h3 class="heading">Works inspired by this one:</h3>'
                f"<ul>{items}</ul></div>\n"
            )
    return f'<div class="afterword preface group">\n{boxes}</div>\n'


def _actions(whole: Whole, shown: int | None) -> str:
    """The links above a work; ``shown`` is the chapter that the page shows alone."""
    facets = whole.facets
    path = f"/works/{facets.id}"
    items = []
    if facets.chaptered and shown is None:
        items.append(
            f'<li class="chapter bychapter"><a href="{path}/chapters/{whole.chapters[0].id}">Chapters</a></li>'
        )
    elif shown is not None:
        items.append(f'<li class="chapter entire"><a href="{path}?view_full_work=true">Entire Work</a></li>')
        if shown > 1:
            before = whole.chapters[shown - 2].id
            items.append(f'<li class="chapter previous"><a href="{path}/chapters/{before}">← Previous Chapter</a></li>')
        if shown < len(whole.chapters):
            items.append(
                f'<li class="chapter next"><a href="{path}/chapters/{whole.chapters[shown].id}">Next Chapter →</a></li>'
            )
        options = "".join(
            f'<option{" selected" if chapter.number == shown else ""} value="{chapter.id}">'
            f"{_item_name(chapter)[:50]}</option>"
            for chapter in whole.chapters
        )
        items.append(
            f'<li class="chapter"><ul id="chapter_index"><li><form action="{path}"><select name="selected_id" '
            f'id="selected_id">{options}</select></form></li></ul></li>'
        )
    items.append(
        f'<li class="download"><ul><li><a href="/downloads/{facets.id}/work.html?updated_at={facets.stamp}">HTML</a>'
        "</li></ul></li>"
    )
    return f'<ul class="work navigation actions">\n{"".join(items)}\n</ul>'


def _item_name(chapter: ChapterText) -> str:
    return escape(f"{chapter.number}. {chapter.title or f'Chapter {chapter.number}'}")


def _head(facets: Facets) -> str:
    if facets.outcome == "noindex":
        return '<meta name="robots" content="noindex">\n  '
    if facets.outcome == "noai":
        return '<meta name="robots" content="noai, noimageai">\n  '
    if facets.outcome == "tdm" and facets.n % 2:
        return '<meta name="tdm-reservation" content="1">\n  '
    return ""


def work_page(whole: Whole, shown: int | None = None) -> str:
    """A whole work, or with ``shown`` its page of one chapter."""
    story, facets = whole.story, whole.facets
    last = len(whole.chapters)
    if not facets.chaptered:
        chapter = whole.chapters[0]
        body = (
            '<h3 class="landmark heading" id="work">Work Text:</h3>\n<div class="userstuff">\n'
            f"{_text(chapter)}\n</div>\n"
        )
    else:
        chosen = whole.chapters if shown is None else whole.chapters[shown - 1 : shown]
        body = "".join(_chapter_box(facets.id, chapter) for chapter in chosen)
    names = ", ".join(pseud for _, pseud in story.authors) or "Anonymous"
    number = "" if shown is None else f" - Chapter {shown}"
    title = f"{story.title}{number} - {names} - {facets.fandoms[0]} [{site_name(whole.host)}]"
    inside = (
        f'<div class="work">\n{_actions(whole, shown)}\n<h3 class="landmark heading">Work Header</h3>\n'
        f'{_meta(whole)}\n<div id="workskin">\n{_preface(whole, first=shown in (None, 1))}'
        f'<div id="chapters" role="article">\n{body}</div>\n'
        f"{_afterword(whole, last=shown in (None, last))}</div>\n"
        f'<div id="feedback" class="feedback"><h3 class="landmark heading">Actions</h3><ul class="actions">'
        f'<li><a href="/works/{facets.id}?show_comments=true#comments">Comments</a></li></ul></div>\n</div>'
    )
    return frame(whole.host, title, "works-show" if shown is None else "chapters-show", inside, _head(facets))


def navigate_page(whole: Whole) -> str:
    """The chapter index of a work, with days."""
    path = f"/works/{whole.facets.id}"
    items = "\n".join(
        f'<li><a href="{path}/chapters/{chapter.id}">{_item_name(chapter)}</a> '
        f'<span class="datetime">({chapter.published})</span></li>'
        for chapter in whole.chapters
    )
    inside = (
        f'<h2 class="heading">Chapter Index for <a href="{path}">{escape(whole.story.title)}</a> by '
        f'{byline(whole.story)}</h2>\n<ol class="chapter index group" role="navigation">\n{items}\n</ol>'
    )
    return frame(whole.host, f"Navigate Work | {site_name(whole.host)}", "works-navigate", inside)
