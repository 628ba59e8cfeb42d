# Sluice. `make demo` and `make test` work on a machine that has only python3 (3.11 or newer) and make.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
DEMO_HOME := build/demo
PEER := build/peer/.ready

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint check docs locks ui screenshots real-amlworld real-fincen real-goaml real-typologies real-amlgentex bench-features bench-console bench-typologies clean

help: ## Show the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

$(READY): requirements-dev.lock pyproject.toml scripts/setup
	@PYTHON=$(PYTHON) sh scripts/setup requirements-dev.lock

setup: $(READY) ## Make .venv from the hash-pinned lock

demo: $(READY) ## A made-up world, from its report files to a ranked, explained queue
	@SLUICE_HOME=$(DEMO_HOME) SLUICE_CONFIG=deploy/demo.toml $(BIN)/sluice demo

lint: $(READY) ## Format, lint, types, import rules, generated docs
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m sluice.docs --check

check: $(READY) ## Dagster's own check of the definitions
	$(BIN)/dg check defs

# Two processes share the cores: a thread that waits must not spin.
test: export OMP_WAIT_POLICY = passive
test: lint check ## Every check and every test, on two processes
	$(BIN)/pytest -n 2 --dist worksteal --ignore tests/review/browser
	$(BIN)/pytest -n 2 --dist loadfile tests/review/browser

docs: $(READY) ## Renew the generated reference
	$(BIN)/python -m sluice.docs

ui: $(READY) ## Dagster's page on http://127.0.0.1:3000, on the demo's home (SLUICE_HOME=... for another)
	@SLUICE_HOME=$${SLUICE_HOME:-$(DEMO_HOME)} SLUICE_CONFIG=$${SLUICE_CONFIG:-deploy/demo.toml} sh scripts/ui

screenshots: demo ## The console's pictures in docs/images, over the demo's lake (needs Chromium)
	@SLUICE_HOME=$(DEMO_HOME) PYTHONPATH=. $(BIN)/python scripts/screenshots.py

real-amlworld: $(READY) ## AMLworld subset: trained, evaluated by time, recall per laundering attempt
	@OMP_WAIT_POLICY=passive $(BIN)/python -m benchmarks.real_amlworld

real-fincen: $(READY) ## FinCEN Files: 17 years in one run, cold-start queue, EAG corridors
	@$(BIN)/python -m benchmarks.real_fincen

real-goaml: $(READY) ## goAML samples: every element covered, sums exact, Nepal-style reports to a queue
	@$(BIN)/python -m benchmarks.real_goaml

real-amlgentex: $(READY) ## AMLGentex exp2: account-to-account rows by time, beside the figures of a peer pipeline
	@OMP_WAIT_POLICY=passive $(BIN)/python -m benchmarks.real_amlgentex

$(PEER): benchmarks/peer-requirements.txt
	@test -n "$$SLUICE_PEER_PYTHON" || { $(PYTHON) -m venv build/peer && build/peer/bin/pip install -q -r $<; }
	@mkdir -p $(dir $@) && touch $@

bench-features: $(READY) $(PEER) ## Speed and memory beside the peer; ONLY="KEY ..." for some of it, QUICK=1 for a small try
	@$(BIN)/python -m benchmarks.features $(if $(ONLY),--only $(ONLY)) $(if $(QUICK),--quick)

bench-typologies: $(READY) ## All typologies over 1 and 10 million edges: seconds, memory, hits (about ten minutes)
	@$(BIN)/python -m benchmarks.typologies

bench-console: $(READY) ## The review console: a million alerts, page times, fifty analysts at once (about half an hour)
	@$(BIN)/python -m benchmarks.console

real-typologies: $(READY) ## Planted attempts of AMLworld and AMLGentex: recall per typology, precision of the hits
	@$(BIN)/python -m benchmarks.real_typologies

locks: ## Renew the lock files (needs uv)
	uv pip compile pyproject.toml --extra dev --extra postgres --extra oidc --universal --generate-hashes --no-strip-extras --no-header --no-annotate \
	  --no-emit-index-url --no-emit-find-links -o requirements-dev.lock
	uv pip compile pyproject.toml --extra build --extra postgres --extra oidc -c requirements-dev.lock --universal --generate-hashes --no-strip-extras --no-header \
	  --no-annotate --no-emit-index-url --no-emit-find-links -o requirements.lock

clean: ## Remove what runs have written
	rm -rf build
