// Package gateway assembles the process: it reads the configuration, opens the
// ledger, builds the pipeline, serves the processor beside Envoy, follows the
// proxy's log, reloads what changes, and stops in order.
//
//	config ─▶ Snapshot ─▶ extproc ◀── Envoy ──▶ access log ─▶ witness
//	             │            │                                  │
//	             └─▶ xds      └──────────▶ Books ◀───────────────┘
//	                 (files)                 └─▶ ledger, metrics, spans
//
// Invariants: a configuration that does not compile changes nothing; a request
// sees one snapshot from its beginning to its end; nothing is acknowledged
// before it is in the ledger.
package gateway
