"""Memory that is freed and asked for again."""

import platform
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import resource
from pipelines.heap import keep_heap
keep_heap()
def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
def use():
    for _ in range(3):
        held = [b"x" * 1_000_000 for _ in range(4)]
use()
before = faults()
for _ in range(20):
    use()
print(faults() - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the heap of another C library")
def test_pages_that_were_freed_are_still_there():
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", PROGRAM], cwd=root, capture_output=True, text=True, check=True)
    assert int(done.stdout) < 1000  # of the 60 times 977 pages that are written
