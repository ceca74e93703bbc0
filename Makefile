# Telltale. `make run` drives the phones of devices.yaml, `make test` runs every test. See `make help`.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help run test matrix check build bench fuzz soak many kill clean need-run need-test

T       ?= 30s
N       ?= 100
DEVICES ?= devices.yaml
FILTER  ?= smoke
OUT     ?= evidence

# Go refuses to stamp a binary from a clone that git does not trust (another user's); it is then built without the stamp.
VCS     := $(shell git status --porcelain >/dev/null 2>&1 && echo auto || echo false)
VERSION := $(shell git describe --tags --match 'v*' 2>/dev/null)
BUILD   := go build -buildvcs=$(VCS) -trimpath

# The matrix of scenarios and virtual phones, without the race detector; its last line counts the errors.
MATRIX  := go test -count=1 -v -timeout 20m -run '^TestMatrix$$' ./harness/matrix | { grep -v '^\(=== \|--- PASS\|PASS$$\|ok  \)' || true; }

help: ## say what can be made
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 16

run: build ## drive the phones of devices.yaml, label smoke; ends 0 whenever complete evidence was produced
	@code=0; log=$$(mktemp); trap 'rm -f "$$log"' EXIT; \
	bin/telltale run --filter '$(FILTER)' --devices '$(DEVICES)' --out '$(OUT)' | tee -i "$$log" || code=$$?; \
	case $$code in 0) verdict=clean;; 3) verdict=leaked;; 4) verdict=inconclusive;; *) exit $$code;; esac; \
	bundle=$$(sed -n 's/^evidence: //p' "$$log" | tail -n 1); \
	if [ -z "$$bundle" ]; then echo "telltale run named no evidence" >&2; exit 1; fi; \
	if bin/telltale verify "$$bundle" >/dev/null; then \
		echo "verdict: $$verdict (telltale run: exit status $$code); the evidence is complete: $$bundle"; \
	else \
		echo "verdict: $$verdict (telltale run: exit status $$code), but the evidence is not complete: $$bundle" >&2; exit 1; \
	fi

test: need-test build ## run every test, with the race detector
	@go test -race -timeout 30m ./...
	@$(MATRIX)

matrix: need-test ## drive every scenario on every kind of virtual phone, and count wrong verdicts
	@TELLTALE_MATRIX=full $(MATRIX)

check: need-test ## run what a commit needs: format, vet, architecture, short tests
	@bad=$$(gofmt -l $$(git ls-files -co --exclude-standard '*.go' 2>/dev/null || find . -name '*.go')); \
	if [ -n "$$bad" ]; then echo "gofmt -w these:" >&2; echo "$$bad" >&2; exit 1; fi
	@go vet ./...
	@go test -short -p 4 -timeout 5m ./... # most of it waits for phones

build: need-run ## build bin/telltale, bin/scenarios.test, bin/ginkgo and the relays for phones
	@mkdir -p bin
	@$(BUILD) -ldflags '-X main.release=$(VERSION)' -o bin/telltale ./cmd/telltale
	@go test -c -trimpath -o bin/scenarios.test ./scenarios
	@$(BUILD) -o bin/ginkgo github.com/onsi/ginkgo/v2/ginkgo
	@for abi in arm64 arm amd64; do \
		CGO_ENABLED=0 GOOS=linux GOARCH=$$abi go build -buildvcs=false -trimpath -ldflags '-s -w' -o bin/relay-$$abi ./harness/relay; \
	done

bench: need-run ## run every benchmark
	@go test -run '^$$' -bench . -benchmem -timeout 60m \
		$$(grep -rl --include='*_test.go' '^func Benchmark' . | xargs -n 1 dirname | sort -u) | { grep -v '^\(PASS\|ok\)' || true; }

fuzz: need-run ## run every fuzz target for T each (make fuzz T=30s)
	@grep -rHo --include='*_test.go' '^func Fuzz[A-Za-z0-9_]*' . | sort | while IFS=: read -r file target; do \
		target=$${target#func }; folder=$$(dirname "$$file"); echo "$$target in $$folder for $(T)"; \
		go test -run '^$$' -fuzz "^$$target\$$" -fuzztime '$(T)' -fuzzminimizetime 1s "$$folder" </dev/null | { grep -v '^\(PASS\|ok\|fuzz: \)' || true; }; \
	done

soak: T := $(if $(filter command line environment,$(origin T)),$(T),30m)
soak: need-test ## drive 16 virtual phones under random faults for T (make soak T=30m); the seed is printed
	@TELLTALE_SOAK='$(T)' TELLTALE_SOAK_ALONE=1 go test -count=1 -v -timeout 0 -run '^TestSoak$$' ./harness | { grep -v '=== \(RUN\|NAME\)' || true; }

many: need-test ## drive 40 virtual phones in one run, one of them wedged
	@TELLTALE_MANY=40 go test -count=1 -v -timeout 20m -run '^TestMany$$' ./cmd/telltale

kill: need-test ## kill telltale, the relay or the adb server at N random moments (make kill N=100); the seed is printed
	@TELLTALE_KILL='$(N)' go test -count=1 -v -timeout 0 -run '^TestKilledAtRandom$$' ./cmd/telltale | { grep -v '=== \(RUN\|NAME\)' || true; }

clean: ## remove what was built; evidence stays
	@rm -rf bin

need-run:
	@.ci/need run

need-test:
	@.ci/need test
