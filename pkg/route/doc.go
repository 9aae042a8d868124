// Package route chooses: given a snapshot of the policy and what is known of a
// request, it says which backends may be tried and in which order. It is a
// pure function, so that a decision can be replayed from its record.
//
// Invariants: a candidate that any class of the request forbids is never in
// the order, and so is none that the proxy does not serve. A class or team
// that the snapshot does not know forbids everything. Callers learn nothing of
// models that they may not use.
package route
