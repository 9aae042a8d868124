package settle

import (
	"encoding/binary"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"

	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"

	"github.com/signalbox-dev/signalbox/pkg/genai"
	"github.com/signalbox-dev/signalbox/pkg/ledger"
)

var epoch = time.Unix(1_790_000_000, 0)

func at(d time.Duration) time.Time { return epoch.Add(d) }

func ticket(n int) (t [16]byte) {
	t[0] = 1
	binary.LittleEndian.PutUint64(t[8:], uint64(n))
	return t
}

func requestID(n int) string { return fmt.Sprintf("7f1c9a52-0000-4000-8000-%012x", n) }

// opened is request n with the candidates a, b and c.
func opened(n int) *signalboxv1.Open {
	t := ticket(n)
	return &signalboxv1.Open{
		Ticket: t[:], RequestId: requestID(n), TimeNs: uint64(epoch.UnixNano()), DeadlineNs: uint64(at(time.Minute).UnixNano()),
		Team: "search", KeyId: "key_1", Operation: "chat", Model: "gpt", Route: "chat", Class: "eu", Policy: "p1", Node: "n", Stream: true, RequestBytes: 100,
		Order: []*signalboxv1.Candidate{
			{Backend: "a", Provider: "pa", Region: "eu", Model: "ma"},
			{Backend: "b", Provider: "pb", Region: "eu", Model: "mb"},
			{Backend: "c", Provider: "pc", Region: "eu", Model: "mc"},
		},
	}
}

// up is the end of an attempt of request n that began start after the epoch.
func up(n int, cluster string, start time.Duration, status int, flags string) Upstream {
	return Upstream{
		RequestID: requestID(n), Cluster: cluster, Start: at(start), Duration: time.Second, FirstByte: time.Millisecond,
		Status: status, Flags: flags, Received: 50, Sent: 110,
	}
}

// down is the end of request n.
func down(n int, cluster string, attempts, status int, flags, details string) Downstream {
	return Downstream{
		Upstream: Upstream{
			RequestID: requestID(n), Cluster: cluster, Start: epoch, Duration: 3 * time.Second, FirstByte: time.Second,
			Status: status, Flags: flags, Details: details, Received: 100, Sent: 60,
		},
		Ticket: ticket(n), HasTicket: true, Attempts: attempts,
	}
}

func (d Downstream) with(in, out int64) Downstream {
	d.Usage, d.UsageFound = genai.Usage{Input: in, Output: out}, true
	return d
}

// guess is an Estimator whose guesses are easy to tell.
type guess struct{ learned int }

func (g *guess) Learn(string, int64, int64, genai.Usage, bool) { g.learned++ }

func (g *guess) Estimate(_ string, in, out int64, _ bool) genai.Usage {
	return genai.Usage{Input: 1000 + in, Output: 1000 + out}
}

// row is an Attempt as a table shows it: backend outcome input/output source.
func row(a *signalboxv1.Attempt) string {
	return fmt.Sprintf("%d %s %s %d/%d %s", a.GetNumber(), a.GetBackend(), a.GetOutcome().String()[len("OUTCOME_"):],
		a.GetUsage().GetInput(), a.GetUsage().GetOutput(), a.GetSource().String()[len("SOURCE_"):])
}

// show is what was taken from the book, one line a record.
func show(records []ledger.Record) (lines []string) {
	for _, r := range records {
		switch m := r.(type) {
		case *signalboxv1.Attempt:
			lines = append(lines, row(m))
		case *signalboxv1.Terminal:
			lines = append(lines, fmt.Sprintf("%s %d", m.GetState().String()[len("STATE_"):], m.GetAttempts()))
		case *signalboxv1.Adjustment:
			lines = append(lines, fmt.Sprintf("adjust %d %+d/%+d %s %s %s", m.GetNumber(), m.GetDelta().GetInput(), m.GetDelta().GetOutput(),
				m.GetReason(), m.GetOutcome().String()[len("OUTCOME_"):], m.GetState().String()[len("STATE_"):]))
		case *signalboxv1.Sighting:
			kind := "sighting"
			if m.GetEnd() != nil {
				kind = "end"
			}
			lines = append(lines, kind+" "+m.GetCluster())
		}
	}
	return lines
}

func expect(t *testing.T, b *Book, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, show(b.Take().Records)); diff != "" {
		t.Error(diff)
	}
}

// memory is a ledger without files: what was appended, and the slow reference
// of what recovery finds in it.
type memory struct {
	records []ledger.Record
	also    func(records []ledger.Record) // a real ledger beside it
}

func (m *memory) append(records []ledger.Record) {
	for _, r := range records {
		m.records = append(m.records, proto.Clone(r))
	}
	if m.also != nil {
		m.also(records)
	}
}

func (m *memory) recovered() *ledger.Recovered {
	r := &ledger.Recovered{Closed: map[[16]byte]ledger.Closed{}}
	for i, record := range m.records {
		switch x := record.(type) {
		case *signalboxv1.Offset:
			r.Offset = x
			for t, c := range r.Closed {
				if !c.Terminal.GetUnwitnessed() && !c.Terminal.GetIncomplete() {
					delete(r.Closed, t)
				}
			}
		case *signalboxv1.Attempt:
			t := [16]byte(x.GetTicket())
			if c := r.Closed[t]; c.Terminal.GetUnwitnessed() {
				c.Attempts = append(c.Attempts, x)
				r.Closed[t] = c
			}
		case *signalboxv1.Terminal:
			c := ledger.Closed{Terminal: x}
			if x.GetUnwitnessed() {
				c.Open, c.Attempts = m.rows(i, x.GetTicket())
			}
			r.Closed[[16]byte(x.GetTicket())] = c
		case *signalboxv1.Adjustment:
			if c := r.Closed[[16]byte(x.GetTicket())]; c.Terminal != nil && (x.GetUnwitnessed() || x.GetIncomplete()) {
				c.Adjustments = append(c.Adjustments, x)
				r.Closed[[16]byte(x.GetTicket())] = c
				continue
			}
			delete(r.Closed, [16]byte(x.GetTicket()))
		}
	}
	for i, record := range m.records {
		switch x := record.(type) {
		case *signalboxv1.Open:
			if !m.ended(i, x.GetRequestId()) {
				r.Open = append(r.Open, x)
			}
		case *signalboxv1.Sighting:
			if !m.ended(i, x.GetRequestId()) {
				r.Sightings = append(r.Sightings, x)
			}
		}
	}
	return r
}

func (m *memory) rows(before int, ticket []byte) (o *signalboxv1.Open, rows []*signalboxv1.Attempt) {
	for _, record := range m.records[:before] {
		switch x := record.(type) {
		case *signalboxv1.Open:
			if string(x.GetTicket()) == string(ticket) {
				o = x
			}
		case *signalboxv1.Attempt:
			if string(x.GetTicket()) == string(ticket) {
				rows = append(rows, x)
			}
		}
	}
	return o, rows
}

func (m *memory) ended(after int, requestID string) bool {
	for _, record := range m.records[after:] {
		switch x := record.(type) {
		case *signalboxv1.Terminal:
			if x.GetRequestId() == requestID {
				return true
			}
		case *signalboxv1.Adjustment:
			if x.GetRequestId() == requestID && !x.GetUnwitnessed() {
				return true
			}
		}
	}
	return false
}
