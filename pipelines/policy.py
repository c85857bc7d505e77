"""policy: which prepared works a dataset does not hold, each with a reason.

It looks at what ``prepare`` measured and at ``corpus.toml`` only, so that a build can apply changed
settings without reading anything again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from pipelines.language import same_language
from schemas.corpus import CorpusConfig
from schemas.vocabulary import LanguageStatus, language_name

POLICY_COLUMNS = ("n_words", "n_chapters", "compression_ratio", "language", "language_declared", "language_status")
"""Columns of ``works`` that the policy looks at."""

_SURE = {LanguageStatus.RELIABLE.value, LanguageStatus.SECOND.value}


class Verdict(NamedTuple):
    """Why a work is rejected."""

    reason: str
    detail: str


def judge(work: Mapping[str, Any], config: CorpusConfig) -> Verdict | None:
    """Why a corpus with these settings does not hold a work; ``None`` where it does.

    ``work`` holds at least the ``POLICY_COLUMNS`` of its row. Works that hold metadata only are
    judged by their language alone.
    """
    filters = config.filters
    if work["n_chapters"]:
        words = work["n_words"]
        if words < filters.min_words:
            return Verdict("too_short", f"{words} words; filters.min_words is {filters.min_words}")
        if filters.max_words is not None and words > filters.max_words:
            return Verdict("too_long", f"{words} words; filters.max_words is {filters.max_words}")
        ratio = work["compression_ratio"]
        if ratio is not None and ratio < filters.min_compression_ratio:
            limit = filters.min_compression_ratio
            return Verdict("junk_compression", f"compresses to {ratio:.3f}; filters.min_compression_ratio is {limit}")
    return _language_verdict(work, config.languages.wanted)


def _language_verdict(work: Mapping[str, Any], wanted: tuple[str, ...]) -> Verdict | None:
    """Reject on a reliable mismatch, or on the author's own word where detection is unsure."""
    known = work["language"] if work["language_status"] in _SURE else work["language_declared"]
    if not wanted or known is None or any(same_language(known, tag) for tag in wanted):
        return None
    how = "found in the text" if work["language_status"] in _SURE else "as declared"
    return Verdict("language_not_wanted", f"{language_name(known)} ({known}), {how}; wanted: {', '.join(wanted)}")
