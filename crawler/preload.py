"""What every worker needs, loaded once by the process that all of them are forked from."""

from __future__ import annotations

import gc

from crawler import ingest_tasks  # noqa: F401 - what the workers run
from crawler.preparation import current_preparation
from crawler.readers import formats
from pipelines import language
from pipelines.heap import keep_heap
from pipelines.without_pandas import settle_pandas

keep_heap()
settle_pandas()
current_preparation()
for _form in formats.FORMATS:
    _ = _form.code
language.engines()
gc.freeze()  # what is never collected is never written to, and stays shared among the workers
