// Package route is part of a tree that breaks a rule.
package route

import (
	_ "github.com/signalbox-dev/signalbox/pkg/genai"
	_ "github.com/signalbox-dev/signalbox/pkg/surprise"
)
