"""Which program, libraries and methods made a dataset."""

from __future__ import annotations

import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version

from pipelines import clean, fingerprint, language
from schemas.program import program_version
from schemas.tables import SCHEMA_VERSION

_LIBRARIES = ("pyarrow", "numpy", "pydantic", "langdetect", "langcodes", "ftfy", "regex", "chardet")


@cache
def tools() -> dict[str, str]:
    """Versions of this program, of Python and of the libraries that shape the data."""
    found = {"fanthology": program_version(), "python": platform.python_version()}
    for library in _LIBRARIES:
        try:
            found[library] = version(library)
        except PackageNotFoundError:  # pragma: no cover - all are dependencies
            continue
    return found


@cache
def methods() -> dict[str, str]:
    """Versions of our own methods, and the language engines in force."""
    own = {"schema": SCHEMA_VERSION, "cleaner": clean.CLEANER_VERSION, "sketch": fingerprint.SKETCH_VERSION}
    return own | {f"language.{name}": value for name, value in language.engines().items()}
