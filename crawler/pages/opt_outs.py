"""What a page says of its use by machines: reservations, ``noindex``, ``noai``."""

from __future__ import annotations

import re
from collections.abc import Mapping

from crawler.pages.page import Page, Refused
from schemas.work import Work


def opted_out(headers: Mapping[str, str], page: Page) -> Refused | None:
    """Whether the page asks to be left out: TDM reservation (TDMRep), ``noindex``; by header or ``meta``."""
    reserved = headers.get("tdm-reservation", "").strip()
    for node in page.frame.css('meta[name="tdm-reservation" i]'):
        stated = (node.attributes.get("content") or "").strip()
        reserved = stated if stated in ("0", "1") else reserved
    if reserved == "1":
        return Refused("opted_out", "text and data mining is reserved (TDM reservation)")
    if "noindex" in headers.get("x-robots-tag", "").casefold():
        return Refused("opted_out", "noindex (X-Robots-Tag)")
    for node in page.frame.css('meta[name="robots" i]'):
        if "noindex" in (node.attributes.get("content") or "").casefold():
            return Refused("opted_out", "noindex: the authors ask search engines to leave the work out")
    return None


def asks_no_ai(headers: Mapping[str, str], page: Page) -> bool:
    """Whether the page asks not to be used for AI: ``noai``, ``train-ai=n``."""
    said = [headers.get("x-robots-tag", ""), headers.get("content-usage", "")]
    said += [node.attributes.get("content") or "" for node in page.frame.css('meta[name="robots" i]')]
    return any(re.search(r"\bnoai\b|\btrain-ai\s*=\s*n\b", text.casefold()) for text in said)


def noted_opt_outs(work: Work, headers: Mapping[str, str], page: Page) -> Work:
    """A work with what its page says of AI and of text and data mining; ``opted_out`` has been asked before."""
    return work.model_copy(update={"ai_opt_out": asks_no_ai(headers, page), "tdm_reserved": False})
