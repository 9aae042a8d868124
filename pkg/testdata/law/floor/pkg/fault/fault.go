// Package fault is part of a tree that breaks a rule.
package fault

import _ "github.com/signalbox-dev/signalbox/pkg/frame"
