package control

import (
	"fmt"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	"github.com/envoyproxy/go-control-plane/pkg/cache/types"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/signalbox-dev/signalbox/pkg/xds"

	// The extensions that package xds renders: reading them needs their types.
	_ "github.com/envoyproxy/go-control-plane/envoy/config/trace/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/access_loggers/file/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/access_loggers/filters/cel/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/access_loggers/grpc/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/clusters/dns/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/content_parsers/json/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/credential_injector/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ext_proc/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/header_mutation/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/json_to_metadata/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/lua/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/router/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/sse_to_metadata/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/upstream_codec/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/http/early_header_mutation/header_mutation/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/http/injected_credentials/generic/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/router/cluster_specifiers/priority_group/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/upstreams/http/v3"
)

// decode reads a rendered resource.
func decode(r xds.Resource) (types.Resource, error) {
	var m types.Resource
	switch r.Kind {
	case xds.KindCluster:
		m = new(clusterv3.Cluster)
	case xds.KindListener:
		m = new(listenerv3.Listener)
	case xds.KindSecret:
		m = new(tlsv3.Secret)
	default:
		return nil, fmt.Errorf("envoy's %v: no such kind", r)
	}
	if err := protojson.Unmarshal(r.JSON, m); err != nil {
		if r.Kind == xds.KindSecret {
			return nil, fmt.Errorf("envoy's %v: not in the form of its type", r) // the cause may quote it
		}
		return nil, fmt.Errorf("envoy's %v: %w", r, err)
	}
	return m, nil
}

// typeURL is the name of k on the wire.
func typeURL(k xds.Kind) string { return "type.googleapis.com/" + k.Type() }

// kindOf is the kind with a name on the wire, 0 when there is none.
func kindOf(url string) xds.Kind {
	for k := xds.KindCluster; k <= xds.KindSecret; k++ {
		if typeURL(k) == url {
			return k
		}
	}
	return 0
}
