"""build: everything staged and the settings in, one immutable version of the dataset out."""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from pipelines import card, dedup, dedup_decide, export, versions
from pipelines.cluster import Cluster
from pipelines.corpus import Corpus
from pipelines.crawl_tables import engagement_table, with_sightings
from pipelines.dedup_links import Run
from pipelines.dedup_policy import NO_ARCHIVE
from pipelines.dedup_verify import verify
from pipelines.errors import write_failure
from pipelines.inventory import Inventory, take_inventory
from pipelines.new_version import NewVersion
from pipelines.policy import POLICY_COLUMNS, judge
from pipelines.stage import Staging
from pipelines.table_parts import UNFINISHED, Part, bundle_batches, bundles, part_task, planned_parts, write_part
from pipelines.task_runner import task_runner
from schemas import dictionary
from schemas.arrow import arrow_schema, to_table
from schemas.corpus import CorpusConfig
from schemas.manifest import Counts, FileEntry, Manifest, TableEntry
from schemas.tables import SCHEMA_VERSION, SORT_KEYS, TABLES, DuplicateRow, RejectRow

WORTH_PROCESSES = 2000
"""Works from which on it takes less time to start processes than to do without."""

Progress = Callable[[str, int, int], None]
"""Called with the name of a step, how much of it is done, and how much there is to do."""


@dataclass(frozen=True)
class Decisions:
    """What is in the dataset, and what became of everything else."""

    works: pa.Table
    """One row per work kept, as in ``Inventory.works``, with ``dup_cluster_id`` and ``dup_role``; sorted by key."""
    rejects: pa.Table
    """``RejectRow``: rejects of this build, superseded revisions and policy."""
    duplicates: pa.Table
    """``DuplicateRow``."""
    counts: Counts


def build(
    corpus: Corpus,
    staging: Staging,
    *,
    jobs: int | Cluster = 1,
    progress: Progress = lambda *_: None,
) -> Manifest:
    """Build the next version of a corpus from everything that is staged.

    The caller holds the corpus (``Corpus.lock``). The version is written beside, made durable and
    renamed; then the pointers are swapped. The tasks run in ``jobs`` processes or
    threads, or on a cluster: the bytes are the same. Raises ``Incomplete`` when the disk refuses; nothing of
    an unfinished version stays.
    """
    config = corpus.config
    progress("look through what is staged", 0, 1)
    inventory = take_inventory(staging)
    inventory = replace(inventory, works=with_sightings(inventory.works, staging.folder))
    progress("look for copies", 0, 1)
    try:
        with _runner(inventory, jobs) as run:
            decisions = decide(inventory, config, staging.folder / "dedup", run)
    except OSError as error:
        raise write_failure(error, str(staging.folder / "dedup")) from error
    version = corpus.new_version()
    with version.open():
        files = _write_tables(version, inventory, decisions, progress, jobs)
        counts = engagement_table(staging.folder, set(decisions.works.column("work_id").to_pylist()))
        files.append(_written(version, "engagement", counts))
        files.sort(key=lambda entry: entry.path)
        manifest = _manifest(corpus, version, files, decisions.counts)
        version.write_text("README.md", card.dataset_card(corpus.config, manifest))
        schema = json.dumps(dictionary.as_document(), indent=2, ensure_ascii=False)
        version.write_text("schema.json", schema + "\n")
        version.finish(manifest)
    return manifest


@contextmanager
def _runner(inventory: Inventory, jobs: int | Cluster) -> Iterator[Run]:
    """What runs the tasks of dedup.

    They meet in files beside the corpus. Where that is in an object store, these lie on this machine, and
    only the comparison of texts, which is most of the work, goes to the others.
    """
    if isinstance(jobs, Cluster) and not inventory.rows.are_far:
        yield jobs.run
        return
    processes = (os.cpu_count() or 1) if isinstance(jobs, Cluster) else jobs
    with task_runner(processes if inventory.works.num_rows >= WORTH_PROCESSES else 1) as near:
        far = jobs.run if isinstance(jobs, Cluster) else near
        yield lambda function, tasks: (far if function is verify else near)(function, tasks)


def decide(inventory: Inventory, config: CorpusConfig, folder: Path, run: Run = map) -> Decisions:
    """Apply policy and dedup to the works that count; a pure function of what is staged and the settings.

    ``folder`` keeps what dedup makes for the next build; ``run`` runs its tasks (``dedup.find_duplicates``).
    """
    is_kept, refused = _policy(inventory, config)
    candidates = inventory.works.filter(pa.array(is_kept))
    findings = dedup.find_duplicates(dedup.StagedWorks(inventory.rows.folders, candidates), config.dedup, folder, run)
    works = _with_roles(candidates, findings)
    stays = np.ones(works.num_rows, dtype=bool)
    stays[findings.dropped] = False
    merged = to_table([_merged_row(copy, keeper) for copy, keeper in inventory.same_file], DuplicateRow)
    rejects = pa.concat_tables([inventory.superseded, refused])
    duplicates = pa.concat_tables([merged, findings.rows])
    counts = Counts(
        staged=inventory.n_staged,
        superseded=inventory.superseded.num_rows,
        merged=merged.num_rows,
        rejected=refused.num_rows,
        dropped=len(findings.dropped),
        kept=int(stays.sum()),
        unreadable=inventory.rejects.num_rows,
        rejects=_tally(inventory.rejects.column("reason"), rejects.column("reason")),
        duplicates=_tally(duplicates.column("method")),
        clusters=int((findings.role_of == dedup_decide.REPRESENTATIVE).sum()),
    )
    return Decisions(works=works.filter(pa.array(stays)), rejects=rejects, duplicates=duplicates, counts=counts)


def _policy(inventory: Inventory, config: CorpusConfig) -> tuple[np.ndarray[Any, Any], pa.Table]:
    """Which works the settings let in, and a reject for each of the others."""
    is_kept = np.ones(inventory.works.num_rows, dtype=bool)
    tables = [arrow_schema(RejectRow).empty_table()]
    columns = [*POLICY_COLUMNS, "input_ref", "path", "work_id", "source", "format", "raw_sha256"]
    for places, rows in inventory.details(columns):
        verdicts = [judge(row, config) for row in rows]
        is_kept[places] = [verdict is None for verdict in verdicts]
        refused = [_policy_reject(row, *v) for row, v in zip(rows, verdicts, strict=True) if v]
        tables.append(to_table(refused, RejectRow))
    return is_kept, pa.concat_tables(tables)


def _tally(*columns: pa.ChunkedArray) -> dict[str, int]:
    tally: Counter[str] = Counter()
    for column in columns:
        counted = column.value_counts()
        tally.update(dict(zip(counted.field("values").to_pylist(), counted.field("counts").to_pylist(), strict=True)))
    return dict(sorted(tally.items()))


def _policy_reject(work: dict[str, Any], reason: str, detail: str) -> RejectRow:
    return RejectRow(
        ref=work["path"] or work["input_ref"],
        work_id=work["work_id"],
        source=work["source"],
        stage="policy",
        reason=reason,
        detail=detail,
        format=work["format"],
        raw_sha256=work["raw_sha256"],
    )


def _merged_row(copy: dict[str, Any], keeper: dict[str, Any]) -> DuplicateRow:
    return DuplicateRow(
        work_id=copy["work_id"],
        other_work_id=keeper["work_id"],
        cluster_id=keeper["work_id"],
        method="same_file",
        similarity=1.0,
        containment=1.0,
        similarity_nameless=None,
        same_author=True if keeper["authors"] else None,
        cross_post=None if copy["source"] == NO_ARCHIVE else False,
        decision="merged",
        rule="path",
        source=copy["source"],
        title=copy["title"],
        path=copy["path"],
        other_path=keeper["path"],
        url=copy["url"],
        raw_sha256=copy["raw_sha256"],
    )


def _with_roles(works: pa.Table, findings: dedup_decide.DuplicateFindings) -> pa.Table:
    clusters = dedup_decide.cluster_ids(works.column("work_id"), findings.cluster_of)
    roles = pa.DictionaryArray.from_arrays(pa.array(findings.role_of), pa.array(dedup_decide.ROLES))
    return works.append_column("dup_cluster_id", clusters).append_column("dup_role", roles)


def _write_tables(
    version: NewVersion, inventory: Inventory, decisions: Decisions, progress: Progress, jobs: int | Cluster
) -> list[FileEntry]:
    root, works = version.root, decisions.works
    parts = planned_parts(works)

    def write(bundle: list[Part]) -> list[FileEntry]:
        with_thread = jobs != 1 and len(bundle) == 1
        batches = bundle_batches(bundle, inventory.rows, works)
        return [
            version.keep(export.write_file(root, part.path, part.name, own, with_thread=with_thread))
            for part, own in zip(bundle, batches, strict=True)
        ]

    writing: AbstractContextManager[Iterator[list[FileEntry]]]
    if isinstance(jobs, Cluster):
        tasks = (part_task(version, part, works, inventory.rows.folders) for part in parts)
        writing = nullcontext([entry] for entry in jobs.as_they_come(write_part, tasks))
    else:
        writing = export.running(write, bundles(parts, works), jobs)
    with writing as entries:
        versions.methods()  # the engines that it asks take a while to load, once a process
        rejects = pa.concat_tables([inventory.rejects, decisions.rejects])
        files = [
            _written(version, name, _sorted(table, name))
            for name, table in (("duplicates", decisions.duplicates), ("rejects", rejects))
        ]
        done = 0
        for written in entries:
            done += len(written)
            progress("write Parquet", done, len(parts))
            files += written
    for left in root.rglob(f"*{UNFINISHED}"):  # of workers that were lost
        left.unlink()
    return sorted(files, key=lambda entry: entry.path)


def _written(version: NewVersion, name: str, table: pa.Table) -> FileEntry:
    """A table that is one file."""
    return version.keep(export.write_file(version.root, f"{name}/part-00000.parquet", name, [table]))


def _sorted(table: pa.Table, name: str) -> pa.Table:
    return table.sort_by([(key, "ascending") for key in SORT_KEYS[name]])


def _manifest(corpus: Corpus, version: NewVersion, files: list[FileEntry], counts: Counts) -> Manifest:
    tables = {}
    for name in TABLES:
        own = [entry for entry in files if entry.path.startswith(f"{name}/")]
        digest = hashlib.sha256("".join(f"{e.path} {e.logical_sha256}\n" for e in own).encode()).hexdigest()
        tables[name] = TableEntry(rows=sum(entry.rows for entry in own), logical_sha256=digest)
    total = hashlib.sha256("".join(f"{n} {t.logical_sha256}\n" for n, t in sorted(tables.items())).encode())
    return Manifest(
        dataset=corpus.name,
        version=version.name,
        parent=version.parent,
        schema_version=SCHEMA_VERSION,
        built_at=datetime.now(UTC).replace(microsecond=0),
        digest=total.hexdigest(),
        tables=tables,
        files=tuple(files),
        counts=counts,
        settings=corpus.config,
        tools=versions.tools(),
        methods=versions.methods(),
    )
