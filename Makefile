# Each target is one sentence; `make` alone prints them.
.DEFAULT_GOAL := help
PY := .venv/bin/python
.PHONY: help setup setup-dev demo test check bench speech-report promises faults clean

help:            ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup:           ## install Loa into .venv (enough for the demo)
	@echo "make setup: installing what is missing"
	@bash controller/deploy/setup.sh run

setup-dev:       ## the same with the tools and system parts of the tests
	@echo "make setup-dev: installing what is missing"
	@bash controller/deploy/setup.sh dev

demo: setup      ## two communes with 30 simulated nodes: a morning, a flood, and proof of what was heard
	@.venv/bin/loa demo $(ARGS)

test: setup-dev  ## the whole suite, part by part, with each part's time
	@$(PY) -m tests $(PART)

check: setup-dev ## what every change must pass, in a few minutes
	@$(PY) -m tests check

bench: setup-dev ## every figure beside its baseline of the same run -> bench/results/latest.json
	@$(PY) -m bench $(ARGS)

speech-report: setup-dev ## what a recogniser understands of each voice -> bench/results/speech.json
	@$(PY) -m bench.speech_report $(ARGS)

promises: setup-dev ## one line per promise: its tests, and whether they fail without its guard
	@$(PY) -m tests.promises $(ARGS)

faults: setup-dev ## the long fault campaign (kill -9 by the thousand)
	@$(PY) -m tests faults

clean:           ## remove everything that the other targets made
	rm -rf .venv .venv-qa build *.egg-info .mypy_cache .ruff_cache .import_linter_cache .hypothesis bench/results var
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
