"""What the workers of a search for copies are forked from."""

import subprocess
import sys
from pathlib import Path

PROGRAM = """
import pipelines.dedup_preload, sys
import pyarrow as pa
assert pa.array([["a"], []]).to_pylist() == [["a"], []]
print("pandas" in sys.modules, "pipelines.dedup_verify" in sys.modules)
import pandas
print(pandas.Series([1, 2]).sum())
"""


def test_the_tasks_are_there_and_pandas_is_not_until_it_is_asked_for():
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", PROGRAM], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True", "3"]
