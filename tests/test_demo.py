"""The demo shows every kind of outcome, and the documents show what it really prints."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

ROOT = Path(__file__).parent.parent
DEMO = ROOT / "datasets" / "demo"


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """A checkout's ``datasets/demo`` after ``make demo``, in a folder of its own, and what was printed."""
    place = tmp_path_factory.mktemp("demo")
    corpus = place / "datasets" / "demo"
    corpus.mkdir(parents=True)
    shutil.copy(DEMO / "corpus.toml", corpus)
    shutil.copytree(DEMO / "sources", corpus / "sources")
    command = [sys.executable, "-m", "scrapy", "ingest", "-c", str(corpus)]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=300)
    return place, result.stdout


@pytest.fixture(scope="module")
def works(demo):
    return pd.read_parquet(demo[0] / "datasets" / "demo" / "latest" / "works").set_index("path")


@pytest.fixture(scope="module")
def chapters(demo):
    return pd.read_parquet(demo[0] / "datasets" / "demo" / "latest" / "chapters")


def blocks_of(document: str, language: str = "") -> list[str]:
    text = (ROOT / document).read_text(encoding="utf-8")
    return [found[1] for found in re.finditer(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)]


def test_the_readme_shows_what_the_demo_prints(demo):
    _, printed = demo
    shown = next(block for block in blocks_of("README.md") if block.startswith("read "))
    assert printed.startswith(shown)


def test_each_outcome_is_there(demo):
    latest = demo[0] / "datasets" / "demo" / "latest"
    rejects = pd.read_parquet(latest / "rejects").set_index("ref")
    assert rejects.reason.to_dict() == {
        "broken/chapter_12.txt": "empty",
        "broken/coming_soon.txt": "too_short",
        "broken/cover.txt": "binary",
        "broken/keysmash.txt": "junk_compression",
        "other-languages/el_pleito_de_la_sombra.txt": "language_not_wanted",
        "saved/thread_2024.txt": "superseded",
    }
    duplicates = pd.read_parquet(latest / "duplicates").set_index("path")
    assert duplicates.method.to_dict() == {
        "reposts/the_girl_who_wore_daisies.txt": "minhash",
        "old-disk/the_empty_hive.txt": "same_file",
        "austen/The Second-Best Bonnet.txt": "exact",
        "robin-hood/sheriffs_accounts_1-2.txt": "containment",
    }


def test_encodings_and_mojibake(works):
    assert works.encoding.drop_duplicates().tolist() == ["utf-8", "cp1252", "utf-16-le", "cp1251", "gb18030"]
    assert list(works.quality_flags["gothic/the_travellers_typewriter.txt"]) == ["mojibake_fixed"]
    assert works.title["gothic/the_travellers_typewriter.txt"] == "The Traveller’s Typewriter"


def test_languages_are_right(works):
    assert works.language.value_counts().to_dict() == {"en": 16, "de": 1, "fr": 1, "ru": 1, "zh-Hans": 1}
    assert set(works.language_status) == {"reliable"}


def test_the_drabble_has_a_hundred_words(works):
    assert works.n_words["drabbles/measured_to_fit.txt"] == 100


def test_chapters_and_their_titles(works, chapters):
    seeds = chapters[chapters.work_id == works.work_id["myth/six_seeds.txt"]]
    assert seeds.title.tolist() == ["The Ledger", "The Pomegranate", "The Settlement"]
    assert seeds.number.tolist() == [1, 2, 3]


def test_notes_breaks_and_ends_are_marked_and_stay(chapters):
    marked = [
        (block["kind"], text[block["start"] : block["end"]])
        for text, blocks in zip(chapters.text, chapters.blocks, strict=True)
        for block in blocks
    ]
    assert ("scene_break", "oOo") in marked
    assert ("end_marker", "Конец") in marked
    assert (
        "disclaimer",
        "Disclaimer: I do not own these characters, and I only wish that I owned the typewriter.",
    ) in marked
    assert ("note_candidate", "A/N: Chapter three by Sunday, if the exams allow.") in marked


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::ResourceWarning")
def test_the_examples_of_the_documents_run(demo, monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(demo[0])
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    names: dict[str, object] = {}
    examples = blocks_of("datasets/README.md", "python")
    assert len(examples) >= 8
    for example in examples:
        exec(compile(example, "datasets/README.md", "exec"), names)
    capsys.readouterr()


def test_every_example_of_the_readme_prints_what_it_says(demo, monkeypatch):
    """The shell sessions of the README, by doctest; white space does not count."""
    import doctest  # noqa: PLC0415

    monkeypatch.chdir(demo[0])
    session = "\n".join(blocks_of("README.md", "python"))
    test = doctest.DocTestParser().get_doctest(session, {}, "README.md", "README.md", 0)
    outcome = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(test)
    assert outcome.attempted >= 6
    assert outcome.failed == 0


@pytest.mark.parametrize("command", sorted(path.stem for path in (ROOT / "crawler" / "commands").glob("[a-z]*.py")))
def test_every_command_is_documented(command):
    assert f"scrapy {command}" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_column_is_in_the_data_dictionary():
    from schemas.tables import TABLES  # noqa: PLC0415

    text = (ROOT / "docs" / "schema.md").read_text(encoding="utf-8")
    for model in TABLES.values():
        for name in model.model_fields:
            assert f"| `{name}` |" in text


def test_links_between_documents_lead_somewhere():
    for document in ROOT.glob("*.md"):
        for target in re.findall(r"\]\(([^)#:]+)\)", document.read_text(encoding="utf-8")):
            assert (document.parent / target).exists(), f"{document.name}: {target}"
