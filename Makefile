# make demo    builds nnnd and shows it at work on real data
# make build   builds nnnd and nnnctl as a release: .build/release/
# make test    runs everything that guards the project
# make bench   compares with the peers
# make format  formats the sources
# make fuzz    feeds the readers random bytes, SECONDS=1800 for each (10 unless told otherwise)

SHELL := /bin/bash
.DEFAULT_GOAL := build
.PHONY: build demo test bench format fuzz packages clean

SWIFT ?= swift
BUILD := $(SWIFT) build -c release
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
DEBIAN := $(shell sed '/^\#/d' packages/debian.txt)

build: packages
	$(BUILD)

demo: build
	python3 Examples/demo.py --bin .build/release

test: packages .venv-test/done
	$(SWIFT) format lint --strict --parallel --recursive Package.swift Sources Tests
	$(BUILD) --build-tests
	$(SWIFT) test -c release --skip-build
	.venv-test/bin/python -m pytest -q -p no:cacheprovider Tests/Structure Tests/EndToEnd

# About half an hour; PARTS=million measures what takes longest, PARTS=search,ingest only those.
bench: build .venv-bench/done .venv-bench/authors
	.venv-bench/bin/python Benchmarks/bench.py --bin .build/release --write docs/benchmarks.md $(if $(PARTS),--parts $(PARTS))

FUZZED := npy npz npz-members safetensors ids delete json npy-body
SECONDS ?= 10

fuzz: packages
	Fuzz/build.sh .build-fuzz
	for target in $(FUZZED); do Fuzz/run.sh .build-fuzz $$target $(SECONDS) || exit 1; done

format:
	$(SWIFT) format --in-place --parallel --recursive Package.swift Sources Tests

# Installs what is missing of packages/debian.txt.
packages:
	@missing=$$(for p in $(DEBIAN); do \
	  dpkg-query -W -f '$${db:Status-Abbrev}' $$p 2>/dev/null | grep -q '^.i' || echo $$p; done); \
	if [ -n "$$missing" ]; then \
	  $(SUDO) apt-get update && $(SUDO) apt-get install -y --no-install-recommends $$missing; fi

# One environment for each list of Python packages.
.venv-%/done: packages/python-%.txt | packages
	python3 -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	touch $@

# The authors' package with CPU torch, where it can be had; its part is left out elsewhere.
.venv-bench/authors: packages/python-authors.txt .venv-bench/done
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check -r $< \
	  || echo "no CPU torch here: the authors' package is left out"
	touch $@

clean:
	rm -rf .build .build-* .venv-*
