// Package gateway is part of a tree that breaks a rule.
package gateway

import (
	_ "github.com/signalbox-dev/signalbox/cmd/signalbox"
	_ "github.com/signalbox-dev/signalbox/pkg/builtin"
)
