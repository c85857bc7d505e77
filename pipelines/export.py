"""export: tables into partitioned Parquet files that every reader opens."""

from __future__ import annotations

import hashlib
import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipelines.digest import TableDigest
from pipelines.errors import write_failure
from schemas.arrow import arrow_schema
from schemas.manifest import FileEntry
from schemas.tables import SCHEMA_VERSION, SORT_KEYS, TABLES

T = TypeVar("T")
R = TypeVar("R")
Numbers = npt.NDArray[np.int64]

COMPRESSION_LEVEL = 3
"""zstd: the knee of the curve for prose; pyarrow's own default is 1."""
ROW_GROUP_BYTES = 32 * 2**20
"""Text per row group, before compression: what one write holds in memory."""
ROW_GROUP_ROWS = 10_000
FILE_BYTES = 2**30
"""Text per file, before compression: about 400 MB on disk."""
MAX_PARTITIONS = 50
"""Languages beyond so many folders share ``lang=other``: a dataset of thousands of tiny files is slow."""

# Hugging Face `datasets` takes folder names with these words for splits and drops the rest.
_SPLIT_WORDS = {"train", "training", "test", "testing", "valid", "validation", "val", "dev", "eval", "evaluation"}


def site_slug(source: str) -> str:
    """Folder name of a source: ``[a-z0-9-]``, never a word that a reader takes for a split."""
    slug = re.sub(r"[^a-z0-9]+", "-", source.casefold()).strip("-") or "unknown"
    return f"{slug}-site" if _SPLIT_WORDS & set(slug.split("-")) else slug


def language_slug(language: str) -> str:
    """Folder name of a language: the primary subtag of its BCP 47 tag."""
    return re.sub(r"[^a-z0-9]", "", language.partition("-")[0].casefold()) or "und"


def partitions(sources: pa.Array, languages: pa.Array, sizes: Numbers) -> dict[tuple[str, str], Numbers]:
    """Site and language folders in order, with the places of their works.

    The smallest languages by ``sizes`` (characters) share ``other`` beyond ``MAX_PARTITIONS``.
    """
    pairs, kind_of = _kinds(sources, languages)
    keys = [(site_slug(source), language_slug(tag)) for source, tag in pairs]
    totals: Counter[tuple[str, str]] = Counter()
    for key, size in zip(keys, np.bincount(kind_of, weights=sizes, minlength=len(keys)).tolist(), strict=True):
        totals[key] += int(size)
    if len(totals) > MAX_PARTITIONS:
        largest = sorted(totals, key=lambda key: (-totals[key], key))
        named = set(largest[: max(1, MAX_PARTITIONS - len({site for site, _ in totals}))])
        keys = [key if key in named else (key[0], "other") for key in keys]
    found = sorted(set(keys))
    number = {key: place for place, key in enumerate(found)}
    partition_of = np.array([number[key] for key in keys], dtype=np.int64)[kind_of]
    order = np.argsort(partition_of, kind="stable")
    ends = np.cumsum(np.bincount(partition_of, minlength=len(found))).tolist()
    return dict(zip(found, np.split(order, ends[:-1]), strict=True)) if found else {}


def _kinds(sources: pa.Array, languages: pa.Array) -> tuple[list[tuple[str, str]], Numbers]:
    """The distinct pairs of two columns, and which of them each row has."""
    one, other = (pc.dictionary_encode(column.cast(pa.string())) for column in (sources, languages))
    codes = np.asarray(one.indices).astype(np.int64) * max(1, len(other.dictionary)) + np.asarray(other.indices)
    distinct, kind_of = np.unique(codes, return_inverse=True)
    names = one.dictionary.to_pylist(), other.dictionary.to_pylist()
    pairs = [(names[0][code // len(names[1])], names[1][code % len(names[1])]) for code in distinct.tolist()]
    return pairs, kind_of


@cache
def write_options(schema: pa.Schema) -> dict[str, object]:
    """Options of the Parquet writer.

    Pages are small and cut by content: an edit in one work changes few bytes of a file, and equal
    tables give equal files however they came in.
    """
    leaves = list(_leaves(schema))
    offsets = [path for path, kind in leaves if path.endswith(("element.start", "element.end"))]
    text = [path for path, kind in leaves if pa.types.is_large_string(kind)]
    keys = [path for path, _ in leaves if path.endswith(("_id", "_sha256")) or path in {"title", "url", "path", "ref"}]
    plain = {*offsets, *text, *keys}
    return {
        "compression": "zstd",
        "compression_level": COMPRESSION_LEVEL,
        "use_dictionary": [path for path, kind in leaves if path not in plain and not pa.types.is_floating(kind)],
        "column_encoding": dict.fromkeys(offsets, "DELTA_BINARY_PACKED"),
        "write_statistics": [path for path, _ in leaves if path not in text],
        "use_content_defined_chunking": True,
        "data_page_size": 2**20,
        "write_page_index": True,
        "write_page_checksum": True,
    }


def _leaves(schema: pa.Schema) -> Iterator[tuple[str, pa.DataType]]:
    def walk(path: str, kind: pa.DataType) -> Iterator[tuple[str, pa.DataType]]:
        if pa.types.is_list(kind):
            yield from walk(f"{path}.list.element", kind.value_type)
        elif pa.types.is_struct(kind):
            for field in kind:
                yield from walk(f"{path}.{field.name}", field.type)
        else:
            yield path, kind

    for field in schema:
        yield from walk(field.name, field.type)


def write_file(
    root: Path, path: str, name: str, batches: Iterable[pa.Table], *, with_thread: bool = False
) -> FileEntry:
    """Write one Parquet file of the table ``name`` at ``root/path``, durably.

    Each batch becomes a row group, so batches are cut by the caller (``ROW_GROUP_BYTES``); ``with_thread`` has the
    next one made in a thread while one is compressed.
    Raises ``Incomplete`` when the disk refuses.
    """
    schema = arrow_schema(TABLES[name])
    footer = {"fanthology.table": name, "fanthology.schema_version": SCHEMA_VERSION}
    order = [pq.SortingColumn(schema.get_field_index(key)) for key in SORT_KEYS[name]]
    target = root / path
    digest = TableDigest(schema)
    rows = 0
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as stream:
            marked = schema.with_metadata(footer)
            with pq.ParquetWriter(stream, marked, sorting_columns=order, **write_options(schema)) as writer:
                tables = _digested(batches, schema, digest)
                for table in ahead(tables) if with_thread else tables:
                    rows += table.num_rows
                    writer.write_table(table.replace_schema_metadata(footer), row_group_size=table.num_rows)
            stream.flush()
            os.fsync(stream.fileno())
        with target.open("rb") as stream:
            sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
        size = target.stat().st_size
    except OSError as error:
        raise write_failure(error, str(target)) from error
    return FileEntry(path=path, rows=rows, bytes=size, sha256=sha256, logical_sha256=digest.hexdigest())


def _digested(batches: Iterable[pa.Table], schema: pa.Schema, digest: TableDigest) -> Iterator[pa.Table]:
    for batch in batches:
        if batch.num_rows:  # an empty row group is more than Hugging Face datasets can take
            table = batch.select(schema.names)
            table = (table if table.schema.equals(schema) else table.cast(schema)).combine_chunks()
            digest.update(table)
            yield table


def ahead(items: Iterable[T]) -> Iterator[T]:
    """``items``, of which the next is made in a thread while one is used: to gather rows beside compressing others."""
    iterator = iter(items)
    end = object()
    with ThreadPoolExecutor(max_workers=1) as pool:
        following: Future[Any] = pool.submit(next, iterator, end)
        while (item := following.result()) is not end:
            following = pool.submit(next, iterator, end)
            yield item


def cut_by_size(
    sizes: Sequence[int], limit_bytes: int = ROW_GROUP_BYTES, limit_rows: int = ROW_GROUP_ROWS
) -> list[int]:
    """Where to cut rows of these sizes into runs of bounded size: the end of each run."""
    ends = []
    total = rows = 0
    for place, size in enumerate(sizes):
        if rows and (total + size > limit_bytes or rows >= limit_rows):
            ends.append(place)
            total = rows = 0
        total += size
        rows += 1
    if rows:
        ends.append(len(sizes))
    return ends


def file_plan(sources: pa.Array, languages: pa.Array, sizes: Numbers) -> Iterator[tuple[tuple[str, str], int, Numbers]]:
    """Which works go into which file: partition, number of the file in it, places of the works in order."""
    for key, places in partitions(sources, languages, sizes).items():
        start = 0
        for number, end in enumerate(cut_by_size(sizes[places].tolist(), FILE_BYTES, len(sizes) + 1)):
            yield key, number, places[start:end]
            start = end


@contextmanager
def running(function: Callable[[T], R], tasks: Sequence[T], jobs: int) -> Iterator[Iterator[R]]:
    """Call a function on every task in ``jobs`` threads, from now on; the results as they come.

    Threads, because compression and hashing leave the interpreter lock alone.
    """
    with ThreadPoolExecutor(max_workers=max(1, jobs)) as pool:
        going = [pool.submit(function, task) for task in tasks]
        yield (future.result() for future in as_completed(going))
