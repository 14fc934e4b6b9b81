# Two commands: `make demo` and `make test`. Both set up what they need.
PYTHON  ?= python3
VENV    := .venv
BIN     := $(VENV)/bin
INSTALL := $(BIN)/pip install --quiet --disable-pip-version-check --editable

.PHONY: demo test docs screenshots setup clean
.DEFAULT_GOAL := demo

demo: $(VENV)/.demo  ## paint a small marketplace, run every stage on it over HTTP, print the funnel
	$(BIN)/curate demo
	@echo "curate is in $(BIN); this puts it on your path: . $(BIN)/activate"

test: setup  ## ruff, mypy, pytest
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest --numprocesses auto --dist loadfile --no-loadscope-reorder

setup: $(VENV)/.dev  ## all extras and the tools for development

$(VENV)/.demo: pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing into $(VENV): torch and the rest, up to 6 GB; a few minutes the first time"
	$(INSTALL) '.[train]'
	touch $@

$(VENV)/.dev: $(VENV)/.demo
	$(INSTALL) '.[all,dev]'
	touch $@

docs: setup  ## the reference pages from the code, and all pages into build/docs
	$(BIN)/python -m tests.reference_docs
	$(BIN)/mkdocs build --strict --quiet --config-file .mkdocs.yml
	@echo "docs: build/docs/index.html"

screenshots: setup demo  ## the images of the documentation, from the demo; needs Chromium
	$(BIN)/python -m tests.screenshots

clean:  ## remove the environment and the demo's output
	rm -rf $(VENV) manifests/demo
