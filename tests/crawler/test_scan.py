"""Which files an ingest finds, and what it says of those that are none."""

import os

import pytest

from crawler.scan import scan


def refs(root, **options):
    return [(file.ref, file.problem[0] if file.problem else None) for file in scan(root, **options)]


@pytest.fixture
def folder(tmp_path):
    for name in ("b.txt", "a/2.txt", "a/1.txt", "c/deep/er.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    return tmp_path


def test_files_come_by_name_with_relative_paths(folder):
    assert refs(folder) == [("b.txt", None), ("a/1.txt", None), ("a/2.txt", None), ("c/deep/er.txt", None)]


def test_one_file_is_named_by_itself(folder):
    assert refs(folder / "a" / "1.txt") == [("1.txt", None)]


def test_folders_can_be_left_out(folder):
    assert refs(folder, leave_out=[folder / "a"]) == [("b.txt", None), ("c/deep/er.txt", None)]


def test_what_is_no_file_comes_with_a_problem(folder):
    os.mkfifo(folder / "pipe")
    (folder / "broken").symlink_to(folder / "nowhere")
    (folder / "loop").symlink_to(folder, target_is_directory=True)
    (folder / "link.txt").symlink_to(folder / "b.txt")
    found = dict(refs(folder))
    assert found["pipe"] == "not_a_file"
    assert found["broken"] == "unreadable"
    assert found["loop"] == "linked_folder"
    assert found["link.txt"] is None
    assert len(found) == 8


def test_a_name_that_is_no_utf8_is_spelled_out(tmp_path):
    (tmp_path / os.fsdecode(b"caf\xe9.txt")).write_text("x")
    assert refs(tmp_path) == [(r"caf\xe9.txt", None)]
