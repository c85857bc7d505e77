"""assemble: staged pieces of works become works, once everything that was given has been read."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from pipelines.ledger import InputRecord
from pipelines.parts import are_one_work, join
from pipelines.prepare import Unprepared, prepare, reject_of
from pipelines.stage import StagedReject, StagedWork, Staging, write_segment
from schemas.work import Work

ORIGIN = "assembled"
"""Origin, in the ledger, of works put together from pieces: their pieces are the inputs."""
BATCH_CHARACTERS = 16 * 2**20


@dataclass(frozen=True, slots=True)
class _Piece:
    number: int
    segment: str
    row: int
    sha256: str
    ref: str


@dataclass
class AssembleCounts:
    """What was put together."""

    works: int = 0
    pieces: int = 0
    rejects: Counter[str] = field(default_factory=Counter)


def assemble(staging: Staging, *, preparation: Callable[[], str], run: int) -> AssembleCounts:
    """Put the staged pieces together and stage the works; what is unchanged is left as it is.

    The pieces in their present state decide alone, so that any order of arrival, and any
    interruption, gives the same works. ``preparation`` says what works depend on besides their pieces; it is
    asked only where there are pieces, as to know it every reader is loaded.

    Raises ``Incomplete`` when the disk refuses.
    """
    groups = _groups(staging)
    known = staging.ledger.known_hashes(ORIGIN)
    prepared = preparation() if groups else ""
    wanted = {key: _digest(pieces, prepared) for key, pieces in groups.items()}
    staging.ledger.forget(ORIGIN, [key for key in known if key not in wanted])
    counts = AssembleCounts()
    works: list[StagedWork] = []
    rejects: list[StagedReject] = []
    records: list[InputRecord] = []
    number = size = 0
    for key in sorted(key for key, digest in wanted.items() if known.get(key) != digest):
        before = len(works), len(rejects)
        for work in _assembled(key, groups[key], staging):
            try:
                works.append(StagedWork(key, prepare(work)))
            except Unprepared as error:
                rejects.append(StagedReject(key, reject_of(work, error.reason, error.detail)))
            size += sum(len(chapter.text) for chapter in work.chapters)
        records.append(InputRecord(key, None, None, wanted[key], len(works) - before[0], len(rejects) - before[1]))
        counts.pieces += len(groups[key])
        if size > BATCH_CHARACTERS:
            number = _write(staging, number, works, rejects, records, prepared, run, counts)
            size = 0
    if records:
        _write(staging, number, works, rejects, records, prepared, run, counts)
    return counts


def _write(  # noqa: PLR0917 - the state of one loop
    staging: Staging,
    number: int,
    works: list[StagedWork],
    rejects: list[StagedReject],
    records: list[InputRecord],
    preparation: str,
    run: int,
    counts: AssembleCounts,
) -> int:
    segment = f"{run:06d}-assembled-{number:06d}"
    write_segment(staging.unfinished(segment), works, rejects)
    staging.commit(segment, [segment], ORIGIN, records, preparation=preparation, run=run, keep_former=False)
    counts.works += len(works)
    counts.rejects.update(reject.row.reason for reject in rejects)
    works.clear()
    rejects.clear()
    records.clear()
    return number + 1


def _groups(staging: Staging) -> dict[str, list[_Piece]]:
    """The pieces of each work, as their inputs are now; of one file in two places the first by name."""
    current = set(staging.ledger.current())
    groups: dict[str, dict[tuple[int, str], _Piece]] = {}
    for segment in staging.ledger.segments():
        if not staging.has(segment, "parts"):
            continue
        table = staging.open(segment, "parts").drop_columns(["work"]).to_pylist()
        for row, part in enumerate(table):
            if (segment.partition(".")[0], part["input_ref"]) not in current:
                continue
            piece = _Piece(part["number"], segment, row, part["raw_sha256"], part["input_ref"])
            group = groups.setdefault(part["key"], {})
            place = (piece.number, piece.sha256)
            if place not in group or piece.ref < group[place].ref:
                group[place] = piece
    return {
        key: sorted(group.values(), key=lambda piece: (piece.number, piece.sha256)) for key, group in groups.items()
    }


def _digest(pieces: list[_Piece], preparation: str) -> str:
    parts = [preparation, *(f"{piece.number} {piece.sha256} {piece.ref}" for piece in pieces)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _assembled(key: str, pieces: list[_Piece], staging: Staging) -> list[Work]:
    """The work of some pieces; numbered files that are no chapters of one work stay what they are."""
    parts = []
    for piece in pieces:
        column = staging.open(piece.segment, "parts").column("work")
        parts.append((piece.number, Work.model_validate_json(column[piece.row].as_py())))
    if key.startswith("folder:") and not are_one_work(parts):
        return [work for _, work in parts]
    if len(parts) == 1 and key.startswith("folder:"):
        return [parts[0][1]]
    return [join(parts)]
