package settle

import (
	"slices"
	"time"

	"google.golang.org/protobuf/proto"

	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"

	"github.com/signalbox-dev/signalbox/pkg/genai"
)

// story is what truly happened to one request. The book gets to know of it by
// entries that come late, twice, in pieces or never; in the end its rows must
// say what the story says.
type story struct {
	n        int
	open     *signalboxv1.Open
	opened   bool // an open frame was written here
	ticketed bool // the entry has ticket and facts
	tries    []try
	end      Downstream
	metered  bool // an attached stream reads its usage
	entries  []any
	written  int  // entries that are in the proxy's log
	lost     bool // the proxy died before it wrote the rest

	forgotten bool // what we read may have been lost with the process
}

// try is one attempt: how the proxy logs it and the row that is due.
type try struct {
	status  int
	flags   string
	silent  bool // the proxy logs no entry
	outcome signalboxv1.Attempt_Outcome
	turned  string // why we turned down its answer, whose status was 200
}

var failures = []try{
	{status: 503, flags: "-", outcome: signalboxv1.Attempt_OUTCOME_REJECTED, turned: "empty"},
	{status: 503, flags: "-", outcome: signalboxv1.Attempt_OUTCOME_REJECTED, turned: "error"},
	{500, "-", false, signalboxv1.Attempt_OUTCOME_HTTP_ERROR, ""},
	{429, "-", false, signalboxv1.Attempt_OUTCOME_RATE_LIMITED, ""},
	{401, "-", false, signalboxv1.Attempt_OUTCOME_CREDENTIAL_REJECTED, ""},
	{0, "UC", false, signalboxv1.Attempt_OUTCOME_RESET, ""},
	{0, "UT", false, signalboxv1.Attempt_OUTCOME_TIMEOUT, ""},
	{0, "UF", false, signalboxv1.Attempt_OUTCOME_CONNECT_FAILURE, ""},
	{0, "UH", true, signalboxv1.Attempt_OUTCOME_NO_HOST, ""},
}

// invent decides what happens to the request.
func (w *world) invent(s *story) {
	failures := failures
	if !s.opened { // without the order nobody can tell where a silent attempt was, and we read nothing
		failures = failures[2 : len(failures)-1]
	}
	n := 1 + w.choose(len(s.open.GetOrder()))
	for range n - 1 {
		s.tries = append(s.tries, failures[w.choose(len(failures))])
	}
	s.end = Downstream{Upstream: Upstream{RequestID: requestID(s.n), Start: w.now, Duration: time.Minute, Received: 100, Sent: 60, Flags: "-", Details: viaUpstream, Status: 200}, Attempts: n}
	last := try{200, "-", false, signalboxv1.Attempt_OUTCOME_COMPLETED, ""}
	first := false // the request's entry comes before the last attempt's
	switch w.choose(6) {
	case 0:
		last = failures[w.choose(len(failures))]
		s.end.Status, s.end.Flags, s.end.Details = max(last.status, 503), last.flags, viaUpstream
		if last.status == 0 {
			s.end.Details = "upstream_reset_before_response_started{x}"
		}
	case 1:
		last.flags, last.outcome = "UPE", signalboxv1.Attempt_OUTCOME_CUT
		s.end.Flags, s.end.Details = "UPE", "upstream_reset_after_response_started{x}"
	case 2:
		last.outcome, first = signalboxv1.Attempt_OUTCOME_CLIENT_GONE, true
		s.end.Flags, s.end.Details = "DC", "downstream_remote_disconnect"
		if w.one(2) {
			last.status, s.end.Status = 0, 0
		}
	default:
		s.end.UsageFound = !w.one(4)
		s.metered = s.opened && w.one(3)
	}
	s.tries = append(s.tries, last)
	s.end.Cluster = cluster(s.open, n)
	if s.end.UsageFound {
		s.end.Usage = s.usage()
	}
	if s.ticketed {
		s.end.Ticket, s.end.HasTicket, s.end.Facts = ticket(s.n), true, proto.Clone(s.open).(*signalboxv1.Open)
		s.end.Facts.Ticket, s.end.Facts.RequestId = nil, ""
	}
	for i, x := range s.tries {
		if !x.silent {
			s.entries = append(s.entries, Upstream{
				RequestID: requestID(s.n), Cluster: cluster(s.open, i+1), Start: w.now.Add(time.Duration(i) * time.Second), Duration: time.Second,
				Status: x.status, Flags: x.flags, Received: 50, Sent: 110,
			})
		}
	}
	at := len(s.entries)
	if first {
		at--
	}
	s.entries = slices.Insert(s.entries, at, any(s.end))
}

func cluster(o *signalboxv1.Open, number int) string {
	c := o.GetOrder()[number-1].GetBackend()
	if number > 1 {
		c += suffix
	}
	return c
}

// usage is what the provider of the story counts.
func (s *story) usage() genai.Usage { return genai.Usage{Input: int64(10 + s.n), Output: 5} }

// due are the usages that the row of attempt i may have: a reading that died
// with the process leaves what the proxy knows.
func (s *story) due(i int) []genai.Usage {
	x := s.tries[i]
	if x.turned != "" {
		return s.dueTurned(x)
	}
	if i < len(s.tries)-1 || x.status >= 400 || x.status == 0 && x.outcome != signalboxv1.Attempt_OUTCOME_CLIENT_GONE {
		return []genai.Usage{{}}
	}
	// From the attempt's entry, or from the request's when that one came late.
	estimates := []genai.Usage{{Input: 1110, Output: 1050}, {Input: 1100, Output: 1060}}
	switch {
	case s.end.UsageFound:
		return []genai.Usage{s.usage()}
	case s.metered:
		return append(estimates, s.usage())
	}
	return estimates
}

// turnedUsage is what we read of answers that we turn down.
func (s *story) turnedUsage() genai.Usage { return genai.Usage{Input: int64(3 + s.n), Output: 2} }

// dueTurned is due by the reading of the attempt: of every second request it
// found a usage.
func (s *story) dueTurned(x try) []genai.Usage {
	all := []genai.Usage{{Input: 1110, Output: 1007}, {Input: 1100, Output: 1007}} // with the attempt's entry, without
	switch {
	case s.n%2 == 0:
		all = []genai.Usage{s.turnedUsage()}
	case x.turned == "error":
		all = []genai.Usage{{}}
	}
	if s.forgotten {
		all = append(all, genai.Usage{})
	}
	return all
}

// reading is what we read of the try, nil where we turned nothing down.
func (s *story) reading(u Upstream) *Metered {
	for i, x := range s.tries {
		if x.turned == "" || cluster(s.open, i+1) != u.Cluster || !s.opened {
			continue
		}
		m := &Metered{Attempt: i + 1, Rejected: x.turned, Status: 200, Cluster: u.Cluster, Start: u.Start, End: u.Start.Add(u.Duration), Received: 7}
		if s.n%2 == 0 {
			m.Usage, m.Found = s.turnedUsage(), true
		}
		return m
	}
	return nil
}

// outcome is the one that the row of x has.
func (s *story) outcome(a *signalboxv1.Attempt, x try) bool {
	return a.GetOutcome() == x.outcome || s.forgotten && x.turned != "" && a.GetOutcome() == signalboxv1.Attempt_OUTCOME_HTTP_ERROR
}

func (s *story) state() signalboxv1.Terminal_State {
	switch s.tries[len(s.tries)-1].outcome {
	case signalboxv1.Attempt_OUTCOME_COMPLETED:
		return signalboxv1.Terminal_STATE_COMPLETED
	case signalboxv1.Attempt_OUTCOME_CLIENT_GONE:
		return signalboxv1.Terminal_STATE_CLIENT_GONE
	}
	return signalboxv1.Terminal_STATE_FAILED
}
