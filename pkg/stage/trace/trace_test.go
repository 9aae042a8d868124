package trace

import (
	"strings"
	"testing"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/signalbox-dev/signalbox/pkg/health"
	"github.com/signalbox-dev/signalbox/pkg/key"
	"github.com/signalbox-dev/signalbox/pkg/pipeline"
	"github.com/signalbox-dev/signalbox/pkg/policy"
	"github.com/signalbox-dev/signalbox/pkg/route"
	"github.com/signalbox-dev/signalbox/pkg/telemetry"
)

const proxy = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-"

func exchange(parent string, sampled bool) *pipeline.Exchange {
	x := &pipeline.Exchange{Snapshot: &policy.Snapshot{Version: "v"}}
	x.Trace = pipeline.Trace{Parent: parent, Sampled: sampled}
	x.Head.ID, x.Head.ClientID = "ours", "theirs"
	x.Caller.Key = &key.Key{ID: "key_1"}
	return x
}

func TestDecisionJoinsTheProxysTrace(t *testing.T) {
	spans := tracetest.NewInMemoryExporter()
	tracer := telemetry.NewTracerWith(telemetry.TraceOptions{Sample: 0}, sdktrace.WithSyncer(spans))
	x := exchange(proxy+"01", true)
	x.Decision.Graded = []route.Graded{{Backend: "b", Grade: health.Slow}}
	if f := (Stage{Tracer: tracer}).RequestBody(x); f != nil {
		t.Fatal(f)
	}
	got := spans.GetSpans()
	if len(got) != 1 || got[0].Parent.SpanID().String() != "b7ad6b7169203331" || got[0].SpanContext.TraceID().String() != "0af7651916cd43dd8448eb211c80319c" {
		t.Fatalf("spans %+v", got)
	}
	if !x.Trace.Sampled || x.Trace.Span != got[0].SpanContext.SpanID() {
		t.Errorf("trace %+v", x.Trace)
	}
	attrs := map[string]string{}
	for _, a := range got[0].Attributes {
		attrs[string(a.Key)] = a.Value.String()
	}
	if !strings.Contains(attrs["signalbox.graded"], "b: slow") {
		t.Errorf("graded %v", attrs["signalbox.graded"])
	}
	if attrs["signalbox.request.id"] != "ours" || attrs["signalbox.client.request.id"] != "theirs" || attrs["signalbox.key.id"] != "key_1" {
		t.Errorf("attributes %v", attrs)
	}
}

func TestWhatIsNotSampledCostsNothing(t *testing.T) {
	spans := tracetest.NewInMemoryExporter()
	tracer := telemetry.NewTracerWith(telemetry.TraceOptions{Sample: 1}, sdktrace.WithSyncer(spans))
	for name, c := range map[string]struct {
		tracer *telemetry.Tracer
		x      *pipeline.Exchange
	}{
		"the proxy did not sample": {tracer, exchange(proxy+"00", false)},
		"tracing is off":           {nil, exchange(proxy+"01", true)},
	} {
		Decision(c.tracer, c.x, "")
		if c.x.Trace.Sampled || len(spans.GetSpans()) != 0 {
			t.Errorf("%s: %+v, %d spans", name, c.x.Trace, len(spans.GetSpans()))
		}
	}
}
