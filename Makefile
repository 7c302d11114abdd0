# make run | make run ARGS=--exit | make test | make bench | make lock | make clean
# Everything lives in .venv; a stamp file says which lock file it was filled from.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
ARGS ?=
RUN_STAMP := $(VENV)/.run-installed
TEST_STAMP := $(VENV)/.test-installed
export PIP_ROOT_USER_ACTION := ignore

.PHONY: run test lint bench lock clean
.DELETE_ON_ERROR:

run: $(RUN_STAMP)
	@$(BIN)/xundan demo $(ARGS)

test: lint
	$(BIN)/python -m pytest

lint: $(TEST_STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(TEST_STAMP)
	$(BIN)/python -m benchmarks $(ARGS)

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { echo "Xundan needs Python 3.11 or newer, and there is no '$(PYTHON)' here. / 需要 Python 3.11 或更新版本。" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Xundan needs Python 3.11 or newer; $$($(PYTHON) --version 2>&1) is too old: make run PYTHON=python3.12 / 需要 Python 3.11 或更新版本。" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' || { echo "This Python cannot make virtual environments; on Debian or Ubuntu: apt install python3-venv / 缺少 venv 模块。" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

# The package is installed as a link to src/, so an edit needs no new install; a new pyproject.toml does.
$(RUN_STAMP): requirements.lock pyproject.toml | $(BIN)/python
	$(PIP) install -q --require-hashes -r requirements.lock
	$(PIP) install -q --no-build-isolation --no-deps --no-index --editable .
	@touch $@

$(TEST_STAMP): requirements-dev.lock $(RUN_STAMP)
	$(PIP) install -q --require-hashes -r requirements-dev.lock
	@touch $@

lock: $(TEST_STAMP)
	$(BIN)/uv pip compile -q pyproject.toml --extra build $(LOCK)  -o requirements.lock
	$(BIN)/uv pip compile -q pyproject.toml --extra build --extra dev $(LOCK) -c requirements.lock -o requirements-dev.lock
LOCK := --universal --generate-hashes --no-emit-index-url --no-header --no-annotate

clean:
	rm -rf $(VENV) var/demo build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
