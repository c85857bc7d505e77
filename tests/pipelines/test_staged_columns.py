"""Staged tables that stay open while their pages go back to the system."""

from pathlib import Path

import pytest

from pipelines.staged_columns import OpenTables, read_table
from tests.staged_stories import write_stories


@pytest.mark.parametrize(("most", "held"), [(1, 1), (2, 1), (8, 2), (8, 0)])
def test_tables_are_the_same_however_few_are_held(tmp_path, most, held):
    """What a caller still holds of a table outlives its being closed, and its pages' going back."""
    folders = [tmp_path / f"{number}" for number in range(4)]
    for number, folder in enumerate(folders):
        write_stories(folder, {f"ao3:{number}": [f"The {number}. story. " * 3000]})
    tables = OpenTables(most, held)
    kept = [(folder, tables.table(str(folder), "chapters")) for _ in range(3) for folder in folders]
    for folder, table in kept:
        assert table.equals(read_table(folder, "chapters"))


def test_open_tables_hold_no_files_open(tmp_path):
    folders = [tmp_path / f"{number}" for number in range(20)]
    for folder in folders:
        write_stories(folder, {"ao3:1": ["A story."]})
    files = Path("/proc/self/fd")
    if not files.exists():
        pytest.skip("this system does not tell which files are open")
    before = len(list(files.iterdir()))
    tables = OpenTables(40, 2)
    assert all(len(tables.table(str(folder), name)) for folder in folders for name in ("works", "chapters"))
    assert len(list(files.iterdir())) == before
