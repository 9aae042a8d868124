package xds

import "net"

// tracing sends Envoy's own span of a request to the collector that Signalbox's
// spans go to. The attempts' spans are Signalbox's: it knows their usage.
func tracing(in Input) object {
	t := in.Snapshot.Telemetry
	provider := object{"service_name": "signalbox-envoy"}
	if t.OTLP.Protocol == "http" {
		scheme := "https://"
		if t.OTLP.Insecure {
			scheme = "http://"
		}
		provider["http_service"] = object{"http_uri": object{
			"uri": scheme + t.OTLP.Endpoint + "/v1/traces", "cluster": otlpCluster, "timeout": "5s",
		}}
	} else {
		provider["grpc_service"] = object{"envoy_grpc": object{"cluster_name": otlpCluster}, "timeout": "5s"}
	}
	return object{
		"provider":        extension("envoy.tracers.opentelemetry", "envoy.config.trace.v3.OpenTelemetryConfig", provider),
		"random_sampling": object{"value": t.Sample * 100},
		// Gemini's clients put their key into the query, and Envoy the path with
		// its query into the span of a request that was refused.
		"max_path_tag_length": 1,
	}
}

// collector is the cluster of the OTLP collector.
func collector(in Input) (object, error) {
	t := in.Snapshot.Telemetry.OTLP
	address, kind, err := reach(t.Endpoint)
	if err != nil {
		return nil, err
	}
	c := grpcCluster(otlpCluster, kind, address)
	if t.Protocol == "http" {
		delete(c, "typed_extension_protocol_options") // HTTP/1
	}
	if !t.Insecure {
		host, _, err := net.SplitHostPort(t.Endpoint)
		if err != nil {
			return nil, err
		}
		c["transport_socket"] = providerTLS(in)
		c["load_assignment"] = endpoints(otlpCluster, object{"endpoint": object{"address": address, "hostname": host}})
	}
	return c, nil
}
