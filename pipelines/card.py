"""The dataset card: ``README.md`` of a version, for people and for Hugging Face ``datasets``."""

from __future__ import annotations

import json

from schemas.corpus import CorpusConfig
from schemas.manifest import Manifest
from schemas.tables import TABLES

_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))


def dataset_card(config: CorpusConfig, manifest: Manifest) -> str:
    """The card of a version.

    Its head names every table's files and split explicitly: left to itself, Hugging Face ``datasets``
    mixes the tables and takes folders for splits.
    """
    return "\n".join([*_head(config, manifest), *_body(config, manifest)]) + "\n"


def _head(config: CorpusConfig, manifest: Manifest) -> list[str]:
    rows = manifest.tables["works"].rows
    size = next((name for limit, name in _SIZES if rows < limit), "1M<n<10M")
    languages = sorted(
        {entry.path.split("lang=")[1].split("/")[0] for entry in manifest.files if "lang=" in entry.path}
    )
    known = [language for language in languages if language not in {"other", "und", "zxx"}]
    lines = ["---", f"pretty_name: {_yaml(config.title or manifest.dataset)}"]
    lines += [f"license: {_yaml(config.license.casefold())}"] if config.license else ["license: other"]
    lines += [f"language: {json.dumps(known)}"] if known else []
    lines += [f"size_categories: [{size}]", "tags: [fan-fiction, computational-literary-studies]", "configs:"]
    for name in TABLES:
        if not manifest.tables[name].rows:  # Hugging Face datasets refuses a split without rows
            continue
        lines.append(f"- config_name: {name}")
        lines += ["  default: true"] if name == "works" else []
        lines.append(f'  data_files: [{{split: train, path: "{name}/**/*.parquet"}}]')
    return [*lines, "---"]


def _body(config: CorpusConfig, manifest: Manifest) -> list[str]:
    counts = manifest.counts
    lines = ["", f"# {config.title or manifest.dataset}, {manifest.version}", ""]
    lines += [config.description, ""] if config.description else []
    lines += [f"Purpose: {config.purpose}", ""] if config.purpose else []
    lines += [f"Contact: {config.contact}", ""] if config.contact else []
    lines += [f"Terms of use: {config.license}", ""] if config.license else []
    lines += ["## What it holds", "", "| table | rows |", "| --- | ---: |"]
    lines += [f"| {name} | {table.rows:,} |" for name, table in manifest.tables.items()]
    lines += ["", "## What became of everything gathered", "", "| outcome | number |", "| --- | ---: |"]
    outcomes = {
        "works staged": counts.staged,
        "kept": counts.kept,
        "replaced by a newer revision": counts.superseded,
        "the same file in two places": counts.merged,
        "rejected by policy": counts.rejected,
        "dropped as copies": counts.dropped,
        "inputs that gave no work": counts.unreadable,
    }
    lines += [f"| {outcome} | {number:,} |" for outcome, number in outcomes.items()]
    lines += [f"| rejected: {reason} | {number:,} |" for reason, number in counts.rejects.items()]
    lines += [f"| copies found: {method} | {number:,} |" for method, number in counts.duplicates.items()]
    lines += ["", "## How to open it", "", "In this folder:", "", "```python", "import pandas as pd"]
    lines += ['works = pd.read_parquet("works")', 'chapters = pd.read_parquet("chapters")', "```", ""]
    lines += ["```python", "from datasets import load_dataset"]
    lines += ['chapters = load_dataset(".", "chapters", split="train")', "```", ""]
    lines += ["Columns: `schema.json`. Settings, versions and checksums: `MANIFEST.json`."]
    made = manifest.tools["fanthology"]
    lines += [f"Made with Fanthology {made}, schema {manifest.schema_version}; digest `{manifest.digest[:16]}`."]
    return lines


def _yaml(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
