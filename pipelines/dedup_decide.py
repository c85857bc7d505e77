"""What becomes of the clusters: one representative of each, and a row of ``duplicates`` for every other member."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipelines.dedup_join import Pairs, Places, joined
from pipelines.dedup_links import CONTAINMENT, NEAR, NONE, RENAMED, Links
from pipelines.dedup_policy import (
    MERIT_COLUMNS,
    N_MERITS,
    SHOWN_COLUMNS,
    Candidate,
    Merits,
    cross_post,
    deciding_rules,
    merits_of,
    representatives,
    same_author,
)
from pipelines.dedup_sets import jaccard_of
from pipelines.dedup_verify import Overlaps
from schemas.arrow import arrow_schema, to_table
from schemas.corpus import DedupConfig
from schemas.tables import Decision, DuplicateMethod, DuplicateRow

BATCH_WORKS = 2048
"""Works whose metadata is held at once."""
UNIQUE, REPRESENTATIVE, DUPLICATE = range(3)
ROLES = ("unique", "representative", "duplicate")
_METHODS: dict[int, DuplicateMethod] = {CONTAINMENT: "containment", RENAMED: "renamed", NEAR: "minhash"}
_LINKED_BY: dict[int, DuplicateMethod] = {1: "containment", 2: "renamed", 3: "minhash"}


class Staged(Protocol):
    """Works by place; see ``dedup.StagedWorks``."""

    def __len__(self) -> int: ...

    def take(self, places: Places, columns: Sequence[str]) -> pa.Table:
        """Columns of the staged works for some places, in their order."""


@dataclass(frozen=True)
class DuplicateFindings:
    """What ``find_duplicates`` found; works go by their place in order of ``work_id``."""

    rows: pa.Table
    """``DuplicateRow``: one per copy, linking it to the representative of its cluster; by place."""
    cluster_of: npt.NDArray[np.int32]
    """Place of the first member of each work's cluster; -1 where it has no copies."""
    role_of: npt.NDArray[np.int8]
    """``UNIQUE``, ``REPRESENTATIVE`` (one in each cluster) or ``DUPLICATE``."""
    dropped: Places
    """Places of the copies that the policy leaves out."""
    n_screened: int = 0
    """Pairs that met and were compared by sketch."""
    n_verified: int = 0
    """Pairs that were then compared by text to find links, now or by an earlier build."""
    n_compared: int = 0
    """Pairs that were compared by text now."""


def decide_clusters(staged: Staged, leaders: Places, links: Links, config: DedupConfig) -> DuplicateFindings:
    """Choose the representative of each cluster, and describe its copies."""
    n_verified = len(links.found)
    cluster_of = np.full(len(staged), -1, dtype=np.int32)
    role_of = np.zeros(len(staged), dtype=np.int8)
    labels = links.labels[leaders]
    members = np.flatnonzero(np.bincount(labels, minlength=len(labels))[labels] > 1)
    merits = _merits(staged, members)
    _, first, cluster = np.unique(labels[members], return_index=True, return_inverse=True)
    # Whatever the preferences: to keep a story and drop the omnibus would lose the omnibus's other stories.
    keeper = representatives(merits, cluster, ~links.is_held[leaders[members]], config.prefer)
    cluster_of[members] = members[first[cluster]]
    role_of[members] = DUPLICATE
    role_of[members[keeper]] = REPRESENTATIVE
    own = np.flatnonzero(keeper != np.arange(len(members)))
    copy, kept = members[own], members[keeper[own]]
    rules = deciding_rules(merits[keeper[own]], merits[own], config.prefer)
    tables, dropped = [], [np.empty(0, dtype=np.int64)]
    links.compare(_apart(leaders[copy], leaders[kept]))
    for start in range(0, len(copy), BATCH_WORKS):
        run = slice(start, start + BATCH_WORKS)
        described, is_dropped = _described(
            staged, leaders, links, config, (copy[run], kept[run], rules[run]), cluster_of
        )
        tables.append(to_table(described, DuplicateRow))
        dropped.append(copy[run][is_dropped])
    rows = pa.concat_tables(tables) if tables else arrow_schema(DuplicateRow).empty_table()
    return DuplicateFindings(rows, cluster_of, role_of, np.concatenate(dropped), links.n_screened, n_verified)


def _apart(one: Places, other: Places) -> Pairs:
    return np.unique(joined(one, other)[one != other])


def _merits(staged: Staged, places: Places) -> Merits:
    """What speaks for each of some works, which are looked up a batch at a time."""
    merits = np.empty((len(places), N_MERITS), dtype=np.int64)
    for start in range(0, len(places), BATCH_WORKS):
        run = slice(start, start + BATCH_WORKS)
        merits[run] = merits_of(staged.take(places[run], MERIT_COLUMNS))
    return merits


def _details(staged: Staged, places: Places) -> dict[int, Candidate]:
    return dict(zip(places.tolist(), staged.take(places, SHOWN_COLUMNS).to_pylist(), strict=True))


def _described(
    staged: Staged,
    leaders: Places,
    links: Links,
    config: DedupConfig,
    copies: tuple[Places, Places, Sequence[str]],
    cluster_of: npt.NDArray[np.int32],
) -> tuple[list[DuplicateRow], npt.NDArray[np.bool_]]:
    """Rows of copies, and which of them are dropped; with each goes which one is kept, and by which rule."""
    copy, kept, rules = copies
    wanted = np.unique(np.concatenate((copy, kept, cluster_of[copy])))
    details = _details(staged, wanted)
    one, other = leaders[copy], leaders[kept]
    is_exact = one == other
    pairs = joined(one, other)
    found = links.compare(np.unique(pairs[~is_exact]))
    verdicts = links.verdicts_of(found["pair"])
    at = np.searchsorted(found["pair"], pairs)
    is_held = links.is_held[one] & ~links.is_held[other]
    rows, is_dropped = [], np.zeros(len(copy), dtype=bool)
    for n, (place, keeper) in enumerate(zip(copy.tolist(), kept.tolist(), strict=True)):
        candidate, stands = details[place], details[keeper]
        verdict = NEAR if is_exact[n] else int(verdicts[at[n]])
        method = "exact" if is_exact[n] else _METHODS.get(verdict) or _LINKED_BY[int(links.method_of[one[n]])]
        # Only what the kept work itself holds is dropped: the end of a chain may share nothing with it.
        is_copy = verdict != NONE and (method != "renamed" or config.drop_renamed)
        is_dropped[n] = config.policy == "drop" and is_copy
        decision: Decision = "dropped" if is_dropped[n] else "marked"
        rule = "holds" if is_held[n] else rules[n]
        measured = (1.0, 1.0, None) if is_exact[n] else _measured(found[at[n]])
        cluster_id = details[int(cluster_of[place])]["work_id"]
        rows.append(_row(candidate, stands, cluster_id, method, measured, (decision, rule)))
    return rows, is_dropped


def _measured(found: Overlaps) -> tuple[float, float, float | None]:
    """Similarity, containment and name-blind similarity of a pair."""
    shared, sizes = int(found["shared"]), found["sizes"].tolist()
    blind = found["nameless_sizes"].tolist()
    return (
        round(jaccard_of(shared, *sizes), 4),
        round(shared / max(min(sizes), 1), 4),
        round(jaccard_of(int(found["nameless_shared"]), *blind), 4) if min(blind) > 0 else None,
    )


def _row(
    copy: Candidate,
    kept: Candidate,
    cluster_id: str,
    method: DuplicateMethod,
    measured: tuple[float, float, float | None],
    verdict: tuple[Decision, str],
) -> DuplicateRow:
    decision, rule = verdict
    similarity, containment, nameless = measured
    return DuplicateRow(
        work_id=copy["work_id"],
        other_work_id=kept["work_id"],
        cluster_id=cluster_id,
        method=method,
        similarity=similarity,
        containment=containment,
        similarity_nameless=nameless,
        same_author=same_author(copy, kept),
        cross_post=cross_post(copy, kept),
        decision=decision,
        rule=rule,
        source=copy["source"],
        title=copy["title"],
        path=copy["path"],
        other_path=kept["path"],
        url=copy["url"],
        raw_sha256=copy["raw_sha256"],
    )


def cluster_ids(ids: pa.ChunkedArray, cluster_of: npt.NDArray[np.int32]) -> Any:
    """``dup_cluster_id`` of each work: the smallest ``work_id`` of its cluster, null where it has no copies."""
    return ids.take(pa.array(cluster_of, mask=cluster_of < 0))
