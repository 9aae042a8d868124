// Package telemetry is part of a tree that breaks a rule.
package telemetry

import (
	_ "go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	_ "go.opentelemetry.io/otel/sdk/trace"
)
