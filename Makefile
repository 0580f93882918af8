# The two commands: `make run` and `make test`. Either may come first; both set up what they need.
SHELL := /bin/bash
export PATH := $(CURDIR)/.venv/bin:$(PATH)
export MLFLOW_DISABLE_TELEMETRY := true
SHARED ?= ../shared

.DEFAULT_GOAL := help
.PHONY: help run test test-fast lint types setup real bench study accuracy soak mlflow

help: ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

.venv/.ready: requirements.txt pyproject.toml scripts/setup.sh
	@bash scripts/setup.sh

setup: .venv/.ready ## make .venv with the pinned packages

run: .venv/.ready ## the main job: extracts in, tiers out (the demo operator by default)
	@churnlight run

test: .venv/.ready ## all tests but soak and studies
	@python -m pytest -n 2 --dist loadfile -m "not soak"

test-fast: .venv/.ready ## the tests that need no other program
	@python -m pytest -n 2 --dist loadfile -m "not slow and not soak"

lint: .venv/.ready ## style, security rules, formatting
	@ruff check .
	@ruff format --check .
	@bandit --quiet --configfile pyproject.toml --recursive src 2>/dev/null

types: .venv/.ready ## strict types
	@mypy

real: .venv/.ready ## the same stages on real call records (small; see docs/real-data.md)
	@bash scripts/real.sh "$(SHARED)/data/callmemaybe"

bench: .venv/.ready ## speed and memory, to benchmarks/results and docs/performance.md (QUICK=1: a smoke)
	@python -m benchmarks $(if $(QUICK),--quick) $(if $(ONLY),--only $(ONLY))

study: .venv/.ready ## the pipeline on five seeds of the demo, ablation, backtest (simulated); to docs/accuracy.md
	@python scripts/study.py

accuracy: .venv/.ready ## the learners on real ready-made tables, cross-validated; to docs/accuracy.md
	@python scripts/accuracy.py "$(SHARED)/data"

soak: .venv/.ready ## kill dvc repro and churnlight score at random moments, 100 times; hours (KILLS=20, MINUTES=30: less)
	@python scripts/soak.py $(if $(KILLS),--kills $(KILLS)) $(if $(MINUTES),--minutes $(MINUTES))

mlflow: .venv/.ready ## open MLflow's page on this machine
	@mlflow ui --backend-store-uri sqlite:///mlflow.db --host 127.0.0.1
