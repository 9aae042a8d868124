// Package meter is the stage that counts usage in the answer itself, where the
// proxy's log cannot: the route asks for it, there is no witness, or the
// answer comes in a shape that the proxy does not read.
//
// Invariants: it changes nothing; its memory is bounded; what it read is handed
// to the books exactly once, at the end, however the end comes.
package meter

import (
	"strings"
	"time"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/pipeline"
	"github.com/signalbox-dev/signalbox/pkg/policy"
	"github.com/signalbox-dev/signalbox/pkg/telemetry"
)

// Stage meters answers.
type Stage struct {
	Books   pipeline.Meterer
	Witness bool // the proxy's log brings usage and end
	Metrics *telemetry.Metrics
}

// Name implements pipeline.Stage.
func (Stage) Name() string { return "meter" }

// Access implements pipeline.Stage.
func (Stage) Access() pipeline.Access {
	return pipeline.Access{
		Reads:  pipeline.SectionCall | pipeline.SectionDecision | pipeline.SectionOpen,
		Writes: pipeline.SectionMeter,
	}
}

// AnswerHead implements pipeline.OnAnswer.
func (s Stage) AnswerHead(x *pipeline.Exchange) pipeline.Want {
	if x.Answer.Attempt < 0 || x.Answer.Status >= 400 || x.Order[x.Answer.Attempt].Owned || x.Order[x.Answer.Attempt].Translated {
		return pipeline.Nothing // whoever translates or holds an answer meters it
	}
	attached := x.Decision.Route.Metering == policy.MeterAttached
	if s.Witness && !attached && Lifted(x) {
		return pipeline.Nothing
	}
	x.Meter = open(x)
	return pipeline.Chunks
}

func open(x *pipeline.Exchange) dialect.Meter {
	m := x.Dialect.Answer.Meter(x.Endpoint.Operation, x.Answer.EventStream(), x.Order[x.Answer.Attempt].Candidate.Backend.Kind)
	switch strings.ToLower(x.Answer.ContentEncoding) {
	case "", "identity":
		return &counted{Meter: m, first: time.Now()}
	case "gzip", "x-gzip":
		return &counted{Meter: inflate(m), first: time.Now()}
	}
	return &counted{Meter: blind{}, first: time.Now()}
}

// maxLifted is the longest document that the proxy's script keeps to read.
const maxLifted = 8 << 20

// Lifted reports whether the proxy's filters read the usage of the answer. They
// go by the content type, so an answer of another form than was asked for is
// not trusted to be what it says: some servers send streams as JSON.
func Lifted(x *pipeline.Exchange) bool {
	if e := x.Answer.ContentEncoding; e != "" && !strings.EqualFold(e, "identity") {
		return false
	}
	if !x.Snapshot.Envoy.Lua && largeNumbers(x.Order[x.Answer.Attempt].Candidate.Backend.Kind) {
		return false
	}
	if x.Call.Stream {
		return x.Answer.EventStream() && !hidden(x)
	}
	if !x.Snapshot.Envoy.Lua && x.Dialect != nil && (x.Dialect.Family == "anthropic" || x.Dialect.Family == "gemini") {
		return false // Envoy's own filters do not see what is in arrays
	}
	return x.Answer.JSON() && (!x.Snapshot.Envoy.Lua || x.Answer.ContentLength <= maxLifted)
}

// hidden reports whether the usage event is taken out before the proxy's script
// sees it, by the stage that stands behind this one: the script hides only where
// usage was asked for on our account of every candidate.
func hidden(x *pipeline.Exchange) bool {
	return x.Snapshot.Envoy.Lua && x.Order[x.Answer.Attempt].Hides() && !x.HiddenByProxy()
}

// largeNumbers reports whether a provider of the kind writes integers above
// 2^63-1 into its answers, such as the seed that Together draws. Envoy's own
// filters then read nothing of the whole document or event.
func largeNumbers(kind string) bool {
	switch kind {
	case "together", "huggingface": // the latter routes to the former
		return true
	}
	return false
}

// Chunk implements pipeline.OnChunk.
func (s Stage) Chunk(x *pipeline.Exchange, p []byte, end bool) []byte {
	if m, ok := x.Meter.(*counted); ok {
		m.Feed(p)
		m.complete = m.complete || end
	}
	return p
}

// End implements pipeline.OnEnd.
func (s Stage) End(x *pipeline.Exchange) {
	m, ok := x.Meter.(*counted)
	if !ok {
		return
	}
	r := m.Close()
	if !r.Found {
		s.Metrics.UsageMissing.WithLabelValues("not_in_answer").Inc()
	}
	s.Books.Metered(x.Ticket, pipeline.Reading{
		Reading: r, Attempt: x.Answer.Attempt + 1, Cluster: x.Order[x.Answer.Attempt].Candidate.Backend.Cluster(), Status: x.Answer.Status,
		Start: x.Arrived, First: m.first, Bytes: m.bytes, Complete: m.complete,
	})
}

// counted is a meter that also knows how much it was fed.
type counted struct {
	dialect.Meter
	first    time.Time
	bytes    int64
	complete bool
}

func (c *counted) Feed(p []byte) {
	c.bytes += int64(len(p))
	c.Meter.Feed(p)
}

// blind meters an answer in a coding that it cannot read.
type blind struct{}

func (blind) Feed([]byte)            {}
func (blind) Close() dialect.Reading { return dialect.Reading{} }
