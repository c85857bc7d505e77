"""Finding copies over a whole corpus, and deciding which one stands for them.

Works with the same words are exact copies, however they are divided into chapters. Of each such group
the work with the smallest id goes on alone: works whose sketches agree in a band (``dedup_join``), or
that share a chapter of 40 words and more, are compared by their true sets of word 5-grams
(``dedup_verify``). Links that hold make clusters, and the policy chooses one representative of each.
The findings are the same for any order of the rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.dedup_join import TURNS, Buckets, Numbers, Places, Screen, band_buckets, chapter_buckets
from pipelines.dedup_policy import POLICY_COLUMNS, Candidate, deciding_rule, representative_of, same_author
from pipelines.dedup_verify import Overlap, Pair, Texts, Verifier
from pipelines.fingerprint import FINGERPRINT_FIELDS, densify, fixed_binary, sketch_matrix
from schemas.corpus import DedupConfig
from schemas.tables import Decision, DuplicateMethod, DuplicateRow

MIN_SHARED_SHINGLES = 46
"""Shingles that one work must share with another to be contained in it: those of 50 words in a row.
A quoted line, a prompt or a short disclaimer has fewer."""


@dataclass(frozen=True)
class DuplicateFindings:
    """What ``find_duplicates`` found. Works without a copy are in none of these."""

    rows: list[DuplicateRow] = field(default_factory=list)
    """One per copy, linking it to the representative of its cluster; sorted by ``work_id``."""
    cluster_of: dict[str, str] = field(default_factory=dict)
    """Cluster of each work that has copies: the smallest ``work_id`` in it."""
    role_of: dict[str, Literal["representative", "duplicate"]] = field(default_factory=dict)
    """Role of each work that has copies; a cluster has one representative."""
    n_screened: int = 0
    """Pairs that shared a bucket and were compared by sketch."""
    n_verified: int = 0
    """Pairs that were then compared by text to find links."""


def find_duplicates(works: pa.Table, texts: Texts, config: DedupConfig) -> DuplicateFindings:
    """Find the copies among ``works`` and decide which of each cluster to keep.

    Args:
        works: one row per work: ``work_id`` (unique), ``FINGERPRINT_FIELDS`` and ``POLICY_COLUMNS``.
        texts: gives the chapter texts of works, for verification.
        config: what counts as a copy, and which copy is kept.

    In a row of the findings, similarity and containment are true ones of that very pair. In a chain
    A ~ B ~ C, where C is linked to A only by way of B, they may lie below the thresholds, and the
    method is the one that linked C to the cluster. A contained work is linked to one holder only.
    The similarity of exact copies to a third work is measured on that one of them with the smallest
    ``work_id``.

    Raises ``ValueError`` where a ``work_id`` comes twice, and ``LookupError`` where ``texts`` lacks one.
    """
    works = works.select([*POLICY_COLUMNS, *(column.name for column in FINGERPRINT_FIELDS)])
    works = works.take(pc.sort_indices(works, sort_keys=[("work_id", "ascending")]))
    work_ids: list[str] = works.column("work_id").to_pylist()
    if len(set(work_ids)) != len(work_ids):
        raise ValueError("a work_id stands in two rows")
    leaders = _exact_leaders(works)
    near = _NearLinks(works, work_ids, leaders, texts, config)
    if config.near:
        near.link()
    n_verified = len(near.verifier.known)
    findings = _decide(works, leaders, near, config)
    return replace(findings, n_screened=near.n_screened, n_verified=n_verified)


def _exact_leaders(works: pa.Table) -> Places:
    """For each work the first one (by ``work_id``) with the same words; works without words are their own."""
    hashes = fixed_binary(works.column("words_sha"), "<u8").astype(np.uint64)
    leaders = np.arange(len(hashes))
    spoken = np.flatnonzero(np.asarray(works.column("n_shingles")) > 0)
    order = spoken[np.lexsort((spoken, hashes[spoken, 1], hashes[spoken, 0]))]
    new = np.ones(len(order), dtype=bool)
    new[1:] = (hashes[order[1:]] != hashes[order[:-1]]).any(axis=1)
    leaders[order] = order[new][np.cumsum(new) - 1]
    return leaders


class _NearLinks:
    """Near-duplicates among the leaders of the exact groups; works go by their place in order of ``work_id``."""

    def __init__(
        self, works: pa.Table, work_ids: Sequence[str], leaders: Places, texts: Texts, config: DedupConfig
    ) -> None:
        self._works = works
        self._config = config
        self._n_shingles: Numbers = np.asarray(works.column("n_shingles"))
        self._n_words: Numbers = np.asarray(works.column("n_words")).astype(np.int64)
        alone = np.flatnonzero((leaders == np.arange(len(leaders))) & (self._n_shingles > 0))
        self._longest_first: Places = alone[np.argsort(-self._n_words[alone], kind="stable")]
        self._parents = np.arange(len(leaders))
        self.verifier = Verifier(work_ids, self._n_shingles, texts)
        self._method_of: dict[int, DuplicateMethod] = {}
        self._contained: set[Pair] = set()
        self.is_held = np.zeros(len(leaders), dtype=bool)
        """Whether a work, with its near-duplicates, is held by another one of its cluster."""
        self.n_screened = 0

    def link(self) -> None:
        """Find the candidates, verify them, and link those that hold."""
        columns = ["sketch", "chapter_words_sha", "chapter_n_words"]
        ranked = self._works.select(columns).take(pa.array(self._longest_first))
        minima = sketch_matrix(ranked.column("sketch"))
        dense = densify(minima)
        screen = Screen(minima, dense, self._n_shingles[self._longest_first])
        self._link(band_buckets(dense, self._config.min_similarity), screen)
        self._link(chapter_buckets(ranked.column("chapter_words_sha"), ranked.column("chapter_n_words")), screen)
        self._attach_contained()

    def _link(self, buckets: Buckets, screen: Screen) -> None:
        config = self._config
        for turn in range(TURNS):
            ranks = buckets.pairs(turn)
            if not len(ranks):
                return
            labels = self.labels()[self._longest_first]
            ranks = ranks[labels[ranks[:, 0]] != labels[ranks[:, 1]]]
            self.n_screened += len(ranks)
            ranks = ranks[screen.may_pass(ranks, config.min_similarity, config.min_containment, MIN_SHARED_SHINGLES)]
            pairs = [_pair(one, other) for one, other in self._longest_first[ranks].tolist()]
            self.verifier.compare(pairs)
            for pair in pairs:
                method = self.verdict(pair)
                if method == "minhash":
                    self._union(pair, method)
                elif method == "containment":
                    self._contained.add(pair)

    def _attach_contained(self) -> None:
        """Link each contained work, with its near-duplicates, to the one that holds most of it, else the longest.

        To one only: a drabble in two collections must not make those copies of each other.
        """
        labels = self.labels()
        best: dict[int, tuple[float, int, int, Pair]] = {}
        for pair in self._contained:
            small, large = sorted(pair, key=lambda work: (self._n_words[work], -work))
            choice = (self.verifier.known[pair].containment, int(self._n_words[large]), -large, pair)
            label = int(labels[small])
            if label != labels[large] and (label not in best or choice > best[label]):
                best[label] = choice
        self.is_held = np.isin(labels, list(best))
        for *_, pair in best.values():
            self._union(pair, "containment")

    def verdict(self, pair: Pair) -> DuplicateMethod | None:
        """How a compared pair is linked, if it is."""
        found = self.verifier.known[pair]
        if found.jaccard >= self._config.min_similarity:
            return "minhash"
        enough = found.containment >= self._config.min_containment and found.shared >= MIN_SHARED_SHINGLES
        return "containment" if enough else None

    def link_of(self, pair: Pair, copy: int) -> tuple[DuplicateMethod, Overlap]:
        """How two leaders of one cluster belong together, and what they share; the same one twice is exact."""
        if pair[0] == pair[1]:
            return "exact", Overlap(1.0, 1.0, int(self._n_shingles[copy]))
        return self.verdict(pair) or self._method_of[copy], self.verifier.known[pair]

    def _union(self, pair: Pair, method: DuplicateMethod) -> None:
        for work in pair:
            if self._method_of.get(work) != "minhash":
                self._method_of[work] = method
        one, other = (self._root(work) for work in pair)
        self._parents[max(one, other)] = min(one, other)

    def _root(self, work: int) -> int:
        while self._parents[work] != work:
            self._parents[work] = self._parents[self._parents[work]]
            work = int(self._parents[work])
        return work

    def labels(self) -> Places:
        """Smallest member of each work's component."""
        while True:
            shorter = self._parents[self._parents]
            if np.array_equal(shorter, self._parents):
                return shorter
            self._parents = shorter


def _pair(one: int, other: int) -> Pair:
    return (one, other) if one < other else (other, one)


def _clusters(labels: Places, leaders: Places) -> Iterator[list[int]]:
    """Places of the members of each cluster of several works."""
    clusters = labels[leaders]
    several = np.flatnonzero(np.bincount(clusters, minlength=len(clusters))[clusters] > 1)
    order = several[np.argsort(clusters[several], kind="stable")]
    edges = np.flatnonzero(np.diff(clusters[order])) + 1
    return (members.tolist() for members in np.split(order, edges) if len(members))


def _decide(works: pa.Table, leaders: Places, near: _NearLinks, config: DedupConfig) -> DuplicateFindings:
    clusters = list(_clusters(near.labels(), leaders))
    places = [place for members in clusters for place in members]
    details = works.select(list(POLICY_COLUMNS)).take(pa.array(places, pa.int64())).to_pylist()
    rows: dict[int, Candidate] = dict(zip(places, details, strict=True))
    findings = DuplicateFindings()
    links: list[tuple[int, int, str]] = []
    for members in clusters:
        # Whatever the preferences: to keep a story and drop the omnibus would lose the omnibus's other stories.
        holders = [place for place in members if not near.is_held[leaders[place]]] or members
        keeper = representative_of({place: rows[place] for place in holders}, config.prefer)
        cluster_id = rows[members[0]]["work_id"]
        for place in members:
            findings.cluster_of[rows[place]["work_id"]] = cluster_id
            findings.role_of[rows[place]["work_id"]] = "representative" if place == keeper else "duplicate"
        links += [(place, keeper, cluster_id) for place in members if place != keeper]
    links.sort()
    pairs = [_pair(int(leaders[copy]), int(leaders[kept])) for copy, kept, _ in links]
    near.verifier.compare(pair for pair in pairs if pair[0] != pair[1])
    for (copy, kept, cluster_id), pair in zip(links, pairs, strict=True):
        method, found = near.link_of(pair, int(leaders[copy]))
        is_held = bool(near.is_held[leaders[copy]] and not near.is_held[leaders[kept]])
        rule = "holds" if is_held else deciding_rule(rows[kept], rows[copy], config.prefer)
        # Only what the kept work itself holds is dropped: the end of a chain may share nothing with it.
        is_copy = pair[0] == pair[1] or near.verdict(pair) is not None
        decision: Decision = "dropped" if config.policy == "drop" and is_copy else "marked"
        findings.rows.append(_row(rows[copy], rows[kept], cluster_id, (method, found), (decision, rule)))
    return findings


def _row(
    copy: Candidate,
    kept: Candidate,
    cluster_id: str,
    link: tuple[DuplicateMethod, Overlap],
    verdict: tuple[Decision, str],
) -> DuplicateRow:
    method, found = link
    decision, rule = verdict
    return DuplicateRow(
        work_id=copy["work_id"],
        other_work_id=kept["work_id"],
        cluster_id=cluster_id,
        method=method,
        similarity=round(found.jaccard, 4),
        containment=round(found.containment, 4),
        same_author=same_author(copy, kept),
        decision=decision,
        rule=rule,
        source=copy["source"],
        title=copy["title"],
        path=copy["path"],
        other_path=kept["path"],
        url=copy["url"],
        raw_sha256=copy["raw_sha256"],
    )
