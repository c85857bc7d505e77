"""docs/schema.md is made of the models and must be current."""

from pathlib import Path

from schemas.dictionary import as_document, as_markdown

ROOT = Path(__file__).parent.parent.parent


def test_docs_schema_is_current():
    assert (ROOT / "docs" / "schema.md").read_text(encoding="utf-8") == as_markdown(), "run: make docs"


def test_document_tells_values_of_closed_vocabularies():
    columns = {column["name"]: column for column in as_document()["tables"]["works"]["columns"]}
    assert columns["rating"]["values"] == ["general", "teen", "mature", "explicit", "not_rated"]
    assert columns["dup_role"]["values"] == ["unique", "representative", "duplicate"]
    assert "values" not in columns["title"]
    assert columns["n_words"]["unit"] == "words"
    assert [part["name"] for part in columns["series"]["parts"]] == ["title", "id", "position"]
