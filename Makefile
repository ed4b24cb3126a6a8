# hotel: `make demo` shows it at work, `make test` proves it. `make help` lists the rest.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules

PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
PYTEST := $(PY) -m pytest
# Processes that share the tests of a suite: as many as there are processors where tests compute, more where they
# wait. Each process that needs an engine or a stack starts its own. COMPUTING=0 WAITING=0: all in one process.
COMPUTING ?= 2
WAITING ?= 3
SHARED = --dist worksteal --numprocesses
# The output of each suite in one piece, where make can do that.
SIDE_BY_SIDE := $(if $(filter output-sync,$(.FEATURES)),--output-sync=target)
MVN := mvn --quiet --batch-mode -Dstyle.color=never --file images/engine/pom.xml
ENGINE_SOURCES := images/engine/pom.xml $(shell find images/engine/src -type f 2>/dev/null)
ENGINE_JAR := images/engine/target/hotel-engine.jar
CAMUNDA7_JAR := images/engine/target-camunda7/hotel-engine.jar
# What is run: the jar taken apart, with an archive of its loaded classes, from which it starts in half the time.
ENGINE := $(dir $(ENGINE_JAR))extracted/hotel-engine.jsa
CAMUNDA7 := $(dir $(CAMUNDA7_JAR))extracted/hotel-engine.jsa

.PHONY: help
help: ## List what can be made.
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-18s %s\n", $$1, $$2}'

# --- what everything needs ---------------------------------------------------------------------

$(VENV)/.installed: requirements/dev.txt pyproject.toml worker/pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "hotel needs Python 3.11 or newer; name one with: make PYTHON=/path/to/python3 …" >&2; exit 1; }
	@test -x $(PY) || $(PYTHON) -m venv $(VENV) \
	  || { echo "Python's venv module is missing; on Debian: apt-get install python3-venv" >&2; exit 1; }
	$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements/dev.txt
	$(PY) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable ./worker --editable .
	@touch $@

.PHONY: venv
venv: $(VENV)/.installed ## Make the virtual environment with the pinned dependencies.

$(ENGINE_JAR): $(ENGINE_SOURCES)
	.ci/tools java
	$(MVN) package
	@touch $@

$(CAMUNDA7_JAR): $(ENGINE_SOURCES)
	.ci/tools java
	$(MVN) -Pcamunda7 package
	@touch $@

images/engine/%/extracted/hotel-engine.jsa: images/engine/%/hotel-engine.jar images/engine/archive
	java -Djarmode=tools -jar $< extract --force --destination $(@D)
	images/engine/archive $(@D)

.PHONY: engine engine-camunda7
engine: $(ENGINE) ## Build the engine (Operaton), once.
engine-camunda7: $(CAMUNDA7) ## Build the same engine with Camunda 7.

# --- the main job -------------------------------------------------------------------------------

.PHONY: demo
demo: venv engine ## Start everything, make one reservation with visible steps, stop everything.
	$(VENV)/bin/hotel demo

# --- checks -------------------------------------------------------------------------------------

.PHONY: lint format pins
lint: venv ## Style, types and the arrows between packages.
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

format: venv ## Put the code into the project's format.
	$(VENV)/bin/ruff check --fix-only .
	$(VENV)/bin/ruff format .

PIN = $(VENV)/bin/uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --python-version 3.11 \
  --upgrade --no-emit-package external-tasks
pins: venv ## Pin the newest dependencies that fit, with hashes.
	for extra in worker service operator cli; do \
	  $(PIN) --extra $$extra pyproject.toml --output-file requirements/$$extra.txt; \
	done
	$(PIN) --all-extras --group dev pyproject.toml --output-file requirements/dev.txt
	$(PIN) --group docs --output-file requirements/docs.txt

.PHONY: test test-unit test-chart test-integration test-postgresql test-camunda7 test-chaos
test: test-unit test-chart test-integration test-postgresql ## All tests that need no cluster.
	$(MAKE) --jobs 2 $(SIDE_BY_SIDE) test-camunda7 test-chaos

# The name of each suite before its tests, for who reads them all in one log.
test-unit: venv ## Tests of single parts.
	@echo "== $@"
	$(PYTEST) $(SHARED) $(COMPUTING) tests/unit

test-chart: venv ## The charts, rendered and validated.
	@echo "== $@"
	.ci/tools helm
	PATH="$$PWD/.cache/bin:$$PATH" $(PYTEST) $(SHARED) $(COMPUTING) tests/chart

test-integration: venv engine ## The real engine, services, databases and worker together.
	@echo "== $@"
	.ci/tools postgresql
	.ci/tools browser
	$(PYTEST) $(SHARED) $(WAITING) tests/integration

test-postgresql: venv engine ## The whole stack, its engine included, on PostgreSQL.
	@echo "== $@"
	.ci/tools postgresql
	$(PYTEST) $(SHARED) $(COMPUTING) --database postgresql \
	  tests/integration/stack/test_walk.py tests/integration/stack/test_references.py

test-camunda7: venv engine-camunda7 ## The same on Camunda 7, where the engine's answers could differ.
	@echo "== $@"
	.ci/tools browser
	$(PYTEST) $(SHARED) $(WAITING) tests/integration --ignore tests/integration/services \
	  --engine camunda7 -m 'engine and not any_engine'

test-chaos: venv engine ## Reservations while parts fail: the short form of `make chaos`.
	@echo "== $@"
	.ci/tools postgresql
	$(PYTEST) tests/chaos

# PACKAGE="api.runtime history": packages below org.camunda.bpm.engine.test. SETTINGS=stock: those the tests come with.
PACKAGE ?=
SETTINGS ?= hotel
.PHONY: test-engine-suite
test-engine-suite: ## The engine's own published tests on our settings (PACKAGE=api.externaltask; all: an hour and more).
	.ci/tools java
	SETTINGS=$(SETTINGS) images/engine/suite/run $(PACKAGE)

# A seed repeats a run; CHAOS_OPTIONS such as "--only worker", "--seconds 20".
SEED ?=
.PHONY: chaos
chaos: venv engine ## Every kind of fault under load, in about 45 minutes; writes its tables into docs/reliability.md.
	.ci/tools postgresql
	PYTHONPATH=tests:. $(PY) -m chaos --write $(addprefix --seed ,$(SEED)) $(CHAOS_OPTIONS)

# WEEK_OPTIONS such as "--hours 1 --reservations 10000".
.PHONY: soak-week
soak-week: venv engine ## A week's reservations in six hours, with a fault of a random kind every minute.
	.ci/tools postgresql
	PYTHONPATH=tests:. $(PY) -m chaos.week $(addprefix --seed ,$(SEED)) $(WEEK_OPTIONS)

.PHONY: e2e soak soak-scalers bench
e2e: venv ## hotel in a kind cluster of its own.
	@echo "== $@"
	$(PYTEST) --numprocesses $(WAITING) tests/e2e

soak: venv ## Waves of load on hotel in a kind cluster, for ten minutes and more.
	$(PYTEST) tests/e2e/operator/soak_waves.py tests/e2e/operator/soak_steady.py

soak-scalers: venv ## A thousand scalers in a hundred namespaces of a kind cluster, for half an hour (SOAK_SECONDS).
	$(PYTEST) tests/e2e/operator/soak_scalers.py

bench: venv engine ## Speed, as ratios measured in one run.
	.ci/tools postgresql
	for script in tests/bench/bench_*.py; do echo "== $$script"; $(PY) $$script; done

.PHONY: clean
clean: ## Remove what was built; data of local stacks stays.
	rm -rf $(VENV) images/engine/target images/engine/target-camunda7 .mypy_cache .ruff_cache .pytest_cache .cache build dist

-include images/images.mk charts/charts.mk supply_chain/supply_chain.mk docs/docs.mk release/release.mk tests/e2e/e2e.mk \
  tests/versus/versus.mk tests/grid/grid.mk
