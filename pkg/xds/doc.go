// Package xds renders what Envoy needs to know: the bootstrap with the
// listener and its filters, the file of backend clusters, and the files of
// provider credentials. It builds JSON trees in the shape of Envoy's API and
// speaks no protocol.
//
//	bootstrap.json   listener ─ usage script ─ request filter ─ router
//	                 inner listener for copies ─ usage script ─ shadow filter ─ router
//	cds.json         per backend: <name> and <name>~ (with the attempt filter); <name>~shadow
//	sds/<name>.json  the credential that the cluster injects
//
// or, for an Envoy that asks its control plane (package control), a bootstrap
// without a listener, and the same as Resources.
//
// Invariants:
//   - the route's configured order is one cluster without endpoints: a request
//     whose order was lost is refused, it never reaches a provider;
//   - what a cluster sends holds no credential but its own, none of our own
//     headers and none of Envoy's;
//   - every cluster has endpoints that refuse, below its real ones, so that a
//     name that does not resolve or a host that was ejected fails over like a
//     host that is down;
//   - nothing rendered but Secret and SecretResource holds a secret.
//
// Field names and rules are those of Envoy 1.40.
package xds
