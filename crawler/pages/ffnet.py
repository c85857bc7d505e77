"""Story pages of FanFiction.net and FictionPress, desktop.

One page holds one chapter. Templates: since 2012 ``#profile_top`` holds title, author, summary and the line of
facts; from 2009 to 2012 ``#gui_table1i`` did; before, they lay in a table without names, and the line began with
``Fiction Rated:``. The text has been in ``#storytext`` all the time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, Final
from urllib.parse import unquote

from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawler.origins import origin_of
from crawler.pages.body import line, passage, plain
from crawler.pages.ffnet_facts import Facts, read_facts
from crawler.pages.page import Page, PageKind, Refused
from crawler.pages.statements import attribute, stamped
from schemas.vocabulary import AuthorKind
from schemas.work import Author, Chapter, HeaderField, Provenance, Work

VERSION: Final = "2"
TRUNCATED: Final = "page_truncated"
NUMBER_UNKNOWN: Final = "chapter_number_unknown"

SITES: Final = {"ffnet": "https://www.fanfiction.net", "fictionpress": "https://www.fictionpress.com"}
_NO_STORY: Final = ("script", "style", "noscript", "iframe", "ins", "form", ".adsbygoogle", ".a2a_kit")
"""What stands inside the story's element without being of the story: advertisements and buttons."""

_CHAPTER_URL: Final = re.compile(r"/s/\d{1,12}/(\d{1,5})(?:/|$)", re.ASCII)
_CHAPTER_ID: Final = re.compile(rb"storytextid\s?=\s?(\d{1,12})\b")
_OPTION: Final = re.compile(r"(\d{1,5})\s?[.:]\s*(.*)", re.ASCII)
USER: Final = re.compile(r"/u/(\d{1,12})(?:/|$)", re.ASCII)
STORY: Final = re.compile(r"/[sr]/(\d{1,12})(?:/|$)", re.ASCII)
_TITLE: Final = re.compile(
    r"(?P<title>.+?)(?: Chapter (?P<number>\d{1,5})(?:: .*?)?)?, an? (?P<fandom>.+) (?:fanfic|fiction)\b.{0,40}"
)
_ARCHIVE_PATH: Final = re.compile(
    r"(?:https?://www\.fanfiction\.net)?/(?:anime|book|cartoon|comic|game|misc|movie|play|tv|crossovers)/|/[^/]{1,200}_Crossovers/"
)
_CROSSOVER: Final = re.compile(r"\s+Crossovers?$")


@dataclass(frozen=True)
class Place:
    """Where in the archive a work stands, by the links above it."""

    media: tuple[str, ...] = ()
    fandoms: tuple[str, ...] = ()
    is_crossover: bool | None = None
    header: tuple[HeaderField, ...] = ()


def recognise(page: Page) -> bool:
    """A story page, or the part of one that holds its head."""
    tree = _tree(page)
    if tree.css_first("#profile_top") is None and (
        tree.css_first("#storytext, #storytextp") is None or _line_node(tree) is None
    ):
        return False
    return b"rated:" in page.frame.raw_html.lower() or b"rated:" in page.lowered


def _tree(page: Page) -> LexborHTMLParser:
    """The parsed page; in layouts of tables its text is looked through, so that no story may lack."""
    return page.frame if page.frame.css_first("#gui_table1i") is None else page.tree


def read(page: Page, provenance: Provenance) -> list[Work]:
    """The chapter of a story page with what the page states of the work.

    Raises ``Refused``: ``parse_error`` (no title, or a whole page without its story), ``no_story`` (an empty one).
    """
    tree = _tree(page)
    source = source_of(page)
    heads = innermost(tree.css("#profile_top"))
    if len(heads) > 1 and tree.css_first("#storytext, #storytextp") is None:
        return list(_heads(heads, source, provenance))
    node = _line_node(tree)
    facts = read_facts(node, original=source == "fictionpress") if node is not None else Facts()
    box = tree.css_first("#profile_top") or tree.css_first("#gui_table1i") or tree.css_first("body")
    told = _told_by_title(tree)
    title = _title(box) or told.get("title")
    if not title:
        raise Refused("parse_error", "a story page without a title")
    number, chapter_title, n_chapters = chapter_of(page, facts, told.get("number"))
    story = tree.css_first("#storytext") or tree.css_first("#storytextp")
    fields = work_fields(facts, place_of(_place_links(tree), source), provenance)
    if story is not None and fields["n_chapters_source"] is None:
        fields["n_chapters_source"] = n_chapters
    if (
        source == "ffnet"
        and told.get("fandom")
        and not fields["fandoms"]
        and tree.css_first("#pre_story_links") is None
    ):
        fields["fandoms"] = (told["fandom"],)
    flags = [TRUNCATED] if _is_truncated(page) else []
    chapters: tuple[Chapter, ...] = ()
    if story is not None:
        chapters = (_chapter(page, story, number, chapter_title),)
        if n_chapters != 1 and number is None:
            flags.append(NUMBER_UNKNOWN)
    elif tree.css_first("#content_parent, #content_wrapper") is not None:
        raise Refused("parse_error", "a story page without its story")
    work_id = facts.work_id or _work_id(page)
    return [
        Work(
            source=source,
            title=title,
            chapters=chapters,
            provenance=stamped(provenance, "ffnet", VERSION, _layout(tree, story), flags),
            source_work_id=work_id,
            url=work_url(source, work_id),
            authors=authors_of(box, source),
            summary=_summary(box),
            part_number=number if chapters and n_chapters != 1 else None,
            **fields,
        )
    ]


def _is_truncated(page: Page) -> bool:
    """Whether a whole page lacks its end, which no story can hold."""
    return b"<html" in page.utf8[:4096].lower() and b"</html" not in page.frame.raw_html.lower()


def _place_links(tree: LexborHTMLParser) -> list[LexborNode]:
    """Links to media and fandom above a story: since 2012 in an element of their own, before in the table above it."""
    return tree.css("#pre_story_links a[href]") or [
        link for link in tree.css("#gui_table1i a[href]") if _ARCHIVE_PATH.match(attribute(link, "href"))
    ]


def _heads(heads: Sequence[LexborNode], source: str, provenance: Provenance) -> Iterator[Work]:
    """A work without chapters for each of several heads that someone cut out of pages and put together."""
    for box in heads:
        node = _line_node(box)
        facts = read_facts(node, original=source == "fictionpress") if node is not None else Facts()
        if title := _title(box):
            yield Work(
                source=source,
                title=title,
                chapters=(),
                provenance=stamped(provenance, "ffnet", VERSION, "head_2012"),
                source_work_id=facts.work_id,
                url=work_url(source, facts.work_id),
                authors=authors_of(box, source),
                summary=_summary(box),
                **work_fields(facts, Place(), provenance),
            )


def source_of(page: Page) -> str:
    """``ffnet``, or its sister ``fictionpress``, which has the same templates."""
    if page.url and (origin := origin_of(page.url)) and origin.source in SITES:
        return origin.source
    title = page.frame.css_first("title")
    named = title is not None and re.search(r"[|-] FictionPress", line(title))
    linked = page.frame.css_first('#profile_top a[href*="fictionpress.com/"]')
    return "fictionpress" if named or linked is not None else "ffnet"


def work_url(source: str, work_id: str | None) -> str | None:
    """Address of a work, that of its first chapter."""
    return f"{SITES[source]}/s/{work_id}/1/" if work_id else None


def innermost(nodes: Sequence[LexborNode]) -> list[LexborNode]:
    """Rows without those that hold another: rows within rows are damage, and would cost the square of their number."""
    kept = []
    for node, following in zip_longest(nodes, nodes[1:]):
        above = following.parent if following is not None else None
        for _ in range(30):
            if above is None or above.mem_id == node.mem_id:
                break
            above = above.parent
        if above is None or above.mem_id != node.mem_id:
            kept.append(node)
    return kept


def work_fields(facts: Facts, place: Place, provenance: Provenance) -> dict[str, Any]:
    """Fields of ``Work`` from the line of facts and the place in the archive."""
    fields = facts.fields(provenance.retrieved_at)
    fields["header"] = (*place.header, *fields["header"])
    fields |= {"media": place.media, "fandoms": place.fandoms, "is_crossover": place.is_crossover}
    if fields["engagement"]:
        fields["engagement_at"] = provenance.retrieved_at
    return fields


def place_of(links: Sequence[LexborNode], source: str) -> Place:
    """Media and fandoms from the links above a story: ``Books > Harry Potter``, or one to a crossover's archive.

    FictionPress files by kind and genre (``Fiction > Romance``): there is no fandom.
    """
    named = [(name, attribute(link, "href")) for link in links if (name := line(link))]
    for name, address in named:
        if "_crossovers/" in address.casefold() or ("/crossovers/" in address and _CROSSOVER.search(name)):
            return Place(fandoms=crossed(_CROSSOVER.sub("", name), address), is_crossover=True)
    if len(named) < 2:
        return Place()
    media, category = named[0][0], named[1][0]
    if source == "fictionpress":
        return Place(media=(media,), header=(HeaderField(label="Category", value=category),))
    return Place(media=(media,), fandoms=(category,), is_crossover=False)


def crossed(names: str, address: str) -> tuple[str, ...]:
    """The two fandoms of ``A + B``; names may hold a ``+`` themselves (``Rosario + Vampire``).

    The address of their common archive, ``/A_and_B_Crossovers/1/2/``, tells where the first one ends.
    """
    first = _letters(unquote(address).rpartition("_Crossovers")[0].strip("/").partition("_and_")[0])
    for found in re.finditer(r" [+&] ", names):
        if first and _letters(names[: found.start()]) == first:
            return names[: found.start()].strip(), names[found.end() :].strip()
    return tuple(name for part in names.split(" + ") if (name := part.strip()))


def authors_of(box: LexborNode | None, source: str) -> tuple[Author, ...]:
    """The byline: the first link to a profile."""
    for link in box.css('a[href*="/u/"]') if box is not None else ():
        found = USER.search(attribute(link, "href"))
        if found and (name := line(link)):
            url = f"{SITES[source]}/u/{found[1]}/"
            return (Author(name=name, id=found[1], url=url, kind=AuthorKind.USER),)
    return ()


def chapter_of(page: Page, facts: Facts, told: str | None) -> tuple[int | None, str | None, int | None]:
    """Number and title of the page's chapter, and how many the work has.

    A work of one chapter has neither a menu of chapters nor ``Chapters:`` in its line.
    """
    menu = page.frame.css_first('select[name="chapter"], select#chap_select')
    options = menu.css("option") if menu is not None else []
    n_chapters = facts.n_chapters or len(options) or 1
    chosen = next((option for option in options if "selected" in option.attributes), None)
    if chosen is not None:
        found = _OPTION.fullmatch(line(chosen))
        value = attribute(chosen, "value")
        number = found[1] if found else value
        return _number(number), (found[2] if found else line(chosen)) or None, n_chapters
    found = _CHAPTER_URL.search(page.url or "")
    number_here = _number(found[1] if found else told)
    for option in options:
        if number_here is not None and attribute(option, "value") == str(number_here):
            titled = _OPTION.fullmatch(line(option))
            return number_here, (titled[2] if titled else line(option)) or None, n_chapters
    return (number_here if n_chapters > 1 else None), None, n_chapters


def _chapter(page: Page, story: LexborNode, number: int | None, title: str | None) -> Chapter:
    body = passage(story, leave_out=_NO_STORY)
    if not body.text.strip():
        raise Refused("no_story", "the story's element is empty")
    before = page.cut.runs[0].start if page.cut is not None else len(page.utf8)
    found = _CHAPTER_ID.search(page.utf8, 0, before) or _CHAPTER_ID.search(page.utf8)
    return Chapter(
        text=body.text,
        blocks=body.blocks,
        spans=body.spans,
        title=title,
        number=number,
        source_chapter_id=found[1].decode() if found else None,
    )


def _line_node(tree: LexborHTMLParser | LexborNode) -> LexborNode | None:
    """The element that holds the line of facts."""
    link = tree.css_first('a[href*="fictionratings.com"], a[target="rating"]')
    if link is not None:
        return link.parent
    for node in tree.css('#profile_top span.xgray, #profile_top span, #gui_table1i div[style*="gray"]')[:20]:
        if "Rated:" in node.text():
            return node
    return None


def _title(box: LexborNode | None) -> str | None:
    bold = box.css_first("b") if box is not None and box.tag != "body" else None
    return line(bold) or None if bold is not None else None


def _summary(box: LexborNode | None) -> str | None:
    node = box.css_first('div[style*="margin-top:2px"], div[style*="margin-top: 2px"]') if box is not None else None
    if node is None and box is not None and box.attributes.get("id") == "profile_top":
        node = box.css_first("div.xcontrast_txt")
    return plain(node) if node is not None else None


def _told_by_title(tree: LexborHTMLParser) -> dict[str, str]:
    """What ``<title>`` says: ``Title Chapter 2: Name, a harry potter fanfic | FanFiction``."""
    node = tree.css_first("title")
    found = _TITLE.match(line(node)[:1000]) if node is not None else None
    return {key: value for key, value in found.groupdict().items() if value} if found else {}


def _work_id(page: Page) -> str | None:
    origin = origin_of(page.url) if page.url else None
    if origin and origin.source in SITES:
        return origin.work_id
    link = page.frame.css_first('#profile_top a[href*="/r/"]')
    found = STORY.search(attribute(link, "href"))
    return found[1] if found else None


def _layout(tree: LexborHTMLParser, story: LexborNode | None) -> str:
    if tree.css_first("#profile_top") is not None:
        return "desktop_2012" if story is not None else "head_2012"
    return "desktop_2009" if tree.css_first("#gui_table1i") is not None else "desktop_2005"


def _number(shown: str | None) -> int | None:
    return int(shown) if shown and re.fullmatch(r"\d{1,5}", shown, re.ASCII) else None


def _letters(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "", name.casefold())


FFNET: Final = PageKind(
    name="ffnet",
    version=VERSION,
    recognised_by="#profile_top, or #storytext below a line of facts (`Rated: …`)",
    yields="one work with the chapter of the page; the head of a page alone gives a work without chapters",
    lost="titles of the other chapters (each comes with its own page); cover; reviews",
    recognise=recognise,
    read=read,
)
