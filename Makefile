# make run | make run ARGS=--exit | make test | make test-train | make bench | make lock | make clean
# Everything is installed into .venv; its stamps are newer than what they were installed from.

VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input -q
RUN := $(VENV)/.run-installed
TEST := $(VENV)/.test-installed
TRAIN := .venv-train/.installed
LOCK := --quiet --universal --generate-hashes --no-emit-index-url --no-header --no-annotate
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
ARGS ?=

.PHONY: run test test-train lint bench lock clean

run: $(RUN)
	@$(BIN)/xundan demo $(ARGS)

test: lint
	$(BIN)/python -m pytest -n 2 $(ARGS)

# PyTorch is large and its usual build brings the libraries of a GPU: training is tested in an environment of its own.
test-train: $(TRAIN)
	.venv-train/bin/python -m pytest tests/train $(ARGS)

lint: $(TEST)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(TEST)
	$(BIN)/python -m benchmarks $(ARGS)

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "需要 Python 3.11 或更新版本，这里没有找到。 Xundan needs Python 3.11 or newer; none was found." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "需要 Python 3.11 或更新版本。 Xundan needs Python 3.11 or newer, not $$($(PYTHON) --version)." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "缺少 venv 模块：apt install python3-venv。 This Python cannot make virtual environments: apt install python3-venv." >&2; exit 1; }
	@echo "安装到 $(VENV) … installing into $(VENV) …"
	@$(PYTHON) -m venv $(VENV)

# The package is linked, not copied: an edited source needs no new installation.
$(RUN): requirements.lock pyproject.toml | $(BIN)/python
	@$(PIP) install --require-hashes -r requirements.lock
	@$(PIP) install --no-index --no-build-isolation --no-deps --editable .
	@touch $@

$(TEST): requirements-dev.lock $(RUN)
	@$(PIP) install --require-hashes -r requirements-dev.lock
	@touch $@

$(TRAIN): requirements-train.lock pyproject.toml | $(TEST)
	@$(BIN)/uv venv -q --allow-existing --python $(BIN)/python .venv-train
	@$(BIN)/uv pip install -q --python .venv-train/bin/python --require-hashes -r requirements-train.lock
	@$(BIN)/uv pip install -q --python .venv-train/bin/python --no-index --no-build-isolation --no-deps --editable .
	@touch $@

lock: $(TEST)
	$(BIN)/uv pip compile pyproject.toml --extra build $(LOCK) -o requirements.lock
	$(BIN)/uv pip compile pyproject.toml --extra build --extra dev $(LOCK) -c requirements.lock -o requirements-dev.lock
	$(BIN)/uv pip compile pyproject.toml --extra build --extra train --extra test-train $(LOCK) -c requirements.lock -o requirements-train.lock

clean:
	rm -rf $(VENV) .venv-train var/demo build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
