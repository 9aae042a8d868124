package responses

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/fault"
	"github.com/signalbox-dev/signalbox/pkg/gatewaytest/recorded"
	"github.com/signalbox-dev/signalbox/pkg/genai"
)

// rows runs check on each recorded exchange that is evidence.
func rows(t *testing.T, check func(t *testing.T, r *recorded.Row)) {
	t.Helper()
	dir, ok := recorded.Find()
	if !ok {
		t.Skip("no recorded traffic: set " + recorded.Env)
	}
	n, skipped := 0, 0
	for r, err := range recorded.Read(dir) {
		switch {
		case err != nil:
			t.Fatal(err)
		case r.Endpoint != "responses":
		case r.Skip() != "":
			skipped++
		default:
			n++
			t.Run(r.ID, func(t *testing.T) { check(t, r) })
		}
	}
	t.Logf("%d rows, %d more are no evidence", n, skipped)
}

func TestRecordedUsage(t *testing.T) {
	rows(t, func(t *testing.T, r *recorded.Row) {
		t.Helper()
		var first dialect.Reading
		for i, cut := range recorded.Cuts(7) {
			m := New().Answer.Meter(genai.Chat, r.Streaming, r.Provider)
			for p := range cut.Pieces(r.Response.Body) {
				m.Feed(p)
			}
			got := m.Close()
			if d := r.Truth.Diff(got.Usage, got.Found); d != "" {
				t.Errorf("%s %s: %s", r.Provider, cut.Name, d)
			}
			if i == 0 {
				first = got
			} else if d := cmp.Diff(first, got); d != "" {
				t.Errorf("%s differs from whole (-whole +%s):\n%s", cut.Name, cut.Name, d)
			}
		}
		switch {
		case first.Malformed > 0:
			t.Errorf("%d malformed events", first.Malformed)
		case r.Response.Status != 200 && !first.Failed:
			t.Errorf("status %d is not seen as failure", r.Response.Status)
		case r.Response.Status == 200 && !first.Failed && (first.Model == "" || !first.Done || !first.Finished):
			t.Errorf("%+v", first)
		case strings.Contains(string(r.Response.Body), ".delta\"") && first.DeltaBytes == 0:
			t.Errorf("nothing delivered: %+v", first)
		}
	})
}

func TestRecordedUsageObjects(t *testing.T) {
	rows(t, func(t *testing.T, r *recorded.Row) {
		t.Helper()
		if r.Truth == nil {
			return
		}
		u, found, _ := New().Usage.UsageJSON(r.Provider, r.Truth.Raw)
		if d := r.Truth.Diff(u, found); d != "" {
			t.Error(r.Provider, d)
		}
	})
}

func TestRecordedRequests(t *testing.T) {
	rows(t, func(t *testing.T, r *recorded.Row) {
		t.Helper()
		if r.Request == nil || r.Response.Status >= 400 {
			return
		}
		d := New()
		q, f := d.Request.Parse(dialect.Endpoint{}, r.Request.Body, nil)
		if f != nil && f.Param == "model" {
			return // an agent's or a prompt's own model: there is none to route by
		}
		if f != nil {
			t.Fatal(f)
		}
		out, injected := d.Request.Rewrite(nil, &q, dialect.Target{Model: "other", InjectUsage: true})
		if back, f := d.Request.Parse(dialect.Endpoint{}, out, nil); f != nil || injected || back.Model != "other" || back.Stream != q.Stream {
			t.Errorf("%v, injected %v, model %s", f, injected, back.Model)
		}
		if n := len(out) - len("other") + len(q.Model); n != len(r.Request.Body) {
			t.Errorf("%d bytes became %d", len(r.Request.Body), len(out))
		}
	})
}

const usage = `{"input_tokens":9,"input_tokens_details":{"cached_tokens":4,"cache_write_tokens":1},"output_tokens":5,"output_tokens_details":{"reasoning_tokens":2},"total_tokens":14}`

func TestMeter(t *testing.T) {
	head := "event: response.created\ndata: {\"type\":\"response.created\",\"response\":{\"model\":\"m\",\"service_tier\":\"auto\",\"usage\":null}}\n\n"
	text := "event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"delta\":\"h\\ni\",\"obfuscation\":\"xx\"}\n\n"
	end := func(kind string) string {
		return "event: response." + kind + "\ndata: {\"type\":\"response." + kind + "\",\"response\":{\"model\":\"m-2\",\"service_tier\":\"default\",\"usage\":" + usage + "}}\n\n"
	}
	counted := genai.Usage{Input: 9, CacheRead: 4, CacheWrite5m: 1, Output: 5, Reasoning: 2}
	tests := []struct {
		name, body string
		want       dialect.Reading
	}{
		{"completed", head + text + end("completed"), dialect.Reading{
			Usage: counted, Found: true, Raw: []byte(usage), Model: "m-2", Tier: "default", Done: true, Finished: true, Events: 3, DeltaBytes: 4,
		}},
		{"incomplete", head + end("incomplete"), dialect.Reading{
			Usage: counted, Found: true, Raw: []byte(usage), Model: "m-2", Tier: "default", Done: true, Finished: true, Events: 2,
		}},
		{"failed", head + end("failed"), dialect.Reading{
			Usage: counted, Found: true, Raw: []byte(usage), Model: "m-2", Tier: "default", Done: true, Failed: true, Events: 2,
		}},
		{"failed_without_usage", head + "data: {\"type\":\"response.failed\",\"response\":{\"usage\":null}}\n\n", dialect.Reading{
			Model: "m", Tier: "auto", Done: true, Failed: true, Events: 2,
		}},
		{"error_event", head + "event: error\ndata: {\"type\":\"error\",\"message\":\"m\"}\n\n", dialect.Reading{Model: "m", Tier: "auto", Failed: true, Events: 2}},
		{"error_of_a_proxy", "data: {\"error\":{\"message\":\"m\"}}\n\n", dialect.Reading{Failed: true, Events: 1}},
		{"cut", head + text + "data: {\"type\":\"resp", dialect.Reading{Model: "m", Tier: "auto", Events: 3, DeltaBytes: 4}},
		{"done_out_of_habit", head + "data: [DONE]\n\n", dialect.Reading{Model: "m", Tier: "auto", Events: 1}},
		{"malformed", "data: {\n\n", dialect.Reading{Events: 1, Malformed: 1}},
		{"document", ` {"model":"m","service_tier":"flex","error":null,"usage":` + usage + `}`, dialect.Reading{
			Usage: counted, Found: true, Raw: []byte(usage), Model: "m", Tier: "flex", Done: true, Finished: true,
		}},
		{"error_document", `{"error":{"message":"m"}}`, dialect.Reading{Done: true, Failed: true}},
		{"nothing", "", dialect.Reading{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, cut := range recorded.Cuts(3) {
				m := New().Answer.Meter(genai.Chat, true, "xai")
				for p := range cut.Pieces([]byte(tt.body)) {
					m.Feed(p)
				}
				if d := cmp.Diff(tt.want, m.Close()); d != "" {
					t.Errorf("%s (-want +got):\n%s", cut.Name, d)
				}
			}
		})
	}
}

func TestMeterOfALargeEnd(t *testing.T) {
	body := `data: {"type":"response.completed","response":{"output":"` + strings.Repeat("x", 5<<20) + `","model":"m","usage":` + usage + "}}\n\n"
	m := New().Answer.Meter(genai.Chat, true, "")
	for p := []byte(body); len(p) > 0; p = p[min(len(p), 64<<10):] {
		m.Feed(p[:min(len(p), 64<<10)])
	}
	if r := m.Close(); !r.Found || !r.Done || r.Malformed > 0 {
		t.Errorf("%+v", r)
	}
}

func TestMatch(t *testing.T) {
	create := dialect.Endpoint{Operation: genai.Chat, Path: "/responses"}
	tests := []struct {
		method, path string
		want         dialect.Endpoint
		kind         fault.Kind
		text         string
	}{
		{"POST", "/v1/responses", create, 0, ""},
		{"OPTIONS", "/v1/responses", dialect.Endpoint{Operation: dialect.Preflight, Path: "/responses"}, 0, ""},
		{"GET", "/v1/responses", create, fault.MethodNotAllowed, "POST"},
		{"GET", "/v1/responses/resp_1", dialect.Endpoint{}, fault.UnknownPath, "Stored"},
		{"DELETE", "/v1/responses/resp_1", dialect.Endpoint{}, fault.UnknownPath, "Stored"},
		{"POST", "/v1/responses/resp_1/cancel", dialect.Endpoint{}, fault.UnknownPath, "POST /v1/responses"},
		{"POST", "/v1/responsesx", dialect.Endpoint{}, fault.UnknownPath, "Known"},
		{"POST", "/responses", dialect.Endpoint{}, fault.UnknownPath, "Known"},
	}
	for _, tt := range tests {
		got, f := New().Request.Match(dialect.Head{Method: tt.method, Path: tt.path, ContentType: "application/json"})
		switch {
		case got != tt.want, (f == nil) != (tt.text == ""):
			t.Errorf("%s %s: %+v, %v", tt.method, tt.path, got, f)
		case f != nil && (f.Kind != tt.kind || !strings.Contains(f.Text, tt.text)):
			t.Errorf("%s %s: %v", tt.method, tt.path, f)
		}
	}
	_, f := New().Request.Match(dialect.Head{Method: "POST", Path: "/v1/responses", ContentEncoding: "gzip"})
	if f == nil || f.Kind != fault.UnsupportedEncoding {
		t.Error(f)
	}
}

func TestParse(t *testing.T) {
	q, f := New().Request.Parse(dialect.Endpoint{}, []byte(`{"model":"m\u0065","input":[{},{}],"stream":true,"max_output_tokens":7,"tools":[{}]}`), nil)
	if f != nil || q.Model != "me" || !q.Stream || !q.WantsUsage || q.MaxOutput != 7 || !q.HasTools || q.Messages.Len(q.Body) != 2 || q.Choices != 1 {
		t.Errorf("%v %+v", f, q)
	}
	for body, text := range map[string]string{
		``:                                    "no body",
		`[]`:                                  "object",
		`{"input":"a"}`:                       "missing",
		`{"model":""}`:                        "names the model",
		`{"model":"m","model":"n"}`:           "more than once",
		`{"model":"m","input":"a","input":1}`: "more than once",
		`{"model":"m","input":{}}`:            "string or an array",
		`{"model":"m","stream":"true"}`:       "true or false",
	} {
		if _, f := New().Request.Parse(dialect.Endpoint{}, []byte(body), nil); f == nil || !strings.Contains(f.Text, text) {
			t.Errorf("%s: %v", body, f)
		}
	}
}

func TestPath(t *testing.T) {
	d := New()
	if got := d.Path("/base/v1", dialect.Call{Own: &dialect.Endpoint{Path: "/responses"}}); got != "/base/v1/responses" {
		t.Error(got)
	}
	if d.Front != nil || d.Back != nil || d.Family != "openai" || d.Answer.Hider() != nil {
		t.Error("what is only passed on is not translated, nor anything hidden")
	}
}

// Every count that matters is among the paths that the reader lists.
func TestPaths(t *testing.T) {
	f := counter{}
	for i, p := range New().Usage.Paths() {
		f[p] = []int64{100, 50, 150, 10, 5, 3, 7}[i]
	}
	got, found, suspect := New().Usage.Usage("xai", f)
	want := genai.Usage{Input: 100, Output: 50, CacheRead: 10, CacheWrite5m: 5, AudioInput: 3, Reasoning: 7}
	if got != want || !found || suspect {
		t.Errorf("%+v, found %v, suspect %v", got, found, suspect)
	}
}

type counter map[string]int64

func (c counter) Int(path string) (int64, bool) { n, ok := c[path]; return n, ok }

func FuzzMeter(f *testing.F) {
	f.Add([]byte("data: {\"type\":\"response.completed\",\"response\":{\"usage\":"+usage+"}}\n\n"), uint8(3))
	f.Add([]byte(`{"usage":`+usage+`}`), uint8(5))
	f.Add([]byte("event: error\r\ndata: {\"delta\":\"a\"}\r\n\r\ndata: {"), uint8(1))
	f.Fuzz(func(t *testing.T, body []byte, cut uint8) {
		whole := New().Answer.Meter(genai.Chat, true, "")
		whole.Feed(body)
		pieces := New().Answer.Meter(genai.Chat, true, "")
		for n, p := int(cut)%64+1, body; len(p) > 0; p = p[min(n, len(p)):] {
			pieces.Feed(p[:min(n, len(p))])
		}
		if d := cmp.Diff(whole.Close(), pieces.Close()); d != "" {
			t.Fatalf("(-whole +pieces):\n%s", d)
		}
	})
}
