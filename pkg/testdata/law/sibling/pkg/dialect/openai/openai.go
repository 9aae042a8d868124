// Package openai is part of a tree that breaks a rule.
package openai

import (
	_ "github.com/signalbox-dev/signalbox/pkg/dialect"
	_ "github.com/signalbox-dev/signalbox/pkg/dialect/gemini"
	_ "github.com/signalbox-dev/signalbox/pkg/frame"
	_ "github.com/signalbox-dev/signalbox/pkg/jsonedit"
	_ "github.com/signalbox-dev/signalbox/pkg/token"
)
