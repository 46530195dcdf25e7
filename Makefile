# make run    a virtual environment, a daemon, and the example painted through it
# make test   the same environment with the test tools: lint, then every test (make test ARGS="-k stylize")
# make test-fast   the tests that need neither an editor nor a killed daemon nor real time: a minute on two cores
# make lint   how the code is written, and its types
# make docs-site   the documentation as a site, in site/
# make clean  remove what these made (fetched weights stay)
#
# Another Python: make run PYTHON=python3.12

PYTHON ?= python3
VENV := .venv
ifeq ($(OS),Windows_NT)
BIN := $(VENV)/Scripts
else
BIN := $(VENV)/bin
endif

# Python starts some hundred times in the tests: what it compiles is kept, whatever the caller's environment says.
unexport PYTHONDONTWRITEBYTECODE

# A process for each core, but no more than the memory of a small machine holds. One alone: make test PARALLEL="--numprocesses 0"
PARALLEL ?= --numprocesses auto --maxprocesses 4

.PHONY: run test test-fast lint docs docs-site pins clean

run:
	@$(PYTHON) tools/environment.py --venv $(VENV)
	@$(BIN)/impasto demo

test: lint
	@$(BIN)/python -m pytest $(PARALLEL) --dist loadfile --no-loadscope-reorder $(ARGS)

test-fast:
	@$(PYTHON) tools/environment.py --venv $(VENV) --extra test
	@$(BIN)/python -m pytest $(PARALLEL) --dist worksteal -m "not slow" --quiet $(ARGS)

lint:
	@$(PYTHON) tools/environment.py --venv $(VENV) --extra test
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy

# What is written from the code: a test fails when it is out of date.
docs:
	@$(PYTHON) tools/environment.py --venv $(VENV)
	@$(BIN)/impasto parameters > docs/parameters.md
	@$(BIN)/python tools/plugin_parameters.py
	@$(BIN)/python -c "from impasto.settings import template; print(template(), end='')" > config.yaml
	@$(BIN)/python tools/texts.py

docs-site:
	@$(PYTHON) tools/environment.py --venv $(VENV) --extra docs
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

# After a change of pyproject.toml: take the newest versions that fit, and write them down.
pins:
	@$(PYTHON) tools/pins.py

clean:
	rm -rf $(VENV) out site build dist .pytest_cache .ruff_cache .mypy_cache
