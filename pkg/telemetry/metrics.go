package telemetry

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics holds every metric of the process. All of them are safe for
// concurrent use.
type Metrics struct {
	registry *prometheus.Registry

	Requests   *prometheus.CounterVec // closed requests: state, route, model, team
	Refused    *prometheus.CounterVec // requests that reached no provider: code
	Attempts   *prometheus.CounterVec // attempts: backend, outcome
	Tokens     *prometheus.CounterVec // tokens: type, team, model, provider, source
	Cost       *prometheus.CounterVec // USD: team, model, provider
	Unpriced   *prometheus.CounterVec // attempts whose cost is not known: model, provider
	FirstByte  *prometheus.HistogramVec
	Duration   *prometheus.HistogramVec
	Decision   prometheus.Histogram
	Fallbacks  *prometheus.CounterVec // requests that another backend than the first answered: model
	Stays      *prometheus.CounterVec // how the request filter left the answer: how
	Faults     *prometheus.CounterVec // error answers of the gateway itself: code
	Panics     *prometheus.CounterVec // recovered panics: stage
	Sessions   prometheus.Gauge
	SessionMem prometheus.Gauge
	NoFallback prometheus.Counter // requests run without fallback because session memory was full
	Attempted  *prometheus.CounterVec
	RuleErrors *prometheus.CounterVec // conditions that failed: route
	Gated      *prometheus.CounterVec // answers turned down at a gate: reason

	Shadows        *prometheus.CounterVec // copies of requests that ended: backend, outcome
	ShadowTokens   *prometheus.CounterVec // what they used: type, provider
	ShadowCost     *prometheus.CounterVec // USD: provider
	ShadowsSkipped *prometheus.CounterVec // copies that were not sent: reason

	Credential *prometheus.CounterVec // our credential was rejected: backend
	Secrets    *prometheus.CounterVec // credential references read: result

	LedgerAppend prometheus.Histogram
	LedgerErrors prometheus.Counter
	LedgerOpen   prometheus.Gauge
	LedgerUp     prometheus.Gauge

	WitnessLines     *prometheus.CounterVec // kind: request, attempt, early, bad
	WitnessUp        prometheus.Gauge
	WitnessEvents    *prometheus.CounterVec // what the two witnesses disagree on: event
	UsageMissing     *prometheus.CounterVec // answers without the provider's usage: reason
	Reloads          *prometheus.CounterVec // kind, result
	Config           *prometheus.GaugeVec   // 1 for the version in force
	ConfigGood       prometheus.Gauge       // 1 while the file is in force, 0 while it was refused
	ConfigLoaded     prometheus.Gauge       // when the version in force was loaded, in seconds since the epoch
	Envoy            prometheus.Gauge
	EnvoyRestarts    prometheus.Counter
	BackendsAwaiting prometheus.Gauge       // backends that Envoy has not acknowledged yet
	EnvoyConnected   prometheus.Gauge       // Envoys that ask for their configuration
	EnvoyUpdates     *prometheus.CounterVec // what Envoy was sent: kind, result

	Breakers       *prometheus.GaugeVec   // 0 closed, 1 half-open, 2 open: backend, model (as the backend has it)
	BreakerChanges *prometheus.CounterVec // backend, model, to, reason
	AllIll         *prometheus.CounterVec // requests for which no candidate was well: model

	AlertsFiring  *prometheus.GaugeVec   // alerts that fire: kind
	AlertMessages *prometheus.CounterVec // messages to sinks: sink, result
	AlertsDropped *prometheus.CounterVec // alerts that were not kept or not sent: reason
}

// fast are the buckets of what the gateway itself adds.
var fast = []float64{.000005, .00001, .000025, .00005, .0001, .00025, .0005, .001, .0025, .01, .1}

// slow are the buckets of what providers take (OpenTelemetry's advice for
// gen_ai.server.time_to_first_token, coarser).
var slow = []float64{.01, .05, .1, .25, .5, 1, 2.5, 5, 10, 20, 40, 80, 160, 320}

// NewMetrics registers all metrics in a registry of their own.
func NewMetrics() *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry()}
	m.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.requests()
	m.process()
	m.books()
	m.health()
	m.alerts()
	return m
}

func (m *Metrics) requests() {
	m.Requests = m.counters("requests_total", "Requests that ended, by how they ended.", "state", "route", "model", "team")
	m.Refused = m.counters("refused_total", "Requests that the gateway refused before any provider saw them.", "code")
	m.Attempts = m.counters("attempts_total", "Attempts at a backend, by how they ended.", "backend", "outcome")
	m.Tokens = m.counters("tokens_total", "Tokens used, in the normal form; source says whether the provider stated them.", "type", "team", "model", "provider", "source")
	m.Cost = m.counters("cost_usd_total", "What attempts cost by the prices of the configuration.", "team", "model", "provider")
	m.Unpriced = m.counters("unpriced_attempts_total", "Attempts whose cost is not known.", "model", "provider")
	m.FirstByte = m.histograms("first_byte_seconds", "Time from the start of an attempt to its first byte.", slow, "backend")
	m.Duration = m.histograms("request_seconds", "Time from a request's start to the end of its answer.", slow, "model", "state")
	m.Decision = m.histogram("decision_seconds", "Time from a request's body to the decision, as the processor sees it.", fast)
	m.Fallbacks = m.counters("fallbacks_total", "Requests that another backend than the first answered.", "model")
	m.Stays = m.counters("answers_total", "Answers by how the request filter left them.", "how")
	m.Faults = m.counters("faults_total", "Error answers that the gateway wrote itself.", "code")
	m.Attempted = m.counters("attempt_filter_total", "Calls of the attempt filter, by what it did.", "result")
	m.RuleErrors = m.counters("rule_errors_total", "Conditions of routes that failed, which then count as their when_error says.", "route")
	m.Shadows = m.counters("shadow_requests_total", "Copies of requests that ended, which are in no other metric of requests, attempts and tokens.", "backend", "outcome")
	m.ShadowTokens = m.counters("shadow_tokens_total", "Tokens that copies of requests used, by type.", "type", "provider")
	m.ShadowCost = m.counters("shadow_cost_usd_total", "What copies of requests cost by the prices of the configuration.", "provider")
	m.ShadowsSkipped = m.counters("shadow_skipped_total", "Copies of requests that were to be sent and were not.", "reason")
	m.Gated = m.counters("gated_total", "Answers with a good status that a gate of their route turned down.", "reason")
}

func (m *Metrics) process() {
	m.Panics = m.counters("panics_total", "Panics that were recovered; each failed one request.", "stage")
	m.Sessions = m.gauge("sessions", "Sessions that a retry could still ask for.")
	m.SessionMem = m.gauge("session_bytes", "Bytes of request bodies kept for retries.")
	m.NoFallback = m.counter("no_fallback_total", "Requests that ran without fallback because session memory was full.")
	m.Credential = m.counters("credential_rejected_total", "Answers 401 or 403 of a provider to the gateway's own credential.", "backend")
	m.Secrets = m.counters("secret_reads_total", "Credential references that were read.", "result")
	m.Reloads = m.counters("reloads_total", "Reloads of the configuration and the keys.", "kind", "result")
	m.ConfigGood = m.gauge("config_last_reload_successful", "1 when the configuration file was taken when it last changed, 0 when it was refused.")
	m.ConfigLoaded = m.gauge("config_last_reload_success_timestamp_seconds", "When the configuration in force was loaded.")
	m.Config = m.gauges("config_info", "1 for the configuration version in force.", "version")
	m.Envoy = m.gauge("envoy_up", "1 while the supervised Envoy is ready.")
	m.EnvoyRestarts = m.counter("envoy_restarts_total", "Starts of Envoy after it ended by itself.")
	m.BackendsAwaiting = m.gauge("backends_awaiting_envoy", "Backends that are not used yet because Envoy has not acknowledged them.")
	m.EnvoyConnected = m.gauge("envoy_connected", "Envoys that are connected for their configuration.")
	m.EnvoyUpdates = m.counters("envoy_updates_total", "Parts of Envoy's configuration that it was sent, and what it said.", "kind", "result")
}

func (m *Metrics) health() {
	m.Breakers = m.gauges("breaker_state", "How far a backend is left alone for a model of its: 0 closed (not at all), 1 half-open, 2 open.", "backend", "model")
	m.BreakerChanges = m.counters("breaker_changes_total", "Changes of a breaker's state, and why it was not closed.", "backend", "model", "to", "reason")
	m.AllIll = m.counters("all_ill_total", "Requests for which every candidate was ill, and which were sent to the healthiest.", "model")
}

func (m *Metrics) books() {
	m.LedgerAppend = m.histogram("ledger_append_seconds", "Time of one append to the ledger.", fast)
	m.LedgerErrors = m.counter("ledger_errors_total", "Appends to the ledger that did not succeed.")
	m.LedgerOpen = m.gauge("ledger_open", "Requests opened in the ledger and not closed yet.")
	m.LedgerUp = m.gauge("ledger_up", "1 while the ledger takes appends.")
	m.WitnessLines = m.counters("witness_entries_total", "Access log entries read, by kind.", "kind")
	m.WitnessUp = m.gauge("witness_up", "1 while Envoy's file log can be read.")
	m.WitnessEvents = m.counters("witness_events_total", "What the witnesses disagree on or know alone.", "event")
	m.UsageMissing = m.counters("usage_missing_total", "Answers without the provider's own usage.", "reason")
}

func (m *Metrics) alerts() {
	m.AlertsFiring = m.gauges("alerts_firing", "Alerts that fire, by kind.", "kind")
	m.AlertMessages = m.counters("alert_messages_total", "Messages to alert sinks, by what became of them.", "sink", "result")
	m.AlertsDropped = m.counters("alerts_dropped_total", "Alerts that were not kept or not sent.", "reason")
}

func (m *Metrics) gauges(name, help string, labels ...string) *prometheus.GaugeVec {
	g := prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: "signalbox", Name: name, Help: help}, labels)
	m.registry.MustRegister(g)
	return g
}

func (m *Metrics) counters(name, help string, labels ...string) *prometheus.CounterVec {
	c := prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "signalbox", Name: name, Help: help}, labels)
	m.registry.MustRegister(c)
	return c
}

func (m *Metrics) counter(name, help string) prometheus.Counter {
	c := prometheus.NewCounter(prometheus.CounterOpts{Namespace: "signalbox", Name: name, Help: help})
	m.registry.MustRegister(c)
	return c
}

func (m *Metrics) gauge(name, help string) prometheus.Gauge {
	g := prometheus.NewGauge(prometheus.GaugeOpts{Namespace: "signalbox", Name: name, Help: help})
	m.registry.MustRegister(g)
	return g
}

func (m *Metrics) histogram(name, help string, buckets []float64) prometheus.Histogram {
	h := prometheus.NewHistogram(prometheus.HistogramOpts{Namespace: "signalbox", Name: name, Help: help, Buckets: buckets})
	m.registry.MustRegister(h)
	return h
}

func (m *Metrics) histograms(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
	h := prometheus.NewHistogramVec(prometheus.HistogramOpts{Namespace: "signalbox", Name: name, Help: help, Buckets: buckets}, labels)
	m.registry.MustRegister(h)
	return h
}

// Handler serves the metrics in Prometheus' text format.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// Since observes the seconds since t.
func Since(o prometheus.Observer, t time.Time) { o.Observe(time.Since(t).Seconds()) }
