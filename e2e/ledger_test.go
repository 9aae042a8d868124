package e2e

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/signalbox-dev/signalbox/pkg/gatewaytest/provider"
	"github.com/signalbox-dev/signalbox/pkg/ledger"
	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"
)

// story is all that the ledger says about one request.
type story struct {
	id          string // request id
	open        *signalboxv1.Open
	attempts    []*signalboxv1.Attempt
	terminals   []*signalboxv1.Terminal
	adjustments []*signalboxv1.Adjustment
}

// stories reads the ledger: request id to what it says. Damage fails the test.
func (r *rig) stories(t *testing.T) map[string]*story {
	t.Helper()
	out := map[string]*story{}
	of := func(id string) *story {
		if out[id] == nil {
			out[id] = &story{id: id}
		}
		return out[id]
	}
	for e, err := range ledger.Read(filepath.Join(r.State, "ledger")) {
		if err != nil {
			t.Fatal(err)
		}
		switch m := e.Record.(type) {
		case *signalboxv1.Open:
			of(m.RequestId).open = m
		case *signalboxv1.Attempt:
			s := of(m.RequestId)
			s.attempts = append(s.attempts, m)
		case *signalboxv1.Terminal:
			s := of(m.RequestId)
			s.terminals = append(s.terminals, m)
		case *signalboxv1.Adjustment:
			s := of(m.RequestId)
			s.adjustments = append(s.adjustments, m)
		}
	}
	for _, s := range out {
		slices.SortFunc(s.attempts, func(a, b *signalboxv1.Attempt) int { return int(a.Number) - int(b.Number) })
	}
	return out
}

// settled waits until n requests have their end in the ledger, and returns all
// stories.
func (r *rig) settled(t *testing.T, n int) map[string]*story {
	t.Helper()
	var all map[string]*story
	eventually(t, 20*time.Second, fmt.Sprintf("%d requests have a terminal row", n), func() bool {
		all = r.stories(t)
		ended := 0
		for _, s := range all {
			if len(s.terminals) > 0 {
				ended++
			}
		}
		return ended >= n
	})
	return all
}

// settledOne waits for the end of the request with this answer.
func (r *rig) settledOne(t *testing.T, a answer) *story {
	t.Helper()
	id := a.header.Get("x-signalbox-request-id")
	if id == "" {
		t.Fatalf("answer without x-signalbox-request-id: %d %v %s %v", a.status, a.header, a.body, a.err)
	}
	var s *story
	eventually(t, 20*time.Second, "the request has a terminal row", func() bool {
		s = r.stories(t)[id]
		return s != nil && len(s.terminals) > 0
	})
	return s
}

// usage is the usage of a request: its attempts with the adjustments.
func (s *story) usage() (in, out int64) {
	for _, a := range s.attempts {
		in += a.GetUsage().GetInput()
		out += a.GetUsage().GetOutput()
	}
	for _, a := range s.adjustments {
		in += a.GetDelta().GetInput()
		out += a.GetDelta().GetOutput()
	}
	return in, out
}

// outcomes are the attempts as "backend:outcome".
func (s *story) outcomes() []string {
	var out []string
	for _, a := range s.attempts {
		out = append(out, a.Backend+":"+a.Outcome.String()[len("OUTCOME_"):])
	}
	return out
}

func (s *story) state() string {
	if len(s.terminals) != 1 {
		return fmt.Sprintf("%d terminal rows", len(s.terminals))
	}
	return s.terminals[0].State.String()[len("STATE_"):]
}

// byRequest are the exchanges of some providers by the request id of Envoy.
func byRequest(servers ...*provider.Server) map[string][]provider.Exchange {
	out := map[string][]provider.Exchange{}
	for _, s := range servers {
		for _, x := range s.Journal().Exchanges() {
			for _, id := range x.Header["x-request-id"] {
				out[id] = append(out[id], x)
			}
		}
	}
	return out
}
