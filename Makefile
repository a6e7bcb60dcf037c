# The entry points; CI calls the same names. Each brings .venv up to date by itself.
.DEFAULT_GOAL := help
.PHONY: help demo test check bench hil test-vm diagrams lock clean run-venv dev-venv
SHELL := /bin/sh
BIN := .venv/bin
# The tests wait more than they compute: twice as many workers as cores.
PYTEST := $(BIN)/pytest -n 4 --dist worksteal
UV_COMPILE := $(BIN)/uv pip compile pyproject.toml --quiet --all-extras --universal --python-version 3.11 \
	--generate-hashes --no-emit-index-url --no-emit-find-links --no-config --custom-compile-command "make lock"

help:           ## this list
	@sed -n 's/^\([a-z-]*\):.*## /make \1\t/p' Makefile | expand -t 16

demo: run-venv  ## one simulated charge against the built-in CSMS (ARGS=... for its options)
	@$(BIN)/evse-agent demo $(ARGS)

test: dev-venv  ## every test (ARGS=... for pytest)
	$(PYTEST) $(ARGS)

check: dev-venv ## format, lint, types, import contracts, spelling, generated files
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/codespell
	$(BIN)/python .ci/generated.py --check
	$(BIN)/python .ci/sizes.py

bench: dev-venv ## what this machine makes of it: start, memory, CPU, latency
	$(BIN)/python -m tests.bench $(ARGS)

hil: dev-venv   ## drivers and parts against emulated devices; RIG=file.yaml: against real iron
	$(if $(RIG),$(BIN)/python -m tests.rigs $(RIG) $(ARGS),$(PYTEST) tests/hil tests/hal tests/contracts tests/rigs $(ARGS))

test-vm: dev-venv ## the CAN tests on Linux's own CAN stack, in a virtual machine (nightly)
	.ci/vm/run $(ARGS)

diagrams: dev-venv ## write the generated files: diagrams, schema, API description
	$(BIN)/python .ci/generated.py

lock: dev-venv  ## resolve the dependencies anew (ARGS=--upgrade for newer ones)
	$(UV_COMPILE) --group dev -o requirements.lock $(ARGS)
	$(UV_COMPILE) --group build -c requirements.lock -o requirements-run.lock

clean:          ## remove what was made here
	rm -rf .venv .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .grimp_cache .coverage dist build

run-venv:
	@.ci/make-venv.sh run

dev-venv:
	@.ci/make-venv.sh dev
