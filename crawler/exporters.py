"""Feeds of `scrapy crawl -O FILE`: Parquet and JSON of works, whole or not there; a failing write ends the crawl."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any, Final, Self

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel
from scrapy import Spider
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured
from scrapy.exporters import BaseItemExporter, JsonItemExporter, JsonLinesItemExporter
from scrapy.extensions.feedexport import FileFeedStorage

from crawler.stopping import stop_crawl
from pipelines.errors import Incomplete, WrongUsage, write_failure
from pipelines.prepare import Prepared, prepare
from schemas.arrow import arrow_schema
from schemas.tables import ChapterRow, WorkRow
from schemas.work import Work

FAILED: Final = "export_failed"
"""Finish reason of a crawl whose feed could not be written."""

_GROUP: Final = 32 * 2**20
_PARTIAL: Final = ".partial"


def feed_schema() -> pa.Schema:
    """Schema of a Parquet feed: the columns of ``works``, and the rows of ``chapters`` nested in ``chapters``."""
    chapter = pa.struct(list(arrow_schema(ChapterRow)))
    metadata = {"description": "The chapters in reading order, as in the table of chapters."}
    nested = pa.field("chapters", pa.list_(pa.field("element", chapter, nullable=False)), nullable=False)
    return arrow_schema(WorkRow).append(nested.with_metadata(metadata))


def feed_row(item: Any) -> dict[str, Any]:
    """A work as a row of ``feed_schema``. Raises ``WrongUsage`` for items that are no works."""
    if isinstance(item, Work):
        item = prepare(item)
    if not isinstance(item, Prepared):
        raise WrongUsage(f"a feed of Parquet holds works; {type(item).__name__} is none")
    return item.work.model_dump() | {"chapters": [chapter.model_dump() for chapter in item.chapters]}


class _Loud(BaseItemExporter):
    """What our exporters share: an exception, which Scrapy would log and forget, ends the crawl and fails it."""

    crawler: Crawler
    broken = False
    """Whether something failed; what comes after that is not written."""

    @classmethod
    def from_crawler(cls, crawler: Crawler, file: IO[bytes], **options: Any) -> Self:
        """Source: Scrapy's components."""
        exporter = cls(file, **options)  # type: ignore[call-arg, arg-type]  # the exporter's own
        exporter.crawler = crawler
        return exporter

    def failed(self, error: Exception) -> None:
        """End the crawl."""
        self.broken = True
        said = str(write_failure(error, "the feed")) if isinstance(error, OSError) else f"the feed: {error}"
        stop_crawl(self.crawler, FAILED, said)
        self.crawler.stats.inc_value("feedexport/failed_count/exporter")

    def export_item(self, item: Any) -> None:
        """Source: item exporters."""
        if not self.broken:
            try:
                super().export_item(item)  # type: ignore[safe-super]
            except Exception as error:  # noqa: BLE001 - whatever it is, it ends the crawl
                self.failed(error)

    def finish_exporting(self) -> None:
        """Source: item exporters."""
        if not self.broken:
            try:
                super().finish_exporting()
            except Exception as error:  # noqa: BLE001 - whatever it is, it fails the crawl
                self.failed(error)


class _Records(BaseItemExporter):
    """Fields of pydantic items as pydantic writes them to JSON: moments with their zone, enums by value."""

    def get_serialized_fields(
        self, item: Any, default_value: Any = None, include_empty: bool | None = None
    ) -> Iterable[tuple[str, Any]]:
        """Source: item exporters."""
        if isinstance(item, BaseModel):
            item = item.model_dump(mode="json")
        elif isinstance(item, Prepared):
            row = item.work.model_dump(mode="json")
            item = row | {"chapters": [chapter.model_dump(mode="json") for chapter in item.chapters]}
        return super().get_serialized_fields(item, default_value, include_empty)


class JsonLinesExporter(_Loud, _Records, JsonLinesItemExporter):
    """One work a line."""


class JsonExporter(_Loud, _Records, JsonItemExporter):
    """One list of works."""


class _ParquetItemExporter(BaseItemExporter):
    """Rows gathered into row groups of some 32 MiB of text."""

    def __init__(self, file: IO[bytes], **options: Any) -> None:
        super().__init__(dont_fail=True, **options)
        self._file = file
        self._writer: pq.ParquetWriter | None = None
        self._rows: list[dict[str, Any]] = []
        self._size = 0

    def start_exporting(self) -> None:
        schema = feed_schema()
        if self.fields_to_export is not None:
            schema = pa.schema([schema.field(name) for name in self.fields_to_export])
        self._schema = schema
        self._writer = pq.ParquetWriter(self._file, schema, compression="zstd")

    def export_item(self, item: Any) -> None:
        row = feed_row(item)
        self._rows.append({name: row[name] for name in self._schema.names})
        self._size += sum(len(chapter["text"] or "") for chapter in row["chapters"])
        if self._size >= _GROUP or len(self._rows) >= 5000:
            self._flush()

    def finish_exporting(self) -> None:
        assert self._writer is not None
        self._flush()
        self._writer.close()

    def _flush(self) -> None:
        assert self._writer is not None
        if self._rows:
            self._writer.write_table(pa.Table.from_pylist(self._rows, schema=self._schema))
        self._rows, self._size = [], 0


class ParquetExporter(_Loud, _ParquetItemExporter):
    """One Parquet file of works with their chapters, for `-O works.parquet`."""

    def failed(self, error: Exception) -> None:
        """End the crawl, and leave an empty file, which ``FileStorage`` takes away."""
        super().failed(error)
        if self._writer is not None:
            with contextlib.suppress(OSError, pa.ArrowException):
                self._writer.close()
        with contextlib.suppress(OSError, ValueError):
            self._file.seek(0)
            self._file.truncate()


class FileStorage(FileFeedStorage):
    """Files as Scrapy keeps them, but for Parquet, which comes to its name only once it is whole."""

    def __init__(self, uri: str, *, feed_options: dict[str, Any] | None = None) -> None:
        """Raises ``NotConfigured`` for a Parquet file that is to be appended to."""
        super().__init__(uri, feed_options=feed_options)
        self._final = Path(self.path)
        self._whole = (feed_options or {}).get("format") == "parquet"
        if self._whole and self.write_mode == "ab" and self._final.exists():
            raise NotConfigured(f"{self.path}: nothing can be appended to Parquet; use -O, which replaces the file")

    def open(self, spider: Spider) -> IO[bytes]:
        """Source: feed storages."""
        if not self._whole:
            return super().open(spider)
        self._final.parent.mkdir(parents=True, exist_ok=True)
        return self._final.with_name(self._final.name + _PARTIAL).open("wb")

    def store(self, file: IO[bytes]) -> None:
        """Source: feed storages. Raises ``Incomplete`` where writing has failed; the former file stays."""
        if not self._whole:
            super().store(file)
            return
        file.flush()
        os.fsync(file.fileno())
        size = file.seek(0, os.SEEK_END)
        file.close()
        partial = self._final.with_name(self._final.name + _PARTIAL)
        if size == 0:
            partial.unlink()
            raise Incomplete(f"{self.path} was not written")
        partial.replace(self._final)
