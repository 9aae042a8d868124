package e2e

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	trace "go.opentelemetry.io/proto/otlp/trace/v1"

	"github.com/signalbox-dev/signalbox/e2e/internal/bed"
	"github.com/signalbox-dev/signalbox/pkg/gatewaytest/provider"
	"github.com/signalbox-dev/signalbox/pkg/route/account"
)

// TestExplain follows a request that two backends of three failed, with a fourth
// that its class forbids: the decision is readable from the spans and from
// signalbox explain, by each of its ids, and is made again byte for byte, by the
// policy of then and by that of now.
func TestExplain(t *testing.T) {
	sink := &spans{}
	server := httptest.NewServer(sink)
	defer server.Close()
	r := start(t, plan{providers: named("a", "b", "c", "far"), configure: func(c *bed.Config, _ map[string]*provider.Server) {
		for _, name := range []string{"a", "b", "c"} {
			c.Backend(name)["region"] = "eu"
		}
		c.Backend("far")["region"] = "us"
		c.Classes = []bed.Section{{"name": "inside", "regions": []string{"eu"}}}
		c.Routes = []bed.Section{
			{"name": "gold", "models": []string{"chat"}, "headers": []bed.Section{{"name": "x-plan", "value": "gold"}}},
			{"name": "short", "models": []string{"chat"}, "when": `request.tokens < 1000 && request.header("x-plan") != "none"`, "class": "inside", "max_attempts": 3},
		}
		c.Telemetry = bed.Section{"otlp": bed.Section{"endpoint": strings.TrimPrefix(server.URL, "http://"), "protocol": "http", "insecure": true}, "sample": 1}
	}})
	const content, header = "pineapple-on-pizza", "tin-of-sardines"
	a := r.do(t, request{body: chat(streamed, content+"\n#fault backend=a status=500\n#fault backend=b status=503"), headers: []string{"x-plan", header}})
	id := a.header.Get("x-signalbox-request-id")
	if a.status != 200 || a.header.Get("x-signalbox-provider") != "c" {
		t.Fatalf("%d %v %s", a.status, a.header, a.body)
	}
	r.settledOne(t, a)
	r.explainedBySpans(t, sink, id)
	text := r.command(t, "explain", id)
	for _, want := range []string{
		"gold  no: header", "short  fits, when request.tokens < 1000", "class inside", "request.tokens ",
		"first: as configured", "fallback 2", "class inside does not allow it: far in region us", "http_error", "ended completed",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
	for _, secret := range []string{content, header, r.key} {
		if strings.Contains(text, secret) {
			t.Errorf("%q is in\n%s", secret, text)
		}
	}
	traceID := fmt.Sprintf("%x", sink.trace(id)[0].TraceId)
	if byTrace := r.command(t, "explain", traceID); byTrace != text {
		t.Errorf("by the trace it is\n%s", byTrace)
	}
	page := look[struct {
		Rules      []account.Rule
		Candidates []account.Seen
	}](t, r, "decisions/"+id)
	if len(page.Rules) != 2 || page.Rules[0].Result != "no: header" || len(page.Candidates) != 4 || page.Candidates[2].Reason != "fallback 2" || page.Candidates[3].Code != "class" {
		t.Errorf("the admin endpoint says %+v", page)
	}
	if again := r.command(t, "replay", id); !strings.Contains(again, "decides the same again, byte for byte") || !strings.Contains(again, "the policy of today") {
		t.Error(again)
	}
	refused := r.do(t, request{body: strings.Replace(chat("", content), `"chat"`, `"chet"`, 1)})
	if text := r.command(t, "explain", refused.header.Get("x-signalbox-request-id")); refused.status != 404 || !strings.Contains(text, "model_not_found") || !strings.Contains(text, "ended refused") {
		t.Errorf("%d %s\n%s", refused.status, refused.body, text)
	}
	r.Config.Routes[1]["max_attempts"] = 2
	if err := r.WriteConfig(); err != nil {
		t.Fatal(err)
	}
	again := r.command(t, "replay", id)
	for _, want := range []string{"decides the same again, byte for byte", "not certain: route \"gold\" looks at headers", "of today, chooses otherwise", "better candidates used the route's attempts up"} {
		if !strings.Contains(again, want) {
			t.Errorf("%q is not in\n%s", want, again)
		}
	}
}

// explainedBySpans reads the decision from the spans of a request alone.
func (r *rig) explainedBySpans(t *testing.T, sink *spans, id string) {
	t.Helper()
	var decision *trace.Span
	attempts := 0
	eventually(t, 15*time.Second, "a span of the decision and three of attempts arrive", func() bool {
		decision, attempts = nil, 0
		for _, s := range sink.trace(id) {
			if s.Name == "signalbox.decision" {
				decision = s.Span
			} else {
				attempts++
			}
		}
		return decision != nil && attempts == 3
	})
	var told []string
	for _, e := range decision.GetEvents() {
		line := e.GetName()
		for _, a := range e.GetAttributes() {
			line += " " + strings.TrimPrefix(a.GetKey(), "signalbox.") + "=" + a.GetValue().GetStringValue() + fmt.Sprint(a.GetValue().GetIntValue())
		}
		told = append(told, line)
	}
	all := strings.Join(told, "\n") + fmt.Sprint(decision.GetAttributes())
	for _, want := range []string{"backend=a0", "order=1", "order=3", "signal=closed", "code=class", "class inside does not allow it", "gold: no: header", "short: fits", "signalbox.objective", "request.tokens: "} {
		if !strings.Contains(all, want) {
			t.Errorf("%q is not in the decision's span:\n%s", want, all)
		}
	}
}

func (r *rig) command(t *testing.T, words ...string) string {
	t.Helper()
	out, err := r.Command(t.Context(), words...)
	if err != nil {
		t.Fatalf("%v: %v\n%s", words, err, out)
	}
	return out
}
