PYTHON ?= python3
BIN    := .venv/bin

.DEFAULT_GOAL := help
.PHONY: demo test lint format bench archive docs pins help

demo: .venv/.installed    ## set up, then build the example corpus in datasets/demo
	$(BIN)/scrapy ingest -c datasets/demo

test: .venv/.installed    ## set up, then run the tests
	$(BIN)/pytest

lint: .venv/.installed    ## style, types, generated documents
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: .venv/.installed  ## rewrite the code in the house style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: .venv/.installed   ## measure readers, languages, the whole way, a crawl, and near-dedup beside other tools (by hand, an hour)
	$(BIN)/python -m tests.benchmarks.readers
	$(BIN)/python -m tests.benchmarks.language
	$(BIN)/python -m tests.benchmarks.files_to_dataset -j 1 2
	$(BIN)/python -m tests.benchmarks.whole_way
	$(BIN)/python -m tests.benchmarks.growth
	$(BIN)/python -m tests.benchmarks.crawl
	$(BIN)/python -m tests.benchmarks.side_by_side

archive: .venv/.installed ## serve made works on 127.0.0.1 to try the crawler on: docs/test-archive.md
	$(BIN)/python -m tests.sites

docs: .venv/.installed    ## renew docs/schema.md from the models
	$(BIN)/python -m schemas.dictionary > docs/schema.md

pins: .venv/.installed    ## renew constraints.txt from what is installed
	$(BIN)/python -m pip freeze --exclude-editable --disable-pip-version-check | grep -E '^[A-Za-z0-9_.-]+==' > constraints.txt

help:                     ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' Makefile

.venv/.installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.12"; exit 1; }
	$(PYTHON) -m venv .venv || { echo "python3 -m venv failed; on Debian and Ubuntu: apt install python3-venv"; exit 1; }
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[test]"
	@touch $@
