# Mingce. The logic is in tools/, in Python: it starts on a machine that has python3 and make only.
PYTHON ?= python3
export PYTHONUNBUFFERED = 1

.DEFAULT_GOAL := help
.PHONY: help serve test walks forensics chaos bench lint build setup clean

help: ## show this list
	@grep -E '^[a-z]+:.*## ' Makefile | sed -E 's/^([a-z]+):.*## /make \1	/' | expand -t 14

serve: ## set up what is missing, then serve (port MINGCE_PORT, default 8000)
	@exec $(PYTHON) -m tools.serve

test: ## lint, types, contracts, front end, unit, integration and browser tests
	@exec $(PYTHON) -m tools.test

walks: ## a school's round, a county's, six villages' at once, a meeting of forty, a first rehearsal, in a browser
	@exec $(PYTHON) -m tools.test walks

forensics: ## attack whole meetings on both databases, beside a leaky control: a table
	@exec $(PYTHON) -m tools.long tests.forensics

chaos: ## kill and break everything under load, on both databases: a table of what was verified
	@exec $(PYTHON) -m tools.long tests.chaos

bench: ## measure speed beside a bare Flask application (MINGCE_BENCH=quick: shorter)
	@exec $(PYTHON) -m tools.long bench

lint: ## only the checks that read the code
	@exec $(PYTHON) -m tools.test lint

build: ## build the front end into static/dist
	@exec $(PYTHON) -m tools.setup build

setup: ## everything for serving and testing, without starting anything
	@exec $(PYTHON) -m tools.setup test

clean: ## remove what set-up and tests made; data/ stays
	rm -rf .venv node_modules static/dist .mypy_cache .ruff_cache .pytest_cache .hypothesis \
	  .import_linter_cache .coverage htmlcov
