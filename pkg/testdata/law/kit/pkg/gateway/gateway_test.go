package gateway

import _ "github.com/signalbox-dev/signalbox/pkg/gatewaytest/provider"
