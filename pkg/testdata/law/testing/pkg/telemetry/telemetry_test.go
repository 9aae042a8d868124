package telemetry

import _ "testing"
