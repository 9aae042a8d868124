// Package dialect is part of a tree that breaks a rule.
package dialect

import (
	_ "github.com/signalbox-dev/signalbox/pkg/dialect/openai"
	_ "github.com/signalbox-dev/signalbox/pkg/jsonedit"
)
