"""A corpus on disk: its folder, its ``corpus.toml``, its versions."""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from filelock import FileLock, Timeout
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from pipelines.errors import CannotStart
from pipelines.new_version import NewVersion
from pipelines.stage import Staging
from schemas.corpus import CorpusConfig

VERSION_NAME = re.compile(r"v\d{4,}")


@dataclass(frozen=True)
class Corpus:
    """The folder of a corpus."""

    path: Path

    @property
    def name(self) -> str:
        """Name of the corpus: that of its folder."""
        return self.path.resolve().name

    @property
    def address(self) -> str:
        """Where it is, as it was given."""
        return str(self.path)

    def address_of(self, version: str) -> str:
        """Where a version is: a folder, or an address as ``pyarrow.dataset`` takes it."""
        return str(self.path / version)

    def exists(self) -> bool:
        """Whether anything was ever staged there."""
        return (self.staging / "ledger.sqlite").exists()

    @property
    def newest_name(self) -> str:
        """Name under which a reader finds the newest version."""
        return "latest"

    @property
    def config_path(self) -> Path:
        """Where ``corpus.toml`` is, or would be."""
        return self.path / "corpus.toml"

    @property
    def staging(self) -> Path:
        """Where gathered works wait for a build."""
        return self.path / "staging"

    @cached_property
    def config(self) -> CorpusConfig:
        """The settings; the defaults where there is no ``corpus.toml``.

        Raises ``CannotStart`` naming key, line and the allowed values.
        """
        return load_config(self.config_path) if self.config_path.exists() else CorpusConfig()

    def create(self) -> bool:
        """Make the folder with a ``corpus.toml`` that shows every setting; says whether it was new."""
        self.path.mkdir(parents=True, exist_ok=True)
        if self.config_path.exists():
            return False
        self.config_path.write_text(template(), encoding="utf-8")
        return True

    def versions(self) -> list[str]:
        """Names of the finished versions, oldest first."""
        if not self.path.is_dir():
            return []
        names = [entry.name for entry in self.path.iterdir() if VERSION_NAME.fullmatch(entry.name) and entry.is_dir()]
        return sorted(names, key=lambda name: int(name[1:]))

    def new_version(self) -> NewVersion:
        """The version after the newest one, to be written."""
        versions = self.versions()
        name = f"v{int(versions[-1][1:]) + 1 if versions else 1:04d}"
        return NewVersion(self.path, name, versions[-1] if versions else None)

    def open_staging(self) -> Staging:
        """What is gathered; the caller closes it."""
        return Staging(self.staging)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the corpus: one writer at a time.

        Raises ``CannotStart`` where another process holds it.
        """
        self.staging.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(self.staging / "lock", timeout=0):
                yield
        except Timeout:
            raise CannotStart(f"{self.path}: another process is working on this corpus; wait for it to end") from None


def load_config(path: Path) -> CorpusConfig:
    """Read and validate a ``corpus.toml``.

    Raises ``CannotStart`` with one line per mistake: file, line, key, what is allowed.
    """
    try:
        text = path.read_text(encoding="utf-8")
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise CannotStart(f"{path}: not valid TOML: {error}") from None
    except UnicodeDecodeError:
        raise CannotStart(f"{path}: not UTF-8 text; save it as UTF-8") from None
    except OSError as error:
        raise CannotStart(f"{path}: cannot be read: {os.strerror(error.errno or 0)}") from None
    try:
        return CorpusConfig.model_validate(values)
    except ValidationError as error:
        mistakes = sorted(error.errors(), key=lambda mistake: _line_of(mistake["loc"], text) or 0)
        lines = [_explain(mistake, text) for mistake in mistakes]
        raise CannotStart("\n".join(f"{path}, {line}" for line in lines)) from None


def _explain(mistake: ErrorDetails, text: str) -> str:
    location = mistake["loc"]
    key = ".".join(str(part) for part in location if not isinstance(part, int))
    line = _line_of(location, text)
    where = f"line {line}: {key}" if line else key
    if mistake["type"] == "extra_forbidden":
        allowed = sorted(_model_at(location[:-1]).model_fields)
        near = difflib.get_close_matches(str(location[-1]), allowed, n=1)
        hint = f" (did you mean {near[0]}?)" if near else ""
        return f"{where}: unknown setting{hint}; allowed here: {', '.join(allowed)}"
    given = mistake["input"]
    if mistake["type"] == "missing":
        return f"{where}: is needed here"
    if mistake["type"] == "literal_error":
        return f"{where}: {given!r} is not allowed; choose {mistake['ctx']['expected']}"
    if mistake["type"] == "value_error":
        return f"{where}: {mistake['ctx']['error']}"
    kind = next((words for start, words in _EXPECTED.items() if mistake["type"].startswith(start)), None)
    expected = f"expected {kind}" if kind else mistake["msg"].removeprefix("Input ")
    return f"{where}: {expected}, not {given!r}"


_EXPECTED = {
    "string": "text in quotes",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "tuple": 'a list such as ["en", "de"]',
    "model": "a table of settings",
}
"""Start of a pydantic error's type, and what it means to a person."""


def _model_at(location: tuple[int | str, ...]) -> type[BaseModel]:
    model: type[BaseModel] = CorpusConfig
    for part in location:
        if isinstance(part, int):
            continue
        annotation = model.model_fields[part].annotation
        if get_origin(annotation) is tuple:
            annotation = get_args(annotation)[0]
        assert isinstance(annotation, type)
        assert issubclass(annotation, BaseModel)
        model = annotation
    return model


_TABLE = re.compile(r"\s*\[(\[?)\s*([\w.\-]+)\s*\]?\]")
_KEY = re.compile(r"\s*([\w.\-]+)\s*=")


def _line_of(location: tuple[int | str, ...], text: str) -> int | None:
    """Line (1-based) on which a key stands; ``tomllib`` does not tell. ``None`` if it is not to be found."""
    wanted = [str(part) for part in location if not isinstance(part, int)]
    ordinal = next((part for part in location if isinstance(part, int)), 0)
    table: list[str] = []
    counts: dict[str, int] = {}
    here = True  # whether the table at hand is the one of this ordinal
    table_line = None
    for number, line in enumerate(text.splitlines(), start=1):
        if found := _TABLE.match(line):
            table = found[2].split(".")
            counts[found[2]] = counts.get(found[2], -1) + 1
            here = not found[1] or counts[found[2]] == ordinal
            if here and table == wanted[: len(table)]:
                table_line = number
        elif found := _KEY.match(line):
            path = table + found[1].split(".")
            if here and path == wanted[: len(path)]:
                return number
    return table_line


def template() -> str:
    """A ``corpus.toml`` that shows every setting with its meaning and default, commented out."""
    parts = ["# What this corpus is and holds. Every setting is optional; what stands behind # is the default.\n"]
    tables: list[str] = []
    for name, field in CorpusConfig.model_fields.items():
        annotation = field.annotation
        element = get_args(annotation)[0] if get_origin(annotation) is tuple else annotation
        if isinstance(element, type) and issubclass(element, BaseModel):
            header = f"# [[{name}]]" if element is not annotation else f"[{name}]"
            body = [_comment(field.description), header]
            for key, inner in element.model_fields.items():
                body += [
                    "",
                    _comment(inner.description),
                    f"# {key} = {_toml(inner.get_default(call_default_factory=True), inner.annotation)}",
                ]
            tables.append("\n".join(body) + "\n")
        else:
            parts.append(f"{_comment(field.description)}\n# {name} = {_toml(field.default, annotation)}\n")
    return "\n".join(parts + tables)


def _comment(description: str | None) -> str:
    return "\n".join(f"# {line.strip()}" for line in (description or "").splitlines())


def _toml(default: Any, annotation: Any) -> str:
    if isinstance(default, bool):
        return str(default).lower()
    if isinstance(default, (int, float)):
        return str(default)
    if isinstance(default, dict):
        return "{}"
    if isinstance(default, tuple):
        return "[" + ", ".join(_toml(item, str) for item in default) + "]"
    if isinstance(default, str):
        return f'"{default}"'
    if annotation is str or str in get_args(annotation) or get_origin(annotation) is Literal:
        return '""'
    return "1000000"
