// Package extproc is part of a tree that breaks a rule.
package extproc

import (
	_ "github.com/envoyproxy/go-control-plane/envoy/service/accesslog/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/service/ext_proc/v3"
)
