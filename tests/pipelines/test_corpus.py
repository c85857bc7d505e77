"""corpus.toml and the folder of a corpus."""

import re
import tomllib

import pytest

from pipelines.corpus import Corpus, load_config, template
from pipelines.errors import CannotStart
from schemas.base import Record
from schemas.corpus import CorpusConfig, DedupConfig, FiltersConfig, LanguagesConfig, LimitsConfig, SourceConfig

SETTING = re.compile(r"# (\w+) = ")


def refusal(tmp_path, text):
    path = tmp_path / "corpus.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CannotStart) as caught:
        load_config(path)
    return [line.removeprefix(f"{path}, ") for line in str(caught.value).splitlines()]


def test_no_file_means_the_defaults(tmp_path):
    assert Corpus(tmp_path).config == CorpusConfig()


def test_settings_are_read(tmp_path):
    (tmp_path / "corpus.toml").write_text('[languages]\nwanted = ["English", "pt_BR"]\n[dedup]\npolicy = "drop"\n')
    config = Corpus(tmp_path).config
    assert config.languages.wanted == ("en", "pt-BR")
    assert config.dedup.policy == "drop"
    assert config.filters.min_words == 25


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('title = "A"\n\n[dedup]\npolcy = "mark"\n', "line 4: dedup.polcy: unknown setting (did you mean policy?)"),
        ('[dedup]\npolicy = "merge"\n', "line 2: dedup.policy: 'merge' is not allowed; choose 'mark' or 'drop'"),
        ('[filters]\nmin_words = "many"\n', "line 2: filters.min_words: expected a whole number, not 'many'"),
        ("[dedup]\nmin_similarity = 2\n", "line 2: dedup.min_similarity: should be less than or equal to 1, not 2"),
        ("title = 3\n", "line 1: title: expected text in quotes, not 3"),
        ('[[sources]]\npath = "a"\n\n[[sources]]\npth = "b"\n', "line 4: sources.path: is needed here"),
        ('[languages]\nwanted = ["en", "martian"]\n', "line 2: languages.wanted: 'martian' is no language"),
        ('dedup = "drop"\n', "line 1: dedup: expected a table of settings, not 'drop'"),
        ('languages.wanted = "en"\n', "line 1: languages.wanted: expected a list"),
        ('[dedup]\nprefer = ["oldest"]\n', "line 2: dedup.prefer: 'oldest' is not allowed; choose 'complete', "),
    ],
)
def test_mistakes_name_key_line_and_what_is_allowed(tmp_path, text, line):
    assert refusal(tmp_path, text)[0].startswith(line)


def test_every_mistake_is_told(tmp_path):
    lines = refusal(tmp_path, 'colour = "red"\n[filters]\nmin_words = -1\n')
    assert [line.split(":")[1].strip() for line in lines] == ["colour", "filters.min_words"]


def test_unknown_settings_list_the_known_ones(tmp_path):
    (line,) = refusal(tmp_path, "[languages]\nx = 1\n")
    assert line == "line 2: languages.x: unknown setting; allowed here: wanted"


def test_broken_toml_names_the_line(tmp_path):
    path = tmp_path / "corpus.toml"
    path.write_text('title = "A\n')
    with pytest.raises(CannotStart, match=r"not valid TOML: .*line 1"):
        load_config(path)


def test_a_file_that_is_no_text_is_named(tmp_path):
    path = tmp_path / "corpus.toml"
    path.write_bytes(b'title = "\xff"')
    with pytest.raises(CannotStart, match="not UTF-8 text; save it as UTF-8"):
        load_config(path)


def test_the_template_shows_every_setting_and_means_the_defaults(tmp_path):
    corpus = Corpus(tmp_path / "new")
    assert corpus.create()
    assert not corpus.create()
    assert corpus.config == CorpusConfig()
    keys = [found[1] for line in template().splitlines() if (found := SETTING.match(line))]
    sections: list[type[Record]] = [CorpusConfig, LanguagesConfig, FiltersConfig, DedupConfig, LimitsConfig]
    known = {name for model in sections for name in model.model_fields}
    tables = {"sources", "languages", "filters", "dedup", "limits"}
    assert set(keys) == known - tables | set(SourceConfig.model_fields)


def test_the_template_is_valid_when_all_is_uncommented():
    lines = []
    for line in template().splitlines():
        is_setting = SETTING.match(line) or line.startswith("# [[")
        lines.append(line.removeprefix("# ") if is_setting else line)
    CorpusConfig.model_validate(tomllib.loads("\n".join(lines)))


def test_versions_are_numbered_on(tmp_path):
    corpus = Corpus(tmp_path)
    assert corpus.new_version().name == "v0001"
    for name in ("v0001", "v0009", "v0010", "vault", "v1", ".v0011.tmp"):
        (tmp_path / name).mkdir()
    assert corpus.versions() == ["v0001", "v0009", "v0010"]
    assert corpus.new_version().name == "v0011"


def test_one_writer_at_a_time(tmp_path):
    with Corpus(tmp_path).lock(), pytest.raises(CannotStart, match="another process"), Corpus(tmp_path).lock():
        pass
