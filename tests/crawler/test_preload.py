"""What workers are forked from."""

import subprocess
import sys
from pathlib import Path

PROGRAM = """
import crawler.preload, sys
import pyarrow as pa
assert pa.array([["a"], []]).to_pylist() == [["a"], []]
print("pandas" in sys.modules, "crawler.readers.epub" in sys.modules)
import pandas
print(pandas.Series([1, 2]).sum())
"""


def test_readers_are_there_and_pandas_is_not_until_it_is_asked_for():
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", PROGRAM], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True", "3"]
