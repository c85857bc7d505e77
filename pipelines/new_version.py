"""A version on its way: where its files are written, and how it comes to count at once or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipelines.errors import write_failure
from schemas.manifest import FileEntry, Manifest


class NewVersion:
    """A version of a corpus in a folder: written beside, made durable, renamed."""

    store: str | None = None
    """Address below which its files belong, where that is an object store: other machines write there."""

    def __init__(self, folder: Path, name: str, parent: str | None) -> None:
        self.name = name
        self.parent = parent
        self.root = folder / f".{name}.tmp"
        """Where this machine writes, and the others of a cluster where all see it."""
        self._folder = folder

    @contextmanager
    def open(self) -> Iterator[None]:
        """Hold the place for it; nothing of an unfinished version stays.

        Raises ``Incomplete`` when the disk refuses.
        """
        shutil.rmtree(self.root, ignore_errors=True)
        try:
            self.root.mkdir(parents=True)
            yield
        except OSError as error:
            raise write_failure(error, str(self._folder / self.name)) from error
        finally:
            shutil.rmtree(self.root, ignore_errors=True)

    def keep(self, entry: FileEntry) -> FileEntry:
        """Called for each file that this process has written."""
        return entry

    def write_text(self, name: str, text: str) -> None:
        """Write one of its documents, durably."""
        with (self.root / name).open("w", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())

    def finish(self, manifest: Manifest) -> None:
        """Write the manifest, and let the version count."""
        self.write_text("MANIFEST.json", manifest.model_dump_json(indent=2) + "\n")
        self._share_with_parent(manifest)
        self.root.rename(self._folder / self.name)
        _point_to(self._folder, self.name)

    def _share_with_parent(self, manifest: Manifest) -> None:
        """Hard-link the files that the parent version already has: versions that differ little cost little."""
        if manifest.parent is None:
            return
        parent = self._folder / manifest.parent
        try:
            former = Manifest.model_validate_json((parent / "MANIFEST.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):  # an older or damaged version shares nothing
            return
        known = {(entry.path, entry.sha256) for entry in former.files}
        for entry in manifest.files:
            if (entry.path, entry.sha256) in known and (parent / entry.path).stat().st_size == entry.bytes:
                link = self.root / f"{entry.path}.link"
                try:
                    link.hardlink_to(parent / entry.path)
                except OSError:  # no hard links here: the file just stays as it was written
                    return
                link.replace(self.root / entry.path)


def _point_to(folder: Path, version: str) -> None:
    """Swap the pointers: the link ``latest`` and, for systems without links, the file ``CURRENT``."""
    beside = folder / ".CURRENT.new"
    beside.write_text(version + "\n", encoding="utf-8")
    beside.replace(folder / "CURRENT")
    link = folder / ".latest.new"
    link.unlink(missing_ok=True)
    try:
        link.symlink_to(version, target_is_directory=True)
    except OSError:  # no links on this system or file system: CURRENT says it
        return
    link.replace(folder / "latest")
