"""EPUBs for tests, the same bytes every time: packages of any shape, and those of AO3 and FanFicFare."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from html import escape

_DATE = (2001, 2, 3, 4, 5, 6)
CONTAINER = (
    '<?xml version="1.0"?><container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">'
    '<rootfiles><rootfile full-path="{}" media-type="application/oebps-package+xml"/></rootfiles></container>'
)


def zipped(members: Mapping[str, str | bytes], *, compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip of these members in this order, all of one date."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in members.items():
            info = zipfile.ZipInfo(name, _DATE)
            info.compress_type = zipfile.ZIP_STORED if name == "mimetype" else compression
            archive.writestr(info, content)
    return stream.getvalue()


def page(body: str, *, title: str = "", head: str = "", attributes: str = "") -> str:
    """An XHTML page."""
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<html xmlns="http://www.w3.org/1999/xhtml" '
        f'xmlns:epub="http://www.idpf.org/2007/ops"><head><title>{escape(title)}</title>{head}</head>'
        f"<body{attributes}>{body}</body></html>"
    )


def opf(
    metadata: str, pages: Sequence[str], *, spine: Sequence[str] | None = None, guide: str = "", nav: str | None = None
) -> str:
    """An OPF with these pages in its manifest; ``spine`` names them where order or content differ."""
    items = "".join(f'<item id="{_id(name)}" href="{name}" media-type="application/xhtml+xml"/>' for name in pages)
    if nav:
        items += f'<item id="nav" href="{nav}" media-type="application/xhtml+xml" properties="nav"/>'
    refs = "".join(f'<itemref idref="{_id(name)}"/>' for name in (pages if spine is None else spine))
    return (
        '<?xml version="1.0" encoding="utf-8"?><package xmlns="http://www.idpf.org/2007/opf" version="2.0">'
        '<metadata xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:opf="http://www.idpf.org/2007/opf">'
        f'{metadata}</metadata><manifest>{items}<item id="ncx" href="toc.ncx" '
        'media-type="application/x-dtbncx+xml"/></manifest>'
        f'<spine toc="ncx">{refs}</spine><guide>{guide}</guide></package>'
    )


def _id(name: str) -> str:
    return "i" + "".join(character if character.isalnum() else "_" for character in name)


def ncx(entries: Sequence[tuple[str, str]]) -> str:
    """An NCX of lines (target, title)."""
    points = "".join(
        f"<navPoint><navLabel><text>{escape(title)}</text></navLabel><content src={target!r}/></navPoint>"
        for target, title in entries
    )
    return f'<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/"><navMap>{points}</navMap></ncx>'


def book(
    pages: Mapping[str, str],
    metadata: str = "<dc:title>The Moor</dc:title><dc:creator>Jane Doyle</dc:creator><dc:language>en</dc:language>",
    *,
    toc: Sequence[tuple[str, str]] = (),
    extra: Mapping[str, str | bytes] | None = None,
    **options: str | Sequence[str],
) -> bytes:
    """A whole EPUB: container, OPF, NCX and pages."""
    return zipped(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": CONTAINER.format("content.opf"),
            "content.opf": opf(metadata, list(pages), **options),  # type: ignore[arg-type] # passed on as they are
            "toc.ncx": ncx(toc),
            **pages,
            **(extra or {}),
        }
    )


def ao3(chapters: Sequence[tuple[str, str]]) -> bytes:
    """What AO3 hands out: calibre's cut of the HTML download, ``#preface`` over two files, ``#chapters`` in each."""
    tags = (
        '<dl class="tags"><dt class="calibre3">Rating:</dt><dd class="calibre5"><a href="https://archiveofourown.org/'
        'tags/General%20Audiences">General Audiences</a></dd><dt class="calibre3">Fandom:</dt><dd class="calibre5">'
        '<a href="https://archiveofourown.org/tags/SH">Sherlock Holmes, or the Hound</a></dd>'
        '<dt class="calibre3">Language:</dt><dd class="calibre5">English</dd><dt class="calibre3">Stats:</dt>'
        f'<dd class="calibre5">Published: 2020-01-02 Words: 1,234 Chapters: {len(chapters)}/?</dd></dl>'
    )
    pages = {
        "Moor_split_000.xhtml": page(
            '<div id="preface" class="calibre1"><h2 class="toc-heading">Preface</h2><p class="message"><b>The Moor</b>'
            '<br/>Posted originally on the <a href="http://archiveofourown.org/">Archive of Our Own</a> at '
            '<a href="http://archiveofourown.org/works/77">http://archiveofourown.org/works/77</a>.</p>'
            f'<div class="calibre1">{tags}</div></div>',
            attributes=' class="calibre"',
        ),
        "Moor_split_001.xhtml": page(
            '<div id="preface" class="calibre1"><div class="calibre1"><h1 class="calibre6">The Moor</h1>'
            '<div class="byline">by <a rel="author" href="http://archiveofourown.org/users/jd/pseuds/jd">jd</a></div>'
            '<p class="calibre7">Summary</p><blockquote class="userstuff"><p>A dog barks.</p></blockquote></div></div>',
            attributes=' class="calibre"',
        ),
    }
    for number, (title, text) in enumerate(chapters, 1):
        pages[f"Moor_split_{number + 1:03}.xhtml"] = page(
            f'<div id="chapters" class="userstuff1"><div class="calibre1"><h2 class="heading">Chapter {number}: {title}'
            f'</h2></div><div class="userstuff2">{text}</div></div>',
            attributes=' class="calibre"',
        )
    metadata = (
        "<dc:title>The Moor</dc:title><dc:creator>jd</dc:creator><dc:publisher>Archive of Our Own</dc:publisher>"
        "<dc:language>en</dc:language><dc:date>2020-01-02T00:00:00+00:00</dc:date><dc:subject>Fanworks</dc:subject>"
    )
    return book(pages, metadata)


def fff_title_page(url: str, title: str, labels: Mapping[str, str]) -> str:
    """FanFicFare's title page."""
    lines = "".join(f"\n<b>{label}:</b> {value}<br />\n" for label, value in labels.items())
    return page(
        f"<h3><a href=\"{url}\">{title}</a> by <a class='authorlink' href='https://archiveofourown.org/users/jd'>jd</a>"
        f"</h3><div>{lines}</div>",
        attributes=' class="fff_titlepage"',
    )


def fff_chapter(title: str, body: str, url: str = "https://archiveofourown.org/works/77/chapters/5") -> str:
    """A chapter as FanFicFare writes it."""
    head = "".join(
        f'<meta name="{name}" content="{escape(content)}" />'
        for name, content in (("chapterurl", url), ("chapterorigtitle", title), ("chaptertitle", title))
    )
    return page(
        f'<h3 class="fff_chapter_title">{escape(title)}</h3><div class="story">{body}</div>',
        title=title,
        head=head,
        attributes=' class="fff_chapter"',
    )


def fanficfare(
    pages: Mapping[str, str], *, subjects: Sequence[str] = (), uid: str = "archiveofourown.org-ujd-s77"
) -> bytes:
    """FanFicFare's EPUB around a title page and chapters."""
    metadata = (
        f"<dc:identifier>fanficfare-uid:{uid}</dc:identifier><dc:title>The Moor</dc:title><dc:creator>jd</dc:creator>"
        "<dc:contributor>FanFicFare [https://github.com/JimmXinu/FanFicFare]</dc:contributor>"
        "<dc:language>en</dc:language>"
        + "".join(f"<dc:subject>{escape(escape(each))}</dc:subject>" for each in subjects)
    )
    return book(pages, metadata)
