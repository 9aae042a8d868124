package xds

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/signalbox-dev/signalbox/pkg/fault"
)

// reply says how one of Envoy's own errors leaves.
type reply struct {
	when   object // an access log filter
	status int    // 0 keeps Envoy's
	err    *fault.Error
	code   string // for the caller
}

// shape is how errors look in the API that callers of a kind speak.
type shape struct {
	when   object // nil: always
	body   func(r reply) any
	header list // besides those of all
}

// localReplies turns Envoy's own errors into the shape that callers know. What
// Envoy writes about the cause is for the log: it may name hosts. The first
// match counts; our own answers come first and stay as they are.
func localReplies(in Input) object {
	mappers := list{object{
		"filter":         details("signalbox_"),
		"headers_to_add": list{},
	}}
	for _, s := range shapes() {
		for _, r := range replies(in) {
			mappers = append(mappers, s.mapper(r))
		}
	}
	return object{"mappers": mappers}
}

func (s shape) mapper(r reply) object {
	m := object{
		"filter":               both(s.when, r.when),
		"body_format_override": object{"json_format": s.body(r), "content_type": "application/json"},
		"headers_to_add": append(list{
			setHeader("x-signalbox-request-id", requestID),
			setHeader("x-request-id", requestID), // where OpenAI's and Google's SDKs look for it
			setHeader(errorHeader, r.code),
		}, s.header...),
	}
	if r.status != 0 {
		m["status_code"] = r.status
	}
	return m
}

const requestID = "%REQ(X-REQUEST-ID)%"

// The caller's API is told by what the request filter left, under the key
// "api", and by the path where it left nothing: that is the caller's own then.
func shapes() []shape {
	return []shape{
		{
			when: speaks("anthropic", "request.path.startsWith('/v1/messages')"),
			body: func(r reply) any {
				t := template(fault.Anthropic(r.err, ""))
				t["request_id"] = requestID
				return t
			},
			header: list{setHeader("request-id", requestID)}, // where Anthropic's SDKs look for it
		},
		{
			when: speaks("gemini", "request.path.startsWith('/v1beta/') || request.path.matches('^[^?]*:(streamGenerateContent|generateContent|embedContent|batchEmbedContents)')"),
			body: func(r reply) any {
				t := template(fault.Google(r.err))
				if e, ok := t["error"].(map[string]any); ok {
					e["code"] = "%RESPONSE_CODE%"
				}
				return t
			},
		},
		{body: func(r reply) any {
			return template(fault.OpenAIBody(r.err.Text, fault.TypeOf(r.err.Status()), "", r.code))
		}},
	}
}

// speaks matches requests of callers of the named API; where nothing says which
// that is, those for which path, an expression, is true.
func speaks(api, path string) object {
	const metadata = "metadata.filter_metadata"
	const known = "('" + namespace + "' in " + metadata + " && 'api' in " + metadata + "['" + namespace + "'])"
	return expression(known + " ? " + metadata + "['" + namespace + "']['api'] == '" + api + "' : (" + path + ")")
}

func replies(in Input) []reply {
	limit := strconv.FormatInt(in.Snapshot.Envoy.BodyLimit, 10)
	return []reply{
		kind(status("EQ", 413), fault.BodyTooLarge, "The request body is larger than the "+limit+" bytes that this gateway takes."),
		{details("ext_proc"), fault.Draining.Status(), fault.New(fault.Draining, "The gateway's processor does not answer. Send the request again."), "processor_unavailable"},
		kind(details("response_payload_too_large"), fault.ProviderError, "The provider's answer is larger than this gateway takes."),
		kind(flags("UT", "SI"), fault.ProviderTimeout, "No provider answered in time. Send the request again, or ask for less."),
		kind(flags("UO"), fault.Overloaded, "Too many requests are waiting for the providers. Send the request again later."),
		kind(flags("UH", "NC", "NR"), fault.NoBackend, "No backend is available for this request. Send it again; when it lasts, the gateway's operator finds the reason by the request id."),
		kind(flags("UF", "UC", "UR", "LR", "UPE", "URX"), fault.ProviderUnreachable, "The provider could not be reached or broke off before it answered. Send the request again."),
		own(status("EQ", 408), 408, "The request did not arrive in time.", "request_timeout"),
		own(status("EQ", 431), 431, "The request's headers are too large.", "headers_too_large"),
		own(status("GE", 500), 500, "The gateway could not handle this request. Tell its operator the request id.", fault.Internal.Code()),
		own(status("GE", 400), 400, "This is no HTTP request that the gateway can take.", "bad_request"),
	}
}

func kind(when object, k fault.Kind, text string) reply {
	return reply{when, k.Status(), fault.New(k, text), k.Code()}
}

// own is an error that keeps Envoy's status, which is like the given one.
func own(when object, like int, text, code string) reply {
	return reply{when, 0, fault.New(fault.Internal, text).At(like), code}
}

// template returns a JSON object as a format of Envoy's, in which nothing is a
// command.
func template(doc []byte) map[string]any {
	var t map[string]any
	if err := json.Unmarshal([]byte(strings.ReplaceAll(string(doc), "%", "%%")), &t); err != nil {
		return nil // cannot happen: fault writes JSON
	}
	return t
}

// both matches what a, when there is one, and b match.
func both(a, b object) object {
	if a == nil {
		return b
	}
	return object{"and_filter": object{"filters": list{a, b}}}
}

func status(op string, code int) object {
	return object{"status_code_filter": object{"comparison": object{
		"op": op, "value": object{"default_value": code, "runtime_key": "signalbox.unused"},
	}}}
}

func flags(f ...string) object { return object{"response_flag_filter": object{"flags": f}} }

// details matches the beginning of Envoy's word for what happened.
func details(prefix string) object {
	return expression("response.code_details.startsWith('" + prefix + "')")
}

// expression matches where a CEL expression is true. One that cannot be
// evaluated does not match.
func expression(cel string) object {
	return object{"extension_filter": extension("cel", "envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter", object{"expression": cel})}
}
