# `make demo` and `make test` need nothing but Python 3.11 with venv: they create .venv and install into it,
# once, exactly what constraints/ names. Nothing is installed outside .venv.

PYTHON ?= $(firstword $(shell command -v python3.11 python3) python3)
VENV := .venv
BIN := $(VENV)/bin

# pyright keeps the checker that it drives in there too; neither it nor pip talks about newer versions.
export PYRIGHT_PYTHON_CACHE_DIR := $(abspath $(VENV))/pyright
export PYRIGHT_PYTHON_IGNORE_WARNINGS := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help demo test coverage bench soak check lint layout mypy pyright imports format constraints clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VENV)/run.stamp ## Start a cluster of three nodes here; Ctrl-C stops it
	@exec $(BIN)/python -m leto_adapters.demo

test: $(VENV)/bench.stamp ## Run the tests
	$(BIN)/python -m pytest $(ARGS)

coverage: $(VENV)/bench.stamp ## Is each module of leto covered by its own test file?
	$(BIN)/python tests/own_coverage.py

bench: $(VENV)/bench.stamp ## Measure three nodes: throughput, failover, expiry, a snapshot under load; and the simulator
	$(BIN)/python -m benchmarks.throughput
	$(BIN)/python -m benchmarks.failover
	$(BIN)/python -m benchmarks.gaps
	$(BIN)/python -m benchmarks.expiry
	$(BIN)/python -m benchmarks.snapshot_under_load
	$(BIN)/python -m benchmarks.linearizability
	$(BIN)/python -m benchmarks.simulation

soak: $(VENV)/test.stamp ## Three nodes under load for ten minutes, or ARGS="--minutes 60"
	$(BIN)/python -m benchmarks.soak $(ARGS)

check: lint layout mypy pyright imports ## All of: lint, layout, mypy, pyright, imports

lint layout mypy pyright imports: $(VENV)/check.stamp

lint:
	$(BIN)/ruff check

layout:
	$(BIN)/ruff format --check

mypy:
	$(BIN)/mypy

pyright:
	$(BIN)/pyright --warnings

imports:
	$(BIN)/lint-imports

format: $(VENV)/check.stamp ## Format, and repair what the linter can repair
	$(BIN)/ruff check --fix-only
	$(BIN)/ruff format

constraints: ## Choose new versions of everything that is installed (needs the network)
	$(PYTHON) constraints/choose.py

clean: ## Remove what the other targets made, but not the demo's data
	rm -rf $(VENV) .coverage .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache build dist
	find leto sim adapters tests benchmarks examples -name __pycache__ -type d -prune -exec rm -rf {} +

# Each stage contains the one before it, so each is one install on top of the other.
$(VENV)/run.stamp: constraints/run.txt pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes --requirement $<
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/test.stamp $(VENV)/bench.stamp $(VENV)/check.stamp: $(VENV)/%.stamp: constraints/%.txt $(VENV)/run.stamp
	$(BIN)/python -m pip install --quiet --require-hashes --requirement $<
	@touch $@
