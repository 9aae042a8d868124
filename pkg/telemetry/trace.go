package telemetry

import (
	"context"
	"fmt"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// TraceOptions say where spans go. An empty Endpoint switches tracing off.
type TraceOptions struct {
	Endpoint string // host:port, or a URL
	HTTP     bool   // OTLP over HTTP instead of gRPC
	Insecure bool
	Sample   float64 // share of traces to keep where the proxy has not decided
	Version  string
}

// Tracer emits the spans of decisions and attempts. A nil Tracer, and one that
// is off, emits nothing. Safe for concurrent use.
type Tracer struct {
	provider *sdktrace.TracerProvider
	tracer   trace.Tracer
}

// NewTracer connects lazily: a collector that is down costs spans, never
// requests.
func NewTracer(ctx context.Context, o TraceOptions) (*Tracer, error) {
	if o.Endpoint == "" {
		return nil, nil
	}
	exporter, err := exporter(ctx, o)
	if err != nil {
		return nil, fmt.Errorf("OTLP exporter: %w", err)
	}
	return NewTracerWith(o, sdktrace.WithBatcher(exporter)), nil
}

// NewTracerWith is NewTracer with another way out for the spans.
func NewTracerWith(o TraceOptions, out sdktrace.TracerProviderOption) *Tracer {
	p := sdktrace.NewTracerProvider(out,
		sdktrace.WithSampler(sdktrace.ParentBased(sdktrace.TraceIDRatioBased(o.Sample))),
		sdktrace.WithResource(resource.NewSchemaless(
			attribute.String("service.name", "signalbox"),
			attribute.String("service.version", o.Version))))
	return &Tracer{provider: p, tracer: p.Tracer("signalbox")}
}

func exporter(ctx context.Context, o TraceOptions) (*otlptrace.Exporter, error) {
	url := strings.Contains(o.Endpoint, "://")
	if o.HTTP {
		opts := []otlptracehttp.Option{otlptracehttp.WithEndpoint(o.Endpoint)}
		if url {
			opts[0] = otlptracehttp.WithEndpointURL(o.Endpoint)
		}
		if o.Insecure {
			opts = append(opts, otlptracehttp.WithInsecure())
		}
		return otlptracehttp.New(ctx, opts...)
	}
	opts := []otlptracegrpc.Option{otlptracegrpc.WithEndpoint(o.Endpoint)}
	if url {
		opts[0] = otlptracegrpc.WithEndpointURL(o.Endpoint)
	}
	if o.Insecure {
		opts = append(opts, otlptracegrpc.WithInsecure())
	}
	return otlptracegrpc.New(ctx, opts...)
}

// Close sends what is pending, until ctx ends.
func (t *Tracer) Close(ctx context.Context) error {
	if t == nil {
		return nil
	}
	return t.provider.Shutdown(ctx)
}

// Parent is a span that others hang below.
type Parent struct {
	Trace [16]byte
	Span  [8]byte
}

// DecisionSpan is one request as the gateway decided it.
type DecisionSpan struct {
	Traceparent string // the proxy's span, as W3C Trace Context
	Start, End  time.Time
	RequestID   string
	ClientID    string
	Operation   string
	Model       string
	Team        string
	KeyID       string
	Route       string
	Channel     string
	Class       string
	Policy      string
	Order       []string       // backend/model
	Out         []string       // backend: reason
	Graded      []string       // backend: grade, of those that were not well
	Refused     string         // code, empty when it went on
	Account     func() Account // why it went where it went; asked where the trace is sampled; may be nil
}

// Account says why a request went where it went, in words.
type Account struct {
	Objective  string
	Model      string // whose candidates serve
	Took       time.Duration
	Rules      []string // name: result, of those that were tried
	Signals    []string // name: value
	Candidates []Candidate
}

// Candidate is a backend as the decision saw it.
type Candidate struct {
	Backend, Model, Region string
	Signal                 string // clear, held or closed
	Order                  int    // 1 is tried first; 0: never
	Code, Reason           string
}

// Decision emits s and returns it as a parent; ok is false when the trace is
// not sampled.
func (t *Tracer) Decision(s DecisionSpan) (p Parent, ok bool) {
	if t == nil {
		return p, false
	}
	ctx := propagation.TraceContext{}.Extract(context.Background(), propagation.MapCarrier{"traceparent": s.Traceparent}) //nolint:forbidigo // a span told afterwards: there is no caller's context
	_, span := t.tracer.Start(ctx, "signalbox.decision", trace.WithTimestamp(s.Start), trace.WithSpanKind(trace.SpanKindInternal))
	defer span.End(trace.WithTimestamp(s.End))
	if !span.IsRecording() {
		return p, false
	}
	span.SetAttributes(
		attribute.String("gen_ai.operation.name", s.Operation),
		attribute.String("gen_ai.request.model", s.Model),
		attribute.String("signalbox.request.id", s.RequestID),
		attribute.String("signalbox.team", s.Team),
		attribute.String("signalbox.key.id", s.KeyID),
		attribute.String("signalbox.route", s.Route),
		attribute.String("signalbox.channel", s.Channel),
		attribute.String("signalbox.class", s.Class),
		attribute.String("signalbox.policy.version", s.Policy),
		attribute.StringSlice("signalbox.order", s.Order),
		attribute.StringSlice("signalbox.excluded", s.Out))
	if len(s.Graded) > 0 {
		span.SetAttributes(attribute.StringSlice("signalbox.graded", s.Graded))
	}
	if s.Account != nil {
		s.Account().tell(span)
	}
	if s.ClientID != "" {
		span.SetAttributes(attribute.String("signalbox.client.request.id", s.ClientID))
	}
	if s.Refused != "" {
		span.SetStatus(codes.Error, s.Refused)
		span.SetAttributes(attribute.String("error.type", s.Refused))
	}
	c := span.SpanContext()
	return Parent{c.TraceID(), c.SpanID()}, c.IsSampled()
}

// tell puts the account on the decision's span: what concerns the request as
// attributes, each candidate as an event.
func (a Account) tell(span trace.Span) {
	span.SetAttributes(
		attribute.String("signalbox.objective", a.Objective),
		attribute.String("signalbox.model", a.Model),
		attribute.Int64("signalbox.decide_us", a.Took.Microseconds()),
		attribute.StringSlice("signalbox.rules", a.Rules),
		attribute.StringSlice("signalbox.signals", a.Signals))
	for _, c := range a.Candidates {
		span.AddEvent("signalbox.candidate", trace.WithAttributes(
			attribute.String("signalbox.backend", c.Backend),
			attribute.String("gen_ai.request.model", c.Model),
			attribute.String("signalbox.region", c.Region),
			attribute.String("signalbox.signal", c.Signal),
			attribute.Int("signalbox.order", c.Order),
			attribute.String("signalbox.code", c.Code),
			attribute.String("signalbox.reason", c.Reason)))
	}
}

// AttemptSpan is one attempt at a backend, told after it ended.
type AttemptSpan struct {
	Start, End  time.Time
	FirstByte   time.Time // zero when none came
	Number      int
	Backend     string
	Provider    string
	Operation   string
	Model       string // as sent
	ServedModel string
	Status      int
	Outcome     string
	Source      string
	Input       int64
	Output      int64
	CacheRead   int64
	Reasoning   int64
	Failed      bool
}

// Attempt emits s below parent.
func (t *Tracer) Attempt(parent Parent, s AttemptSpan) {
	if t == nil {
		return
	}
	c := trace.NewSpanContext(trace.SpanContextConfig{TraceID: parent.Trace, SpanID: parent.Span, TraceFlags: trace.FlagsSampled, Remote: true})
	ctx := trace.ContextWithRemoteSpanContext(context.Background(), c) //nolint:forbidigo // a span told afterwards
	_, span := t.tracer.Start(ctx, s.Operation+" "+s.Model, trace.WithTimestamp(s.Start), trace.WithSpanKind(trace.SpanKindClient))
	defer span.End(trace.WithTimestamp(s.End))
	span.SetAttributes(
		attribute.String("gen_ai.operation.name", s.Operation),
		attribute.String("gen_ai.provider.name", s.Provider),
		attribute.String("gen_ai.request.model", s.Model),
		attribute.Int("signalbox.attempt", s.Number),
		attribute.String("signalbox.backend", s.Backend),
		attribute.String("signalbox.outcome", s.Outcome),
		attribute.Int("http.response.status_code", s.Status))
	if s.ServedModel != "" {
		span.SetAttributes(attribute.String("gen_ai.response.model", s.ServedModel))
	}
	if !s.FirstByte.IsZero() {
		span.SetAttributes(attribute.Float64("gen_ai.server.time_to_first_token", s.FirstByte.Sub(s.Start).Seconds()))
	}
	if s.Source != "none" {
		span.SetAttributes(
			attribute.Int64("gen_ai.usage.input_tokens", s.Input),
			attribute.Int64("gen_ai.usage.output_tokens", s.Output),
			attribute.Int64("gen_ai.usage.cache_read.input_tokens", s.CacheRead),
			attribute.Int64("gen_ai.usage.reasoning.output_tokens", s.Reasoning),
			attribute.String("signalbox.usage.source", s.Source))
	}
	if s.Failed {
		span.SetStatus(codes.Error, s.Outcome)
		span.SetAttributes(attribute.String("error.type", s.Outcome))
	}
}
