package xds

import (
	_ "embed"
	"slices"
	"strings"
)

// usageNamespace is the dynamic metadata in which Envoy leaves what it lifted
// out of an answer. The script leaves the JSON text of the usage object. So do
// Envoy's own filters for streams; for unary answers they leave its scalars
// under their dotted paths.
const usageNamespace = "sb.usage"

// maxEvent bounds an event that is searched for usage, in bytes: Envoy scans
// an unfinished event anew with each frame, so a larger bound costs quadratic
// time.
const maxEvent = 1 << 20

// usageScript lifts usage and removes the usage event that we asked for and
// the caller did not. On streams it costs a third of what Envoy's own filters
// cost; on answers of 1 KB as much as they, on larger ones less.
//
//go:embed usage.lua
var usageScript string

// streamRules are the places of an event from which text is lifted, as JSON
// text for objects. A later match overwrites.
func streamRules() []string {
	return []string{
		"usage", "x_groq.usage", "message.usage", "response.usage", "usageMetadata",
		"model", "message.model", "response.model", "modelVersion", "service_tier", "response.service_tier",
	}
}

// unaryPlace is the object of a unary answer below which a usage path is
// looked for: Gemini's are written like thisCount.
func unaryPlace(path string) string {
	if strings.HasSuffix(path, "TokenCount") {
		return "usageMetadata"
	}
	return "usage"
}

// unaryScalars are lifted from unary answers as they are. Anthropic, Mistral
// and Gemini have the tier in the usage. What is in an array, as Anthropic's
// iterations, these filters do not see.
func unaryScalars() []string {
	return []string{
		"model", "modelVersion", "service_tier", "usage.service_tier", "usageMetadata.serviceTier", "usageMetadata.trafficType",
	}
}

// script runs the script.
func script() object {
	return extension(scriptName, "envoy.extensions.filters.http.lua.v3.Lua", object{
		"default_source_code": object{"inline_string": usageScript},
	})
}

// streamUsage and unaryUsage watch answers as they pass where there is no
// script.
func streamUsage() object {
	rules := each(streamRules(), func(path string) any {
		return object{"rule": lift(path, "STRING")}
	})
	return extension("signalbox.usage.stream", "envoy.extensions.filters.http.sse_to_metadata.v3.SseToMetadata", object{
		"response_rules": object{
			"max_event_size": maxEvent,
			"content_parser": extension("json", "envoy.extensions.content_parsers.json.v3.JsonContentParser", object{"rules": rules}),
		},
	})
}

func unaryUsage(paths []string) object {
	var rules list
	for _, path := range slices.Compact(slices.Sorted(slices.Values(paths))) {
		rules = append(rules, lift(unaryPlace(path)+"."+path, "PROTOBUF_VALUE"))
	}
	for _, path := range unaryScalars() {
		rules = append(rules, lift(path, "PROTOBUF_VALUE"))
	}
	return extension("signalbox.usage.unary", "envoy.extensions.filters.http.json_to_metadata.v3.JsonToMetadata", object{
		"response_rules": object{
			"rules": rules,
			// The default refuses parameters such as a charset.
			"allow_content_types_regex": object{"regex": `(?i)application/json *(;.*)?`},
		},
	})
}

// lift is the rule that copies the value at a dotted path of a document to the
// metadata, under the same path.
func lift(path, kind string) object {
	var keys list
	for key := range strings.SplitSeq(path, ".") {
		keys = append(keys, object{"key": key})
	}
	return object{
		"selectors":  keys,
		"on_present": object{"metadata_namespace": usageNamespace, "key": path, "type": kind},
	}
}
