"""What every worker needs, loaded once by the process that all of them are forked from."""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

import pyarrow as pa

from crawler import ingest  # noqa: F401 - what the workers run
from crawler.preparation import current_preparation
from crawler.readers import formats
from pipelines import language


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


def _settle_pandas() -> None:
    """Let pyarrow find no pandas, which it imports at its first conversion for nothing that a worker does.

    It looks once; that takes a quarter of a second and 30 MB. Others may still import it.
    """
    if "pandas" not in sys.modules:
        sys.meta_path.insert(0, _NoPandas())
        try:
            pa.array([0])
        finally:
            del sys.meta_path[0]


_settle_pandas()
current_preparation()
for _form in formats.FORMATS:
    _ = _form.code
language.engines()
gc.freeze()  # what is never collected is never written to, and stays shared among the workers
