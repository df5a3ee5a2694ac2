# Every target works from a fresh clone; `make help` lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PYTEST_ARGS ?= -n 2 --dist loadgroup
GO_MODULES := collector/usageconnector collector/genaiprocessor
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.1

.DEFAULT_GOAL := help

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

# A stamp per set of requirements, so that an unchanged set costs nothing.
$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "agentgauge needs Python 3.11 or newer; name one with make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.demo: requirements/demo.txt pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/demo.txt
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements/dev.txt pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@ $(VENV)/.demo

demo: $(VENV)/.demo ## run the main job: a simulated team of agents, and its true bill
	@$(BIN)/agentgauge demo

test: lint test-go ## lint, types and every test
	$(BIN)/python -m pytest $(PYTEST_ARGS)

lint: $(VENV)/.dev ## ruff (all rules), formatting, mypy strict, generated files up to date
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/agentgauge generate --check
	$(BIN)/python -m agentgauge.generate.prices --check

test-go: ## format, vet, staticcheck and race-checked tests of the Collector's components
	@if command -v go >/dev/null; then \
	  for module in $(GO_MODULES); do (cd $$module && \
	    unformatted=$$(gofmt -l .) && test -z "$$unformatted" || { echo "gofmt: $$unformatted"; exit 1; } && \
	    go vet ./... && go run $(STATICCHECK) ./... && go test -race ./...) || exit 1; done; \
	elif [ -n "$$CI" ]; then echo "Go is missing, and CI must test the Collector's components."; exit 1; \
	else echo "Go is not installed: the Collector's components are not tested here."; fi

stack: $(VENV)/.demo ## build or find the native stack: Collector, Prometheus, Alertmanager
	@$(BIN)/agentgauge up --only-build

generate: $(VENV)/.dev ## write the generated files again from their sources
	$(BIN)/python -m agentgauge.generate.prices
	$(BIN)/agentgauge generate

.PHONY: preview pictures
preview: $(VENV)/.dev stack ## draw the dashboards with Grafana's packages in Chromium, and check each panel (needs node)
	$(BIN)/python -m pytest -n 0 tests/stack/preview_checks.py

pictures: $(VENV)/.dev ## the same with more of the demo in them, for docs/dashboards; PREVIEW_ARGS="--help"
	@PYTHONPATH=tests:tests/stack $(BIN)/python tests/preview/command.py $(PREVIEW_ARGS)

bench: $(VENV)/.dev ## what recording costs the caller, beside the plain client
	@store=$$(mktemp -d) && $(BIN)/python tests/bench/overhead.py $$store/bench.sqlite; rm -rf $$store
	@$(BIN)/python tests/bench/counting.py

bench-collector: $(VENV)/.dev stack ## what counting costs the Collector, and what is lost, beside stock components
	@PYTHONPATH=tests:tests/stack $(BIN)/python tests/bench/collector.py
	@PYTHONPATH=tests:tests/stack $(BIN)/python tests/bench/losses.py

bench-rules: $(VENV)/.dev stack ## what evaluating all rules costs a Prometheus with 10,000 series of ours
	@PYTHONPATH=tests:tests/stack $(BIN)/python tests/bench/rules.py

chaos: $(VENV)/.dev stack ## the hard tests of the stack at full size: kills, outages, floods
	AGENTGAUGE_CHAOS=1 $(BIN)/python -m pytest -v -s -n 0 tests/stack/test_chaos_*.py tests/stack/test_pipeline_traces.py

accuracy: $(VENV)/.dev ## our counts beside the provider's, on the recordings that AGENTGAUGE_RECORDINGS names
	@$(BIN)/python tests/accuracy/measure.py "$(AGENTGAUGE_RECORDINGS)"

dist: $(VENV)/.dev ## build the wheel and the source archive into dist/
	$(BIN)/python -m build --no-isolation

COMPILE := uv pip compile -q pyproject.toml --universal --python-version 3.11 --no-emit-index-url --generate-hashes --no-annotate --no-header

pin: ## resolve requirements/*.txt again (needs uv)
	$(COMPILE) --extra demo --group build -o requirements/demo.txt
	$(COMPILE) --extra demo --extra grpc --extra dashboards --group dev -o requirements/dev.txt

.PHONY: pin help demo test lint test-go stack generate bench bench-collector bench-rules chaos accuracy dist
