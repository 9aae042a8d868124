// Package translate is the stage that puts an answer of the first candidate
// into the caller's dialect, and meters it on the way: the proxy sees the
// translation alone. The answers of further candidates are the attempt
// filter's.
//
// Invariants: what leaves is a legal answer of the caller's dialect, or ends so
// that the caller notices; no finish, end mark or usage is made up; the reading
// is handed to the books exactly once, however the end comes.
package translate

import (
	"time"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/pipeline"
	"github.com/signalbox-dev/signalbox/pkg/telemetry"
)

// Stage translates answers.
type Stage struct {
	Books   pipeline.Meterer
	Witness bool // the proxy's log brings usage and end
	Metrics *telemetry.Metrics
}

// Name implements pipeline.Stage.
func (Stage) Name() string { return "translate" }

// Access implements pipeline.Stage.
func (Stage) Access() pipeline.Access {
	return pipeline.Access{
		Reads:  pipeline.SectionCall | pipeline.SectionDecision | pipeline.SectionOpen,
		Writes: pipeline.SectionTranslator,
	}
}

// AnswerHead implements pipeline.OnAnswer.
func (Stage) AnswerHead(x *pipeline.Exchange) pipeline.Want {
	i := x.Answer.Attempt
	if i < 0 || x.Answer.Status >= 400 || x.Order[i].Owned || !x.Order[i].Translated {
		return pipeline.Nothing
	}
	x.Translator = Open(x, i, x.Answer.ContentEncoding)
	x.Note("content-type", ContentType(x))
	if x.Call.Stream {
		return pipeline.Edit
	}
	return pipeline.Whole
}

// Open returns the translator for the answer of candidate i. An answer in a
// coding that was not asked for cannot be read.
func Open(x *pipeline.Exchange, i int, coding string) *dialect.Translator {
	p := &x.Order[i]
	dec := decoded(x.Reader(p).Decoder(x.Endpoint.Operation, x.Call.Stream, p.Candidate.Backend.Kind), coding)
	if !p.Translated {
		return dialect.NewTranslator(dec, nil)
	}
	return dialect.NewTranslator(dec, x.Dialect.Front.Encoder(x.Asked(i)))
}

// ContentType is that of an answer in the caller's dialect.
func ContentType(x *pipeline.Exchange) string {
	if x.Call.Stream {
		return "text/event-stream; charset=utf-8"
	}
	return "application/json"
}

// Chunk implements pipeline.OnChunk.
func (s Stage) Chunk(x *pipeline.Exchange, p []byte, end bool) []byte {
	if x.Translator == nil {
		return p
	}
	m := &x.Metered
	if m.First.IsZero() {
		m.First = time.Now()
	}
	m.Bytes += int64(len(p))
	out := x.Translator.Next(p)
	m.Began(x.Translator.Seen())
	if !end && x.Translator.Seen().Trouble == nil {
		return out
	}
	m.Complete = end
	out, m.Reading = x.Translator.Close(out, end)
	t := x.Translator.Seen().Trouble
	m.Failed = m.Failed || t != nil
	s.report(x)
	if t != nil {
		out = x.Translator.Fail(out)
		x.Break(*t)
	}
	x.Translator = nil // what may follow is not the caller's
	return out
}

// End reports an answer that did not come to its end: the caller left, or the
// provider was cut off.
func (s Stage) End(x *pipeline.Exchange) {
	if x.Translator == nil {
		return
	}
	_, x.Metered.Reading = x.Translator.Close(nil, false)
	x.Translator = nil
	s.report(x)
}

func (s Stage) report(x *pipeline.Exchange) {
	i, m := x.Answer.Attempt, x.Metered
	if !m.Found {
		s.Metrics.UsageMissing.WithLabelValues("not_in_answer").Inc()
	}
	m.Attempt, m.Cluster, m.Status, m.Translated = i+1, x.Order[i].Candidate.Backend.Cluster(), x.Answer.Status, true
	m.Logged = s.Witness && m.Complete && (!x.Call.Stream || x.Call.WantsUsage)
	m.Start = x.Arrived
	s.Books.Metered(x.Ticket, m)
}
