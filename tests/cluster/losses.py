"""Tasks that take their machine with them, once: what a power cut does."""

import functools
import os
import signal
from pathlib import Path

from crawler import ingest as ingest_module
from crawler.cluster_workers import stage_elsewhere
from pipelines.table_parts import UNFINISHED, write_part


def happens_first(place):
    """Whether this is the first call on any machine."""
    try:
        Path(place).touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


def stage_and_lose_the_machine(task, *, lost, **how):
    if task.name.endswith("000001") and happens_first(lost):
        if task.store is None:
            half = task.folder / ".half" / f".{task.name}"
            half.mkdir(parents=True)
            (half / "works.arrow").write_bytes(b"ARROW1 and no more")
        else:
            stage_elsewhere(task, **how)
        os.kill(os.getpid(), signal.SIGKILL)
    return stage_elsewhere(task, **how)


def lose_a_machine_once(monkeypatch, lost):
    """Let the machine that stages the second task end: before it is done, or just after all is in the store."""
    monkeypatch.setattr(ingest_module, "stage_elsewhere", functools.partial(stage_and_lose_the_machine, lost=lost))


def write_and_lose_the_machine(task):
    if task.name == "chapters" and happens_first(Path(task.root).parent / "lost while writing"):
        half = Path(task.root, f"{task.path}.half{UNFINISHED}")
        half.parent.mkdir(parents=True, exist_ok=True)
        half.write_bytes(b"PAR1 and no more")
        os.kill(os.getpid(), signal.SIGKILL)
    return write_part(task)
