"""Entries of LiveJournal, Dreamwidth and InsaneJournal, in the site's own skins and the common layouts.

A story's header is often typed at the top of the entry (``Title: … Pairing: … Rating: …``): it is read by the same
rules as the header of a text file, and the rest is the text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawler.origins import origin_of
from crawler.pages import statements as st
from crawler.pages.body import Passage, passage
from crawler.pages.page import Page, PageKind, Refused
from crawler.pages.typed_header import typed_header
from crawler.readers.text_fields import date_of
from schemas.vocabulary import AuthorKind
from schemas.work import Author, Chapter, HeaderField, Provenance, Work

PARSER_VERSION: Final = "2"

_SITES: Final = ("livejournal.com", "dreamwidth.org", "insanejournal.com")
_OWN_BODIES: Final = (
    ".aentry-post__text",
    ".b-singlepost-body",
    "#entry-text",
    ".entry .entry-content",
    ".entry-text",
    ".entrytext",
    ".entry_text",
    ".entryText",
    ".asset-body",
)
_OTHER_BODIES: Final = (
    ".entry-content",
    ".entry-body",
    ".subcontent .text",
    ".content .entry",
    "td.entry",
    ".post-body",
    "div.entry",
    'div[style^="margin-left: 30px"]',
    'div[style^="margin-left:30px"]',
)
"""The last ones are those of the first styles (S1) and of the page of comments, which have no class for the text."""
_OLD_MARKS: Final = ("mode=reply", "Post a new comment", "Post comment", "id='Comments'", 'id="Comments"')

_TITLES: Final = (
    ".aentry-post__title-text, .aentry-post__title, .b-singlepost-title, .entry-title, .entry .subject, "
    ".entry-subject, .entrysubject, .subject, .asset-name, .asset-header-content-inner h2, .entry-header h2"
)
_POSTERS: Final = (
    ".aentry-head__username, .b-singlepost-author, .entry .poster, .entry-poster, .poster, .asset-entry-author, "
    ".entry .header, .entry-header, .entry"
)
_DATES: Final = (
    ".aentry-head__date time, time.b-singlepost-author-date, .entry time.dt-published, time.dt-published, "
    ".entry time[datetime], .entry-date, .entry .datetime, .datetime, .asset-entry-date, .entry .date, .date, .time"
)
_TAGS: Final = (
    '.entry a[rel="tag"], .b-singlepost-tags a, .aentry-tags a, .entry .tag a, .ljtags a, .entry-tags a, '
    '.asset-tags a[rel="tag"], .tags a[rel="tag"], .entrytags a, a[rel="tag"]'
)
_LEFT_OUT: Final = (
    ".lj-like",
    ".ljtags",
    ".b-singlepost-tags",
    ".lj-share",
    ".entry-tags",
    ".cut-expander",
    ".b-repost",
    ".currents",
    ".currentmood",
    ".currentmusic",
    ".talklinks",
    ".subject",
)
_LABELLED: Final = (
    ("Mood", ".metadata-mood, .currentmood, .entry .mood, .lj-currents-mood"),
    ("Music", ".metadata-music, .currentmusic, .entry .music, .lj-currents-music"),
    ("Location", ".metadata-location, .currentlocation, .lj-currents-location"),
)
_CURRENT: Final = re.compile(r"^(?:current\s+)?(mood|music|location)\s*:\s*", re.IGNORECASE)
_TIME_OF_DAY: Final = re.compile(r"[,.]?\s*(?:at\s+|@\s*)?\d{1,2}:\d{2}.*$", re.DOTALL)
_WROTE: Final = re.compile(r"\bwrote,?\s*@\s+(\d{4}-\d{2}-\d{2})\b")
"""The line above an entry in the first styles: ``name wrote, @ 2006-03-14 21:15:00``."""
_NO_SUBJECT: Final = frozenset({"", "no subject", "(no subject)", "без темы", "(untitled)"})


def recognise(page: Page) -> bool:
    """Whether a page is of one of the journal sites: by its address, else by an entry's elements."""
    host = st.host_of(page.url)
    if any(host == site or host.endswith(f".{site}") for site in _SITES):
        return True
    if not any(site in page.html for site in _SITES):
        return False
    tree = page.tree
    if tree.css_first(", ".join(_OWN_BODIES)) is None:
        return (
            any(mark in page.html for mark in _OLD_MARKS) and tree.css_first(f"{', '.join(_OTHER_BODIES)}") is not None
        )
    return tree.css_first(".ljuser, .i-ljuser, [lj\\:user], .b-singlepost, .aentry") is not None


def read(page: Page, provenance: Provenance) -> Sequence[Work]:
    """The work that an entry holds.

    Raises ``Refused``: ``restricted``, ``adult_gate``, ``deleted``, ``blocked``, ``no_story`` (a list of entries, or
    an entry without text).
    """
    tree = page.tree
    body = _body(tree)
    if _is_gate(tree):
        raise Refused("adult_gate", f"a journal: {st.line_of(tree.css_first('h1, title')) or 'adult content'}")
    if body is None:
        raise st.refusal(page, "a journal")
    told = passage(body, leave_out=_LEFT_OUT)
    if not any(map(str.isalnum, told.text)):
        raise st.refusal(page, "a journal entry without text")
    address = _address(page)
    name, user = _poster(tree, address)
    facts: dict[str, Any] = {
        "subject": _subject(tree),
        "poster": user or name,
        "posted": _posted(tree),
        "tags": _tags(tree),
        "header": _currents(tree),
    }
    layout = "entry"
    return [entry_work(told, facts, provenance, layout, url=address)]


def _address(page: Page) -> str | None:
    """Address of the entry: that of the page, else that of its links to comment, which are all that old styles have."""
    links = page.tree.css('a[href*="mode=reply"]')[:5]
    for address in (page.url, *(st.attribute(link, "href").partition("?")[0] for link in links)):
        if address and origin_of(address) is not None:
            return address
    return None


def entry_work(
    told: Passage,
    facts: dict[str, Any],
    provenance: Provenance,
    layout: str,
    *,
    url: str | None,
    kind: str = "livejournal",
) -> Work:
    """Work of an entry: its text, and what the site states of it.

    ``facts`` may name ``subject``, ``poster`` (user name), ``posted`` (day), ``tags`` and ``header``.
    """
    typed = typed_header(told)
    values: dict[str, Any] = dict(typed.values) if typed else {}
    subject, flags = facts.get("subject"), list(typed.flags if typed else ())
    extra = [*facts.get("header", ()), *(typed.header if typed else ())]
    told = typed.rest if typed else told
    values.pop("source", None), values.pop("source_work_id", None)
    if "title" in values and subject and subject != values["title"]:
        extra.insert(0, HeaderField(label="Subject", value=subject))
    title = values.pop("title", None) or subject
    if title is None:
        title = st.title_from_path(provenance)
        flags.append("title_from_file_name")
    poster = facts.get("poster")
    if poster and "authors" in values and poster not in {author.name for author in values["authors"]}:
        extra.append(HeaderField(label="Posted by", value=poster))
    elif poster and len(values.get("authors", ())) < 2:
        values["authors"] = (Author(name=poster, id=poster, kind=AuthorKind.USER),)
    values["freeforms"] = tuple(dict.fromkeys((*values.get("freeforms", ()), *facts.get("tags", ()))))
    values.setdefault("published_date", facts.get("posted"))
    values.pop("url", None)
    origin = origin_of(url or "")
    number = typed.chapter_number if typed else None
    chapter = Chapter(text=told.text, blocks=told.blocks, spans=told.spans, number=number, url=url)
    return Work(
        source=origin.source if origin else kind,
        source_work_id=origin.work_id if origin else None,
        url=origin.url if origin else url,
        title=title,
        header=tuple(extra),
        chapters=(chapter,),
        provenance=st.stamped(provenance, kind, PARSER_VERSION, layout, flags),
        **values,
    )


def _body(tree: LexborHTMLParser) -> LexborNode | None:
    for selector in (*_OWN_BODIES, *_OTHER_BODIES):
        found = tree.css(selector)
        if len(found) == 1 or (found and selector in _OWN_BODIES[:3]):
            return found[0]
        if len(found) > 1:
            return found[0] if _is_one_entry(tree) else None
    return None


def _is_one_entry(tree: LexborHTMLParser) -> bool:
    """Whether comments use the same classes, rather than the page being a journal's list of entries."""
    return tree.css_first("#comments, .comments, .b-tree, .comment-thread") is not None


def _is_gate(tree: LexborHTMLParser) -> bool:
    return (
        tree.css_first(".b-adult, #adult-content, form[action*='adult_explicit'], form[action*='adult_concepts']")
        is not None
    )


def _subject(tree: LexborHTMLParser) -> str | None:
    for selector in _TITLES.split(", "):
        subject = st.line_of(tree.css_first(selector))
        if subject and subject.casefold() not in _NO_SUBJECT:
            return subject
    whole = st.meta(tree, "og:title") or st.line_of(tree.css_first("title")) or ""
    whole = re.sub(r"\s[—|-]\s(?:LiveJournal|Dreamwidth.*|ЖЖ)$", "", whole)
    owner, parted, subject = whole.partition(": ")
    if parted and " " not in owner and subject.casefold() not in _NO_SUBJECT:
        return subject  # `username: Subject`
    return whole if whole and not parted and whole.casefold() not in _NO_SUBJECT else None


def _poster(tree: LexborHTMLParser, url: str | None) -> tuple[str | None, str | None]:
    """The poster's name as shown, and the user name."""
    for selector in _POSTERS.split(", "):
        for box in tree.css(selector)[:1]:
            for user in [box, *box.css(".ljuser, .i-ljuser, [lj\\:user]")]:
                if name := st.attribute(user, "lj:user") or st.attribute(user, "data-ljuser"):
                    return st.line_of(user), name
            for link in box.css(".i-ljuser-username, .ljuser a b, .ljuser b"):
                if shown := st.line_of(link):
                    return shown, shown
    if (origin := origin_of(url or "")) is not None and not _is_community(url or ""):
        return None, origin.work_id.rpartition("-")[0] or None
    return None, None


def _is_community(url: str) -> bool:
    """Whether the address is of a community, whose name is not the poster's."""
    return "community." in url or "/community/" in url


def _posted(tree: LexborHTMLParser) -> date | None:
    """Day of the entry: from a machine-readable stamp, else as written, where that can be read in one way only."""
    for selector in _DATES.split(", "):
        for node in tree.css(selector)[:3]:
            said = _TIME_OF_DAY.sub("", (st.line_of(node) or "")[:120]).strip(" ,.@|")
            said = re.sub(r"^[^\W\d_]{3,12},\s+", "", said)
            if day := st.time_day(node) or st.time_day(node.css_first("time")) or date_of(said):
                return day
    wrote = _WROTE.search(" ".join((tree.body.text(deep=True)[:4000] if tree.body is not None else "").split()))
    return st.utc_day(wrote[1]) if wrote else None


def _tags(tree: LexborHTMLParser) -> tuple[str, ...]:
    for selector in _TAGS.split(", "):
        if tags := st.lines_of(tree.css(selector)):
            return tags
    return ()


def _currents(tree: LexborHTMLParser) -> list[HeaderField]:
    """Mood, music and location that the poster named."""
    found = []
    for label, selector in _LABELLED:
        node = tree.css_first(selector)
        value = (
            st.line_of(node.css_first(".metadata-item-value, .metadata-value") or node) if node is not None else None
        )
        if value and (said := _CURRENT.sub("", value).strip()):
            found.append(HeaderField(label=label, value=said))
    return found


KIND_LIVEJOURNAL: Final = PageKind(
    name="livejournal",
    version=PARSER_VERSION,
    recognised_by="address at livejournal.com, dreamwidth.org or insanejournal.com, or an entry's elements",
    yields="one work: the entry, with the header typed at its top; subject, poster, day, tags, mood and music",
    lost="comments, user pictures",
    recognise=recognise,
    read=read,
)
