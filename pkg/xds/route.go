package xds

// routes is the one route of the listener: the request filter decides, the
// route carries the decision out.
func routes(in Input) object {
	return object{
		"name": "signalbox",
		"virtual_hosts": list{object{
			"name":    "signalbox",
			"domains": list{"*"},
			"routes": list{object{
				"name":                      "signalbox",
				"match":                     object{"prefix": "/"},
				"route":                     action(),
				"request_body_buffer_limit": bufferLimit(in),
				// A compressed answer hides its usage.
				"request_headers_to_remove": list{"accept-encoding"},
				"response_headers_to_add":   baseline(),
			}},
		}},
	}
}

// action tries the clusters of the request's own order, one per attempt. The
// number of retries and all timeouts come with the request, as headers that
// only the request filter can set.
func action() object {
	return object{
		"timeout": "0s",
		"inline_cluster_specifier_plugin": object{"extension": extension("signalbox.order",
			"envoy.extensions.router.cluster_specifiers.priority_group.v3.PriorityGroupClusterSpecifier", object{
				"override_metadata_namespace": orderNamespace,
				"priority_groups":             list{object{"name": deadEnd, "clusters": list{object{"cluster_name": deadEnd, "weight": 1}}}},
			})},
		"retry_policy": object{
			"retry_on": "connect-failure,refused-stream,reset,5xx,retriable-status-codes",
			// 401 and 403 are the rejection of our key, not of the caller's.
			"retriable_status_codes":   list{401, 403, 408, 409, 425, 429},
			"num_retries":              0,
			"refresh_cluster_on_retry": true,
			"retry_back_off":           object{"base_interval": "0.001s", "max_interval": "0.01s"}, // to another provider: no need to wait
		},
	}
}

// baseline are the headers that answers carry when the request filter left
// early; where it or the attempt filter has set one, that stays.
func baseline() list {
	var l list
	for _, h := range [][2]string{
		{"x-signalbox-request-id", "%REQ(X-REQUEST-ID)%"},
		{"x-signalbox-provider-request-id", "%RESP(X-REQUEST-ID)%"},
		{"x-signalbox-provider", "%CLUSTER_METADATA(" + namespace + ":provider)%"},
		{"x-signalbox-model", "%DYNAMIC_METADATA(" + namespace + ":model)%"},
		{"x-signalbox-attempts", "%UPSTREAM_REQUEST_ATTEMPT_COUNT%"},
	} {
		l = append(l, object{"header": object{"key": h[0], "value": h[1]}, "append_action": "ADD_IF_ABSENT"})
	}
	return l
}
