// Package control is Envoy's control plane: it hands out what package xds
// renders and knows what each connected Envoy has taken of it. Incremental
// aggregated discovery (delta ADS) on the processor's own socket.
//
//	Set ─▶ cache ─▶ stream of an Envoy ─▶ taken | refused ─▶ Clusters, Settled
//
// Envoy acknowledges clusters when the new ones among them are ready to serve:
// their names resolved or given up on, their credentials there. So a cluster
// that was taken can be used at once.
//
// Invariants:
//   - what is handed out is what Set was given last, whole;
//   - versions are sums of what they stand for, so an Envoy that comes back
//     with what it had is sent nothing;
//   - a refusal leaves Envoy with what it had, and says so;
//   - credentials leave by this stream alone: no error, log or metric has what
//     Envoy said of one.
package control
