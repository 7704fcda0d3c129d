# make run | test | bench | lint | dist: nothing else to know. From a fresh clone only Python 3.11 or later is needed.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
MAKEFLAGS += --no-print-directory
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
.PHONY: help run test bench lint dist format setup console clients docs locks clean lint-python test-console test-python chromium java

VENV    := .venv
BIN     := $(VENV)/bin
PY      := $(BIN)/python
STAMPS  := $(VENV)/.stamps
CONSOLE := web/console
CLIENTS := tests/clients
BUILT   := src/weaktie/app/static/console
# Any of these may be the newest Python on a machine; the first that is 3.11 or later makes the environment.
PYTHON  ?= $(shell for p in python3.12 python3.11 python3 python; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; exit 0; }; done)
PORT    ?= 8765
DEMO    ?= demo-home
ARGS    ?=
NPM     := PATH="$(CURDIR)/$(VENV)/node/bin:$$PATH" npm --prefix $(CONSOLE) --no-fund --no-audit --no-update-notifier
HAS_CONSOLE := $(wildcard $(CONSOLE)/package.json)
CONSOLE_SOURCES := $(if $(HAS_CONSOLE),$(shell find $(CONSOLE) -type f -not -path '*/node_modules/*' \
	-not -path '*/dist/*' -not -name '*.tsbuildinfo'))

help:  ## This list
	@echo "make run    a console with a living demo shop on http://127.0.0.1:$(PORT)/"
	@echo "make test   every check and test: lint, types, console, server, browser"
	@echo "make bench  the benchmarks, one after another (ARGS=name picks)"
	@echo "make lint   style, types and layout, without running tests"
	@echo "make dist   one wheel with the console inside, into dist/"

run: $(STAMPS)/packages $(STAMPS)/console
	@exec $(BIN)/weaktie demo --home $(DEMO) --port $(PORT) $(ARGS)

test: lint test-console test-python

bench: $(STAMPS)/packages
	@$(PY) -m benchmarks $(ARGS)

lint: lint-python $(if $(HAS_CONSOLE),$(STAMPS)/console-checked)

dist: $(STAMPS)/packages $(STAMPS)/console
	@rm -rf dist && $(PY) -m build --wheel --no-isolation --outdir dist . >/dev/null && ls -l dist

# Helpers of the five, and of those who change the house.
setup: $(STAMPS)/packages $(if $(HAS_CONSOLE),$(STAMPS)/npm)
console: $(STAMPS)/console
clients: $(STAMPS)/clients

format: $(STAMPS)/packages
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

docs: $(STAMPS)/packages
	@$(PY) -m tools.docs

locks: $(STAMPS)/packages
	@$(PY) -m tools.locks

clean:
	@rm -rf dist $(BUILT) $(VENV) $(CONSOLE)/node_modules $(CLIENTS)/node_modules .mypy_cache .ruff_cache .pytest_cache

lint-python: $(STAMPS)/packages
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy

test-console: $(if $(HAS_CONSOLE),$(STAMPS)/npm)
	@if [ -n "$(HAS_CONSOLE)" ]; then $(NPM) test; fi

test-python: $(STAMPS)/packages $(STAMPS)/console $(STAMPS)/clients $(STAMPS)/spark chromium java
	@$(PY) -m pytest -n 2 --dist loadgroup -q -m "not browser" $(ARGS)
	@$(PY) -m pytest -q -m browser tests/browser

chromium:
	@bash tools/chromium.sh

java:
	@bash tools/java.sh

$(STAMPS)/venv:
	@test -n "$(PYTHON)" || { echo "weaktie needs Python 3.11 or later: none was found" >&2; exit 1; }
	@test -x $(PY) || $(PYTHON) -m venv $(VENV)
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/packages: requirements-dev.lock pyproject.toml | $(STAMPS)/venv
	@echo "python packages …"
	@$(PY) -m pip install -qq --disable-pip-version-check --requirement requirements-dev.lock
	@$(PY) -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

# Half a gigabyte that only the tests of spark:// need; without it they are skipped and say so.
$(STAMPS)/spark: requirements-spark.lock $(STAMPS)/packages
	@echo "spark for the tests …"
	@if $(PY) -m pip install -qq --disable-pip-version-check --no-deps --requirement requirements-spark.lock; then touch $@; \
		else echo "SKIPPED: the tests of spark://. PySpark could not be installed."; fi

$(STAMPS)/node: tools/node.sh | $(STAMPS)/packages
	@bash tools/node.sh $(VENV)
	@touch $@

$(STAMPS)/npm: $(wildcard $(CONSOLE)/package-lock.json) $(STAMPS)/node
	@echo "console packages …"
	@$(NPM) ci --silent
	@touch $@

# Official clients of npm, which the tests run unchanged against our server.
$(STAMPS)/clients: $(CLIENTS)/package-lock.json $(STAMPS)/node
	@echo "clients for the tests …"
	@$(subst $(CONSOLE),$(CLIENTS),$(NPM)) ci --silent --ignore-scripts
	@touch $@

$(STAMPS)/console-checked: $(CONSOLE_SOURCES) $(STAMPS)/npm
	@$(NPM) run --silent typecheck
	@touch $@

ifdef HAS_CONSOLE
$(STAMPS)/console: $(CONSOLE_SOURCES) $(STAMPS)/npm
	@echo "console …"
	@$(NPM) run --silent build
	@touch $@
else
$(STAMPS)/console: | $(STAMPS)/venv
	@touch $@
endif
