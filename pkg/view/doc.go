// Package view holds what operators look at: figures over time, the last
// decisions, how the backends are, whose keys are used, and which configuration
// serves. It answers in the shapes of the admin API, which docs/admin-api.md
// has. Time is an argument.
//
// It is fed with what was settled and is filled from the ledger at a start, so
// that a restart loses no figure; it decides nothing and writes nothing.
//
// Invariants: it holds no content, no key and no ticket; memory is bounded,
// whatever callers name; what is not known is null, never 0; the Options'
// functions are called without a lock held.
package view
