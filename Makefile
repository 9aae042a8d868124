# Every command that this project is worked with. `make help` lists them.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := build

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS := -s -w -X main.version=$(VERSION)
GO      ?= go
DATA    ?=
ROUNDS  ?= 7
T       ?= 20s
PAIRS   ?= 10000000




.PHONY: build
build: ## build bin/signalbox
	$(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/signalbox ./cmd/signalbox

.PHONY: run
run: build ## a real Envoy, Signalbox and four simulated providers, with a first chat; Ctrl-C stops all
	$(GO) build -o bin/quickstart ./examples/quickstart
	ENVOY="$$(scripts/envoy.sh)" exec bin/quickstart -signalbox bin/signalbox

.PHONY: test
test: build ## vet and all tests, with the race detector, on a real Envoy
	$(GO) vet ./...
	ENVOY="$$(scripts/envoy.sh)" $(GO) test -race -timeout 40m ./...

.PHONY: unit
unit: ## the tests that need no Envoy and no race detector
	$(GO) test ./pkg/... ./proto/... ./cmd/...

.PHONY: e2e
e2e: build ## the tests on a real Envoy
	ENVOY="$$(scripts/envoy.sh)" $(GO) test -count=1 -timeout 40m ./e2e/...

.PHONY: page
page: ## the operator's page in headless Chromium, with axe (PAGE_SHOTS=DIR keeps pictures)
	AXE="$$(scripts/axe.sh)" $(GO) test -count=1 -timeout 40m ./e2e/page

.PHONY: clients
clients: build ## the official SDKs, LangChain and AI SDK, unchanged, through Envoy to each dialect (FLAGS="-sdks genai -backends gemini")
	ENVOY="$$(scripts/envoy.sh)" e2e/clients/run.sh $(FLAGS)

.PHONY: conformance
conformance: build ## recorded traffic of all dialects, in process, translated and behind Envoy (DATA=DIR: another folder; FLAGS=-no-lua, -in-process)
	ENVOY="$$(scripts/envoy.sh)" $(GO) run ./e2e/conformance -data '$(DATA)' $(FLAGS)

.PHONY: bench
bench: build ## CPU and latency beside Envoy alone and a naive no-op (ROUNDS=N, DATA=DIR)
	ENVOY="$$(scripts/envoy.sh)" $(GO) run ./e2e/bench -rounds $(ROUNDS) -data '$(DATA)'

.PHONY: fuzz
fuzz: ## every fuzz target for T (20s)
	@$(GO) list ./pkg/... | while read -r p; do \
	  for f in $$($(GO) test -list '^Fuzz' "$$p" | grep '^Fuzz' || true); do \
	    echo "$$p $$f"; $(GO) test -run '^$$' -fuzz "^$$f\$$" -fuzztime $(T) "$$p"; done; done

.PHONY: nightly
nightly: ## decisions against the slow reference: PAIRS (10000000) random policies and requests
	PAIRS=$(PAIRS) $(GO) test -count=1 -timeout 0 -run '^TestAgainstReference$$' -v ./pkg/route

.PHONY: micro
micro: ## the benchmarks of the packages and of the whole engine, with allocations
	$(GO) test -run '^$$' -bench . -benchmem ./pkg/... ./e2e/bench

.PHONY: lint
lint: ## golangci-lint with the rules of .golangci.yml
	$(GO) run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0 run ./...

.PHONY: proto
proto: ## regenerate the Go code of proto/
	scripts/proto.sh

.PHONY: help
help:
	@grep -E '^[a-z0-9]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | column -t -s $$'\t'
