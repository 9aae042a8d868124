package xds

// routes carry out what the request filter decided. They differ in what is done
// to the answer: where the filter leaves before that, it names the route in a
// header, and the route does its part; and in whether the request is copied.
func routes(in Input) object {
	var l list
	for _, kind := range []string{"decided", ""} {
		l = append(l, route(in, kind, true), route(in, kind, false))
	}
	return object{
		"name": "signalbox",
		"virtual_hosts": list{object{
			"name":    "signalbox",
			"domains": list{"*"},
			"routes":  l,
		}},
	}
}

func route(in Input, kind string, copied bool) object {
	match, act := object{"prefix": "/"}, action()
	name := "signalbox"
	var headers list
	if kind != "" {
		headers = append(headers, object{"name": routeHeader, "string_match": object{"exact": kind}})
		name += "." + kind
	}
	if copied {
		headers = append(headers, object{"name": shadowHeader, "present_match": true})
		act["request_mirror_policies"] = list{mirror()}
		name += ".shadow"
	}
	if len(headers) > 0 {
		match["headers"] = headers
	}
	return object{
		"name":                      name,
		"match":                     match,
		"route":                     act,
		"request_body_buffer_limit": bufferLimit(in),
		// A compressed answer hides its usage.
		"request_headers_to_remove": list{"accept-encoding"},
		"response_headers_to_add":   answerHeaders(kind == "decided"),
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

// answerHeaders are set by the route: the number of attempts, by which the
// request filter knows which candidate answered; and the names that it sets
// itself unless it has left before the answer.
func answerHeaders(left bool) list {
	headers := [][2]string{{"x-signalbox-attempts", "%UPSTREAM_REQUEST_ATTEMPT_COUNT%"}}
	if left {
		headers = append(headers, [][2]string{
			{"x-signalbox-request-id", "%REQ(X-REQUEST-ID)%"},
			{"x-signalbox-provider", "%CLUSTER_METADATA(" + namespace + ":provider)%"},
			{"x-signalbox-rule", "%DYNAMIC_METADATA(" + namespace + ":rule)%"},
			{"x-signalbox-model", "%DYNAMIC_METADATA(" + namespace + ":model)%"},
		}...)
	}
	var l list
	for _, h := range headers {
		l = append(l, object{"header": object{"key": h[0], "value": h[1]}, "append_action": "ADD_IF_ABSENT"})
	}
	return l
}
