// Package settle is the book of running requests. It takes what the request
// path opened, what an attached stream measured and what the proxy logged, in
// whatever order they come, and turns them into the rows of the ledger.
//
//	Open ─┐
//	Metered ─┤   ┌──────┐  Attempt rows, Terminal, Adjustment, Sighting
//	Upstream ─┼──▶ Book ├─▶ Take ─▶ ledger.Append, together with the Offset
//	Downstream ┤  └──────┘  events for metrics and the log
//	Tick ─────┘
//
// It is a pure state machine: time is an argument, nothing is read or written.
//
// Invariants:
//   - every opened request gets exactly one Terminal, every started attempt
//     exactly one Attempt row; what is learnt later is an Adjustment;
//   - the same entry given twice changes nothing;
//   - a Book restored from the ledger goes on where the one that wrote it
//     stopped, when each Take was appended in one batch with the offset behind
//     the entries that led to it;
//   - its memory is bounded by the running requests and the limits in Options.
package settle
