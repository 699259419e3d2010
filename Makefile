# `make demo` and `make test` are all that a fresh machine needs; both make .venv first.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

# Tests start the command some hundred times; each would compile every module anew where a machine
# says that no bytecode is to be written.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: demo test test-all test-dp test-ray check-trust check-trust-full fuzz audit lint check format clean

demo: $(INSTALLED)
	$(BIN)/augment run samples/clinic.csv -o demo --target readmitted --seed 7 --force
	@echo
	@echo "The synthetic table:" && head -n 4 demo/synthetic.csv

test: $(INSTALLED)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist worksteal

test-all: $(INSTALLED)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist worksteal -m "not trust" \
		--hypothesis-profile thorough

# Kills, full disks, damaged and hostile files, canaries, same bytes: what docs/trust.md promises.
check-trust: $(INSTALLED)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest tests/trust -n auto --dist worksteal -m "trust and not trust_full"

check-trust-full: $(INSTALLED)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest tests/trust -n auto --dist worksteal -m trust

# The extra [dp] is 700 MB (jax, OpenDP), so `make test` does without: its tests are skipped there.
test-dp: $(INSTALLED)
	$(PIP_INSTALL) --constraint constraints.txt --editable '.[dp]'
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist worksteal -m "slow or not slow" \
		tests/kinds/tables/engines/aim tests/lifecycle/test_private_fits.py

# The extra [ray] is not needed but here: a head and machines of Ray's as processes on this machine.
test-ray: $(INSTALLED)
	$(PIP_INSTALL) --constraint constraints.txt --editable '.[ray]'
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m slow tests/work/test_ray.py

# Coverage-guided fuzzing of each reader for so many seconds; what ends it is kept in build/fuzz.
FUZZ_SECONDS ?= 60
fuzz: $(INSTALLED)
	$(PIP_INSTALL) "$$(grep '^atheris==' constraints.txt)"
	mkdir -p build/fuzz
	for target in $$($(BIN)/python -m tests.trust.fuzz); do \
		$(BIN)/python -m tests.trust.fuzz $$target -max_total_time=$(FUZZ_SECONDS) \
			-artifact_prefix=build/fuzz/ -close_fd_mask=1 || exit 1; \
	done

# What is installed goes into build/sbom.json (CycloneDX); what is pinned, extras included, is looked
# up among known vulnerabilities. A package that cannot be looked up is a failure.
AUDIT := build/audit
audit: $(INSTALLED)
	$(PYTHON) -m venv $(AUDIT)
	$(AUDIT)/bin/python -m pip install --quiet --no-compile --disable-pip-version-check \
		$$(grep -E '^(cyclonedx-bom|pip-audit)==' constraints.txt)
	$(AUDIT)/bin/cyclonedx-py environment --pyproject pyproject.toml --output-reproducible \
		--output-format JSON --output-file build/sbom.json $(BIN)/python
	$(AUDIT)/bin/pip-audit --requirement constraints.txt --no-deps --disable-pip --strict

check: lint test

lint: $(INSTALLED)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m docs.generate --check

format: $(INSTALLED)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/python -m docs.generate

# torch comes by its exact version: a range would fetch the newest build, with several gigabytes of
# CUDA libraries. It is unpacked and compiled beside all else that is pinned for the tests; then pip
# adds what another platform may need, while the rest is compiled. pip would compile on one core, and
# all of it: tests of packages, and large ones of which little or nothing is imported. Files that do
# not compile, such as templates, are no failure of the installation.
PIP_INSTALL := $(BIN)/python -m pip install --quiet --no-compile --disable-pip-version-check
SELDOM := transformers|diffusers|huggingface_hub|moto|sqlalchemy|plotly|phonenumbers|faker|networkx|pygments|stdnum|pip|setuptools|mypy|mypyc|torchgen|_inductor
COMPILE := $(BIN)/python -m compileall -qq -x '/tests?/|/testing/_internal/|/($(SELDOM))/'
$(INSTALLED): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	{ $(PIP_INSTALL) --no-deps "$$(grep '^torch==' constraints.txt)" && \
		{ $(COMPILE) $(VENV)/lib/python3*/site-packages/torch || true; }; } & torch=$$!; \
	sed '/^torch==/d; /^#/,$$d' constraints.txt | xargs -n 40 -P 4 $(PIP_INSTALL) --no-deps && \
	wait $$torch
	$(COMPILE) -j 0 $(VENV)/lib & \
	$(PIP_INSTALL) --constraint constraints.txt --editable '.[dev]'; failed=$$?; wait; exit $$failed
	@touch $(INSTALLED)

clean:
	rm -rf $(VENV) demo build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
