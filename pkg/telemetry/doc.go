// Package telemetry names every metric, span and attribute in one place and
// owns the exporters: Prometheus for metrics, OTLP for traces, slog for logs.
//
// Invariants: label values come from the configuration or from closed lists,
// so cardinality is bounded whatever callers send; no metric, span or log line
// holds content, keys, tickets or provider credentials. Own names start with
// signalbox_; GenAI attributes follow OpenTelemetry's conventions.
package telemetry
