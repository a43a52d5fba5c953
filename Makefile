# The Starting Point: `make help` lists the commands. Each one makes what it needs first.

PYTHON ?= python3
BIN := .venv/bin
BUILD := $(BIN)/jupyter-book build -W -n --keep-going
PYTEST := $(BIN)/python -m pytest -n 2
CPU_TORCH := https://download.pytorch.org/whl/cpu
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help book test serve notebooks notebooks-check results results-status bench fresh-seeds lint test-matrix linkcheck clean

help: ## list the commands
	@sed -n 's/^\([a-z-]*\):.*## /\1|/p' Makefile | awk -F'|' '{ printf "  make %-16s %s\n", $$1, $$2 }'

# A failed build leaves no environment behind: Sphinx would not read the faulty page again, and the
# next build would pass.
book: .venv/.book ## build the site into _build/html (executes what has changed)
	@$(BUILD) . || { rm -rf _build/.doctrees; exit 1; }

test: .venv/.test ## run every check: the book, the library, the site in a browser
	@$(BIN)/python tests/chromium.py
	@$(BIN)/python tests/bubblewrap.py
	@PYTHONPATH=code $(BIN)/python -m bookbuild.frontend
	@$(MAKE) --no-print-directory book
	@$(PYTEST) --durations=10 --cov=initbook --cov-report=term --cov-fail-under=95

serve: book ## show the built site at http://127.0.0.1:8000
	@$(BIN)/python -m http.server --bind 127.0.0.1 --directory _build/html 8000

notebooks: book ## write the notebooks beside the pages that they are made from
	@cp -R _build/notebooks/. .
	@git status --short -- '*.ipynb'

notebooks-check: book ## say whether the notebooks are in step with their pages
	@$(BIN)/python -m pytest -q tests/notebooks/test_in_step.py

results: .venv/.book ## train what a page shows stored; goes on where it was stopped (long)
	@PYTHONPATH=code $(BIN)/python -m makers.results $(ONLY)

results-status: .venv/.book ## say which stored results are older than the code that made them
	@PYTHONPATH=code $(BIN)/python -m makers.results --status

bench: .venv/.test ## measure speeds, as ratios within one run
	@for file in benchmarks/*.py benchmarks/*/*.py; do echo "== $$file"; $(BIN)/python $$file || exit 1; done

fresh-seeds: .venv/.test ## hold every initializer to its law on 1,000 fresh seeds (15 minutes)
	@PYTHONPATH=code $(BIN)/python tests/initbook/fresh_seeds.py --seeds 1000

lint: .venv/.test ## check form, spelling and types; tests/test_form.py lists the commands
	@PYTHONPATH=code $(BIN)/python -m bookbuild.frontend
	@$(PYTEST) -q --tb=short tests/test_form.py

test-matrix: .venv/.lowest ## the library's tests on the lowest versions that it allows (slow)
	@.venv/lowest/bin/python -m pytest -q tests/initbook

linkcheck: .venv/.book ## ask every outside address that the book names (needs the network)
	@$(BUILD) --builder linkcheck .

clean: ## remove all that was built; .venv and node_modules stay
	@rm -rf _build build dist .pytest_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -not -path './.venv/*' -not -path './node_modules/*' -exec rm -rf {} +

# PyTorch's own index has a build without CUDA, gigabytes smaller. Where it can't be reached, pip
# takes the plain one: one try of ten seconds, not a wait for every package.
.venv/.book: requirements.txt requirements-frameworks.txt pyproject.toml | .venv/.made
	@echo "Installing the book's packages (a few minutes the first time)"
	@$(BIN)/pip install --quiet --no-deps --retries 0 --timeout 10 --index-url $(CPU_TORCH) \
	  $$(grep '^torch==' requirements.txt) 2>/dev/null || echo "PyTorch's CPU index was not reached; taking the plain one"
	@$(BIN)/pip install --quiet -r requirements.txt -r requirements-frameworks.txt
	@touch $@

.venv/.test: requirements-test.txt .venv/.book
	@echo "Installing the tests' packages"
	@$(BIN)/pip install --quiet -r requirements-test.txt
	@touch $@

LOWER_BOUNDS := import tomllib; \
  needs = tomllib.load(open("pyproject.toml", "rb"))["project"]["dependencies"]; \
  print(*(need.replace(">=", "==") for need in needs if "torch" not in need), sep="\n")

# Another torch would be gigabytes: it stays the pinned one.
.venv/.lowest: pyproject.toml .venv/.test
	@$(PYTHON) -m venv .venv/lowest
	@$(BIN)/python -c '$(LOWER_BOUNDS)' > .venv/lowest.txt
	@grep '^torch==' requirements.txt >> .venv/lowest.txt
	@.venv/lowest/bin/pip install --quiet -c .venv/lowest.txt . pytest hypothesis packaging \
	  filelock myst-nb==1.4.0
	@touch $@

.venv/.made:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || \
	  { echo "Building the book takes Python 3.11 to 3.13, and $(PYTHON) is $$($(PYTHON) --version 2>&1); name another as in: make book PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || \
	  { echo "This Python has no ensurepip, so it can't make an environment; on Debian: apt install python3-venv"; exit 1; }
	@$(PYTHON) -m venv .venv
	@touch $@
