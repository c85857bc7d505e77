"""Keeping pandas out of processes that do not use it: pyarrow imports it at its first conversion of Python objects.

That takes a quarter of a second and 30 MB a process, and nothing that a worker does needs it.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

import pyarrow as pa


class _NoPandas(MetaPathFinder):
    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,  # noqa: ARG002 - the base's signature
        target: ModuleType | None = None,  # noqa: ARG002 - as above
        /,
    ) -> ModuleSpec | None:
        """Source: ``MetaPathFinder``."""
        if fullname == "pandas":
            raise ModuleNotFoundError(fullname)
        return None


def settle_pandas() -> None:
    """Let pyarrow find no pandas, for which it looks once, unless it is loaded. Others may still import it."""
    if "pandas" not in sys.modules:
        sys.meta_path.insert(0, _NoPandas())
        try:
            pa.array([0])
        finally:
            del sys.meta_path[0]
