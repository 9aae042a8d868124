// Package admin is part of a tree that breaks a rule.
package admin

import (
	_ "github.com/signalbox-dev/signalbox/pkg/config"
	_ "github.com/signalbox-dev/signalbox/pkg/dialect"
	_ "github.com/signalbox-dev/signalbox/pkg/fault"
	_ "github.com/signalbox-dev/signalbox/pkg/frame"
	_ "github.com/signalbox-dev/signalbox/pkg/genai"
	_ "github.com/signalbox-dev/signalbox/pkg/jsonedit"
	_ "github.com/signalbox-dev/signalbox/pkg/key"
	_ "github.com/signalbox-dev/signalbox/pkg/ledger"
	_ "github.com/signalbox-dev/signalbox/pkg/pipeline"
	_ "github.com/signalbox-dev/signalbox/pkg/policy"
	_ "github.com/signalbox-dev/signalbox/pkg/route"
	_ "github.com/signalbox-dev/signalbox/pkg/secret"
	_ "github.com/signalbox-dev/signalbox/pkg/settle"
	_ "github.com/signalbox-dev/signalbox/pkg/telemetry"
	_ "github.com/signalbox-dev/signalbox/pkg/token"
)
