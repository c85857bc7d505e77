"""Lists of works in the test archive: blurbs, both kinds of paginators, series, bookmarks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from urllib.parse import urlencode

from tests.sites.otw_frame import frame, site_name, tag_link
from tests.sites.otw_ids import day_of
from tests.sites.otw_pages import Place, byline, stats_items
from tests.sites.otw_works import CATEGORIES, RATINGS, WARNINGS, Story

Query = Sequence[tuple[str, str]]

_MARKS = ("rating", "warnings", "category", "iswip")


def blurb(story: Story, places: Sequence[Place], *, item: str | None = None, extra: str = "") -> str:
    """A work in a list. ``places`` has the stored positions; ``item`` replaces id and class (bookmarks)."""
    facets = story.facets
    work_id = facets.id
    categories = ", ".join(CATEGORIES[facets.categories]) or "No category"
    texts = (
        RATINGS[facets.rating],
        ", ".join(WARNINGS[facets.warnings]),
        categories,
        "Complete Work" if facets.complete else "Work in Progress",
    )
    state = f"complete-{'yes' if facets.complete else 'no'}"
    symbols = "\n".join(
        f'<li><a class="help symbol question modal" href="/help/symbols-key.html"><span class="{state} {mark}" '
        f'title="{escape(text)}"><span class="text">{escape(text)}</span></span></a></li>'
        for mark, text in zip(_MARKS, texts, strict=True)
    )
    gifts = "".join(f' for <a href="/users/{name}/gifts">{name}</a>' for name in story.gifts)
    fandoms = ", ".join(map(tag_link, facets.fandoms))
    groups = (
        ("warnings", WARNINGS[facets.warnings]),
        ("relationships", facets.relationships),
        ("characters", facets.characters),
        ("freeforms", facets.additional),
    )
    tags = " ".join(f'<li class="{name}">{tag_link(tag)}</li>' for name, group in groups for tag in group)
    summary = (
        f'<h6 class="landmark heading">Summary</h6>\n<blockquote class="userstuff summary">\n<p>{escape(story.summary)}'
        "</p>\n</blockquote>\n"
        if story.summary is not None
        else ""
    )
    series = "".join(
        f'<li>\nPart <strong>{place.position}</strong> of <a href="/series/{place.id}">{escape(place.title)}</a>\n</li>'
        for place in places
    )
    in_series = f'<h6 class="landmark heading">Series</h6>\n<ul class="series">{series}</ul>\n' if series else ""
    user = "anonymous" if not story.authors else f"user-{facets.user}"
    opening = item or f'id="work_{work_id}" class="work blurb group work-{work_id} {user}"'
    when = datetime.fromtimestamp(facets.revised, UTC).strftime("%d %b %Y")
    return f"""<li {opening} role="article">
<div class="header module">
<!-- updated_at={facets.stamp} -->
<h4 class="heading">
<a href="/works/{work_id}">{escape(story.title)}</a>
by
{byline(story)}{gifts}
</h4>
<h5 class="fandoms heading"><span class="landmark">Fandoms:</span> {fandoms} &nbsp;</h5>
<ul class="required-tags">
{symbols}
</ul>
<p class="datetime">{when}</p>
</div>
<h6 class="landmark heading">Tags</h6>
<ul class="tags commas">{tags}</ul>
{summary}{in_series}<dl class="stats">
{stats_items(story, blurb=True)}
</dl>
{extra}</li>
"""


def mystery(work_id: str) -> str:
    """An unrevealed work in a list."""
    return (
        f'<li id="work_{work_id}" class="work blurb group work-{work_id} mystery" role="article">\n'
        '<div class="mystery header picture module"><h4 class="heading">Mystery Work</h4></div>\n'
        "<p>Part of an ongoing challenge.</p></li>\n"
    )


def pagination(path: str, query: Query, page: int, pages: int, *, pagy: bool) -> str:
    """Links to the other pages; none where there is one page only."""
    if pages < 2:
        return ""

    def address(number: int) -> str:
        others = [(name, value) for name, value in query if name != "page"]
        return escape(f"{path}?{urlencode([*others, ('page', str(number))])}")

    near = sorted({1, pages, *range(max(1, page - 3), min(pages, page + 3) + 1)})
    items = []
    for number in near:
        if number == page:
            items.append(f'<li><span class="current">{number}</span></li>')
        else:
            items.append(f'<li><a href="{address(number)}">{number}</a></li>')
    rel_next, rel_prev = ("", "") if pagy else (' rel="next"', ' rel="prev"')
    before = (
        f'<a{rel_prev} href="{address(page - 1)}">← Previous</a>'
        if page > 1
        else '<span class="disabled">← Previous</span>'
    )
    after = (
        f'<a{rel_next} href="{address(page + 1)}">Next →</a>'
        if page < pages
        else '<span class="disabled">Next →</span>'
    )
    names = 'class="pagination actions pagy"' if pagy else 'class="pagination actions" title="pagination"'
    title = "" if pagy else ' title="previous"', "" if pagy else ' title="next"'
    return (
        f'<h4 class="landmark heading">Pages Navigation</h4>\n<ol {names} role="navigation">'
        f'<li class="previous"{title[0]}>{before}</li> {" ".join(items)} '
        f'<li class="next"{title[1]}>{after}</li></ol>\n'
    )


def count_heading(page: int, size: int, total: int, what: str, place: str) -> str:
    """``1 - 20 of 12,345 Works in …``."""
    if total <= size:
        return f"{total:,} {what}{'' if total == 1 else 's'} {place}".strip()
    first = (page - 1) * size + 1
    return f"{first:,} - {min(total, first + size - 1):,} of {total:,} {what}s {place}".strip()


def index_page(host: str, title: str, main: str, heading: str, items: str, pages: str) -> str:
    """A list of works of a tag, a user or a collection."""
    inside = (
        f'<h2 class="heading">\n{heading}\n</h2>\n{pages}<h3 class="landmark heading">Listing Works</h3>\n'
        f'<ol class="work index group">\n{items}</ol>\n{pages}'
    )
    return frame(host, f"{title} - Works | {site_name(host)}", main, inside)


def bookmarks_page(host: str, heading: str, items: str, pages: str) -> str:
    """A list of bookmarks."""
    inside = (
        f'<h2 class="heading">\n{heading}\n</h2>\n{pages}<h3 class="landmark heading">List of Bookmarks</h3>\n'
        f'<ol class="bookmark index group">\n{items}</ol>\n{pages}'
    )
    return frame(host, f"Bookmarks | {site_name(host)}", "bookmarks-index", inside)


@dataclass(frozen=True)
class SeriesFacts:
    """What a series says of itself; ``days`` are the moments of its beginning and of its last change."""

    title: str
    creators: str
    days: tuple[int, int]
    words: int
    works: int


def series_page(host: str, series: SeriesFacts, items: str, pages: str) -> str:
    """A series."""
    begun, updated = map(day_of, series.days)
    title = escape(series.title)
    stats = (
        f'<dl class="stats"><dt class="words">Words:</dt><dd class="words">{series.words:,}</dd>'
        f'<dt class="works">Works:</dt><dd class="works">{series.works}</dd><dt>Complete:</dt><dd>No</dd></dl>'
    )
    rows = (
        f"<dt>Creator:</dt><dd>{series.creators}</dd>\n<dt>Series Begun:</dt><dd>{begun}</dd>\n"
        f"<dt>Series Updated:</dt><dd>{updated}</dd>\n<dt>Description:</dt><dd>"
        f'<blockquote class="userstuff"><p>{title}, as the tide told it.</p></blockquote></dd>\n'
        f'<dt class="stats">Stats:</dt><dd class="stats">{stats}</dd>'
    )
    inside = (
        f'<h2 class="heading">\n{title}\n</h2>\n<div class="wrapper"><dl class="series meta group">\n{rows}</dl>'
        f'</div>\n{pages}<h3 class="landmark heading">Listing Series</h3>\n<ul class="series work index group">\n'
        f"{items}</ul>\n{pages}"
    )
    return frame(host, f"{series.title} - {site_name(host)}", "series-show", inside)


def bookmark_note(name: str, kind: int) -> str:
    """What a reader wrote below a bookmark."""
    notes = '<blockquote class="userstuff notes"><p>To read at sea.</p></blockquote>' if kind else ""
    tags = '<ul class="meta tags commas"><li><a class="tag" href="#">to read</a></li></ul>' if kind == 2 else ""
    return (
        '<div class="user module group"><h5 class="byline heading">Bookmarked by '
        f'<a href="/users/{name}/pseuds/{name}">{name}</a></h5><p class="datetime">01 Jan 2026</p>{tags}{notes}</div>\n'
    )


def other_bookmark(opening: str, place: int) -> str:
    """A bookmark of a series or of a work elsewhere."""
    if place % 2:
        link = '<a href="/series/5000">Tides &amp; Letters, Book 5000</a> by <a rel="author" href="/users/x">x</a>'
    else:
        link = f'<a href="/external_works/{place}">Elsewhere {place}</a> by Someone'
    return f'<li {opening}><div class="header module"><h4 class="heading">{link}</h4></div></li>\n'
