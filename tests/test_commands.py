"""The commands as a person runs them: output, exit statuses, interruptions, equal bytes."""

import json
import os
import random
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pandas as pd
import pytest

from schemas.manifest import Manifest
from tests.works import prose

ROOT = Path(__file__).parent.parent
SAMPLES = ROOT.parent / "shared" / "samples"
SCRAPY = [sys.executable, "-m", "scrapy"]


def scrapy(*arguments, **options):
    return subprocess.run(
        [*SCRAPY, *map(str, arguments)], cwd=ROOT, capture_output=True, text=True, timeout=300, check=False, **options
    )


def manifest_of(corpus, version="latest"):
    return Manifest.model_validate_json((corpus / version / "MANIFEST.json").read_text(encoding="utf-8"))


def refusal(result, status):
    """The one line that a command says when it refuses."""
    assert result.returncode == status, result.stderr + result.stdout
    assert "Traceback" not in result.stderr
    (line,) = result.stderr.splitlines()
    return line


@pytest.fixture(scope="module")
def stories(tmp_path_factory):
    """Sixty files in folders, one of them empty; enough text for several tasks."""
    folder = tmp_path_factory.mktemp("stories")
    for number in range(59):
        path = folder / f"{number % 5}" / f"story {number:02d}.txt"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"Title: Case {number}\nAuthor: A. Tester\nFandom: Sherlock Holmes\n\n{prose(number, 300)}\n")
    (folder / "empty.txt").touch()
    return folder


@pytest.fixture(scope="module")
def reference(stories, tmp_path_factory):
    """The corpus that one process makes of them."""
    corpus = tmp_path_factory.mktemp("reference") / "corpus"
    result = scrapy("ingest", stories, "-c", corpus, "-j", "1")
    assert result.returncode == 0, result.stderr
    return corpus, result


def test_ingest_reads_builds_and_says_what_was_found(reference):
    corpus, result = reference
    lines = [" ".join(line.split()) for line in result.stdout.splitlines()]
    assert "read 60 files: 59 works, 1 reject" in lines
    assert "kept 59 works in 59 chapters, of 59 staged" in lines
    assert "rejects 1" in lines
    assert "1 empty" in lines
    assert f'pd.read_parquet("{corpus}/latest/works")' in lines[-1]
    works = pd.read_parquet(corpus / "latest" / "works")
    assert sorted(works.title) == sorted(f"Case {number}" for number in range(59))
    assert set(map(tuple, works.fandoms)) == {("Sherlock Holmes",)}
    assert works.path.str.match(r"\d/story \d\d\.txt").all()


def test_the_line_that_opens_it_works(reference):
    _, result = reference
    command = result.stdout.splitlines()[-1].strip().replace("python", sys.executable, 1)
    shown = subprocess.run(command, shell=True, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "[59 rows x" in shown


def test_ingesting_again_reads_nothing_and_gives_the_same(reference, stories, tmp_path):
    corpus = tmp_path / "corpus"
    shutil.copytree(reference[0], corpus, symlinks=True)
    result = scrapy("ingest", stories, "-c", corpus)
    assert "60 files: 0 works, 0 rejects, 60 unchanged since the last run" in result.stdout
    first, second = manifest_of(corpus, "v0001"), manifest_of(corpus, "v0002")
    assert (first.digest, first.files) == (second.digest, second.files)


def test_processes_order_time_and_place_do_not_matter(reference, stories, tmp_path):
    copy = tmp_path / "elsewhere" / "stories"
    shutil.copytree(stories, copy, copy_function=shutil.copyfile)
    corpus = tmp_path / "corpus"
    names = sorted(path.name for path in copy.iterdir())
    random.Random(7).shuffle(names)
    # The same files from another folder, in two parts that cut across the order of names, with two processes.
    hidden = [(copy / name, tmp_path / "elsewhere" / name) for name in names[::2]]
    for here, there in hidden:
        here.rename(there)
    assert scrapy("ingest", copy, "-c", corpus, "-j", "2", "--no-build").returncode == 0
    for here, there in hidden:
        there.rename(here)
    assert scrapy("ingest", copy, "-c", corpus, "-j", "2", "--no-build").returncode == 0
    assert scrapy("build", corpus, "-j", "2").returncode == 0
    one, other = manifest_of(reference[0]), manifest_of(corpus)
    assert one.digest == other.digest
    assert one.files == other.files
    for entry in one.files:
        assert (reference[0] / "latest" / entry.path).read_bytes() == (corpus / "latest" / entry.path).read_bytes()


def test_killed_at_any_moment_and_run_again_gives_the_same(reference, stories, tmp_path):
    corpus = tmp_path / "corpus"
    moments = random.Random(3)
    for _ in range(5):
        process = subprocess.Popen(
            [*SCRAPY, "ingest", str(stories), "-c", str(corpus), "-j", "2"],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        time.sleep(moments.uniform(0.5, 4.0))
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    result = scrapy("ingest", stories, "-c", corpus)
    assert result.returncode == 0, result.stderr
    assert manifest_of(corpus).digest == manifest_of(reference[0]).digest
    assert not list(corpus.glob(".v*"))


def test_a_full_disk_is_one_line_and_the_same_command_goes_on(reference, stories, tmp_path):
    corpus = tmp_path / "corpus"

    def small_disk():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    line = refusal(scrapy("ingest", stories, "-c", corpus, "-j", "1", preexec_fn=small_disk), 3)
    assert line.startswith("scrapy ingest: ")
    assert line.endswith("no space left to write; free some and run the same command again")
    assert not (corpus / "latest").exists()
    assert scrapy("ingest", stories, "-c", corpus).returncode == 0
    assert manifest_of(corpus).digest == manifest_of(reference[0]).digest


def test_an_interruption_is_one_line_and_the_same_command_goes_on(reference, stories, tmp_path):
    many = tmp_path / "many"
    for number in range(30):
        shutil.copytree(stories, many / str(number))
    process = subprocess.Popen(
        [*SCRAPY, "ingest", str(many), "-c", str(tmp_path / "corpus"), "-j", "2"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    deadline = time.monotonic() + 60
    while not (tmp_path / "corpus" / "staging" / "ledger.sqlite").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.5)
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 3, errors
    assert errors.splitlines() == [
        "scrapy ingest: interrupted; what is staged is safe, run the same command again to go on"
    ]


def test_an_interruption_while_a_class_is_made_ends_with_the_same_status(tmp_path):
    (tmp_path / "interrupted.py").write_text(
        "import sys\n"
        "from crawler.command import Reporting\n"
        "command = Reporting()\n"
        "command.reported('ingest', lambda: exec('raise KeyboardInterrupt'))\n"
        "sys.exit(command.exitcode)\n"
    )
    environment = os.environ | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"}
    command = [sys.executable, "-m", "interrupted"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=environment)
    assert ended.returncode == 3, ended.stderr
    assert ended.stderr.startswith("scrapy ingest: interrupted; ")


def test_build_applies_edited_settings(reference, tmp_path):
    corpus = tmp_path / "corpus"
    shutil.copytree(reference[0], corpus, symlinks=True)
    (corpus / "corpus.toml").write_text("[filters]\nmin_words = 100000\n")
    result = scrapy("build", corpus)
    assert result.returncode == 0, result.stderr
    assert manifest_of(corpus).counts.rejects == {"empty": 1, "too_short": 59}
    assert pd.read_parquet(corpus / "latest" / "works").empty


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (["ingest", "nowhere/at/all", "-c", "{tmp}/c"], 2, "nowhere/at/all: no such file or folder"),
        (["ingest", "{tmp}"], 2, "say which corpus: -c datasets/NAME"),
        (["ingest", "-c", "{tmp}/c"], 2, "say what to read"),
        (["ingest", "{tmp}", "-c", "{tmp}/c", "--jbos", "2"], 2, "unknown option --jbos; see scrapy ingest --help"),
        (["ingest", "{tmp}", "-c", "{tmp}/c", "-j", "0"], 2, "-j 0: give the number of processes, 1 or more"),
        (["ingest", "{tmp}", "-c", "{tmp}/file"], 2, "is a file; -c takes the folder of a corpus"),
        (["ingest", "{tmp}/empty", "-c", "{tmp}/c"], 1, "no files there; nothing to read"),
        (["ingest", "{tmp}", "-c", "{tmp}/bad"], 1, "corpus.toml, line 2: dedup.polcy: unknown setting"),
        (["build", "{tmp}/nothing"], 2, "no such corpus"),
        (["build", "{tmp}/empty"], 1, "nothing is staged"),
        (["build"], 2, "say which corpus"),
        (["explain", "{tmp}/nothing", "ao3:1"], 2, "no such corpus"),
        (["explain", "{tmp}/empty", "ao3:1"], 1, "nothing is staged"),
        (["explain", "{tmp}/empty"], 2, "say which corpus and which work"),
        (["formats", "x"], 2, "takes no arguments"),
    ],
)
def test_mistakes_are_one_line_with_the_right_status(tmp_path, arguments, status, says):
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").touch()
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "corpus.toml").write_text('[dedup]\npolcy = "drop"\n')
    result = scrapy(*[argument.replace("{tmp}", str(tmp_path)) for argument in arguments])
    assert says in refusal(result, status)
    assert not (tmp_path / "c").exists()


def test_a_dry_run_says_how_and_makes_nothing(tmp_path):
    (tmp_path / "works.csv").write_text("Story Title,Penname,Body,Kudos\nThe Hound,A. Writer,It rained all day.,7\n")
    (tmp_path / "tale.txt").write_text("It rained.")
    (tmp_path / "cover.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    result = scrapy("ingest", tmp_path, "-c", tmp_path / "c", "--dry-run")
    lines = [" ".join(line.split()) for line in result.stdout.splitlines()]
    assert "tale.txt: text" in lines
    assert "cover.png: not read: binary: a PNG image" in lines
    assert "works.csv: csv" in lines
    for field, column in (("title", "Story Title"), ("authors", "Penname"), ("text", "Body"), ("kudos", "Kudos")):
        assert any(field in line and column in line for line in lines), (field, lines)
    assert not (tmp_path / "c").exists()


def test_a_work_is_explained(reference):
    corpus, _ = reference
    work_id = pd.read_parquet(corpus / "latest" / "works").work_id[0]
    result = scrapy("explain", corpus, work_id)
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith(f"{work_id}  “Case ")
    assert "in v0001  kept; it has no copies in the corpus" in result.stdout
    assert "knows no ao3:99; give a work_id" in refusal(scrapy("explain", corpus, "ao3:99"), 2)


def test_formats_are_listed():
    printed = scrapy("formats").stdout
    for name in ("text", "epub", "html: otw_work", "html: ffnet", "fimfarchive", "warc", "archive"):
        assert f"\n{name} (version " in f"\n{printed}"


@pytest.mark.parametrize("command", ["ingest", "build", "explain", "formats"])
def test_help_shows_examples_and_statuses(command):
    result = scrapy(command, "--help")
    assert result.returncode == 0
    assert f"examples:\n  scrapy {command}" in result.stdout
    assert "exit status: 0 done, 1 could not start, 2 wrong usage, 3 ran but incomplete" in result.stdout


def test_commands_are_listed_beside_those_of_scrapy():
    listed = scrapy().stdout
    assert "Read story files into a corpus and build a dataset" in listed
    assert "Build a dataset from what a corpus has gathered" in listed
    assert "Run a spider" in listed


def test_the_run_record_tells_what_no_table_holds(reference, stories):
    with closing(sqlite3.connect(reference[0] / "staging" / "ledger.sqlite")) as db:
        command, started, finished, tools, counts = db.execute(
            "SELECT command, started_at, finished_at, tools, counts FROM runs"
        ).fetchone()
    assert command.startswith(f"scrapy ingest {stories} -c ")
    assert started <= finished
    assert json.loads(counts) == {"rejects": {"empty": 1}, "unchanged": 0, "works": 59}
    assert "pyarrow" in json.loads(tools)
    for table in ("works", "chapters", "rejects", "duplicates"):
        values = pd.read_parquet(reference[0] / "latest" / table).to_csv()
        assert str(stories) not in values


@pytest.mark.skipif(not (SAMPLES / "seed").is_dir(), reason="the samples are not part of the repository")
def test_the_file_that_the_project_started_from(tmp_path):
    assert scrapy("ingest", SAMPLES / "seed", "-c", tmp_path / "corpus").returncode == 0
    (row,) = pd.read_parquet(tmp_path / "corpus" / "latest" / "works").itertuples()
    assert list(row.fandoms) == ["Law & Order: Special Victims Unit"]
    assert row.title == "What Happens Now?"
    assert row.summary.startswith("Post Witness episode (Season 11, episode 16).")
    assert row.summary.endswith("Alex/Olivia pairing.")
    assert list(row.relationships) == []
    assert (row.language, row.language_status, row.n_chapters) == ("en", "reliable", 1)
    (chapter,) = pd.read_parquet(tmp_path / "corpus" / "latest" / "chapters").itertuples()
    assert chapter.text.startswith("By the time Olivia came to her senses")
    assert chapter.text.endswith('I would love to."')
