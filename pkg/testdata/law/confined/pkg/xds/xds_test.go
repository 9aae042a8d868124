package xds

import _ "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
