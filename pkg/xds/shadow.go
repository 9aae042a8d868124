package xds

// A copy of a request is an own request: the router mirrors it, as it is when it
// goes to its first candidate, to a listener inside Envoy, where it is decided,
// written, measured and logged like any other; only that nobody reads the
// answer. It has an id of its own. What a mirror leads to directly would have
// neither metadata nor a log of ours.

// mirror sends the copy off. Its own headers tell Signalbox whose it is.
func mirror() object {
	return object{
		"cluster":                           shadowCluster,
		"disable_shadow_host_suffix_append": true,
		"trace_sampled":                     false,
		"request_headers_mutations": list{
			appendHeader(shadowHeader, "%DYNAMIC_METADATA("+namespace+":shadow)%"),
			object{"remove": "x-request-id"},
		},
	}
}

// maxCopies bounds the copies that run at one time. What is more is not sent.
const maxCopies = 1000

// shadowUpstream is the way to the listener for copies. It is HTTP/1, so that
// what waits in a connection is bounded as it is in a caller's.
func shadowUpstream() object {
	return object{
		"name": shadowCluster, "type": "STATIC", "connect_timeout": "1s",
		"load_assignment": endpoints(shadowCluster, object{"endpoint": object{"address": object{
			"envoy_internal_address": object{"server_listener_name": shadowCluster},
		}}}),
		"circuit_breakers": object{"thresholds": list{object{
			"max_connections": maxCopies, "max_pending_requests": maxCopies, "max_requests": maxCopies,
		}}},
	}
}

// internalListeners lets Envoy have listeners that only it can connect to.
func internalListeners() object {
	return extension("envoy.bootstrap.internal_listener", "envoy.extensions.bootstrap.internal_listener.v3.InternalListener", nil)
}

// shadowListener takes the copies.
func shadowListener(in Input) object {
	return object{
		"name":              shadowCluster,
		"internal_listener": object{},
		// As of the other listener.
		"per_connection_buffer_limit_bytes": bufferLimit(in),
		"filter_chains": list{object{"filters": list{
			extension("envoy.filters.network.http_connection_manager",
				"envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager", shadowManager(in)),
		}}},
	}
}

func shadowManager(in Input) object {
	filters := list{script(), shadowFilter(in), router(in)}
	if !in.Snapshot.Envoy.Lua {
		filters = list{shadowFilter(in), streamUsage(), unaryUsage(in.UsagePaths), router(in)}
	}
	return object{
		"stat_prefix": "signalbox_shadow",
		"codec_type":  "HTTP1",
		"early_header_mutation_extensions": list{extension("signalbox.early", "envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation", object{
			"mutations": list{removePrefix("x-envoy-")},
		})},
		"generate_request_id": true,
		"stream_idle_timeout": seconds(idle(in)),
		"http_filters":        filters,
		"route_config": object{
			"name": shadowCluster,
			"virtual_hosts": list{object{
				"name":    shadowCluster,
				"domains": list{"*"},
				"routes": list{object{
					"name":                      shadowCluster,
					"match":                     object{"prefix": "/"},
					"route":                     action(),
					"request_body_buffer_limit": bufferLimit(in),
				}},
			}},
		},
		"access_log": list{logOf("DownstreamEnd", fileLog(in, requestFormat(in)))},
	}
}

// shadowFilter decides where a copy goes. It has no use for its body, which the
// processor has kept, nor for its answer.
func shadowFilter(in Input) object {
	return processor(in, "shadow", object{
		"processing_mode": object{
			"request_header_mode":  "SEND",
			"request_body_mode":    "NONE",
			"response_header_mode": "SKIP",
			"response_body_mode":   "NONE",
		},
		"metadata_options": object{"receiving_namespaces": object{"untyped": list{namespace}, "typed": list{orderNamespace}}},
	})
}
