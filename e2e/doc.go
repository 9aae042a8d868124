// Package e2e holds the end-to-end tests: a real Envoy, the signalbox binary
// under `signalbox run`, provider doubles that misbehave, and clients that do
// too. What the provider's journal, the caller and the ledger say about a
// request must agree.
//
// The tests skip when there is no Envoy 1.40 (see internal/envoybin). They
// share nothing with each other: every test has its own ports and state.
package e2e
