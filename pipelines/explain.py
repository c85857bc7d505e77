"""Why a work is in a dataset or not: what was staged of it, what the build decided, and what comes nearest to it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from pipelines.corpus import Corpus
from pipelines.dedup_links import MIN_RENAMED_GAP
from pipelines.dedup_sets import common, jaccard_of
from pipelines.dedup_texts import story_texts
from pipelines.dedup_verify import Text
from pipelines.errors import WrongUsage
from pipelines.fingerprint import EMPTY
from pipelines.fingerprint_table import fixed_binary, sketch_matrix
from pipelines.fingerprint_words import SHINGLE_WORDS, Hashes, cased_words_of, shingles
from pipelines.policy import POLICY_COLUMNS, judge
from pipelines.stage import Staging
from pipelines.staged_columns import read_columns

NEAREST = 5
LEAST_ALIKE = 0.02
"""Similarity by sketch below which two works are not shown as near: chance alone gives as much."""
_WORD = re.compile(r"[^\W_]+")
_SHOWN = ("work_id", "source", "title", "authors", "path", "url", "updated_date", "retrieved_at", "raw_sha256")
_COLUMNS = tuple(dict.fromkeys((*_SHOWN, *POLICY_COLUMNS, "first_chapter", "input_ref")))
_HOW = {
    "same_file": "the same file in two places",
    "exact": "the same words",
    "minhash": "nearly the same words",
    "containment": "the longer one holds the other",
    "renamed": "the same but for names and pronouns",
}
_RULES = {
    "holds": "it holds this one and more",
    "complete": "it is complete",
    "newest": "it was updated last",
    "longest": "it is longer",
    "metadata": "more of its metadata is filled in",
    "work_id": "they differ in no rule of dedup.prefer, and its id comes first",
    "path": "its path comes first",
}


@dataclass(frozen=True)
class _Staged:
    """A staged revision of a work."""

    segment: str
    row: int
    is_current: bool
    facts: dict[str, Any]

    @property
    def place(self) -> str:
        return str(self.facts["path"] or self.facts["url"] or self.facts["input_ref"])


def explain(corpus: Corpus, staging: Staging, work_id: str) -> Iterator[str]:
    """Lines that say what became of a work, or of a file or address that gave none.

    Raises ``WrongUsage`` where the corpus knows neither.
    """
    revisions = list(_revisions(staging, work_id))
    version = corpus.address_of(corpus.versions()[-1]) if corpus.versions() else None
    rejected = _rejects(version, work_id) if version else []
    if not revisions and not rejected:
        how = "give a work_id such as ao3:123, or a path or address as rejects has it"
        raise WrongUsage(f"{corpus.address} knows no {work_id}; {how}")
    yield from _staged_lines(work_id, revisions)
    yield from _version_lines(version, work_id, rejected)
    counting = next((revision for revision in revisions if revision.is_current), None)
    if counting:
        if verdict := judge(counting.facts, corpus.config):
            yield f"by the settings of now  rejected: {verdict.reason}: {verdict.detail}"
        yield from _nearest_lines(staging, counting)


def _revisions(staging: Staging, work_id: str) -> Iterator[_Staged]:
    for segment in staging.ledger.segments():
        folder = staging.location(segment)
        ids = read_columns(folder, "works", ("work_id",)).column("work_id")
        rows = np.flatnonzero(np.asarray(pc.equal(ids, work_id)))
        if len(rows):
            task = segment.partition(".")[0]
            current, former = staging.ledger.current_of(task), staging.ledger.superseded_of(task)
            facts = read_columns(folder, "works", _COLUMNS).take(pa.array(rows)).to_pylist()
            for row, fact in zip(rows.tolist(), facts, strict=True):
                if fact["input_ref"] in current or fact["input_ref"] in former:
                    yield _Staged(folder, row, fact["input_ref"] in current, fact)


def _rejects(version: str, name: str) -> list[dict[str, Any]]:
    field = ds.field("work_id") == name
    table = ds.dataset(f"{version}/rejects", format="parquet").to_table(filter=field | (ds.field("ref") == name))
    rows: list[dict[str, Any]] = table.to_pylist()
    return rows


def _staged_lines(work_id: str, revisions: list[_Staged]) -> Iterator[str]:
    if not revisions:
        yield f"{work_id}: no work was staged under this name"
        return
    facts = revisions[0].facts
    by = f" by {', '.join(facts['authors'])}" if facts["authors"] else ""
    yield f"{work_id}  “{facts['title']}”{by}: {_size(facts)}, {facts['language']}, from {facts['source']}"
    for revision in revisions:
        when = revision.facts["updated_date"] or revision.facts["retrieved_at"]
        state = "" if revision.is_current else ", which has changed since"
        yield f"staged from  {revision.place}{f' of {when}' if when else ''}{state}"


def _version_lines(version: str | None, work_id: str, rejected: list[dict[str, Any]]) -> Iterator[str]:
    if version is None:
        yield "no version is built yet: scrapy build decides what is kept"
        return
    name = PurePath(version).name
    role, cluster = _role(version, work_id)
    if role is None and not rejected:
        links = _links(version, work_id)
        if not any(link["work_id"] == work_id for link in links):
            yield f"in {name}  not there: it was staged after that was built; run scrapy build"
    elif role == "unique":
        yield f"in {name}  kept; it has no copies in the corpus"
    elif role == "representative":
        yield f"in {name}  kept; it stands for its copies, of cluster {cluster}"
    elif role == "duplicate":
        yield f"in {name}  kept, and marked as a copy, of cluster {cluster}"
    for reject in rejected:
        yield f"in {name}  {reject['ref']} left out ({reject['stage']}): {reject['reason']}: {reject['detail']}"
    for link in _links(version, work_id):
        yield from _link_lines(link, work_id)


def _role(version: str, work_id: str) -> tuple[str | None, str | None]:
    works = ds.dataset(f"{version}/works", format="parquet")
    columns = ["dup_role", "dup_cluster_id"]
    rows = works.to_table(columns=columns, filter=ds.field("work_id") == work_id).to_pylist()
    return (rows[0]["dup_role"], rows[0]["dup_cluster_id"]) if rows else (None, None)


def _links(version: str, work_id: str) -> list[dict[str, Any]]:
    copies = ds.dataset(f"{version}/duplicates", format="parquet")
    either = (ds.field("work_id") == work_id) | (ds.field("other_work_id") == work_id)
    rows: list[dict[str, Any]] = copies.to_table(filter=either).to_pylist()
    return sorted(rows, key=lambda row: (row["work_id"] != work_id, row["work_id"], row["path"] or ""))


def _link_lines(link: dict[str, Any], work_id: str) -> Iterator[str]:
    measured = f"{link['similarity']:.1%} of the word 5-grams of both, {link['containment']:.1%} of the shorter one's"
    if link.get("similarity_nameless") is not None:
        measured += f", {link['similarity_nameless']:.1%} without names and pronouns"
    if link["work_id"] == work_id:
        other = link["other_path"] if link["method"] == "same_file" else link["other_work_id"]
        yield f"copy of  {other} ({link['method']}: {_HOW.get(link['method'], link['method'])})"
        yield f"    shared    {measured}"
        rule = _RULES.get(link["rule"], link["rule"])
        yield f"    decision  {link['decision']}; the other one stands for both: {rule}"
    else:
        yield f"stands for  {link['work_id']} ({link['method']}; {link['decision']})"
        yield f"    shared    {measured}"
    known = {True: "the same author", False: "another author", None: "author not known"}[link["same_author"]]
    where = {True: ", another archive", False: ", the same archive", None: ""}[link.get("cross_post")]
    yield f"    by        {known}{where}"


@dataclass(frozen=True)
class _Near:
    """A work that is near by sketch."""

    alike: float
    nameless: float
    segment: str
    row: int


def _nearest_lines(staging: Staging, work: _Staged) -> Iterator[str]:
    found = sorted(_near(staging, work), key=lambda near: (-max(near.alike, near.nameless), near.segment, near.row))
    yield "nearest works, by sketch" if found else "nearest works, by sketch: none that shares more than chance gives"
    mine = _Texts.of(work.segment, work.facts)
    for near in found[:NEAREST]:
        facts = read_columns(near.segment, "works", _COLUMNS).slice(near.row, 1).to_pylist()[0]
        yield f"    {facts['work_id']}  “{facts['title']}”: {_size(facts)}"
        for line in mine.shared_with(_Texts.of(near.segment, facts)):
            yield f"        {line}"


def _near(staging: Staging, work: _Staged) -> Iterator[_Near]:
    mine = read_columns(work.segment, "works", ("sketch", "nameless_sketch")).slice(work.row, 1)
    sketch, blind = sketch_matrix(mine.column("sketch")), fixed_binary(mine.column("nameless_sketch"), "<u4")
    for segment in staging.ledger.segments():
        folder = staging.location(segment)
        current = staging.ledger.current_of(segment.partition(".")[0])
        if not current:
            continue
        table = read_columns(folder, "works", ("work_id", "input_ref", "sketch", "nameless_sketch"))
        if not table.num_rows:
            continue
        alike = _agreement(sketch, sketch_matrix(table.column("sketch")))
        nameless = _agreement(blind, fixed_binary(table.column("nameless_sketch"), "<u4"))
        is_near = np.maximum(alike, np.where(nameless > alike + MIN_RENAMED_GAP, nameless, 0)) >= LEAST_ALIKE
        names = table.select(["work_id", "input_ref"])
        for row in np.flatnonzero(is_near).tolist():
            other, ref = (names.column(n)[row].as_py() for n in range(2))
            if other != work.facts["work_id"] and ref in current:
                yield _Near(float(alike[row]), float(nameless[row]), folder, row)


def _agreement(one: Any, others: Any) -> Any:
    """Estimated similarity of a sketch and of rows of others: equal minima by bins that either has filled."""
    filled = (one != EMPTY) | (others != EMPTY)
    equal = (one == others) & (one != EMPTY)
    return equal.sum(axis=1) / np.maximum(filled.sum(axis=1), 1)


@dataclass(frozen=True)
class _Texts:
    """A work's chapters, as verification sees them."""

    texts: list[str]
    text: Text

    @classmethod
    def of(cls, segment: str, facts: dict[str, Any]) -> _Texts:
        texts = story_texts(segment, facts["first_chapter"], facts["n_chapters"])
        return cls(texts, Text(cased_words_of(texts)))

    def shared_with(self, other: _Texts) -> Iterator[str]:
        shared = common(self.text.shingles, other.text.shingles)
        sizes = len(self.text.shingles), len(other.text.shingles)
        line = f"{jaccard_of(len(shared), *sizes):.1%} of the word 5-grams of both are shared"
        line += f", {len(shared) / max(min(sizes), 1):.1%} of the shorter one's"
        blind = common(self.text.nameless_shingles, other.text.nameless_shingles)
        blind_sizes = len(self.text.nameless_shingles), len(other.text.nameless_shingles)
        if min(blind_sizes):
            line += f", {jaccard_of(len(blind), *blind_sizes):.1%} without names and pronouns"
        yield line
        same = [n for n, words in enumerate(self.text.words, 1) if any(_equal(words, w) for w in other.text.words)]
        if same:
            yield f"chapters with the same words: {', '.join(map(str, same[:20]))}{' …' * (len(same) > 20)}"
        length, start = self._longest_run(shared)
        if length:
            yield f"longest shared passage: {length:,} words, from “{start} …”"

    def _longest_run(self, shared: Hashes) -> tuple[int, str]:
        """Words of the longest passage whose every shingle is shared, and how it begins."""
        best, where = 0, (0, 0)
        for number, words in enumerate(self.text.words):
            marks = np.isin(shingles(words), shared).astype(np.int8)
            edges = np.flatnonzero(np.diff(np.concatenate(([0], marks, [0]))))
            lengths = edges[1::2] - edges[::2]
            if len(lengths) and lengths.max() > best:
                best, where = int(lengths.max()), (number, int(edges[::2][lengths.argmax()]))
        if not best:
            return 0, ""
        chapter, place = where
        starts = [found.start() for found in _WORD.finditer(self.texts[chapter])]
        start = starts[min(place, len(starts) - 1)]  # in scripts without spaces only the chapter is exact
        passage = self.texts[chapter][start : start + 60].split()
        return best + min(SHINGLE_WORDS, len(self.text.words[chapter])) - 1, " ".join(passage[:8])


def _size(facts: dict[str, Any]) -> str:
    plural = "s" * (facts["n_chapters"] != 1)
    return f"{facts['n_words']:,} words, {facts['n_chapters']} chapter{plural}"


def _equal(one: Hashes, other: Hashes) -> bool:
    return len(one) > 0 and bool(np.array_equal(one, other))
