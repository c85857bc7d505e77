"""What the sketches say of pairs that met: the hopeless ones go before any text is read.

The sketches of the works that met anybody are copied to one file, so that batches of pairs are looked up
in it; the sketches of all others stay where they are staged.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pipelines.dedup_join import Join, Pairs, Places, split
from pipelines.fingerprint import BINS, EMPTY, NAMELESS_BINS, Minima, densify
from pipelines.fingerprint_table import fixed_binary, sketch_matrix
from pipelines.staged_columns import read_columns

Marks = npt.NDArray[np.bool_]
Shares = npt.NDArray[np.float32]

BATCH_PAIRS = 8192
GAP = 0.04
"""Renamed copies are so much more similar without names by sketch; in truth by 0.15, three standard errors more."""
_RECORD = np.dtype([("sketch", "<u4", BINS), ("nameless", "<u4", NAMELESS_BINS), ("sizes", "<i8", 2)])


class Thresholds(NamedTuple):
    """From which similarity on a pair is something."""

    similarity: float
    containment: float
    shared: int
    """Shingles that one must share with another to be contained in it."""
    nameless: float
    """Similarity of the name-blind texts; above 1: renamed copies are not looked for."""


@dataclass(frozen=True, slots=True)
class SketchFile:
    """The sketches of the works that met anybody."""

    path: str
    places: Places
    """Which works, ascending: the n-th record is that of the n-th place."""

    def rows_of(self, places: Places) -> Places:
        """Which records are those of some works."""
        return np.searchsorted(self.places, places)


def copy_sketches(join: Join, segments: list[str], places: Places, path: Path) -> SketchFile:
    """Copy the sketches of the works at ``places`` (ascending) to a file; ``segments`` go with the join's files."""
    with path.open("wb") as stream:
        stream.truncate(_RECORD.itemsize * len(places))
        for segment, (_, own) in zip(segments, join, strict=True):
            nth = np.searchsorted(places, own)
            wanted = np.flatnonzero((own >= 0) & (places[np.minimum(nth, len(places) - 1)] == own))
            if not len(wanted):
                continue
            table = read_columns(segment, "works", ("sketch", "nameless_sketch", "n_shingles", "n_nameless"))
            records = np.empty(len(wanted), dtype=_RECORD)
            records["sketch"] = sketch_matrix(table.column("sketch"))[wanted]
            records["nameless"] = fixed_binary(table.column("nameless_sketch"), "<u4")[wanted]
            for column, name in enumerate(("n_shingles", "n_nameless")):
                records["sizes"][:, column] = np.asarray(table.column(name))[wanted]
            for record, place in zip(records, nth[wanted].tolist(), strict=True):
                stream.seek(_RECORD.itemsize * place)
                stream.write(record.tobytes())
    return SketchFile(str(path), places)


@dataclass(frozen=True, slots=True)
class ScreenTask:
    """A batch of pairs to be screened."""

    path: str
    """File of sketches."""
    pairs: Pairs
    one: Places
    """Record of the first work of each pair."""
    other: Places
    thresholds: Thresholds


def screen_tasks(sketches: SketchFile, pairs: Pairs, thresholds: Thresholds) -> Iterator[ScreenTask]:
    """Batches of pairs."""
    for start in range(0, len(pairs), BATCH_PAIRS):
        batch = pairs[start : start + BATCH_PAIRS]
        one, other = (sketches.rows_of(places) for places in split(batch))
        yield ScreenTask(sketches.path, batch, one, other, thresholds)


def screen(task: ScreenTask) -> tuple[Pairs, Shares, Marks]:
    """The pairs that may reach a threshold, four standard errors on the safe side.

    With each, how similar it seems, and whether it may be a renamed copy: more similar without names than with them.
    """
    needed = np.unique(np.concatenate((task.one, task.other)))
    records = np.array(np.memmap(task.path, dtype=_RECORD, mode="r")[needed])  # a copy: the file stays mapped no longer
    rows = np.searchsorted(needed, task.one), np.searchsorted(needed, task.other)
    sizes = records["sizes"][:, 0]
    agree, spread = _agreement(records["sketch"], *rows)
    passes = _may_pass(agree, spread, sizes[rows[0]], sizes[rows[1]], task.thresholds)
    nameless, spread = _agreement(records["nameless"], *rows)
    renamed = (nameless + 4 * spread >= task.thresholds.nameless) & (nameless >= agree + GAP)
    passes |= renamed
    seems = np.maximum(agree, nameless * 0.9)
    return task.pairs[passes], seems[passes].astype(np.float32), renamed[passes]


def _agreement(minima: Minima, one: Places, other: Places) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Estimated similarity of pairs of rows, and its standard error; 0 where one has no sketch."""
    dense = densify(np.ascontiguousarray(minima))
    filled = (minima != EMPTY).sum(axis=1)
    agree = np.empty(len(one))
    for start in range(0, len(one), 1024):
        run = slice(start, start + 1024)
        agree[run] = (dense[one[run]] == dense[other[run]]).mean(axis=1)
    bins = np.minimum(filled[one], filled[other])
    agree[bins == 0] = 0.0
    spread = np.maximum(agree * (1 - agree), 0.025)  # no agreement at all still allows for a similarity of 0.04
    return agree, np.sqrt(spread / np.maximum(bins, 1))


def _may_pass(
    agree: npt.NDArray[np.float64], spread: npt.NDArray[np.float64], one: Places, other: Places, limits: Thresholds
) -> Marks:
    highest = np.minimum(agree + 4 * spread, 1.0)
    smaller = np.maximum(np.minimum(one, other), 1).astype(np.float64)
    shared = 1.25 * highest / (1 + highest) * (one + other)  # sizes are estimates, 6 % off at one sigma
    contained = (shared >= limits.containment * smaller) & (1.25 * smaller >= limits.shared)
    passes: Marks = (highest >= limits.similarity) | contained
    return passes
