"""An object store as a place for a corpus: S3, and what speaks its language.

A write is one request that is done whole or not at all, and nothing can be renamed; so objects are
written under names that are not used twice, and count once an object that is written after them says so.
Endpoint, region and credentials are the usual ones of the environment (``AWS_ENDPOINT_URL``,
``AWS_PROFILE`` …).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache, wraps
from pathlib import Path
from typing import Any, TypeVar, cast

from pipelines.errors import CannotStart, Incomplete

SCHEME = "s3://"
CONNECTIONS = 32
"""Requests at a time, of one process."""
_NAME = re.compile(r"s3://(?P<bucket>[^/]+)/(?P<prefix>[^?#]*[^/?#])/?")

F = TypeVar("F", bound=Callable[..., Any])
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Held:
    """An object as it was found."""

    content: bytes
    etag: str
    age_seconds: float
    """Since it was written, by the clock of the store."""


def _told(method: F) -> F:
    """Errors of the store in one line."""

    @wraps(method)
    def told(self: ObjectStore, *args: Any, **kwargs: Any) -> Any:
        with errors_told(self.uri):
            return method(self, *args, **kwargs)

    return cast("F", told)


@contextmanager
def errors_told(uri: str) -> Iterator[None]:
    """Raise ``Incomplete`` with one line where the store fails."""
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - an optional part

    try:
        yield
    except (BotoCoreError, ClientError, OSError) as error:
        reason = " ".join(str(error).split())
        raise Incomplete(f"{uri}: the object store failed: {reason}; run the same command again") from error


class ObjectStore:
    """The objects below a prefix of a bucket."""

    def __init__(self, uri: str) -> None:
        """Raises ``CannotStart`` for an address that names no bucket and prefix, and where boto3 is not installed."""
        found = _NAME.fullmatch(uri)
        if not found:
            raise CannotStart(f"{uri}: a corpus in an object store is named s3://BUCKET/NAME")
        try:
            import boto3  # noqa: PLC0415 - an optional part
            from botocore.config import Config  # noqa: PLC0415
        except ImportError:
            raise CannotStart("s3:// needs boto3: pip install 'fanthology[cluster]'") from None
        self.bucket, self._prefix = found["bucket"], found["prefix"] + "/"
        self.uri = f"{SCHEME}{self.bucket}/{found['prefix']}"
        config = Config(max_pool_connections=CONNECTIONS, retries={"mode": "standard", "max_attempts": 6})
        with errors_told(self.uri):
            self._client: Any = boto3.session.Session().client("s3", config=config)

    def __reduce__(self) -> tuple[Any, ...]:
        return open_store, (self.uri,)

    @property
    def name(self) -> str:
        """Last part of the prefix."""
        return self.uri.rpartition("/")[2]

    def uri_of(self, name: str) -> str:
        """Address of an object."""
        return f"{self.uri}/{name}"

    @_told
    def put(self, name: str, content: bytes) -> None:
        """Write an object, also over an older one."""
        self._client.put_object(Bucket=self.bucket, Key=self._prefix + name, Body=content)

    @_told
    def put_file(self, name: str, path: Path) -> None:
        """Write an object from a file, in several requests if it is large; it is there when all are done."""
        self._client.upload_file(str(path), self.bucket, self._prefix + name)

    def create(self, name: str, content: bytes) -> bool:
        """Write an object where there is none; says whether there was none."""
        return self._put_if(name, content, IfNoneMatch="*")

    def replace(self, name: str, content: bytes, etag: str) -> bool:
        """Write an object in the place of the one with this etag; says whether it still was that one."""
        return self._put_if(name, content, IfMatch=etag)

    @_told
    def _put_if(self, name: str, content: bytes, **condition: str) -> bool:
        from botocore.exceptions import ClientError  # noqa: PLC0415 - an optional part

        try:
            self._client.put_object(Bucket=self.bucket, Key=self._prefix + name, Body=content, **condition)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] in {404, 409, 412}:
                return False
            raise
        return True

    @_told
    def get(self, name: str) -> Held | None:
        """An object, or ``None``."""
        from botocore.exceptions import ClientError  # noqa: PLC0415 - an optional part

        try:
            answer = self._client.get_object(Bucket=self.bucket, Key=self._prefix + name)
        except ClientError as error:
            if error.response["Error"]["Code"] in {"NoSuchKey", "404"}:
                return None
            raise
        written: datetime = answer["LastModified"]
        now = parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"])
        return Held(answer["Body"].read(), answer["ETag"], (now - written).total_seconds())

    @_told
    def get_file(self, name: str, path: Path) -> None:
        """Write an object to a file."""
        self._client.download_file(self.bucket, self._prefix + name, str(path))

    @_told
    def names(self, prefix: str = "", after: str = "") -> list[str]:
        """Names that begin with ``prefix``, in order, from behind ``after`` on."""
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=self._prefix + prefix, StartAfter=self._prefix + after if after else ""
        )
        return [entry["Key"].removeprefix(self._prefix) for page in pages for entry in page.get("Contents", ())]

    @_told
    def folders(self, prefix: str = "") -> list[str]:
        """First parts, up to the next ``/``, of the names that begin with ``prefix``."""
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=self._prefix + prefix, Delimiter="/"
        )
        start = len(self._prefix + prefix)
        return [entry["Prefix"][start:-1] for page in pages for entry in page.get("CommonPrefixes", ())]

    @_told
    def delete(self, names: Iterable[str]) -> None:
        """Delete objects; those that are not there are no error."""
        keys = [{"Key": self._prefix + name} for name in names]
        for start in range(0, len(keys), 1000):
            self._client.delete_objects(
                Bucket=self.bucket, Delete={"Objects": keys[start : start + 1000], "Quiet": True}
            )

    def each(self, function: Callable[[str], R], names: Iterable[str]) -> list[R]:
        """Call a function that waits for the store on every name, many at a time; the results in order."""
        with ThreadPoolExecutor(CONNECTIONS) as pool:
            return list(pool.map(function, names))


@lru_cache(maxsize=8)
def open_store(uri: str) -> ObjectStore:
    """The store at an address; one for all tasks of a process."""
    return ObjectStore(uri)
