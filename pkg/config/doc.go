// Package config reads the configuration file: YAML, walked against the proto
// schema in proto/signalbox/v1/config.proto.
//
// Invariants: the reader is strict. An unknown field, a wrong type, a field
// given twice, a name that refers to nothing and a setting that contradicts
// another are errors, never warnings; all of them are reported at once, each
// with its position and the way out. Defaults come from the schema alone.
// Aliases are followed a bounded number of times. No value of a secret is ever
// read here, only where it is. This is the only package that knows YAML.
package config
