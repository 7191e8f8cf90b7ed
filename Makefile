# Two commands need no preparation: `make demo` and `make test`.
SHELL := /bin/bash
.DEFAULT_GOAL := build
# One apt-get at a time, and packages before what needs them.
.NOTPARALLEL:
.PHONY: build demo test lint deny bench install packages bless packages-build packages-demo packages-test unpack

CARGO ?= cargo
PREFIX ?= /usr/local
SKIPPED := $(CURDIR)/target/skipped
TEST_LOG := target/test.log
say = @printf '\033[1m== %s\033[0m\n' $(1)

build: packages-build
	$(call say,"building the release binary: about six minutes on two cores the first time")
	$(CARGO) build --release --package vaectl
	@ls -l target/release/vaectl

demo: packages-demo
	$(call say,"building the release binaries: about six minutes on two cores the first time")
	$(CARGO) build --release --package vaectl --package vaectl-bench
	$(call say,"running the demo: about five minutes")
	bench/run demo $(DEMO)

test: packages-test unpack lint deny
	$(call say,"building and running all tests: about fifteen minutes on two cores the first time")
	@mkdir -p target && : > $(SKIPPED)
	@set -o pipefail; VAECTL_SKIPPED=$(SKIPPED) $(CARGO) test --workspace --no-fail-fast 2>&1 | tee $(TEST_LOG) \
	|| { printf '\033[1m== what failed\033[0m\n'; grep --after-context 6 ' panicked at ' $(TEST_LOG); exit 1; }
	@printf 'tests skipped: %s\n' "$$(sort -u $(SKIPPED) | wc -l)"
	@sort -u $(SKIPPED)

lint:
	$(call say,"format and clippy and documentation: warnings are errors")
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --quiet -- --deny warnings
	RUSTDOCFLAGS="--deny warnings" $(CARGO) doc --workspace --no-deps --quiet

deny:
	@if command -v cargo-deny >/dev/null; then $(CARGO) deny --workspace check; \
	else echo "skipped: deny: cargo-deny is not installed"; fi

bench: packages-test unpack
	@for name in score train faults publish storage crash fifty; do bench/run $$name || failed=1; done; exit $${failed:-0}

install: build
	install -D target/release/vaectl $(DESTDIR)$(PREFIX)/bin/vaectl
	install -D --mode 644 --target-directory $(DESTDIR)$(PREFIX)/share/man/man1 man/*.1
	install -D --mode 644 completions/vaectl.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/vaectl
	install -D --mode 644 completions/_vaectl $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_vaectl
	install -D --mode 644 completions/vaectl.fish $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/vaectl.fish

# Writes the generated files anew: schemas, manual pages, completions.
bless:
	VAECTL_BLESS=1 $(CARGO) test --package vaectl --test it generated

# A later stage needs the packages of the earlier ones too. The daemons among them are for tests and containers: without a
# policy of the machine's own none is started.
packages: packages-test unpack
packages-build: STAGES := build
packages-demo: STAGES := build demo
packages-test: STAGES := build demo test
packages-build packages-demo packages-test:
	@missing=; \
	for package in $$(awk -v stages=" $(STAGES) " '/^[^#]/ && index(stages, " " $$2 " ") { print $$1 }' packages.txt); do \
	  dpkg-query --show --showformat '$${Status}' $$package 2>/dev/null | grep -q 'ok installed' || missing="$$missing $$package"; \
	done; \
	if [ -z "$$missing" ]; then exit 0; fi; \
	if [ "$$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then \
	  echo "missing packages (install them, or run as root):$$missing"; exit 0; fi; \
	echo "installing:$$missing"; \
	export DEBIAN_FRONTEND=noninteractive; policy=/usr/sbin/policy-rc.d; \
	if [ ! -e $$policy ] && [ ! -L $$policy ]; then \
	  trap 'rm -f $$policy' EXIT; trap 'exit 1' HUP INT TERM; \
	  printf '#!/bin/sh\nexit 101\n' >$$policy && chmod 755 $$policy || exit; \
	fi; \
	apt-get update --quiet=2 && apt-get install --quiet=2 --yes --no-install-recommends $$missing >/dev/null

# What may not be installed, in one folder. Nobody else need be able to write there.
download = apt-get download --quiet=2 --option APT::Sandbox::User=root
unpack: packages-test
	@for package in $$(awk '/^[^#]/ && $$2 == "unpack" { print $$1 }' packages.txt); do \
	  if [ -e target/unpacked/usr/share/doc/$$package ]; then continue; fi; \
	  if ! command -v apt-get >/dev/null; then echo "missing package: $$package"; continue; fi; \
	  echo "unpacking: $$package"; \
	  mkdir -p target/unpacked && cd target/unpacked && rm -f $${package}_*.deb || exit; \
	  if $(download) $$package || { apt-get update --quiet=2 && $(download) $$package; }; then \
	    dpkg-deb --extract $${package}_*.deb . && rm $${package}_*.deb || exit; \
	  else echo "missing package: $$package"; fi; \
	  cd $(CURDIR); \
	done
