# Everything that can be run here; `make help` lists the targets.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?=  # which to use; empty: tools/venv.sh finds one
VENV ?= .venv
BIN := $(VENV)/bin
TESTS ?=
JOBS ?= $(shell nproc)

.PHONY: help demo test acceptance bench campaign lock docs format clean

help:  ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(VENV)/.runtime: requirements/runtime.txt pyproject.toml tools/venv.sh
	@PYTHON='$(strip $(PYTHON))' tools/venv.sh $(VENV) runtime

$(VENV)/.dev: requirements/dev.txt requirements/runtime.txt pyproject.toml tools/venv.sh
	@PYTHON='$(strip $(PYTHON))' tools/venv.sh $(VENV) dev

demo: $(VENV)/.runtime  ## Set up and start the service with a catch-all receiver and an inbox page
	@exec $(BIN)/sztafeta demo

test: $(VENV)/.dev  ## Run all checks and tests; needs nothing but Python and make
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tools/print_docs.py --check
	$(BIN)/pytest -n $(JOBS) --dist worksteal -m "not acceptance and not campaign" $(TESTS)

acceptance: $(VENV)/.dev  ## Install foreign mail programs (asks unless YES=1 or CI=true) and test with them
	@VENV=$(VENV) tools/acceptance.sh $(TESTS)

bench: $(VENV)/.dev  ## Compare with tuned Postfix on this machine, in one run
	@VENV=$(VENV) bench/run.sh

campaign: $(VENV)/.dev  ## Run the slow campaigns at full size
	$(BIN)/pytest -m campaign --timeout=0 $(TESTS)

docs: $(VENV)/.dev  ## Print the documents that come from code
	@$(BIN)/python tools/print_docs.py

format: $(VENV)/.dev  ## Format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock:  ## Resolve requirements/*.in into hash-locked *.txt (UPGRADE=1 takes newer versions)
	@tools/lock.sh

clean:  ## Remove what was built; data/ stays
	rm -rf $(VENV) .run .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
	rm -rf src/*.egg-info
