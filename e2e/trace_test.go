package e2e

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	trace "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"

	"github.com/signalbox-dev/signalbox/e2e/internal/bed"
	"github.com/signalbox-dev/signalbox/pkg/gatewaytest/provider"
)

// spans collects what arrives by OTLP over HTTP.
type spans struct {
	mu  sync.Mutex
	all []span
}

type span struct {
	service string
	*trace.Span
}

func (s *spans) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var in io.Reader = r.Body
	if r.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		in = z
	}
	b, err := io.ReadAll(in)
	m := new(collector.ExportTraceServiceRequest)
	if err != nil || proto.Unmarshal(b, m) != nil {
		http.Error(w, "no trace", http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, resource := range m.ResourceSpans {
		service := ""
		for _, a := range resource.GetResource().GetAttributes() {
			if a.Key == "service.name" {
				service = a.Value.GetStringValue()
			}
		}
		for _, scope := range resource.ScopeSpans {
			for _, one := range scope.Spans {
				s.all = append(s.all, span{service, one})
			}
		}
	}
}

func (s *spans) of(service string) []span {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []span
	for _, x := range s.all {
		if x.service == service {
			out = append(out, x)
		}
	}
	return out
}

// trace are our spans of the request: those of the trace in which a span names
// its id.
func (s *spans) trace(id string) []span {
	all := s.of("signalbox")
	i := slices.IndexFunc(all, func(x span) bool { return strings.Contains(prototext.Format(x.Span), id) })
	if i < 0 {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(all), func(x span) bool { return string(x.TraceId) != string(all[i].TraceId) })
}

// TestTraces follows one request with a fallback through Envoy's spans and
// ours: one trace, a span for the decision and one for each attempt, nothing of
// its content.
func TestTraces(t *testing.T) {
	sink := &spans{}
	server := httptest.NewServer(sink)
	defer server.Close()
	r := start(t, plan{providers: named("a", "b"), configure: func(c *bed.Config, _ map[string]*provider.Server) {
		endpoint := strings.TrimPrefix(server.URL, "http://")
		c.Telemetry = bed.Section{"otlp": bed.Section{"endpoint": endpoint, "protocol": "http", "insecure": true}, "sample": 1}
	}})
	const content = "pineapple-on-pizza"
	a := r.do(t, request{body: chat(streamed, content+"\n#fault backend=a status=500"), headers: []string{"x-request-id", "my-own-id"}})
	if a.status != 200 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	r.settledOne(t, a)
	var ours []span
	id := a.header.Get("x-signalbox-request-id")
	eventually(t, 15*time.Second, "our spans of the request arrive", func() bool {
		ours = sink.trace(id)
		return len(ours) >= 3
	})
	eventually(t, 15*time.Second, "Envoy's spans arrive", func() bool { return len(sink.of("signalbox-envoy")) > 0 })
	text := ""
	for _, s := range ours {
		if len(s.ParentSpanId) == 0 {
			t.Errorf("span %s has no parent", s.Name)
		}
		text += prototext.Format(s.Span)
	}
	if len(ours) != 3 {
		t.Errorf("%d spans:\n%s", len(ours), text)
	}
	joined := slices.ContainsFunc(sink.of("signalbox-envoy"), func(s span) bool { return string(s.TraceId) == string(ours[0].TraceId) })
	if !joined {
		t.Error("Envoy's spans are of another trace")
	}
	for _, s := range []string{"my-own-id", `"a"`, `"b"`, "500"} {
		if !strings.Contains(text, s) {
			t.Errorf("no span shows %s:\n%s", s, text)
		}
	}
	for _, x := range sink.all {
		text += prototext.Format(x.Span)
	}
	for _, s := range []string{content, r.key, "sk-a", "sk-b"} {
		if strings.Contains(text, s) {
			t.Errorf("a span shows %q", s)
		}
	}
}
