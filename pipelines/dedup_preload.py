"""What every worker of a search for copies needs, loaded once by the process that all of them are forked from."""

from __future__ import annotations

import gc

from pipelines import dedup_join, dedup_keys, dedup_screen, dedup_verify  # noqa: F401 - to be there
from pipelines.without_pandas import settle_pandas

settle_pandas()
gc.freeze()  # what is never collected is never written to, and stays shared among the workers
