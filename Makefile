# make demo          builds nnnd and shows it at work on real data
# make build         builds nnnd and nnnctl as a release: .build/release/
# make static        the same with all of Swift inside, to be installed where there is none: .build-static/release/
# make install       installs what `make static` built: PREFIX=/usr/local, DESTDIR=
# make deb           builds a Debian package: .build-deb/
# make check         checks format and structure and runs the unit tests, after `make test` or a build of the tests
# make test          runs everything that guards the project
# make test-units, make test-end-to-end, make test-package  run parts of it
# make test-systemd  boots a system in a container, as root, and tries the package there
# make test-asan     runs the tests under AddressSanitizer and LeakSanitizer
# make test-tsan     runs the tests under ThreadSanitizer
# make bench         compares with the peers
# make fuzz          feeds the readers random bytes, SECONDS=1800 for each (10 unless told otherwise)
# make format        formats the sources

SHELL := /bin/bash
.DEFAULT_GOAL := build
.PHONY: build static demo deb test test-units test-end-to-end test-package test-systemd test-asan test-tsan bench fuzz \
  format packages packages-deb clean

SWIFT ?= swift
BUILD := $(SWIFT) build -c release
# In a folder of its own, as its objects are others. Nobody looks into the symbols of a package, and the linker makes
# what it has resolved read-only.
STATIC := $(BUILD) --scratch-path .build-static --static-swift-stdlib -debug-info-format none \
  $(addprefix -Xlinker ,-z relro -z now)
STATIC_BIN := .build-static/release
# The folders of tests that pass are deleted at once.
PYTEST := .venv-test/bin/python -m pytest -q -p no:cacheprovider -o tmp_path_retention_policy=failed
# End-to-end tests often wait, so more of them than cores run at once. Each computes with one thread.
WORKERS ?= 4
PYTEST_PARALLEL = OPENBLAS_NUM_THREADS=1 $(PYTEST) --numprocesses=$(WORKERS) --dist=worksteal
# With a low priority and without the jobs of this make: tests may run beside it.
RULES := MAKEFLAGS= nice debian/rules
TRY_PACKAGE = NNND_DEB=$(DEB) $(PYTEST) Tests/Package
BOOT := .venv-test/bin/python Tests/Systemd/boot.py
DEB = .build-deb/nnnd_$(shell sed -n '1s/.*(\(.*\)).*/\1/p' debian/changelog)_amd64.deb
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)

include packaging/install.mk

build: packages
	$(BUILD)

static: packages
	$(STATIC) --product nnnd
	$(STATIC) --product nnnctl

demo: build
	python3 Examples/demo.py --bin .build/release

deb: packages-deb
	mkdir -p .build-deb
	$(RULES) clean
	DESTINATION=$(CURDIR)/.build-deb $(RULES) binary
	@ls -l $(DEB)

# What can be checked in two minutes; wants a build of the tests (`swift build -c release --build-tests`).
.PHONY: check
check: .venv-test/done
	$(SWIFT) format lint --strict --parallel --recursive Package.swift Sources Tests
	$(PYTEST) Tests/Structure
	$(SWIFT) test -c release --skip-build

test: packages packages-deb .venv-test/done
	$(SWIFT) format lint --strict --parallel --recursive Package.swift Sources Tests
	$(BUILD) --build-tests
	@# Two at a time, so that the package is built beside the tests. The output of each comes when it has ended.
	$(MAKE) --jobs=2 --output-sync --assume-old=packages --assume-old=packages-deb \
	  deb test-units test-end-to-end fuzz SECONDS=2
	$(TRY_PACKAGE)
	@# Where nothing can be booted it says why, and all the rest has passed.
	if $(BOOT) --check; then $(BOOT) --deb $(DEB); fi

# These two want a build of the tests.
test-units:
	$(SWIFT) test -c release --skip-build

test-end-to-end: .venv-test/done
	$(PYTEST_PARALLEL) Tests/Structure Tests/EndToEnd

# What can be seen of the package without installing it; wants a build of the tests.
test-package: deb .venv-test/done
	$(TRY_PACKAGE)

# ONLY=memory,failures runs only those checks and the ones that they depend on.
test-systemd: packages-deb .venv-test/done
	@$(BOOT) --check
	$(MAKE) deb
	$(BOOT) --deb $(DEB) $(if $(ONLY),--only $(ONLY))

# About half an hour; PARTS=million measures what takes longest, PARTS=search,ingest only those.
bench: build .venv-bench/done .venv-bench/authors
	.venv-bench/bin/python Benchmarks/bench.py --bin .build/release --write docs/benchmarks.md $(if $(PARTS),--parts $(PARTS))

# What a sanitizer finds, in any process of any test, is left as a file; one is enough to fail. Daemons are stopped at the
# end of a test, not killed: only then are their leaks looked for. Swift's backtraces would read where it is forbidden.
test-asan test-tsan: test-%: packages .venv-test/done
	$(BUILD) --build-tests --sanitize=$(SANITIZER_$*) --scratch-path .build-$*
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

FUZZED := npy npz npz-members safetensors ids delete json npy-body
SECONDS ?= 10

fuzz: packages
	Fuzz/build.sh .build-fuzz
	for target in $(FUZZED); do Fuzz/run.sh .build-fuzz $$target $(SECONDS) || exit 1; done

format:
	$(SWIFT) format --in-place --parallel --recursive Package.swift Sources Tests

# Installs what is missing of a list of Debian packages.
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
