# Every recipe is an alias of one line or a script; nothing lives here. `make help` lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help setup servers fmt check test test-long demo golden rules docs site bench calibration
.PHONY: audit dashboards dist drawn faults fleet image install messages preview sanitize sbom
.PHONY: screenshots soak trackers uninstall wheels clean

help: ## Show this help
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

$(READY): pyproject.toml hatch_build.py $(wildcard exporter/inference_exporter/_native/*.[ch])
	@bash scripts/setup $(PYTHON) $(VENV)
	@touch $@

setup: $(READY) ## Make .venv with the project and its development tools

servers: ## Install the real servers that the tests use (Debian packages, needs root)
	@bash scripts/servers

fmt: setup ## Format the code and fix what can be fixed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

check: setup ## The fast inner loop: format, lint, types, layers, quick tests (under 2 minutes)
	@bash scripts/check

test: setup servers ## Everything, against real servers; the same command that CI runs
	@bash scripts/test

test-long: setup servers ## What is slow and rarely fails; before a release, after make test
	@bash scripts/test-long $(PYTHON)

demo: setup ## A model server, its log, the exporter and what is installed of Prometheus
	@bash scripts/demo

golden: setup ## Write the golden files anew; look at the difference before you commit
	UPDATE_GOLDEN=1 $(BIN)/python -m pytest -q tests/unit/test_formats_golden.py tests/unit/test_exposition_render.py

rules: setup ## Write the rule files in alert_rules/ and deploy/kubernetes/ anew
	$(BIN)/python -m alert_rules.generate
	$(BIN)/python -m deploy.kubernetes.generate

dashboards: setup ## Write the Grafana dashboards in dashboards/ anew
	$(BIN)/python -m dashboards.generate

fleet: setup servers ## Hours of a synthetic fleet in a Prometheus, to draw dashboards of; FLEET_ARGS=…
	PYTHONPATH=exporter $(BIN)/python -m dashboards.fleet $(FLEET_ARGS)

preview: ## Draw the dashboards with Grafana's own libraries, on loopback; PREVIEW_ARGS=…
	@bash scripts/preview serve $(PREVIEW_ARGS)

screenshots: ## Pictures of all dashboards, with Chromium; PREVIEW_ARGS=… (dashboards/preview/)
	@bash scripts/preview screenshots $(PREVIEW_ARGS)

messages: setup servers ## Pictures of a mail, of Slack and of PagerDuty, for docs/images; needs Chromium
	PYTHONPATH=tests $(BIN)/python -m scripts.messages

drawn: setup servers ## Draw the dashboards of real exporters with Chromium, and look for faults of layout
	$(BIN)/python -m pytest -q -m "" tests/optional/drawn_boards.py

trackers: ## Try MLflow, W&B and Datadog's check for real, in an environment of their own
	@bash scripts/trackers $(PYTHON)

docs: setup ## Write the generated pages in docs/ anew
	$(BIN)/python -m scripts.docs

site: setup ## The pages of docs/ as a site in .site/, strictly: every link and heading is there
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	@echo "open .site/index.html"

bench: setup servers ## Measure speed and memory against named peers; writes docs/benchmarks.md
	$(BIN)/python -m bench

calibration: setup ## Simulate months of traffic through the drift alarms; writes docs/calibration.md
	$(BIN)/python -m bench.calibration
	$(BIN)/python -m bench.calibration.alerts.seasons --write
	$(BIN)/python -m bench.calibration.versions --write

sanitize: setup ## The compiled reader under sanitizers: its tests, and ten minutes of any bytes
	@bash scripts/sanitize 600

wheels: setup ## Wheels with the compiled reader, into dist/: of every Python with Docker, else of this one
	@bash scripts/wheels

image: ## Build the container image; BASE=… takes another base, EXTRAS=[demo] adds the demo
	@bash scripts/image localhost/inference-exporter$(if $(EXTRAS),-demo):local "$(BASE)" "$(EXTRAS)"

faults: setup ## Faults that take minutes to try, and a minute of the soak
	$(BIN)/python -m pytest -q -m "" tests/optional/faults.py

soak: setup ## An hour of traffic through an exporter that is killed and reloaded; SOAK_ARGS=…
	PYTHONPATH=tests $(BIN)/python -m soak $(SOAK_ARGS)

install: ## Install program, unit and examples: DESTDIR=… PREFIX=/usr/local SYSCONFDIR=/etc PYTHON=…
	@DESTDIR="$(DESTDIR)" PREFIX="$(PREFIX)" SYSCONFDIR="$(SYSCONFDIR)" PYTHON="$(PYTHON)" bash scripts/install install

uninstall: ## Take that away again; configuration and state stay
	@DESTDIR="$(DESTDIR)" PREFIX="$(PREFIX)" SYSCONFDIR="$(SYSCONFDIR)" bash scripts/install uninstall

dist: ## Sdists, wheels, chart, rules, dashboards and checksums of a release, in dist/
	@bash scripts/release $(PYTHON) dist

sbom: ## What is installed with the exporter, as CycloneDX, in dist/
	@bash scripts/release $(PYTHON) sbom

audit: ## What is known against that; asks an advisory service
	@bash scripts/release $(PYTHON) audit

clean: ## Remove the virtual environment and caches
	rm -rf $(VENV) .venv-release .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .demo
