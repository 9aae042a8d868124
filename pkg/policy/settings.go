package policy

import (
	"time"

	"github.com/signalbox-dev/signalbox/pkg/secret"
)

// Envoy is how Envoy is run and configured. Sizes are bytes.
type Envoy struct {
	Listen           string // host:port
	Binary           string // empty: looked for
	BodyLimit        int64
	AnswerLimit      int64
	Concurrency      int // 0: one worker for each core
	Lua              bool
	AccessLogFlush   time.Duration
	RotateLogAt      int64
	Admin            string // unix:/path or host:port of an Envoy that is not ours; empty: ours
	UseRemoteAddress bool
	TrustedHops      int
	Processor        string // unix:/path or host:port; empty: a socket in the state directory
	Control          bool   // Envoy asks on the processor's socket for listener, clusters and credentials, and follows their changes

	// StreamIdle is how long a stream may stand still: longer than any route
	// waits for an answer, all attempts together. It follows from the routes.
	StreamIdle time.Duration
}

// State is where state is kept. Sizes are bytes.
type State struct {
	Dir           string // as configured, perhaps relative
	SessionMemory int64
	LedgerSync    time.Duration
	UnknownAfter  time.Duration
	SegmentSize   int64
}

// Admin is the operator's endpoint.
type Admin struct {
	Listen string // host:port
	Token  secret.Ref
	Pprof  bool
}

// Health is when a backend counts as ill; see package health.
type Health struct {
	Enabled    bool
	Window     time.Duration
	ErrorRate  float64
	SlowFactor float64
	Rest       time.Duration
	Probe      time.Duration
}

// Telemetry is what is reported and to whom.
type Telemetry struct {
	OTLP   OTLP
	Sample float64 // share of the requests that are traced, 0 to 1
	Log    Log
}

// OTLP names a collector of spans.
type OTLP struct {
	Endpoint string // host:port; empty: none
	Protocol string // "grpc" or "http"
	Insecure bool   // without TLS
}

// Log is the form of the process's log.
type Log struct {
	Level  string // "debug", "info", "warn" or "error"
	Format string // "text" or "json"
}

// Alerts are who is told of what.
type Alerts struct {
	Sinks        []AlertSink
	ResolveAfter time.Duration // how long a cause must be gone
	Interval     time.Duration // least time between two messages to a sink
	Repeat       time.Duration // how often a lasting alert is told again; 0: never
	Site         string        // name of this installation; may be empty
}

// AlertSink is one receiver of alerts.
type AlertSink struct {
	Name      string
	Format    string // "webhook", "slack" or "alertmanager"
	URL       secret.Ref
	Token     secret.Ref // zero: none
	AllowHTTP bool
	Events    []string // as in the file, "breaker_open"; empty: all
}
