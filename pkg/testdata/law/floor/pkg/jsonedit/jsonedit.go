// Package jsonedit is part of a tree that breaks a rule.
package jsonedit

import (
	_ "github.com/signalbox-dev/signalbox/pkg/extproc"
	_ "github.com/signalbox-dev/signalbox/pkg/genai"
)
