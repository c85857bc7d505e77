"""What all pages of the test archive have in common: the frame, links to tags and to authors."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Final
from urllib.parse import quote

from tests.sites.otw_ids import user_name

_NAMES: Final = {"archiveofourown.org": "Archive of Our Own", "squidgeworld.org": "SquidgeWorld Archive"}
_TAG_MARKS: Final = {"/": "*s*", "&": "*a*", ".": "*d*", "?": "*q*", "#": "*h*"}


def site_name(host: str) -> str:
    """The name that an archive prints."""
    return _NAMES.get(host, host)


def tag_path(tag: str) -> str:
    """A tag as it stands in addresses."""
    return quote("".join(_TAG_MARKS.get(char, char) for char in tag), safe="*'(),!")


def tag_of_path(part: str) -> str:
    """The tag of an address, already decoded from per cent."""
    for char, mark in _TAG_MARKS.items():
        part = part.replace(mark, char)
    return part


def tag_link(tag: str) -> str:
    return f'<a class="tag" href="/tags/{tag_path(tag)}/works">{escape(tag)}</a>'


def author_link(account: str, pseud: str) -> str:
    shown = pseud if pseud == account else f"{pseud} ({account})"
    return f'<a rel="author" href="/users/{account}/pseuds/{quote(pseud)}">{escape(shown)}</a>'


def frame(host: str, title: str, main: str, inside: str, head: str = "") -> str:
    """A whole page around what ``#main`` (with these classes) holds."""
    name = site_name(host)
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <title>{escape(title, quote=False)}</title>
  {head}<meta name="viewport" content="width=device-width, initial-scale=1.0">
</head>
<body class="logged-out">
<div id="outer" class="wrapper">
  <ul id="skiplinks"><li><a href="#main">Main Content</a></li></ul>
  <header id="header" class="region">
    <h1 class="heading"><a href="/"><span>{name}</span></a></h1>
    <nav><ul class="primary navigation actions"><li><a href="/media">Fandoms</a></li><li><a href="/works">Browse</a>
    <ul class="menu"><li><a href="/works/search">Search</a></li></ul></li></ul></nav>
  </header>
  <div id="inner" class="wrapper">
    <div id="main" class="{main} region" role="main">
      <div class="flash"></div>
{inside}
      <div class="clear"></div>
    </div>
  </div>
  <div id="footer" role="contentinfo" class="region"><p>A test archive. Nothing here is anybody's story.</p></div>
</div>
</body>
</html>
"""


def user_links(users: Iterable[int]) -> str:
    """Links to users."""
    return ", ".join(author_link(user_name(user), user_name(user)) for user in users)
