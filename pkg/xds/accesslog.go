package xds

import "maps"

// The lines of the file log, which the witness reads. Keys are short because
// each request writes them; package witness documents their meaning.
var ( // read only: these are the formats of the file, shared by its two loggers
	attemptLine = object{
		"k":  "%ACCESS_LOG_TYPE%",
		"id": "%REQ(X-REQUEST-ID)%",
		"c":  "%UPSTREAM_CLUSTER_RAW%",
		"s":  "%RESPONSE_CODE%",
		"f":  "%RESPONSE_FLAGS%",
		"d":  "%UPSTREAM_TRANSPORT_FAILURE_REASON%",
		"t":  "%START_TIME(%s.%9f)%",
		"ms": "%DURATION%",
		"fb": "%RESPONSE_DURATION%",
		"rx": "%BYTES_RECEIVED%", // of the answer's body
		"tx": "%BYTES_SENT%",     // of the request's body
		"ra": "%RESP(RETRY-AFTER)%",
	}
	requestLine = object{
		"k":  "%ACCESS_LOG_TYPE%",
		"id": "%REQ(X-REQUEST-ID)%",
		"sb": "%DYNAMIC_METADATA(" + namespace + ":facts)%",
		"u":  "%DYNAMIC_METADATA(" + usageNamespace + ":answer)%", // see requestFormat
		"c":  "%UPSTREAM_CLUSTER_RAW%",
		"n":  "%UPSTREAM_REQUEST_ATTEMPT_COUNT%",
		"s":  "%RESPONSE_CODE%",
		"f":  "%RESPONSE_FLAGS%",
		"d":  "%RESPONSE_CODE_DETAILS%",
		"t":  "%START_TIME(%s.%9f)%",
		"ms": "%DURATION%",
		"fb": "%RESPONSE_DURATION%",
		"rx": "%BYTES_RECEIVED%",
		"tx": "%BYTES_SENT%",
		"ct": "%RESP(CONTENT-TYPE)%",
	}
)

// requestLogs are the access logs of the listener: the file is the authority
// and takes one line per request, at its end; the gRPC log takes only early
// news of running ones, since it loses entries while nobody listens.
func requestLogs(in Input) list {
	return list{
		logOf("DownstreamEnd", fileLog(in, requestFormat(in))),
		logOf("DownstreamPeriodic", extension("signalbox.early", "envoy.extensions.access_loggers.grpc.v3.HttpGrpcAccessLogConfig", object{
			"common_config": object{
				"log_name":              "signalbox",
				"transport_api_version": "V3",
				"buffer_flush_interval": "0.2s",
				"grpc_service":          object{"envoy_grpc": object{"cluster_name": processorCluster}},
			},
		})),
	}
}

// requestFormat is requestLine, with all that was lifted where Envoy's own
// filters do it. One value costs Envoy far less than a namespace.
func requestFormat(in Input) object {
	if in.Snapshot.Envoy.Lua {
		return requestLine
	}
	f := maps.Clone(requestLine)
	f["u"] = "%DYNAMIC_METADATA(" + usageNamespace + ")%"
	return f
}

// attemptLogs is the router's log: one line per attempt.
func attemptLogs(in Input) list { return list{fileLog(in, attemptLine)} }

func fileLog(in Input, format object) object {
	return extension("signalbox.file", "envoy.extensions.access_loggers.file.v3.FileAccessLog", object{
		"path":       in.accessLog(),
		"log_format": object{"json_format": format},
	})
}

// logOf lets logger see entries of one type only.
func logOf(entry string, logger object) object {
	logger["filter"] = object{"log_type_filter": object{"types": list{entry}}}
	return logger
}
