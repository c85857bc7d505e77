"""Tasks that take their machine with them, once: what a power cut does."""

import os
import signal
from pathlib import Path

from crawler.cluster_workers import stage_elsewhere
from pipelines.table_parts import UNFINISHED, write_part


def happens_first(place):
    """Whether this is the first call on any machine."""
    try:
        Path(place).touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


def stage_and_lose_the_machine(task, **how):
    if task.name.endswith("000001") and happens_first(task.folder.parent / "lost while staging"):
        half = task.folder / ".half" / f".{task.name}"
        half.mkdir(parents=True)
        (half / "works.arrow").write_bytes(b"ARROW1 and no more")
        os.kill(os.getpid(), signal.SIGKILL)
    return stage_elsewhere(task, **how)


def write_and_lose_the_machine(task):
    if task.name == "chapters" and happens_first(Path(task.root).parent / "lost while writing"):
        half = Path(task.root, f"{task.path}.half{UNFINISHED}")
        half.parent.mkdir(parents=True, exist_ok=True)
        half.write_bytes(b"PAR1 and no more")
        os.kill(os.getpid(), signal.SIGKILL)
    return write_part(task)
