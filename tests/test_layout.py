"""The house: imports go one way, `datasets/` holds no Python, nothing generic is ever installed."""

import ast
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = {"schemas": set(), "pipelines": {"schemas"}, "crawler": {"schemas", "pipelines"}}


def imported_rooms(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module)
    return {name.partition(".")[0] for name in names} & {*ROOMS, "tests"}


@pytest.mark.parametrize("room", ROOMS)
def test_imports_go_one_way(room):
    wrong = {
        str(path.relative_to(ROOT)): found
        for path in (ROOT / room).rglob("*.py")
        if (found := imported_rooms(path) - ROOMS[room] - {room})
    }
    assert wrong == {}


@pytest.mark.parametrize("room", ["schemas", "pipelines"])
def test_only_the_crawler_knows_scrapy(room):
    for path in (ROOT / room).rglob("*.py"):
        if path == ROOT / "pipelines" / "items.py":  # Scrapy's item pipelines: a thin adapter
            continue
        assert "scrapy" not in {name.partition(".")[0] for name in _imports(path)}, path


def _imports(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    return found | {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}


def test_datasets_holds_no_python():
    """A package of that name would shadow Hugging Face `datasets`."""
    assert list((ROOT / "datasets").rglob("*.py")) == []


def test_no_package_is_installed():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert settings["tool"]["setuptools"]["packages"] == []


def test_pins_name_no_host():
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines():
        name, separator, version = line.partition("==")
        assert name
        assert separator
        assert version[0].isdigit(), line
