// Package xds is part of a tree that breaks a rule.
package xds

import (
	_ "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	_ "go.opentelemetry.io/otel/sdk/trace"
	_ "go.opentelemetry.io/otel/trace"
)
