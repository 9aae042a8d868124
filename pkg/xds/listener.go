package xds

import (
	"fmt"
	"time"
)

// listener takes the callers' requests, HTTP/1 and HTTP/2 in clear text.
func listener(in Input) (object, error) {
	host, port, err := hostPort(in.Snapshot.Envoy.Listen)
	if err != nil {
		return nil, fmt.Errorf("listen address: %w", err)
	}
	if host == "" {
		host = "0.0.0.0"
	}
	return object{
		"name":    "signalbox",
		"address": socket(host, port),
		// This also bounds what waits for the attempt filter: Envoy 1.40 crashes
		// when more does.
		"per_connection_buffer_limit_bytes": bufferLimit(in),
		"filter_chains":                     list{object{"filters": list{manager(in)}}},
	}, nil
}

func manager(in Input) object {
	e := in.Snapshot.Envoy
	m := object{
		"stat_prefix":                      "signalbox",
		"codec_type":                       "AUTO",
		"use_remote_address":               e.UseRemoteAddress,
		"xff_num_trusted_hops":             e.TrustedHops,
		"early_header_mutation_extensions": earlyMutations(),
		"generate_request_id":              true,
		"normalize_path":                   true,
		"merge_slashes":                    true, // a base URL with a slash at its end
		"request_headers_timeout":          "10s",
		"stream_idle_timeout":              seconds(idle(in)),
		"common_http_protocol_options":     object{"headers_with_underscores_action": "DROP_HEADER"},
		"http2_protocol_options": object{
			"max_concurrent_streams":         1000,
			"initial_stream_window_size":     1 << 20,
			"initial_connection_window_size": 16 << 20,
		},
		"http_filters":       filters(in),
		"route_config":       routes(in),
		"local_reply_config": localReplies(in),
		"access_log":         requestLogs(in),
		"access_log_options": object{"access_log_flush_interval": "1s"},

		// SDKs show their callers the id that they find in x-request-id, also
		// of errors; a provider's own stays beside it.
		"always_set_request_id_in_response": true,
	}
	if in.Snapshot.Telemetry.OTLP.Endpoint != "" {
		m["tracing"] = tracing(in)
	}
	return extension("envoy.filters.network.http_connection_manager",
		"envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager", m)
}

// filters are the listener's, in the order in which a request passes them; an
// answer passes them from the end. The script comes after the request filter,
// for the answer: when it edits a chunk, Envoy writes a content length to the
// head, and the request filter may still hold that. Envoy's own filters come
// before it, since it may hide what they lift.
func filters(in Input) list {
	if in.Snapshot.Envoy.Lua {
		return list{script(), requestFilter(in), router(in)}
	}
	return list{requestFilter(in), streamUsage(), unaryUsage(in.UsagePaths), router(in)}
}

func router(in Input) object {
	return extension("envoy.filters.http.router", "envoy.extensions.filters.http.router.v3.Router", object{
		"suppress_envoy_headers": true,
		"upstream_log":           attemptLogs(in),
	})
}

// bufferLimit bounds the bytes of one request that Envoy keeps, and those of
// one unary answer: Envoy has one limit for both directions.
func bufferLimit(in Input) int64 {
	return max(in.Snapshot.Envoy.BodyLimit, in.Snapshot.Envoy.AnswerLimit)
}

// minIdle is how long a stream may stand still at least: models think for
// minutes.
const minIdle = 10 * time.Minute

// idle is how long a stream may stand still: longer than any answer that the
// routes wait for, all attempts together.
func idle(in Input) time.Duration {
	d := minIdle
	for _, r := range in.Snapshot.Routes {
		d = max(d, time.Duration(r.MaxAttempts)*r.AnswerTimeout+30*time.Second)
	}
	return d
}
