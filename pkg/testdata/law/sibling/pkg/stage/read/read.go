// Package read is part of a tree that breaks a rule.
package read

import (
	_ "github.com/signalbox-dev/signalbox/pkg/pipeline"
	_ "github.com/signalbox-dev/signalbox/pkg/stage/list"
	_ "github.com/signalbox-dev/signalbox/pkg/telemetry"
)
