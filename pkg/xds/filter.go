package xds

// Names that both sides of the wire use: Signalbox's own packages and this
// configuration.
const (
	namespace      = "signalbox"       // dynamic metadata: ticket, facts, model, hide_usage
	orderNamespace = "signalbox.order" // dynamic metadata: the groups of the request's order

	processorCluster = "signalbox"
	deadEnd          = "nowhere" // a cluster without endpoints
	otlpCluster      = "signalbox.otlp"

	roleHeader = "x-signalbox-role" // of an ext_proc stream
	nodeHeader = "x-signalbox-node"

	// lengthHeader carries the length of the body that the attempt filter
	// wrote, since Envoy drops content-length with the body it replaces.
	lengthHeader = "x-signalbox-content-length"

	// routeHeader names the route of a request: what is done to its answer.
	routeHeader = "x-signalbox-route"

	// errorHeader carries the code of an error that Envoy wrote itself.
	errorHeader = "x-signalbox-error"

	// shadowHeader marks a request that is to be copied. On the copy, it says to
	// Signalbox whose that is.
	shadowHeader  = "x-signalbox-shadow"
	shadowCluster = "signalbox.shadow" // leads to the listener for copies

	scriptName = "signalbox.usage"
)

// processor is an external processing filter of the given role.
func processor(in Input, role string, fields object) object {
	f := object{
		"stat_prefix": "signalbox_" + role,
		"grpc_service": object{
			"envoy_grpc": object{"cluster_name": processorCluster},
			"timeout":    "0s",
			"initial_metadata": list{
				object{"key": roleHeader, "value": role},
				object{"key": nodeHeader, "value": in.node()},
			},
		},
		"failure_mode_allow":  false,
		"status_on_error":     object{"code": "ServiceUnavailable"},
		"message_timeout":     "5s",
		"allow_mode_override": true,
		"mutation_rules":      object{"allow_all_routing": true, "allow_envoy": true},
	}
	for k, v := range fields {
		f[k] = v
	}
	return extension("signalbox."+role, "envoy.extensions.filters.http.ext_proc.v3.ExternalProcessor", f)
}

// requestFilter decides, once per request. It sees the whole request, since
// only the body holds the model, and the head of the answer.
func requestFilter(in Input) object {
	return processor(in, "request", object{
		"processing_mode": object{
			"request_header_mode":  "SEND",
			"request_body_mode":    "BUFFERED",
			"response_header_mode": "SEND",
			"response_body_mode":   "NONE",
		},
		"metadata_options": object{"receiving_namespaces": object{"untyped": list{namespace}, "typed": list{orderNamespace}}},
	})
}

// attemptFilter writes the body of one attempt. The replayed body is not sent
// to it: it has the original. It leaves then, or asks for the answer too, whole
// or in pieces, by its answer to the head of the request or of the answer.
func attemptFilter(in Input) object {
	return processor(in, "attempt", object{
		"processing_mode": object{
			"request_header_mode":  "SEND",
			"request_body_mode":    "NONE",
			"response_header_mode": "SEND",
			"response_body_mode":   "NONE",
		},
		"request_attributes": list{"xds.cluster_name"},
		"metadata_options": object{
			"forwarding_namespaces": object{"untyped": list{namespace}},
			"receiving_namespaces":  object{"untyped": list{namespace}},
		},
		"emit_client_span": false,
	})
}

// earlyMutations run before anything else reads the request's headers. What a
// client says in our name or Envoy's goes, and so does its request id, of
// which a copy stays: Envoy then mints one that nobody else has.
func earlyMutations() list {
	return list{extension("signalbox.early", "envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation", object{
		"mutations": list{
			removePrefix("x-envoy-"),
			removePrefix("x-signalbox-"),
			appendHeader("x-signalbox-client-request-id", "%REQ(X-REQUEST-ID)%"),
			object{"remove": "x-request-id"},
		},
	})}
}

func removePrefix(prefix string) object {
	return object{"remove_on_match": object{"key_matcher": object{"prefix": prefix}}}
}

// appendHeader sets a header; a value that renders empty sets none.
func appendHeader(key, value string) object {
	return object{"append": setHeader(key, value)}
}

func setHeader(key, value string) object {
	return object{
		"header":        object{"key": key, "value": value},
		"append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
	}
}
