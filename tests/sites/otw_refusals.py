"""Pages of the test archive that say why there is no work, and pages of other kinds."""

from __future__ import annotations

from html import escape

from tests.sites.otw_frame import frame, site_name
from tests.sites.otw_ids import collection_of


def adult_page(host: str, path: str, blurb: str) -> str:
    """The question before adult works, with the blurb of the work."""
    inside = (
        '<p class="caution">This work could have adult content. If you continue, you have said that you are willing '
        f'to see it.</p>\n<ul class="actions"><li><a href="{escape(path)}">Yes, Continue</a></li>'
        f'<li><a href="/">No, Go Back</a></li></ul>\n<ol class="work index group">{blurb}</ol>'
    )
    return frame(host, f"Show Work | {site_name(host)}", "works-show", inside)


def unrevealed_page(host: str, n: int) -> str:
    """A work that its collection has not revealed."""
    name, title = collection_of(n)
    inside = (
        '<p class="notice">This work is part of an ongoing challenge and will be revealed soon! '
        f'See <a href="/collections/{name}">{escape(title)}</a>.</p>'
    )
    return frame(host, f"Mystery Work | {site_name(host)}", "works-show", inside)


def login_page(host: str, *, restricted: bool) -> str:
    """The form to log in, with the reason."""
    form = '<form class="new_user" id="new_user" action="/users/login" method="post"><input name="user[login]"></form>'
    if restricted:
        inside = (
            '<div id="signin">\n<h2 class="heading">Log In</h2>\n<p>This work is only available to registered users of '
            f"the archive.</p>\n{form}</div>"
        )
    else:
        inside = (
            '<div class="flash error">You don\'t have permission to see the page that you asked for.</div>\n'
            f'<div id="loginform"><h2 class="heading">Log In</h2>\n{form}</div>'
        )
    return frame(host, f"Log In | {site_name(host)}", "sessions-new", inside)


def error_page(host: str, status: int, text: str) -> str:
    """An error page of the archive's own."""
    inside = f'<h2 class="heading">Error {status}</h2>\n<h3 class="heading">{escape(text)}</h3>'
    return frame(host, f"{status} Error | {site_name(host)}", f"system errors error-{status}", inside)


def plain_page(host: str, title: str, main: str, inside: str) -> str:
    """A page of another kind."""
    return frame(host, f"{title} | {site_name(host)}", main, inside)
