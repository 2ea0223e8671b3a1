# make demo          builds nnnd and runs Examples/demo.py: searches on real data, with and without biases, and a report
# make build         builds nnnd and nnnctl in release configuration: .build/release/
# make static        builds both with Swift's libraries linked in, for machines without Swift: .build/static/
# make install       installs what `make static` built: PREFIX=/usr/local, DESTDIR=
# make deb           builds the Debian package: .build-deb/
# make wheel         builds the Python wheels, one of them with the programs: .build-wheel/
# make check         checks format and structure, and runs the unit tests; the tests must have been built
# make test          runs all tests
# make test-units, make test-end-to-end, make test-package  run parts of `make test`
# make test-python   checks and tests the Python package in clients/python, with the built programs
# make test-beyond   tests bulk computations on Spark, and copies in PostgreSQL and Milvus with kills: 30 minutes
# make notebooks     runs the notebooks in Examples/notebooks with the built programs, and stores their outputs
# make test-systemd  boots systemd in a container, as root, and tests the package there
# make test-asan     runs the tests under AddressSanitizer and LeakSanitizer
# make test-tsan     runs the tests under ThreadSanitizer
# make bench         compares nnnd with faiss-cpu, usearch and nnn-retrieval, and writes docs/benchmarks.md
# make fuzz          fuzzes the readers of shards and requests, SECONDS=10 for each
# make format        formats the Swift sources

SHELL := /bin/bash
.DEFAULT_GOAL := build
.PHONY: build static demo deb test test-units test-end-to-end test-package test-python test-systemd test-asan test-tsan \
  test-beyond bench fuzz format packages packages-deb packages-browser packages-beyond clean

SWIFT ?= swift
# Debug information makes a build longer. The names of functions in a backtrace do not need it.
BUILD := $(SWIFT) build -c release -debug-info-format none
STATIC_BIN := .build/static
# pytest deletes the temporary folders of tests that pass. Loading the plugin of schemathesis, whose command the tests
# run instead, would take seconds in each process.
PYTEST := .venv-test/bin/python -m pytest -q -p no:cacheprovider -p no:schemathesis -o tmp_path_retention_policy=failed
# The number of end-to-end tests at once. They often wait, so it can exceed the number of cores. numpy computes with one
# thread in each.
WORKERS ?= 4
PYTEST_PARALLEL = OPENBLAS_NUM_THREADS=1 $(PYTEST) --numprocesses=$(WORKERS) --dist=worksteal
CLIENT := $(CURDIR)/.venv-client/bin
# Sites that show notebooks break longer lines of code.
NOTEBOOK_FORMAT := $(CLIENT)/ruff format --line-length 88
# At a low priority, because tests can run at the same time. An empty MAKEFLAGS keeps `--jobs` from the inner make.
RULES := MAKEFLAGS= nice debian/rules
TRY_PACKAGE = NNND_DEB=$(DEB) $(PYTEST) Tests/Package
BOOT := .venv-test/bin/python Tests/Systemd/boot.py
DEB = .build-deb/nnnd_$(shell sed -n '1s/.*(\(.*\)).*/\1/p' debian/changelog)_amd64.deb
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)

include packaging/install.mk

build: packages
	$(BUILD)

static: packages
	$(BUILD)
	packaging/link.sh .build/release $(STATIC_BIN)

demo: build
	python3 Examples/demo.py --bin .build/release --report .build/demo-report.html

deb: packages-deb
	mkdir -p .build-deb
	$(RULES) clean
	DESTINATION=$(CURDIR)/.build-deb $(RULES) binary
	@ls -l $(DEB)

# Two wheels of the Python package: with the programs that `make static` built and the shared libraries that they need,
# and without. BIN=FOLDER takes the programs of another build.
.PHONY: wheel test-wheel
wheel: packages-deb .venv-client/done $(if $(filter $(STATIC_BIN),$(BIN)),static)
	rm -rf .build-wheel && mkdir -p .build-wheel
	python3 packaging/notices.py --objects .build/release --to .build-wheel/copyright
	$(CLIENT)/python packaging/wheel.py --bin $(BIN) --copyright .build-wheel/copyright --to .build-wheel
	$(CLIENT)/twine check --strict .build-wheel/*.whl
	@# auditwheel breaks its lines, and only prints what the libraries allow.
	$(CLIENT)/auditwheel show .build-wheel/*manylinux*.whl | tee .build-wheel/audit
	tr '\n' ' ' <.build-wheel/audit | grep -q 'consistent with the following platform tag: "manylinux_2_36_x86_64"' \
	  || { echo "the wheel's programs do not fit its tag, manylinux_2_36_x86_64"; exit 1; }
	@ls -l .build-wheel/*.whl

# Installs the wheel in a root folder that has Python and nothing else, and runs the lines of its README there. As root.
test-wheel: wheel
	python3 packaging/try_wheel.py .build-wheel/*manylinux*.whl

# The quick checks: two minutes. The tests must have been built (`swift build -c release --build-tests`).
.PHONY: check
check: .venv-test/done
	$(SWIFT) format lint --strict --parallel --recursive Package.swift Sources Tests
	$(PYTEST) Tests/Structure
	$(SWIFT) test -c release --skip-build

test: packages packages-deb packages-browser .venv-test/done
	$(SWIFT) format lint --strict --parallel --recursive Package.swift Sources Tests
	$(BUILD) --build-tests
	@# Two parts at a time, so that the package is built and tried while tests run. The output of a part appears when it
	@# ends.
	$(MAKE) --jobs=2 --output-sync --assume-old=packages --assume-old=packages-deb \
	  --assume-old=packages-browser \
	  try-package test-units test-end-to-end test-python fuzz SECONDS=2

# The Python package: style, types, tests and the examples in its docstrings.
test-python: .venv-client/authors
	cd clients/python && $(CLIENT)/ruff check . && $(CLIENT)/ruff format --check . && $(CLIENT)/mypy
	$(NOTEBOOK_FORMAT) --check Examples/notebooks/*.ipynb
	@# A folder of its own: pytest makes the usual one private when it starts, while end-to-end tests let other users in.
	folder=$$(mktemp -d) && cd clients/python && \
	  NNND_BIN=$${NNND_BIN:-$(CURDIR)/.build/release} OPENBLAS_NUM_THREADS=1 $(CLIENT)/python -m pytest -q \
	  -p no:cacheprovider --numprocesses=2 -o tmp_path_retention_policy=failed --basetemp=$$folder/tests && \
	  rm -rf $$folder

# Long tests of the Python package with the built programs: biases in bulk on Spark and of a large corpus, and the short
# tests with faiss-cpu, which `make test` does not install.
test-beyond: packages-beyond .venv-beyond/authors
	folder=$$(mktemp -d) && cd clients/python && \
	  NNND_BIN=$${NNND_BIN:-$(CURDIR)/.build/release} $(CURDIR)/.venv-beyond/bin/python -m pytest -q \
	  -p no:cacheprovider -o tmp_path_retention_policy=failed --basetemp=$$folder/tests beyond tests/test_bulk.py && \
	  rm -rf $$folder
	NNND_BIN=$${NNND_BIN:-$(CURDIR)/.build/release} PYTHONPATH=clients/python/src:clients/python/tests \
	  .venv-beyond/bin/python clients/python/beyond/bulk_rates.py

# Runs the notebooks and stores them with their outputs, which the tests expect. Look at the pictures before a commit.
.PHONY: notebooks
notebooks: .venv-client/done
	$(NOTEBOOK_FORMAT) Examples/notebooks/*.ipynb
	NNND_BIN=$${NNND_BIN:-$(CURDIR)/.build/release} PYTHONPATH=$(CURDIR)/clients/python/src \
	  $(CLIENT)/python Examples/notebooks/execute.py

# Builds the package and tries it, also in a container if one can be booted here; `--check` prints why if not.
.PHONY: try-package
try-package: deb .venv-test/done
	$(TRY_PACKAGE)
	if $(BOOT) --check; then $(BOOT) --deb $(DEB); fi

# For the next three targets the tests must have been built.
test-units:
	$(SWIFT) test -c release --skip-build

test-end-to-end: packages-browser .venv-test/done
	$(PYTEST_PARALLEL) Tests/Structure Tests/EndToEnd

# Tests of the package that don't install it.
test-package: deb .venv-test/done
	$(TRY_PACKAGE)

# ONLY=memory,failures runs only these checks and those that they depend on.
test-systemd: packages-deb .venv-test/done
	@$(BOOT) --check
	$(MAKE) deb
	$(BOOT) --deb $(DEB) $(if $(ONLY),--only $(ONLY))

# This takes some hours. Variables change what is measured:
#   PARTS="search ingest"  only these parts; `million`, `stream` and `references` run only if they are named
#   KINDS="clip wordnet"   only these kinds of data, of `random`, `clip` and `wordnet`
#   RUNS=3                 how often most figures are measured (default: 7)
#   SCALE=0.05             10,000 images instead of 200,000; docs/benchmarks.md is not written
#   OLD=FOLDER             also the older nnnd in that folder, for comparison
# The environment variable NNND_TEST_DATA names a folder with larger sets of data, in clip/ and wordnet-large/.
bench: build .venv-bench/authors
	.venv-bench/bin/python Benchmarks/bench.py --bin .build/release \
	  $(if $(SCALE),--scale $(SCALE),--write docs/benchmarks.md) $(if $(PARTS),--parts "$(PARTS)") \
	  $(if $(KINDS),--data "$(KINDS)") $(if $(RUNS),--runs $(RUNS)) $(if $(OLD),--old $(OLD))

# A sanitizer writes each finding, in any process of any test, to a file. A single such file fails the target. Tests
# stop their daemons instead of killing them, because LeakSanitizer reports leaks when a process exits. Swift's
# backtraces are off, because they read memory that AddressSanitizer forbids.
test-asan test-tsan: test-%: packages .venv-test/done
	$(SWIFT) build -c release --build-tests --sanitize=$(SANITIZER_$*) --scratch-path .build-$*
	rm -rf .build-$*/reports && mkdir .build-$*/reports
	clang -O1 -shared -fPIC Tests/Sanitizers/runtime.c -o .build-$*/runtime.so -ldl
	export LD_PRELOAD=$(PRELOAD_$*) NNND_TEST_SANITIZED=1 SWIFT_BACKTRACE=enable=no \
	  ASAN_OPTIONS=log_path=$(CURDIR)/.build-$*/reports/r:detect_leaks=1 \
	  LSAN_OPTIONS=suppressions=$(CURDIR)/Tests/Sanitizers/lsan.txt:print_suppressions=0 \
	  TSAN_OPTIONS=log_path=$(CURDIR)/.build-$*/reports/r:suppressions=$(CURDIR)/Tests/Sanitizers/tsan.txt; \
	$(SWIFT) test -c release --skip-build --sanitize=$(SANITIZER_$*) --scratch-path .build-$* && \
	NNND_BIN=$(CURDIR)/.build-$*/release $(PYTEST_PARALLEL) Tests/EndToEnd
	@if ls .build-$*/reports/* >/dev/null 2>&1; then head -n 60 .build-$*/reports/*; exit 1; fi

SANITIZER_asan := address
SANITIZER_tsan := thread
PRELOAD_tsan := $(CURDIR)/.build-tsan/runtime.so

FUZZED := npy npz npz-members heaps safetensors ids delete json npy-body
SECONDS ?= 10

fuzz: packages
	Fuzz/build.sh .build-fuzz
	for target in $(FUZZED); do Fuzz/run.sh .build-fuzz $$target $(SECONDS) || exit 1; done

format:
	$(SWIFT) format --in-place --parallel --recursive Package.swift Sources Tests

# Installs those packages of a list of Debian packages that are missing. $(1): the file with the list.
define install_missing
@missing=$$(for p in $$(sed '/^#/d' $(1)); do \
  dpkg-query -W -f '$${db:Status-Abbrev}' $$p 2>/dev/null | grep -q '^.i' || echo $$p; done); \
if [ -n "$$missing" ]; then \
  $(SUDO) apt-get update && $(SUDO) apt-get install -y --no-install-recommends $$missing; fi
endef

packages:
	$(call install_missing,packages/debian.txt)

packages-deb: packages
	$(call install_missing,packages/debian-deb.txt)

packages-browser: packages
	$(call install_missing,packages/debian-browser.txt)

packages-beyond: packages
	$(call install_missing,packages/debian-beyond.txt)

# A virtual environment for each list of Python packages.
.venv-%/done: packages/python-%.txt | packages
	python3 -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	touch $@

# make would remove these as intermediate files of the next rule.
.PRECIOUS: .venv-%/done

# nnn-retrieval and torch for CPUs. If they can't be installed, comparisons with them are left out.
.venv-%/authors: packages/python-authors.txt .venv-%/done
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check -r $< \
	  || echo "no CPU torch here: nnn-retrieval is left out"
	touch $@

clean:
	rm -rf .build .build-* .venv-*
