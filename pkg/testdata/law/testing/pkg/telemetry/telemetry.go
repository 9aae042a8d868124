// Package telemetry is part of a tree that breaks a rule.
package telemetry

import _ "testing"
