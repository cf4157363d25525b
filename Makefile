# Two commands matter: `make demo` plays the whole story, `make test` proves the house.
# Both make their own environment first; nothing but Python 3.11 and a package index is needed.

PYTHON      ?= python3.11
VENV        := .venv
BIN         := $(VENV)/bin
STAMP       := $(VENV)/.installed
# Where torch comes from, if not from the configured index; e.g. https://download.pytorch.org/whl/cpu
TORCH_INDEX ?=
# A Parquet file to play the story on; empty means synthetic data.
DATA        ?=
export OMBUD_HOME ?= .ombud

.PHONY: demo up test check faults bench calibrate clean
.DEFAULT_GOAL := demo

demo: $(STAMP)
	$(BIN)/ombud quickstart $(if $(DATA),--data $(DATA))

up: $(STAMP)
	$(BIN)/ombud up

test: $(STAMP) check
	bash scripts/install_system_packages.sh
	$(BIN)/python -m pytest -n 2 --dist loadgroup -p no:benchmark

check: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/mypy platform/ombud platform/ombud_app monitors/ombud_monitors model_cards/ombud_cards assets/ombud_assets

faults: $(STAMP)
	OMBUD_FAULTS=long $(BIN)/python -m pytest tests/faults

# How long the story takes; then how fast the drift tests are, beside peers.
bench: $(STAMP)
	$(BIN)/python -m tests.benchmarks.story
	$(BIN)/python -m pytest tests/benchmarks/test_drift_speed.py --benchmark-only -p no:cacheprovider
	$(BIN)/ombud bench drift

# Minutes; with FULL=1 every shift and curve, which takes hours and writes docs/calibration.md.
calibrate: $(STAMP)
	$(BIN)/ombud calibrate $(if $(FULL),--full --store .ombud/calibration.jsonl --page docs/calibration.md)

$(STAMP): pyproject.toml constraints.txt scripts/install_environment.sh
	PYTHON="$(PYTHON)" TORCH_INDEX="$(TORCH_INDEX)" bash scripts/install_environment.sh $(VENV)
	@touch $(STAMP)

clean:
	rm -rf $(VENV) .ombud
