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
	body   []byte // OpenAI's error object
}

// localReplies turns Envoy's own errors into the shape that callers know. What
// Envoy writes about the cause is for the log: it may name hosts. The first
// match counts; our own answers come first and stay as they are.
func localReplies(in Input) object {
	mappers := list{object{
		"filter":         details("signalbox_"),
		"headers_to_add": list{},
	}}
	for _, r := range replies(in) {
		m := object{
			"filter":               r.when,
			"body_format_override": object{"json_format": template(r.body), "content_type": "application/json"},
			"headers_to_add": list{
				setHeader("x-signalbox-request-id", "%REQ(X-REQUEST-ID)%"),
				setHeader("x-request-id", "%REQ(X-REQUEST-ID)%"), // where SDKs look for it
				setHeader(errorHeader, code(r.body)),
			},
		}
		if r.status != 0 {
			m["status_code"] = r.status
		}
		mappers = append(mappers, m)
	}
	return object{"mappers": mappers}
}

func replies(in Input) []reply {
	limit := strconv.FormatInt(in.Snapshot.Envoy.BodyLimit, 10)
	return []reply{
		kind(status("EQ", 413), fault.BodyTooLarge, "The request body is larger than the "+limit+" bytes that this gateway takes."),
		{details("ext_proc"), fault.Draining.Status(), fault.OpenAIBody("The gateway's processor does not answer. Send the request again.", fault.Draining.Type(), "", "processor_unavailable")},
		kind(details("response_payload_too_large"), fault.ProviderError, "The provider's answer is larger than this gateway takes."),
		kind(flags("UT", "SI"), fault.ProviderTimeout, "No provider answered in time. Send the request again, or ask for less."),
		kind(flags("UO"), fault.Overloaded, "Too many requests are waiting for the providers. Send the request again later."),
		kind(flags("UH", "NC", "NR"), fault.NoBackend, "No backend is available for this request. Send it again; when it lasts, the gateway's operator finds the reason by the request id."),
		kind(flags("UF", "UC", "UR", "LR", "UPE", "URX"), fault.ProviderUnreachable, "The provider could not be reached or broke off before it answered. Send the request again."),
		{status("EQ", 408), 0, fault.OpenAIBody("The request did not arrive in time.", fault.TypeOf(408), "", "request_timeout")},
		{status("EQ", 431), 0, fault.OpenAIBody("The request's headers are too large.", fault.TypeOf(431), "", "headers_too_large")},
		{status("GE", 500), 0, fault.OpenAIBody("The gateway could not handle this request. Tell its operator the request id.", fault.Internal.Type(), "", fault.Internal.Code())},
		{status("GE", 400), 0, fault.OpenAIBody("This is no HTTP request that the gateway can take.", fault.TypeOf(400), "", "bad_request")},
	}
}

func kind(when object, k fault.Kind, text string) reply {
	return reply{when, k.Status(), fault.OpenAI(fault.New(k, text))}
}

// code is the code of OpenAI's error object.
func code(doc []byte) string {
	var e struct{ Error struct{ Code string } }
	if err := json.Unmarshal(doc, &e); err != nil {
		return "" // cannot happen: fault writes JSON
	}
	return e.Error.Code
}

// template returns a JSON document as a format of Envoy's, in which nothing is
// a command.
func template(doc []byte) any {
	var t any
	if err := json.Unmarshal([]byte(strings.ReplaceAll(string(doc), "%", "%%")), &t); err != nil {
		return nil // cannot happen: fault writes JSON
	}
	return t
}

func status(op string, code int) object {
	return object{"status_code_filter": object{"comparison": object{
		"op": op, "value": object{"default_value": code, "runtime_key": "signalbox.unused"},
	}}}
}

func flags(f ...string) object { return object{"response_flag_filter": object{"flags": f}} }

// details matches the beginning of Envoy's word for what happened.
func details(prefix string) object {
	return object{"extension_filter": extension("cel", "envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter", object{
		"expression": "response.code_details.startsWith('" + prefix + "')",
	})}
}
