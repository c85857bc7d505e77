"""What the rows of an input depend on besides its bytes."""

from __future__ import annotations

from crawler.readers import formats
from pipelines import versions


def current_preparation() -> str:
    """Versions of readers and methods: an input is read again when this changes."""
    readers = {f"reader.{name}": version for name, version in formats.versions().items()}
    return " ".join(f"{name}={value}" for name, value in sorted((versions.methods() | readers).items()))
