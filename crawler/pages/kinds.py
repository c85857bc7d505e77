"""The kinds of pages that are read, in the order in which they are tried."""

from __future__ import annotations

from typing import Final

from crawler.pages import (
    efiction,
    fanficfare,
    ffnet,
    ffnet_listing,
    ffnet_mobile,
    ffnet_refusals,
    ficwad,
    fimfiction,
    generic,
    livejournal,
    otw,
    otw_blurb,
    otw_download,
    otw_index,
    otw_outcomes,
    royalroad,
    scribblehub,
    wattpad,
    xenforo,
)
from crawler.pages.page import PageKind

KINDS: Final[tuple[PageKind, ...]] = (
    ffnet_refusals.CHALLENGE,
    fanficfare.KIND_FANFICFARE_HTML,
    otw_download.KIND_DOWNLOAD,
    otw.KIND_WORK,
    otw_blurb.KIND_LISTING,
    otw_index.KIND_INDEX,
    otw_outcomes.KIND_OUTCOME,
    ffnet_mobile.FFNET_MOBILE,
    ffnet.FFNET,
    ffnet_listing.FFNET_LISTING,
    ficwad.FICWAD,
    fimfiction.FIMFICTION_CHAPTER,
    fimfiction.FIMFICTION_STORY,
    royalroad.KIND_ROYALROAD,
    scribblehub.KIND_SCRIBBLEHUB,
    wattpad.KIND_WATTPAD,
    xenforo.KIND_XENFORO,
    livejournal.KIND_LIVEJOURNAL,
    efiction.KIND_EFICTION,
    ffnet_refusals.FFNET_REFUSED,
    ficwad.FICWAD_REFUSED,
    fimfiction.FIMFICTION_REFUSED,
    generic.KIND_GENERIC,
)
"""Known structures first; then what a known site shows in a story's place; pages of no known origin last."""
