"""What comes in place of a work on AO3 and other OTW archives: login, adult gate, 404, mystery work, rate limit."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import parse_qs, urlsplit

from selectolax.lexbor import LexborNode

from crawler.pages.otw_markup import attribute, children, classes, holds_any, mended, said
from crawler.pages.page import Page, PageKind, Refused
from schemas.work import Provenance, Work

VERSION: Final = "1"

_MARKS: Final = (
    b'"main"',
    b"='main'",
    b"=main",
    b'main\\"',
    b"Archive of Our Own",
    b"otwarchive",
    b"archiveofourown.org",
    b"hields are up",
)
_STORY: Final = "#workskin, #chapters, #preface, #afterword, h3#work, dl.tags"
_CLOUDFLARE: Final = "#cf-wrapper, #cf-error-details, #challenge-form, #challenge-running, .cf-browser-verification"
_LOGIN: Final = re.compile(r"/(?:users/)?(?:login|sign_in)/?$")
_CODE: Final = re.compile(r"\b(4\d\d|5\d\d)\b")
_BY_CODE: Final = {"403": "blocked", "404": "deleted", "410": "deleted", "429": "rate_limited"}
_BY_FLASH: Final = (
    ("only available to registered users", "restricted"),
    ("have permission", "hidden"),
    ("hidden by an admin", "hidden"),
    ("be revealed soon", "unrevealed"),
    ("couldn't find", "deleted"),
    ("has been deleted", "deleted"),
    ("please log in", "restricted"),
)


def refusal_of(page: Page) -> Refused | None:
    """Why a page holds no work; ``None`` where it holds a story or a list of works. Raises nothing."""
    if (refused := _without_template(page)) is not None:
        return refused
    if page.frame.css_first("#main") is None or page.frame.css_first(_STORY) is not None:
        return None  # the first is the cheaper question, and the answer for pages of all other sites
    if (main := page.tree.css_first("#main")) is None:
        return None
    names = classes(main)
    title = said(page.frame.css_first("title"))
    return (
        _error(names, title, main)
        or _notice(title, main)
        or _login(names, title, main)
        or (Refused("no_story", "an index of chapters") if "works-navigate" in names else None)
    )


def _without_template(page: Page) -> Refused | None:
    """Answers that are no pages of the archive: two words of plain text, or a page of Cloudflare's."""
    tree = page.frame
    if (
        len(page.utf8) < 4 * 4096
        and len(page.html) < 4096
        and said(page.tree.body).casefold().rstrip(".") in ("retry later", "too many requests")
    ):
        return Refused("rate_limited", "Retry later")
    title = said(tree.css_first("title"))
    lower = title.casefold()
    if lower.startswith(("just a moment", "attention required", "access denied")) or "shields are up" in lower:
        return Refused("blocked", title[:120])
    if tree.css_first("#main") is None and tree.css_first(_CLOUDFLARE) is not None:
        code = _CODE.search(title)
        reason = "site_error" if code and code[1].startswith("5") else "blocked"
        return Refused(reason, f"Cloudflare: {title[:120]}")
    return None


def _error(names: list[str], title: str, main: LexborNode) -> Refused | None:
    codes = [name.removeprefix("error-") for name in names if name.startswith("error-")]
    heading = next((said(child) for child in children(main) if child.tag == "h2"), "")
    for text in (title, heading):
        if re.match(r"(?i)(?:\d{3} error|error \d{3})\b", text):
            codes += _CODE.findall(text)
    if codes:
        return Refused(_BY_CODE.get(codes[0], "site_error"), f"error {codes[0]}: {heading or title}"[:200])
    if "errors" in names or "timeout" in " ".join(names):
        return Refused("site_error", (heading or title)[:200])
    return None


def _notice(title: str, main: LexborNode) -> Refused | None:
    for child in children(main):
        names = classes(child)
        text = said(child)[:500] if child.tag in ("p", "div") and len(names) else ""
        if "caution" in names and "adult" in text:
            return Refused("adult_gate", text[:120])
        if "notice" in names and ("revealed" in text or title.startswith("Mystery Work")):
            return Refused("unrevealed", text[:120])
        if "flash" in names and {"error", "alert", "notice"} & set(names):
            reason = next((reason for words, reason in _BY_FLASH if words in text.casefold()), None)
            if reason:
                return Refused(reason, text[:120])
    return Refused("unrevealed", title[:120]) if title.startswith("Mystery Work") else None


def _login(names: list[str], title: str, main: LexborNode) -> Refused | None:
    form = main.css_first("#signin, #new_user, #new_user_session, #loginform, #new_user_session_small")
    if "sessions-new" not in names and "user_sessions-new" not in names and form is None:
        return None
    text = said(main)[:2000].casefold()
    if "have permission" in text:
        return Refused("hidden", "a login page: no permission to see this")
    if "sessions-new" in " ".join(names) or "registered users" in text or title.casefold().startswith("log in"):
        return Refused("restricted", "a login page")
    return None


def redirected(location: str) -> Refused | None:
    """What a redirect to a login page, or to the page of time-outs, says; ``None`` for any other."""
    parts = urlsplit(location)
    if _LOGIN.search(parts.path):
        if parse_qs(parts.query).get("restricted") == ["true"]:
            return Refused("restricted", "a redirect to the login page: only for registered users")
        return Refused("hidden", "a redirect to the login page: no permission to see this")
    if parts.path.rstrip("/").endswith("/timeout_error"):
        return Refused("site_error", "a redirect to the archive's page of time-outs")
    return None


def is_archive_page(page: Page) -> bool:
    """Whether a page is made from the template of the OTW archive."""
    main = page.frame.css_first("#main")
    if main is None:
        return False
    title = said(page.frame.css_first("title"))
    if title.endswith(("Archive of Our Own", "[Archive of Our Own]")) or "otwcode/otwarchive" in page.html[-20000:]:
        return True
    return "region" in classes(main) and attribute(page.frame.css_first("#outer"), "class") == "wrapper"


def recognise(page: Page) -> bool:
    """Whether a page is one of an OTW archive, whatever it holds; to be asked after works and listings."""
    whole = mended(page)[0]
    if not is_archive_page(whole) and (whole.frame.css_first("#main") is not None or refusal_of(whole) is None):
        return False
    return holds_any(page, _MARKS) or (len(page.html) <= 4096 and "etry later" in page.html)


def read(page: Page, provenance: Provenance) -> list[Work]:
    """Raises ``Refused``, always: with the outcome, or ``no_story`` for pages of other kinds (search, profile …)."""
    page = mended(page)[0]
    title = said(page.tree.css_first("title"))[:120]
    raise refusal_of(page) or Refused("no_story", f"a page without a work: {title or provenance.path or 'no title'}")


KIND_OUTCOME: Final = PageKind(
    name="otw_outcome",
    version=VERSION,
    recognised_by="the frame of an OTW-archive page (#outer, #main) around no work and no list; 'Retry later'",
    yields="nothing: a reject that says why",
    lost="everything else on the page",
    recognise=recognise,
    read=read,
)
