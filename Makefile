# run · test · check · bench · lock: the only verbs a newcomer needs. Everything happens in .venv; nothing else is touched.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help install run test check format client bench chaos fuzz lock clean

help: ## list the verbs
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 10

install: $(READY) ## create .venv from requirements.lock (uv when it is there, else pip)

$(READY): requirements.lock expert/pyproject.toml service/pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@if command -v uv >/dev/null 2>&1; then \
	    echo "installing with uv"; \
	    VIRTUAL_ENV=$(VENV) uv pip install --quiet --require-hashes -r requirements.lock && \
	    VIRTUAL_ENV=$(VENV) uv pip install --quiet --no-deps --no-build-isolation -e expert -e service; \
	else \
	    echo "installing with pip (uv is faster when it is there)"; \
	    $(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock && \
	    $(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e expert -e service; \
	fi
	@touch $@

run: $(READY) ## start the service on its embedded default and print where to look
	@cd service && ../$(BIN)/app serve

test: $(READY) ## both packages' tests, on real servers that the tests bring themselves
	$(BIN)/python -m pytest -c expert/pyproject.toml --rootdir expert expert/tests
	$(BIN)/python -m pytest -c service/pyproject.toml --rootdir service service/tests

check: $(READY) ## format, lint, types, import directions, duplicates
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports --config .importlinter
	$(BIN)/pyright
	$(BIN)/expert duplicates service
	$(BIN)/expert duplicates expert

format: $(READY) ## rewrite what ruff can rewrite
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

client: $(READY) ## generate and compile the service's TypeScript client (service/client) from its OpenAPI document
	$(BIN)/app openapi service/client/openapi.json
	cd service/client && npm ci --no-audit --no-fund && npm run build

bench: $(READY) ## load, scan-speed and accuracy benchmarks, as ratios to a named reference
	$(BIN)/python -m bench

chaos: $(READY) ## faults put into a running deployment: what is lost, what comes twice (6 minutes)
	$(BIN)/python -m bench chaos

fuzz: $(READY) ## the long forms: five thousand random programs, fifty additions to a project, and schemathesis
	EXPERT_PROGRAMS=5000 $(BIN)/python -m pytest -c expert/pyproject.toml --rootdir expert \
	    expert/tests/codebase/test_generated_programs.py
	$(BIN)/python -m bench additions
	$(BIN)/python -m pytest -c service/pyproject.toml --rootdir service service/tests -m fuzz

lock: $(READY) ## renew requirements.lock (hashes, every platform, no index address)
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
	    --all-extras expert/pyproject.toml service/pyproject.toml requirements-dev.in -o requirements.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
	    --extra telemetry --constraint requirements.lock service/pyproject.toml -o service/requirements.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
	    --constraint requirements.lock expert/pyproject.toml expert/requirements-build.in -o expert/requirements.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
	    --all-extras --constraint requirements.lock service/pyproject.toml service/requirements-dev.in \
	    -o service/requirements-dev.lock

clean: ## remove what the verbs made
	rm -rf $(VENV) service/var **/.pytest_cache **/__pycache__
