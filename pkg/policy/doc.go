// Package policy compiles a configuration into a Snapshot: everything that a
// decision needs, resolved.
//
// Invariants: a Snapshot never changes after Compile and is safe for concurrent
// use; a request is decided by one Snapshot from its beginning to its end. All
// defaults are applied. Lookups on the request path are by map or by bit mask
// and do not allocate. A class that a Snapshot does not know permits nothing.
package policy
