# Everything starts with one of these: `make demo` to see an answer, `make test` to run the tests.
PYTHON ?= $(shell command -v python3 || command -v python)
BIN = .venv/bin

.PHONY: help demo test soak check pretrain verdicts peers env python

help:
	@echo "make demo    install, compare on a small real data set, print the answer"
	@echo "make test    install with the test tools, run all tests (ARGS='-k cards' for some)"
	@echo "make soak    end 200 comparisons at random moments, take them up again, compare the verdicts; try every fault (hours)"
	@echo "make pretrain    train the net of the learner prior_fitted again (70 CPU minutes)"
	@echo "make verdicts    judge answers and models on real tables (20 hours, resumable; ARGS=--quick: some minutes)"
	@echo "make peers   AutoGluon and others on the same rows (ARGS='--python FOLDER/bin/python'; see benchmarks/peers.py)"
	@echo "make check   what CI checks beside the tests: ruff, mypy, the stairs of imports"

demo: python
	@$(PYTHON) setup_env.py
	$(BIN)/advisor compare breast_cancer --budget 60s
	@echo
	@echo "The report in a browser:  $(BIN)/advisor report latest --open"
	@echo "MLflow's UI on all runs:  $(BIN)/advisor ui"

# One thread a process: small fits on shared cores are slower with two, and now and then very much slower.
test: env
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n logical --maxprocesses 4 --dist worksteal $(ARGS)

soak: env
	ADVISOR_KILLS=200 OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 0 -s tests/test_kills.py $(ARGS)
	ADVISOR_LONG=1 OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 0 tests/faults $(ARGS)

check: env
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy advisor
	$(BIN)/lint-imports

pretrain: env
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/pretraining/train.py $(ARGS)

verdicts: env
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/verdicts/real.py $(ARGS)
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/verdicts/published.py $(filter --quick,$(ARGS))
	$(BIN)/python benchmarks/verdicts/page.py $(filter --quick,$(ARGS))

peers: env
	$(BIN)/python benchmarks/peers.py $(ARGS)

env: python
	@$(PYTHON) setup_env.py --extra test

python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed, and no python3 is on the PATH." >&2; exit 1; }
