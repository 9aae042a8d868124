package main

import (
	"encoding/json"
	"net"
	"strconv"
)

// The Envoys that Signalbox is compared with differ from each other in one
// filter only.

type tree = map[string]any

const typeURL = "type.googleapis.com/"

// bufferLimit is above the largest body, since a BUFFERED body must fit.
const bufferLimit = 64 << 20

// duplex is the body mode in which the processor answers when and with what it
// likes.
const duplex = "FULL_DUPLEX_STREAMED"

type envoyConfig struct {
	listen, admin, upstream int    // ports
	processor               int    // 0: no ext_proc filter
	responseBody            string // NONE, STREAMED or FULL_DUPLEX_STREAMED
}

func (c envoyConfig) render() ([]byte, error) {
	clusters := []any{cluster("upstream", c.upstream, false)}
	filters := []any{}
	if c.processor != 0 {
		clusters = append(clusters, cluster("processor", c.processor, true))
		filters = append(filters, c.filter())
	}
	filters = append(filters, typed("envoy.filters.http.router", "envoy.extensions.filters.http.router.v3.Router", tree{}))
	manager := typed("hcm", "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager", tree{
		"stat_prefix": "bench", "http_filters": filters,
		"route_config": tree{"name": "bench", "virtual_hosts": []any{tree{
			"name": "bench", "domains": []any{"*"},
			"routes": []any{tree{"match": tree{"prefix": "/"}, "route": tree{"cluster": "upstream", "timeout": "0s"}}},
		}}},
	})
	return json.MarshalIndent(tree{
		"node":  tree{"id": "bench", "cluster": "bench"},
		"admin": tree{"address": address(c.admin)},
		"static_resources": tree{
			"clusters": clusters,
			"listeners": []any{tree{
				"name": "bench", "address": address(c.listen), "per_connection_buffer_limit_bytes": bufferLimit,
				"filter_chains": []any{tree{"filters": []any{manager}}},
			}},
		},
	}, "", " ")
}

// filter is the ext_proc filter: request headers and BUFFERED body, response
// headers, and the response body by mode.
func (c envoyConfig) filter() tree {
	mode := tree{
		"request_header_mode": "SEND", "response_header_mode": "SEND",
		"request_body_mode": "BUFFERED", "response_body_mode": c.responseBody,
	}
	if c.responseBody == duplex {
		mode["response_trailer_mode"] = "SEND" // Envoy demands it
	}
	return typed("noop", "envoy.extensions.filters.http.ext_proc.v3.ExternalProcessor", tree{
		"grpc_service":    tree{"envoy_grpc": tree{"cluster_name": "processor"}, "timeout": "0s"},
		"message_timeout": "10s",
		"processing_mode": mode,
	})
}

func typed(name, message string, config tree) tree {
	config["@type"] = typeURL + message
	return tree{"name": name, "typed_config": config}
}

func address(port int) tree {
	return tree{"socket_address": tree{"address": "127.0.0.1", "port_value": port}}
}

func cluster(name string, port int, http2 bool) tree {
	c := tree{
		"name": name, "type": "STATIC", "connect_timeout": "2s", "per_connection_buffer_limit_bytes": bufferLimit,
		"load_assignment":  tree{"cluster_name": name, "endpoints": []any{tree{"lb_endpoints": []any{tree{"endpoint": tree{"address": address(port)}}}}}},
		"circuit_breakers": tree{"thresholds": []any{tree{"max_connections": 100000, "max_pending_requests": 100000, "max_requests": 100000}}},
	}
	if http2 {
		const options = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
		c["typed_extension_protocol_options"] = tree{options: tree{
			"@type":                typeURL + options,
			"explicit_http_config": tree{"http2_protocol_options": tree{}},
		}}
	}
	return c
}

func local(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
