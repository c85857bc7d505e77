"""Threads of XenForo 1 and 2 forums (SpaceBattles, Sufficient Velocity, QuestionableQuesting, alternatehistory …).

A threadmarked post is a chapter. Without any threadmark, the posts of the one who started the thread are, as far as the
page says who that is. Pages of a thread are its parts, in the order of their last posts' ids, which rise: a page does
not say how many threadmarks lie before it, the reader's pages are other ones than the thread's, and a first post may
stand on each page again.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawler.origins import Origin, origin_of, slug_of
from crawler.pages import statements as st
from crawler.pages.body import passage, plain
from crawler.pages.page import Page, PageKind, Refused
from crawler.pages.xenforo_posts import Post, day_of, posts_of
from schemas.vocabulary import AuthorKind
from schemas.work import Author, Chapter, HeaderField, ListedChapter, Provenance, Work

PARSER_VERSION: Final = "2"
NO_THREADMARKS: Final = "no_threadmarks"
PART_IS_PAGE: Final = "part_is_page_of_thread"

_THREAD: Final = re.compile(r"^(.*?)/threads/(?:[^/?#]*\.)?(\d{1,12})(?:/|$|[?#])")
_POST: Final = re.compile(r"(?:#post-|/post-|posts/)(\d{1,15})", re.ASCII)
_PAGE: Final = re.compile(r"(?:/page-|[?&]page=)(\d{1,6})")
_VIEW: Final = re.compile(r"^(?:Threadmarks for|Reader mode)\s*[:–-]\s*|\s*[|–-]\s*(?:Threadmarks|Reader mode)$")
"""What stands before or after a thread's title on its list of threadmarks and in the reader."""
_STATISTICS: Final = re.compile(r"\(?\s*([\d,]{1,12}) threadmarks?(?:,\s*([\d.,]{1,12}[kKmM]?) words)?")
_LEFT_OUT: Final = (
    ".bbCodeBlock-expandLink",
    ".bbCodeBlock-shrinkLink",
    ".quoteExpand",
    ".AttributionLink",
    ".messageTextEndMarker",
    ".js-selectToQuoteEnd",
    ".signature",
    ".message-signature",
    ".message-lastEdit",
    ".editDate",
)
_STATUS_LABELS: Final = ("index progress", "status", "progress")


def recognise(page: Page) -> bool:
    """Whether a page is of a XenForo forum, by the marks that the software leaves on every page."""
    lowered = page.html[:4000].casefold()
    if 'id="xf"' in lowered or 'id="xenforo"' in lowered:
        return True
    if "message" not in page.html or "post-" not in page.html:
        return False
    posts = "article.message--post, li.message blockquote.messageText, li.message .messageText.baseHtml"
    return page.tree.css_first(posts) is not None


def read(page: Page, provenance: Provenance) -> Sequence[Work]:
    """The chapters that a page of a thread holds, as a part of the thread; or a thread without text from its index.

    Raises ``Refused``: ``restricted``, ``deleted``, ``no_story`` (no thread, or nobody's posts are the story) …
    """
    thread = _Thread(page)
    listed = page.tree.css(".structItem--threadmark, .threadmarkList .threadmarkListItem, .threadmarkItem")
    posts = thread.posts
    if not posts and listed and thread.title:
        return [thread.work(provenance, (), "threadmarks", listed=tuple(filter(None, map(thread.listed, listed))))]
    if not posts or not thread.title:
        raise st.refusal(page, "XenForo")
    flags: list[str] = []
    story = [post for post in posts if post.threadmark is not None]
    if not story:
        starter = thread.starter(posts)
        if starter is None:
            raise Refused("no_story", "XenForo: no threadmarks, and the page does not say who started the thread")
        story = [post for post in posts if post.author.casefold() == starter.casefold()]
        flags.append(NO_THREADMARKS)
    chapters = _chapters(story, thread)
    if not chapters:
        raise Refused("no_story", "XenForo: no post of this page belongs to the story")
    layout = "reader" if "/reader" in (page.url or "") else "thread"
    return [thread.work(provenance, chapters, layout, flags)]


def _chapters(story: Sequence[Post], thread: _Thread) -> tuple[Chapter, ...]:
    starter = thread.starter(story)
    chapters = []
    for post in story:
        told = passage(post.body, leave_out=_LEFT_OUT)
        if not told.text.strip():
            continue
        other = starter is not None and post.author.casefold() != starter.casefold()
        chapters.append(
            Chapter(
                text=told.text,
                blocks=told.blocks,
                spans=told.spans,
                title=post.threadmark or None,
                authors=(post.author,) if other and post.author else (),
                source_chapter_id=post.id,
                url=thread.post_url(post.id),
                published_date=post.published,
                updated_date=post.edited,
            )
        )
    return tuple(chapters)


class _Thread:
    """What a page says of the thread that it belongs to."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.tree = page.tree
        self.address = page.url or st.meta(page.tree, "og:url") or ""
        match = _THREAD.match(self.address)
        key = re.fullmatch(r"thread-(\d{1,12})", st.attribute(page.tree.css_first("html"), "data-content-key"))
        self.base = match[1] if match else None
        self.id = match[2] if match else (key[1] if key else None)
        self.posts = posts_of(page.tree)
        self.number, self.last = _pages(page.tree, self.address)
        self.prefixes = st.lines_of(page.tree.css(".p-title-value .label, .titleBar h1 .prefix, .titleBar .prefix"))
        self.title = self._title()

    def _title(self) -> str | None:
        places = ("h1.p-title-value", ".titleBar .title", ".titleBar h1", ".threadmarkListingHeader-name")
        title = next((said for place in places if (said := st.line_of(self.tree.css_first(place)))), None)
        title = title or st.meta(self.tree, "og:title")
        if title is None and (head := st.line_of(self.tree.css_first("title"))):
            title = re.sub(r"(?: \| Page \d+)? \| [^|]{1,80}$", "", head)
        for prefix in self.prefixes if title else ():
            title = (title or "").removeprefix(prefix).strip(" \xa0-")
        return _VIEW.sub("", title or "") or None

    def starter(self, posts: Sequence[Post]) -> str | None:
        """Name of the one who started the thread: as stated, else by the first post of the first page."""
        link = self.tree.css_first(".p-description a.username, #pageDescription a.username, .p-description .username")
        if name := st.line_of(link):
            return name
        opening = next((post.author for post in posts if post.is_start), None)
        if opening or self.number > 1 or not posts or "/reader" in self.address:
            return opening
        return posts[0].author or None

    def origin(self) -> Origin | None:
        """Forum and thread; a forum without a name of its own goes by its host."""
        if known := origin_of(self.address):
            return known
        host = st.host_of(self.address)
        if not host or self.id is None:
            return None
        return Origin(slug_of(host), self.id, f"{self.base or f'https://{host}'}/threads/{self.id}/")

    def post_url(self, post_id: str | None) -> str | None:
        """Address of a post."""
        return f"{self.base}/posts/{post_id}/" if self.base and post_id else None

    def listed(self, row: LexborNode) -> ListedChapter | None:
        """The chapter of a row of a list of threadmarks."""
        for link in row.css("a[href]"):
            match = _POST.search(st.attribute(link, "href"))
            if match and (title := st.line_of(link)):
                return ListedChapter(
                    title=title,
                    id=match[1],
                    url=self.post_url(match[1]),
                    published_date=day_of(row.css_first("time, .DateTime")),
                    n_words=st.whole_number(st.attribute(row, "data-words")),
                )
        return None

    def work(
        self,
        provenance: Provenance,
        chapters: tuple[Chapter, ...],
        layout: str,
        flags: Sequence[str] = (),
        listed: tuple[ListedChapter, ...] = (),
    ) -> Work:
        """The thread as a work, whole or a part of it."""
        origin = self.origin()
        n_threadmarks, words = _statistics(self.tree)
        several = bool(chapters) and (self.number > 1 or self.last > 1)
        last_id = st.identifier(chapters[-1].source_chapter_id) if chapters else None
        status, stated, more = _index_facts(self.tree)
        described = self.tree.css_first(".threadmarkListingHeader .bbWrapper, .threadmarkListingHeader article")
        header = st.header_fields(
            (
                *(("Prefix", prefix) for prefix in self.prefixes),
                *(("Forum", forum) for forum in _forums(self.tree)),
                ("Words", words if words and st.whole_number(words) is None else None),
            )
        )
        return Work(
            source=origin.source if origin else "file",
            source_work_id=origin.work_id if origin else None,
            url=origin.url if origin else None,
            title=self.title or "",
            authors=self._authors(chapters),
            summary=plain(described) if described is not None else None,
            freeforms=st.lines_of(self.tree.css("a.tagItem, .tagList a.tag, .js-tagList a")),
            status_raw=status,
            n_chapters_source=n_threadmarks or stated or len(listed) or None,
            listed_chapters=listed,
            n_words_source=st.whole_number(words),
            published_date=day_of(self.tree.css_first(".p-description time, #pageDescription .DateTime")),
            header=(*header, *more),
            chapters=chapters,
            part_number=(last_id or self.number) if several else None,
            provenance=st.stamped(
                provenance, "xenforo", PARSER_VERSION, layout, (*flags, *((PART_IS_PAGE,) if several else ()))
            ),
        )

    def _authors(self, chapters: Sequence[Chapter]) -> tuple[Author, ...]:
        posts = self.posts
        name = self.starter(posts)
        if name is None and (told := [post for post in posts if post.threadmark is not None]) and chapters:
            name = told[0].author
        if not name:
            return ()
        links = [*self.tree.css(".p-description a.username, #pageDescription a.username")]
        links += [post.author_link for post in posts if post.author_link is not None and post.author == name]
        for link in links:
            match = re.search(r"members/(?:[^/]*\.)?(\d{1,12})/?", st.attribute(link, "href"))
            if match:
                url = st.absolute(f"{self.base}/" if self.base else None, st.attribute(link, "href").lstrip("/"))
                return (Author(name=name, id=match[1], url=url, kind=AuthorKind.USER),)
        return (Author(name=name),)


def _pages(tree: LexborHTMLParser, address: str) -> tuple[int, int]:
    """Number of this page of the thread, and of the last page (1 where there is one page)."""
    node = tree.css_first(".PageNav[data-page]")
    if node is not None:
        number = st.identifier(st.attribute(node, "data-page"))
        last = st.identifier(st.attribute(node, "data-last"))
        return number or 1, last or 1
    current = st.whole_number(st.line_of(tree.css_first(".pageNav-page--current")))
    match = _PAGE.search(address)
    number = current or (int(match[1]) if match else 1)
    shown = [st.whole_number(text) or 1 for text in st.lines_of(tree.css(".pageNav-page a"))]
    return number, max([number, *shown])


def _statistics(tree: LexborHTMLParser) -> tuple[int | None, str | None]:
    """Threadmarks and words of the statistics line: ``Statistics (12 threadmarks, 50k words)``."""
    for node in tree.css(
        ".block-outer-recent-threadmarks, .collapseTrigger, .threadmarkMenus, .threadmarkListingHeader"
    ):
        if match := _STATISTICS.search(st.line_of(node) or ""):
            return st.whole_number(match[1]), match[2]
    return None, None


def _index_facts(tree: LexborHTMLParser) -> tuple[str | None, int | None, tuple[HeaderField, ...]]:
    """Status, number of threadmarks and further pairs of the header of a list of threadmarks."""
    status = number = None
    more = []
    for term in tree.css(".threadmarkListingHeader dt"):
        value = _definition(term)
        label = (st.line_of(term) or "").rstrip(":")
        if label.casefold() in _STATUS_LABELS:
            status = status or value
        elif label.casefold() == "threadmarks" and (found := st.whole_number(value)):
            number = number or found
        elif label:
            more.append((label, value))
    return status, number, st.header_fields(more)


def _definition(term: LexborNode) -> str | None:
    following = term.next
    while following is not None and following.tag != "dd":
        following = following.next
    return st.line_of(following)


def _forums(tree: LexborHTMLParser) -> tuple[str, ...]:
    return st.lines_of(tree.css(".p-breadcrumbs--top a[itemprop=item], .p-breadcrumbs:not(.p-breadcrumbs--bottom) a, "
                                ".breadBoxTop a.crumb"))  # fmt: skip


KIND_XENFORO: Final = PageKind(
    name="xenforo",
    version=PARSER_VERSION,
    recognised_by='<html id="XF"> or <html id="XenForo">, or posts of that software',
    yields="the threadmarked posts of a page as chapters of its thread, or a thread without text from its threadmarks",
    lost="posts of other members, signatures, reactions; rounded word counts",
    recognise=recognise,
    read=read,
)
