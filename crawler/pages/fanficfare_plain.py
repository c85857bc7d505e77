"""FanFicFare's title page read without a parser, where it holds nothing but what that program itself writes.

Its markup says then what a parser would find: every tag is closed where it was opened, and none is among them that a
parser would move or mend. For all else there is ``fanficfare_front.front_of``.
"""

from __future__ import annotations

import re
from typing import Final

from crawler.pages.body import line_of_serialised
from crawler.pages.fanficfare_front import Front, author_of

_LONGEST: Final = 50_000
_LONGEST_LABEL: Final = 58
_TEXT: Final = r"[^<>&\r\0\xa0]*+(?:&(?:amp|lt|gt);[^<>&\r\0\xa0]*+)*+"
"""Text that a parser writes as it stands."""
_SPACE: Final = r"[ \t\n\f]*+"
_ATTRIBUTES: Final = rf'(?:[ \t\n\f]++[A-Za-z:-]{{1,20}}="[^"<>\0]*+")*+{_SPACE}'
_STORY: Final = rf"<a href=\"([^\"<>&\r\0]*+)\">({_TEXT})</a>"
_AUTHOR: Final = rf"<a class='authorlink' href='([^'<>&\r\0]*+)'>({_TEXT})</a>"
_INLINE: Final = (
    rf'{_TEXT}(?:(?:<br ?/>|<a href="[^"<>&\r\0\xa0]*+">{_TEXT}</a>|<i>{_TEXT}</i>|<em>{_TEXT}</em>){_TEXT})*+'
)
_LABEL: Final = r"<b>([A-Za-z0-9./-]++(?: [A-Za-z0-9./-]++)*+):</b>"
_PAGE: Final = re.compile(
    rf"{_SPACE}(?:<\?xml[^<>?]*+\?>{_SPACE})?(?:<!DOCTYPE [^<>[\]\0]*+>{_SPACE})?<html{_ATTRIBUTES}>{_SPACE}"
    rf"<head>{_SPACE}(?:<title>[^<\0]*+</title>{_SPACE}|<(?:link|meta){_ATTRIBUTES}/>{_SPACE})*+</head>{_SPACE}"
    rf"<body{_ATTRIBUTES}>{_SPACE}<h3>{_STORY}((?:{_TEXT}{_AUTHOR})++){_TEXT}</h3>{_SPACE}"
    rf"<div>({_INLINE}(?:(?:{_LABEL}|<p>{_INLINE}</p>){_INLINE})*+)</div>{_SPACE}</body>{_SPACE}</html>{_SPACE}"
)
_AUTHORS: Final = re.compile(_AUTHOR)
_LABELS: Final = re.compile(_LABEL)


def plain_front(source: bytes) -> Front | None:
    """What a title page in UTF-8 states; ``None`` where that takes a parser."""
    found = _PAGE.fullmatch(source.decode("utf-8", "replace")) if len(source) < _LONGEST else None
    if found is None:
        return None
    front = Front(title=line_of_serialised(found[2]) or None, url=found[1] or None)
    stated = [(line_of_serialised(name), address) for address, name in _AUTHORS.findall(found[3])]
    front.authors = [author_of(name, address) for name, address in stated if name]
    pieces = _LABELS.split(found[6].replace("<br />", "<br>").replace("<br/>", "<br>"))
    front.labels = list(zip(pieces[1::2], pieces[2::2], strict=True))
    if not front.authors or any(len(label) > _LONGEST_LABEL for label, _ in front.labels):
        return None  # a byline without links, and what is too long to be a label, are looked at more closely
    return front
