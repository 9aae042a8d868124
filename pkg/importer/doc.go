// Package importer translates the configuration files of other gateways:
// LiteLLM's proxy, Envoy AI Gateway and Portkey, by what their manuals say of
// the formats.
//
// Invariants: what is returned is a valid configuration. Nothing is lost in
// silence: a setting that could not be carried, or means something a little
// different here, is named in a note with its place in the file. No secret is
// carried or named: a key that stands in the file becomes a reference to a
// variable of the environment.
package importer
