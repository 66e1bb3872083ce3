# Two commands for a newcomer: `make demo` and `make test`. Each sets up .venv by itself on first use.
# Another interpreter: make demo PYTHON=python3.12

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PY     := $(BIN)/python
STUBS  := typings/stm32
WORKERS ?= 2

.DEFAULT_GOAL := help
.PHONY: help demo test check clean venv dev

help:
	@echo "make demo    set up and refuel a truck: live progress, ticket, picture"
	@echo "make test    set up and run every check and test (what CI runs)"
	@echo "make check   the static checks alone: lint, types, import rule, generated files, docs"
	@echo "make clean   remove .venv, stubs, caches and pictures"

demo: $(VENV)/.run.stamp
	@$(BIN)/cryofill fill warm_topup

test: check
	@$(PY) -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

check: $(VENV)/.dev.stamp $(STUBS)/.stamp
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(PY) -m host_tools.check_imports
	@$(PY) -m host_tools.check_firmware
	@$(PY) -m host_tools.check_boards
	@$(PY) -m host_tools.check_images
	@$(BIN)/cryofill dbc check
	@$(BIN)/cryofill sequence check
	@$(PY) -m host_tools.check_docs

venv: $(VENV)/.run.stamp
dev: $(VENV)/.dev.stamp $(STUBS)/.stamp

# What a user needs (stamp 1) and what a developer needs on top (stamp 2): both redone when pyproject.toml changes.
$(VENV)/.run.stamp: pyproject.toml
	@command -v $(PYTHON) >/dev/null 2>&1 || \
	  { echo "make: no '$(PYTHON)' on PATH; install Python 3.10 or later, or run: make $(MAKECMDGOALS) PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || \
	  { echo "make: $(PYTHON) is older than 3.10; run: make $(MAKECMDGOALS) PYTHON=python3.12 (or any from 3.10)" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || test -x $(PY) || \
	  { echo "make: $(PYTHON) has no venv or pip module; on Debian or Ubuntu: apt install python3-venv" >&2; exit 1; }
	@test -x $(PY) || { echo "Setting up $(VENV) (once, about a minute) ..."; $(PYTHON) -m venv $(VENV); }
	@$(PY) -m pip --version >/dev/null 2>&1 || \
	  { echo "make: $(VENV) has no pip; run 'make clean' and try again" >&2; exit 1; }
	@$(PY) -m pip install --quiet --disable-pip-version-check --editable . || \
	  { echo "make: pip could not install Cryofill's packages (see above): check the network or the package index" >&2; exit 1; }
	@touch $@

$(VENV)/.dev.stamp: $(VENV)/.run.stamp
	@echo "Installing the developer's tools ..."
	@$(PY) -m pip install --quiet --disable-pip-version-check --editable '.[dev]' || \
	  { echo "make: pip could not install the developer's tools (see above): check the network or the package index" >&2; exit 1; }
	@touch $@

# The board's stubs shadow the standard library's names (time, os): installed apart, seen only by the firmware's check.
$(STUBS)/.stamp: $(VENV)/.run.stamp
	@rm -rf $(STUBS)
	@$(PY) -m pip install --quiet --disable-pip-version-check --no-deps --target $(STUBS) \
	  'micropython-stm32-pybv11-stubs==1.29.*' || \
	  { echo "make: pip could not install the MicroPython stubs (see above)" >&2; exit 1; }
	@touch $@

clean:
	@rm -rf $(VENV) typings build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage htmlcov
	@rm -f cryofill-fill-*.png
	@find firmware host_tools sim hil_tests -name __pycache__ -type d -prune -exec rm -rf {} +
