"""ingest: a bad file costs itself only, pieces become works, large inputs fill several segments."""

import os
import shutil
import signal
import time
from contextlib import closing

import pandas as pd
import pytest

from crawler import ingest as ingest_module
from crawler import ingest_tasks
from crawler.ingest import ingest
from crawler.ingest_tasks import stage_batch
from crawler.scan import scan
from crawler.workers import Done
from pipelines import prepare as prepare_module
from pipelines.build import build
from pipelines.corpus import Corpus
from pipelines.errors import Incomplete
from pipelines.stage import Staging
from schemas.corpus import CorpusConfig
from tests.works import prose


def run(tmp_path, folder, *, jobs=1, config=None, name="corpus"):
    """Ingest a folder and build; the corpus."""
    corpus = Corpus(tmp_path / name)
    with corpus.lock():
        staging = Staging(corpus.staging)
        ingest(staging, str(folder), list(scan(folder)), config or CorpusConfig(), command="test", jobs=jobs)
        manifest = build(corpus, staging)
        staging.close()
    return corpus, manifest


def table(corpus, name):
    return pd.read_parquet(corpus.path / "latest" / name)


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "stories"
    path.mkdir()
    for number in range(6):
        (path / f"tale {number}x.txt").write_text(f"Title: Tale {number}\nAuthor: A\n\n{prose(number)}\n")
    return path


def misbehave(task, notify):
    """As ``stage_batch``, but some files by their names end, hang or fill the worker."""
    for number, file in enumerate(task.files):
        notify(number)
        if file.problem is None:
            if "3x" in file.ref:
                os.kill(os.getpid(), signal.SIGKILL)
            elif "4x" in file.ref:
                time.sleep(30)
            elif "5x" in file.ref and not (task.folder / "died once").exists():
                (task.folder / "died once").mkdir()
                os.kill(os.getpid(), signal.SIGSEGV)
    return stage_batch(task, notify)


def test_a_file_that_ends_its_worker_is_tried_alone_then_rejected(tmp_path, folder, monkeypatch):
    monkeypatch.setattr(ingest_module, "stage_batch", misbehave)
    config = CorpusConfig.model_validate({"limits": {"max_seconds": 2}})
    corpus, manifest = run(tmp_path, folder, jobs=2, config=config)
    assert table(corpus, "rejects").set_index("ref").reason.to_dict() == {
        "tale 3x.txt": "worker_died",
        "tale 4x.txt": "out_of_time",
    }
    assert sorted(table(corpus, "works").title) == ["Tale 0", "Tale 1", "Tale 2", "Tale 5"]
    assert manifest.counts.unreadable == 2


def die(task, notify):
    """As ``stage_batch``, but whatever it is given it ends its process."""
    os.kill(os.getpid(), signal.SIGKILL)


def test_workers_that_die_whatever_they_are_given_end_the_run(tmp_path, folder, monkeypatch):
    monkeypatch.setattr(ingest_module, "stage_batch", die)
    with pytest.raises(Incomplete, match="end by themselves"):
        run(tmp_path, folder)


def test_a_work_that_cannot_be_prepared_costs_no_other(tmp_path, folder, monkeypatch):
    opened = prepare_module._open

    def failing(works, begin):
        titles = {work.title for work in works}
        if "Tale 3" in titles:
            raise ZeroDivisionError("a fault")
        if "Tale 4" in titles:
            raise MemoryError
        return opened(works, begin)

    monkeypatch.setattr(prepare_module, "_open", failing)
    corpus = stage_in_this_process(tmp_path, folder, monkeypatch)
    rejects = table(corpus, "rejects").set_index("ref")
    assert rejects.reason.to_dict() == {"tale 3x.txt": "internal_error", "tale 4x.txt": "out_of_memory"}
    assert rejects.detail["tale 3x.txt"] == "ZeroDivisionError: a fault; please report it"
    assert sorted(table(corpus, "works").title) == ["Tale 0", "Tale 1", "Tale 2", "Tale 5"]
    with closing(Staging(corpus.staging)) as staging:
        found = dict(staging.ledger._db.execute("SELECT ref, works - rejects FROM inputs"))
    assert found == {f"tale {n}x.txt": -1 if n in {3, 4} else 1 for n in range(6)}


def test_a_large_input_fills_several_segments(tmp_path, folder, monkeypatch):
    monkeypatch.setattr(ingest_tasks, "SEGMENT_CHARACTERS", 1500)
    small = stage_in_this_process(tmp_path, folder, monkeypatch)
    with closing(Staging(small.staging)) as staging:
        segments = staging.ledger.segments()
    assert [segment.partition(".")[2] for segment in segments] == ["", *(f"{n:06d}" for n in range(1, len(segments)))]
    assert len(segments) > 2
    assert len(table(small, "works")) == 6


def stage_in_this_process(tmp_path, folder, monkeypatch):
    """Settings that a test changes are not those of another process."""

    class Here:
        def __init__(self, function, *_, **__):
            self._function = function
            self._tasks = []

        def submit(self, task):
            self._tasks.append(task)

        def results(self):
            for task in self._tasks:
                yield Done(task, self._function(task, lambda _: None))

    monkeypatch.setattr(ingest_module, "Workers", Here)
    return run(tmp_path, folder)[0]


@pytest.fixture
def chapters(tmp_path):
    """A work in numbered files, one of a kind, and neighbours that are no chapters."""
    path = tmp_path / "disk"
    for name in ("The Long Fog/chapter_01.txt", "The Long Fog/chapter_02.txt", "The Long Fog/chapter_03.txt"):
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(prose(int(name[-5]), 6))
    (path / "alone ch 7.txt").write_text(prose(7, 6))
    (path / "1984.txt").write_text(prose(8, 6))
    return path


def test_numbered_files_of_a_folder_are_one_work(tmp_path, chapters):
    corpus, _ = run(tmp_path, chapters)
    works = table(corpus, "works").set_index("title")
    assert sorted(works.index) == ["1984", "The Long Fog", "alone ch 7"]
    fog = works.loc["The Long Fog"]
    assert (fog.n_chapters, fog.path) == (3, "The Long Fog/chapter_01.txt")
    assert "joined_from_parts" in fog.quality_flags
    rows = table(corpus, "chapters")
    assert rows[rows.work_id == fog.work_id].text.tolist() == [prose(1, 6), prose(2, 6), prose(3, 6)]
    assert rows[rows.work_id == fog.work_id].number.tolist() == [1, 2, 3]


def test_pieces_come_together_whatever_the_order_and_the_number_of_runs(tmp_path, chapters):
    _, at_once = run(tmp_path, chapters)
    late = tmp_path / "late.txt"
    middle = chapters / "The Long Fog" / "chapter_02.txt"
    shutil.move(middle, late)
    corpus, incomplete = run(tmp_path, chapters, name="other")
    assert "chapters_missing" in table(corpus, "works").set_index("title").loc["The Long Fog"].quality_flags
    assert incomplete.digest != at_once.digest
    shutil.move(late, middle)
    corpus, complete = run(tmp_path, chapters, name="other")
    assert complete.digest == at_once.digest
    assert complete.files == at_once.files


def test_a_piece_that_is_gone_takes_nothing_with_it(tmp_path, chapters):
    """A file that changes into a whole work is no piece any more; the others stay together."""
    run(tmp_path, chapters)
    third = chapters / "The Long Fog" / "chapter_03.txt"
    third.write_text(f"Title: Another\nAuthor: B\nFandom: C\n\n{prose(9)}")
    os.utime(third, ns=(1, 1))
    corpus, _ = run(tmp_path, chapters)
    works = table(corpus, "works").set_index("title")
    assert works.loc["The Long Fog"].n_chapters == 2
    assert works.loc["Another"].n_chapters == 1
