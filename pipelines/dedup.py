"""Finding copies over a whole corpus, and deciding which one stands for them.

Works with the same words are exact copies, however they are divided into chapters. Of each such group
the work with the smallest id goes on alone: works that meet in a band of their sketches, of their
name-blind sketches or of their chapters' sketches (``dedup_keys``, ``dedup_join``) are screened by sketch
(``dedup_screen``) and compared by their true sets of word 5-grams (``dedup_verify``). Links that hold make
clusters (``dedup_links``), and the policy chooses one representative of each.

Works go by their place in order of ``work_id``, so that the findings are the same for any order of arrival.
Some forty bytes a work are held in memory; sketches and texts stay where they are staged. Every step but
the last is a task over files: a function of a module and arguments that go to any process.
"""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path, PurePath
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.dedup_decide import DuplicateFindings, decide_clusters
from pipelines.dedup_join import BandTask, Join, Pairs, Places, band_pairs, gathered, near_tasks, split
from pipelines.dedup_keys import EXACT, HIGHEST_BANDED, KeyTask, bands_for, key_path, write_keys
from pipelines.dedup_known import Keys, KnownPairs, content_keys, pair_keys
from pipelines.dedup_links import Links, Marks, Run, Samples, components, joined_labels
from pipelines.dedup_screen import Thresholds, copy_sketches, screen, screen_tasks
from pipelines.dedup_texts import open_tables
from pipelines.dedup_verify import Compared, Locate, all_compared, verify, verify_tasks
from pipelines.fingerprint_table import fixed_binary
from pipelines.staged_columns import take_each
from schemas.corpus import DedupConfig

MIN_SHARED_SHINGLES = 46
"""Shingles that one work must share with another to be contained in it: those of 50 words in a row.
A quoted line, a prompt or a short disclaimer has fewer."""
MIN_NAMELESS = 0.6
"""Similarity of the name-blind texts from which on two works may be renamed copies."""
NEVER = 2.0
CONTENTS_AT_ONCE = 1 << 16
"""Works whose hashes of contents are looked up at once, a few hundred bytes each."""


@dataclass(frozen=True)
class StagedWorks:
    """The works of a corpus that may be copies of one another, and where they are staged."""

    segments: list[str]
    """Folders of all segments."""
    works: pa.Table
    """A row per work, sorted by ``work_id`` (unique): that and the 32-bit ``segment``, ``row`` (in its ``works``),
    ``first_chapter``, ``n_chapters`` and ``n_words``."""

    def __len__(self) -> int:
        return int(self.works.num_rows)

    def column(self, name: str) -> Places:
        """A column of numbers, by place."""
        return np.asarray(self.works.column(name))

    @cached_property
    def _lies(self) -> tuple[Places, Places]:
        return self.column("segment"), self.column("row")

    @cached_property
    def by_segment(self) -> list[tuple[int, Places, Places]]:
        """Of each segment with works: its number, and the rows and places of these, by row."""
        segment, row = self._lies
        order = np.lexsort((row, segment))
        return [(int(segment[places[0]]), row[places], places) for places in _runs(order, segment)]

    def take(self, places: Places, columns: Sequence[str]) -> pa.Table:
        """Columns of the staged ``works`` for some places, in their order."""
        segment, row = self._lies[0][places], self._lies[1][places]
        order = np.lexsort((row, segment))
        wanted = [(self.segments[int(segment[run[0]])], row[run]) for run in _runs(order, segment)]
        return pa.concat_tables(take_each(wanted, "works", columns)).take(pa.array(np.argsort(order, kind="stable")))


def _runs(order: Places, values: Places) -> list[Places]:
    """An order of places, cut where the value changes."""
    edges = np.flatnonzero(np.diff(values[order])) + 1
    return np.split(order, edges) if len(order) else []


def find_duplicates(staged: StagedWorks, config: DedupConfig, folder: Path, run: Run = map) -> DuplicateFindings:
    """Find the copies among ``staged`` and decide which of each cluster to keep.

    Args:
        staged: the works.
        config: what counts as a copy, and which copy is kept.
        folder: for the segments' band keys, which stay for the next time, and for what is removed at the end.
        run: calls a function on tasks, in this process (``map``) or in others (the ``map`` of an executor).

    In a row of the findings, similarity and containment are true ones of that very pair. In a chain
    A ~ B ~ C, where C is linked to A only by way of B, they may lie below the thresholds, and the
    method is the one that linked C to the cluster. A contained work is linked to one holder only.
    The similarity of exact copies to a third work is measured on that one of them with the smallest
    ``work_id``.

    Raises ``ValueError`` where a ``work_id`` comes twice or the works are not sorted by it.
    """
    ids = staged.works.column("work_id")
    if not pc.all(pc.less(ids.slice(0, max(len(ids) - 1, 0)), ids.slice(1)), min_count=0).as_py():
        raise ValueError("a work_id stands in two rows, or the rows are not sorted by it")
    with _scratch(folder) as scratch:
        search = _Search(staged, config, folder, scratch, run)
        leaders = search.exact_leaders()
        if not config.near:
            return decide_clusters(staged, leaders, search.no_links(), config)
        try:
            with search.known_pairs():
                findings = decide_clusters(staged, leaders, search.links(leaders), config)
        finally:
            open_tables.cache_clear()  # of this process, where it ran the tasks itself
        return replace(findings, n_compared=search.n_compared)


@contextmanager
def _scratch(folder: Path) -> Iterator[Path]:
    scratch = folder / ".scratch"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    try:
        yield scratch
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


class _Search:
    """One search for copies: the steps, and where their files lie."""

    def __init__(self, staged: StagedWorks, config: DedupConfig, folder: Path, scratch: Path, run: Run) -> None:
        self._staged = staged
        self._config = config
        self._scratch = scratch
        self._run = run
        self._bands, rows = bands_for(min(config.min_similarity, HIGHEST_BANDED))
        self._used = [segment for segment, _, _ in staged.by_segment]
        addresses = [staged.segments[segment] for segment in self._used]
        tasks = [
            KeyTask(address, str(key_path(folder, PurePath(address).name, self._bands, rows)), self._bands, rows)
            for address in addresses
        ]
        self._files = tuple(run(write_keys, tasks))
        used = {Path(file.path) for file in self._files}
        for path in set(folder.glob("*.keys")) - used:  # of former settings, or of segments that hold nothing now
            path.unlink()
        self._locate = Locate(
            staged.segments, staged.column("segment"), staged.column("first_chapter"), staged.column("n_chapters")
        )
        self._folder = folder
        self._name = uuid.uuid4().hex
        self.n_compared = 0
        """Pairs whose texts were read."""
        self._thresholds = Thresholds(
            config.min_similarity,
            config.min_containment,
            MIN_SHARED_SHINGLES,
            MIN_NAMELESS if config.renamed else NEVER,
        )

    def known_pairs(self) -> KnownPairs:
        """What an earlier build compared: to be open while links are made."""
        self._known = KnownPairs(self._folder, self._thresholds)
        return self._known

    def exact_leaders(self) -> Places:
        """For each work the first one (by place) with the same words; works without words are their own."""
        everyone = np.ones(len(self._staged), dtype=bool)
        pairs = np.fromfile(band_pairs(BandTask(self._join(everyone), (EXACT,))), dtype="<u8").astype(np.uint64)
        one, other = split(pairs)
        places = np.unique(np.concatenate((one, other)))
        if not len(places):
            return np.arange(len(self._staged))
        hashes = fixed_binary(self._staged.take(places, ("words_sha",)).column("words_sha"), "<u8")
        equal = (hashes[np.searchsorted(places, one)] == hashes[np.searchsorted(places, other)]).all(axis=1)
        return joined_labels(np.arange(len(self._staged)), one[equal], other[equal])

    def no_links(self) -> Links:
        """Every leader for itself."""
        samples = Samples(self._scratch / "samples.bin")
        return Links(np.arange(len(self._staged)), self._thresholds, self._verify, samples)

    def links(self, leaders: Places) -> Links:
        """Near-duplicates, renamed copies and contained works among the leaders of the exact groups."""
        join = self._join(leaders == np.arange(len(leaders)))
        pairs = gathered(list(self._run(band_pairs, near_tasks(join, self._bands, renamed=self._config.renamed))))
        links = self.no_links()
        links.n_screened = len(pairs)
        if not len(pairs):
            return links
        places = np.unique(np.concatenate(split(pairs)))
        self._meet(places)
        segments = [self._staged.segments[segment] for segment in self._used]
        sketches = copy_sketches(join, segments, places, self._scratch / "sketches.bin")
        passed = list(self._run(screen, screen_tasks(sketches, pairs, self._thresholds)))
        kept, seems, asks = (np.concatenate(parts) for parts in zip(*passed, strict=True))
        links.link(kept, seems, asks, self._staged.column("n_words"))
        return links

    def _join(self, takes_part: Any) -> Join:
        path = self._scratch / "places.bin"
        with path.open("wb") as stream:
            for (_, rows, places), file in zip(self._staged.by_segment, self._files, strict=True):
                own = np.full(file.n_works, -1, dtype="<i4")
                chosen = takes_part[places]
                own[rows[chosen]] = places[chosen]
                stream.write(own.tobytes())
        return Join(self._files, str(path), str(self._scratch))

    def _verify(self, pairs: Pairs, asks_names: Marks) -> Compared:
        asks = asks_names & self._config.renamed
        keys = self._keys_of(pairs, asks)
        rows = self._known.find(keys)
        fresh, old = np.flatnonzero(rows < 0), np.flatnonzero(rows >= 0)
        fresh = fresh[np.argsort(components(pairs[fresh]), kind="stable")]  # so that one task has all pairs of a text
        words = self._staged.column("n_words")
        tasks = verify_tasks(pairs[fresh], asks[fresh], self._thresholds, words, self._locate, self._name)
        found = all_compared([self._known.get(rows[old]), *self._run(verify, tasks)])
        order = np.concatenate((old, fresh))
        found.overlaps["pair"] = pairs[order]  # places change from build to build
        self._known.keep(keys[order], found)
        self.n_compared += len(fresh)
        return found

    def _keys_of(self, pairs: Pairs, asks_names: Marks) -> Keys:
        one, other = (self._contents[np.searchsorted(self._met, places)] for places in split(pairs))
        return pair_keys(one, other, asks_names)

    def _meet(self, places: Places) -> None:
        """Look up what is in the works that met others, once for all rounds of comparisons."""
        parts = []
        for start in range(0, len(places), CONTENTS_AT_ONCE):
            table = self._staged.take(places[start : start + CONTENTS_AT_ONCE], ("content_sha256", "cleaner_version"))
            parts.append(content_keys(*(table.column(name).to_pylist() for name in table.column_names)))
        self._met, self._contents = places, np.concatenate(parts)
