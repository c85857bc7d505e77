"""build: everything staged and the settings in, one immutable version of the dataset out."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from pipelines import card, dedup, dedup_decide, export, versions
from pipelines.corpus import Corpus
from pipelines.crawl_tables import engagement_table, with_sightings
from pipelines.dedup_links import Run
from pipelines.dedup_policy import NO_ARCHIVE
from pipelines.errors import write_failure
from pipelines.gather import gather
from pipelines.inventory import Inventory, take_inventory
from pipelines.policy import POLICY_COLUMNS, judge
from pipelines.stage import Staging
from pipelines.task_runner import task_runner
from schemas import dictionary
from schemas.arrow import arrow_schema, to_table
from schemas.corpus import CorpusConfig
from schemas.manifest import Counts, FileEntry, Manifest, TableEntry
from schemas.tables import SCHEMA_VERSION, SORT_KEYS, TABLES, DuplicateRow, RejectRow, WorkRow

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


def build(corpus: Corpus, staging: Staging, *, jobs: int = 1, progress: Progress = lambda *_: None) -> Manifest:
    """Build the next version of a corpus from everything that is staged.

    The caller holds the corpus (``Corpus.lock``). The version is written beside, made durable and
    renamed; then the pointers are swapped. Raises ``Incomplete`` when the disk refuses; nothing of
    an unfinished version stays.
    """
    config = corpus.config
    progress("look through what is staged", 0, 1)
    inventory = take_inventory(staging)
    inventory = replace(inventory, works=with_sightings(inventory.works, staging.folder))
    progress("look for copies", 0, 1)
    try:
        with task_runner(jobs if inventory.works.num_rows >= WORTH_PROCESSES else 1) as run:
            decisions = decide(inventory, config, staging.folder / "dedup", run)
    except OSError as error:
        raise write_failure(error, str(staging.folder / "dedup")) from error
    version = corpus.next_version()
    beside = corpus.path / f".{version}.tmp"
    shutil.rmtree(beside, ignore_errors=True)
    try:
        beside.mkdir(parents=True)
        files = _write_tables(beside, inventory, decisions, progress, jobs)
        counts = engagement_table(staging.folder, set(decisions.works.column("work_id").to_pylist()))
        files.append(export.write_file(beside, "engagement/part-00000.parquet", "engagement", [counts]))
        files.sort(key=lambda entry: entry.path)
        manifest = _manifest(corpus, version, files, decisions.counts)
        _write_documents(beside, corpus, manifest)
        _share_with_parent(beside, corpus, manifest)
        beside.rename(corpus.path / version)
        corpus.point_to(version)
    except OSError as error:
        raise write_failure(error, str(corpus.path / version)) from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return manifest


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


@dataclass(frozen=True)
class _Part:
    """A Parquet file to be: a table and, for works and chapters, the places of its works."""

    name: str
    path: str
    places: np.ndarray[Any, Any]


def _write_tables(
    root: Path, inventory: Inventory, decisions: Decisions, progress: Progress, jobs: int
) -> list[FileEntry]:
    works = decisions.works
    keys = export.partition_keys(*(works.column(c).to_pylist() for c in ("source", "language", "n_chars")))
    sizes = works.column("n_chars").to_numpy()
    parts = [
        _Part(name, f"{name}/site={site}/lang={lang}/part-{number:05d}.parquet", places)
        for name in ("works", "chapters")
        for (site, lang), number, places in export.file_plan(keys, sizes)
    ] or [_Part(name, f"{name}/part-00000.parquet", np.empty(0, np.int64)) for name in ("works", "chapters")]

    def write(part: _Part) -> FileEntry:
        batches = _work_batches if part.name == "works" else _chapter_batches
        return export.write_file(root, part.path, part.name, batches(inventory, works, part.places))

    files = []
    parts.sort(key=lambda part: -int(sizes[part.places].sum()) * (part.name == "chapters"))
    for done, entry in enumerate(export.run(write, parts, jobs), start=1):
        progress("write Parquet", done, len(parts))
        files.append(entry)
    duplicates = _sorted(decisions.duplicates, "duplicates")
    files.append(export.write_file(root, "duplicates/part-00000.parquet", "duplicates", [duplicates]))
    rejects = pa.concat_tables([inventory.rejects, decisions.rejects])
    files.append(export.write_file(root, "rejects/part-00000.parquet", "rejects", [_sorted(rejects, "rejects")]))
    return sorted(files, key=lambda entry: entry.path)


def _sorted(table: pa.Table, name: str) -> pa.Table:
    return table.sort_by([(key, "ascending") for key in SORT_KEYS[name]])


def _work_batches(inventory: Inventory, works: pa.Table, places: np.ndarray[Any, Any]) -> Iterator[pa.Table]:
    """Rows of ``works`` in the order of ``places``, with what the build decided about them."""
    schema = arrow_schema(WorkRow)
    start = 0
    for end in export.cut_by_size([4096] * len(places)):
        chosen = works.take(pa.array(places[start:end]))
        rows = inventory.rows.take("works", chosen.column("segment").to_numpy(), chosen.column("row").to_numpy())
        for name in ("dup_cluster_id", "dup_role", "first_seen_at", "last_seen_at"):
            column = chosen.column(name).cast(schema.field(name).type)
            rows = rows.set_column(rows.schema.get_field_index(name), schema.field(name), column)
        yield rows.select(schema.names)
        start = end


def _chapter_batches(inventory: Inventory, works: pa.Table, places: np.ndarray[Any, Any]) -> Iterator[pa.Table]:
    """Rows of ``chapters`` of the works at ``places``, in order, in batches of bounded text."""
    chosen = works.take(pa.array(places))
    segments, firsts, counts, sizes = (
        chosen.column(name).to_numpy() for name in ("segment", "first_chapter", "n_chapters", "n_chars")
    )
    start = 0
    for end in export.cut_by_size(sizes.tolist()):
        run = slice(start, end)
        rows = np.concatenate([np.arange(f, f + n) for f, n in zip(firsts[run], counts[run], strict=True)])
        if len(rows):
            yield gather(partial(inventory.rows.table, name="chapters"), np.repeat(segments[run], counts[run]), rows)
        start = end


def _manifest(corpus: Corpus, version: str, files: list[FileEntry], counts: Counts) -> Manifest:
    tables = {}
    for name in TABLES:
        own = [entry for entry in files if entry.path.startswith(f"{name}/")]
        digest = hashlib.sha256("".join(f"{e.path} {e.logical_sha256}\n" for e in own).encode()).hexdigest()
        tables[name] = TableEntry(rows=sum(entry.rows for entry in own), logical_sha256=digest)
    total = hashlib.sha256("".join(f"{n} {t.logical_sha256}\n" for n, t in sorted(tables.items())).encode())
    return Manifest(
        dataset=corpus.name,
        version=version,
        parent=corpus.versions()[-1] if corpus.versions() else None,
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


def _write_documents(root: Path, corpus: Corpus, manifest: Manifest) -> None:
    _write_text(root / "README.md", card.dataset_card(corpus.config, manifest))
    _write_text(root / "schema.json", json.dumps(dictionary.as_document(), indent=2, ensure_ascii=False) + "\n")
    _write_text(root / "MANIFEST.json", manifest.model_dump_json(indent=2) + "\n")


def _write_text(path: Path, text: str) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())


def _share_with_parent(root: Path, corpus: Corpus, manifest: Manifest) -> None:
    """Hard-link the files that the parent version already has: versions that differ little cost little."""
    if manifest.parent is None:
        return
    parent = corpus.path / manifest.parent
    try:
        former = Manifest.model_validate_json((parent / "MANIFEST.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):  # an older or damaged version shares nothing
        return
    known = {(entry.path, entry.sha256) for entry in former.files}
    for entry in manifest.files:
        if (entry.path, entry.sha256) in known and (parent / entry.path).stat().st_size == entry.bytes:
            link = root / f"{entry.path}.link"
            try:
                link.hardlink_to(parent / entry.path)
            except OSError:  # no hard links here: the file just stays as it was written
                return
            link.replace(root / entry.path)
