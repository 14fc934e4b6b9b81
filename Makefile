# Two commands: `make demo` and `make test`. Both set up what they need.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin

.PHONY: demo test lint setup clean
.DEFAULT_GOAL := demo

demo: $(VENV)/.installed  ## paint a small marketplace, run every stage on it over HTTP, print the funnel
	$(BIN)/curate demo

test: $(VENV)/.installed-dev  ## ruff, mypy, pytest
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest

setup: $(VENV)/.installed-dev

$(VENV)/.installed: pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing into $(VENV): torch and the rest, up to 6 GB; a few minutes the first time"
	$(BIN)/pip install --quiet --disable-pip-version-check --editable .
	touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@

clean:  ## remove the environment and the demo's output
	rm -rf $(VENV) manifests/demo
