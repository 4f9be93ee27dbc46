# Every target is one command; `make` alone lists them.
PYTHON ?= python3
BIN := .venv/bin
ARGS ?=
BOARD ?= stm32f4_discovery
FIRMWARE ?= firmware
C_FILES = $(shell git ls-files '*.c' '*.cc' '*.h')

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev federate flash compare test test-slow lint fmt bench clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## install what is missing to run (system packages, .venv)
	@PYTHON=$(PYTHON) scripts/setup.sh run

setup-dev: ## install what is missing to develop and test
	@PYTHON=$(PYTHON) scripts/setup.sh test

federate: setup ## the main job: prune, train federated, convert, flash an emulated board, verify (ARGS="--rounds 3")
	@$(BIN)/python trainer/federate.py $(ARGS)

compare: setup ## several runs in one table and page (ARGS="runs/*")
	@$(BIN)/python -m trainer.compare $(ARGS)

flash: setup ## write a firmware to a real board by its debug probe (BOARD=nrf52840dk FIRMWARE=firmware)
	@$(BIN)/python -m firmware_gen flash $(FIRMWARE) --board $(BOARD) $(ARGS)

test: setup-dev ## all tests that fit in 15 minutes on 2 cores
	$(BIN)/python -m pytest -n auto --dist loadfile -m "not slow" $(ARGS)

test-slow: setup-dev ## the slow proofs: clean clone, long fuzzing, full runs
	$(BIN)/python -m pytest -m slow $(ARGS)

lint: setup-dev ## ruff, mypy --strict, clang-format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/clang-format --dry-run -Werror $(C_FILES)

fmt: setup-dev ## format Python and C in place
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/clang-format -i $(C_FILES)

bench: setup-dev ## measure what the README and docs claim
	$(BIN)/python -m benchmarks $(ARGS)

clean: ## remove build output and runs; keeps .venv
	rm -rf build runs .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
