package settle

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"

	"github.com/signalbox-dev/signalbox/pkg/genai"
)

// TestEndings feeds what Envoy 1.40 logs for each way to end: flags, details
// and counts are copied from its log.
func TestEndings(t *testing.T) {
	const cutShort = "upstream_reset_after_response_started{protocol_error}"
	for name, c := range map[string]struct {
		ups  []Upstream
		down Downstream
		want []string
	}{
		"completed": {
			ups:  []Upstream{up(1, "a", 0, 200, "-")},
			down: down(1, "a", 1, 200, "-", viaUpstream).with(10, 5),
			want: []string{"1 a COMPLETED 10/5 PROVIDER", "COMPLETED 1"},
		},
		"completed_without_usage": {
			ups:  []Upstream{up(1, "a", 0, 200, "-")},
			down: down(1, "a", 1, 200, "-", viaUpstream),
			want: []string{"1 a COMPLETED 1110/1050 ESTIMATED", "COMPLETED 1"},
		},
		"fallback": {
			ups:  []Upstream{up(1, "a", 0, 500, "-"), up(1, "b~", time.Second, 200, "-")},
			down: down(1, "b~", 2, 200, "-", viaUpstream).with(10, 5),
			want: []string{"1 a HTTP_ERROR 0/0 NONE", "2 b COMPLETED 10/5 PROVIDER", "COMPLETED 2"},
		},
		"all_ways_to_lose_an_attempt": {
			ups:  []Upstream{up(1, "a", 0, 0, "UC"), up(1, "b~", time.Second, 0, "UT"), up(1, "c~", 2*time.Second, 0, "UF")},
			down: down(1, "c~", 3, 503, "URX,UF", "upstream_reset_before_response_started{remote_connection_failure|delayed_connect_error:_Connection_refused}"),
			want: []string{"1 a RESET 0/0 NONE", "2 b TIMEOUT 0/0 NONE", "3 c CONNECT_FAILURE 0/0 NONE", "FAILED 3"},
		},
		"statuses": {
			ups:  []Upstream{up(1, "a", 0, 429, "-"), up(1, "b~", time.Second, 401, "-"), up(1, "c~", 2*time.Second, 403, "-")},
			down: down(1, "c~", 3, 403, "URX", viaUpstream),
			want: []string{"1 a RATE_LIMITED 0/0 NONE", "2 b CREDENTIAL_REJECTED 0/0 NONE", "3 c CREDENTIAL_REJECTED 0/0 NONE", "FAILED 3"},
		},
		"no_host_first": {
			ups:  []Upstream{up(1, "b~", time.Second, 200, "-")},
			down: down(1, "b~", 2, 200, "-", viaUpstream).with(10, 5),
			want: []string{"1 a NO_HOST 0/0 NONE", "2 b COMPLETED 10/5 PROVIDER", "COMPLETED 2"},
		},
		"no_host_at_all": {
			down: down(1, "a", 1, 503, "UH", "no_healthy_upstream"),
			want: []string{"1 a NO_HOST 0/0 NONE", "FAILED 1"},
		},
		"order_lost": {
			down: down(1, "", 0, 503, "NC", "cluster_not_found"),
			want: []string{"FAILED 0"},
		},
		"cut": {
			ups:  []Upstream{up(1, "a", 0, 200, "UPE")},
			down: down(1, "a", 1, 200, "UPE", cutShort),
			want: []string{"1 a CUT 1110/1050 ESTIMATED", "FAILED 1"},
		},
		"cut_behind_its_usage": {
			ups:  []Upstream{up(1, "a", 0, 200, "UPE")},
			down: down(1, "a", 1, 200, "UPE", cutShort).with(10, 5),
			want: []string{"1 a CUT 10/5 PROVIDER", "FAILED 1"},
		},
		"stalled_in_the_answer": {
			ups:  []Upstream{up(1, "a", 0, 200, "-")},
			down: down(1, "a", 1, 200, "UT", "response_timeout"),
			want: []string{"1 a CUT 1110/1050 ESTIMATED", "FAILED 1"},
		},
		"caller_left_before_the_head": {
			ups:  []Upstream{up(1, "a", 0, 0, "-")},
			down: down(1, "a", 1, 0, "DC", "downstream_remote_disconnect"),
			want: []string{"1 a CLIENT_GONE 1110/1050 ESTIMATED", "CLIENT_GONE 1"},
		},
		"caller_left_in_the_answer": {
			ups:  []Upstream{up(1, "a", 0, 200, "-")},
			down: down(1, "a", 1, 200, "DC", "downstream_remote_disconnect"),
			want: []string{"1 a CLIENT_GONE 1110/1050 ESTIMATED", "CLIENT_GONE 1"},
		},
		"caller_left_at_the_end": {
			ups:  []Upstream{up(1, "a", 0, 200, "-")},
			down: down(1, "a", 1, 200, "DC", "downstream_remote_disconnect").with(10, 5),
			want: []string{"1 a COMPLETED 10/5 PROVIDER", "COMPLETED 1"},
		},
		"caller_left_before_any_attempt": {
			down: down(1, "", 0, 0, "DC", "downstream_remote_disconnect"),
			want: []string{"CLIENT_GONE 0"},
		},
		"last_entry_missing": {
			ups:  []Upstream{up(1, "a", 0, 500, "-")},
			down: down(1, "b~", 2, 200, "-", viaUpstream).with(10, 5),
			want: []string{"1 a HTTP_ERROR 0/0 NONE", "2 b COMPLETED 10/5 PROVIDER", "COMPLETED 2"},
		},
		"one_candidate_twice": {
			ups:  []Upstream{up(1, "c~", 0, 500, "-"), up(1, "c~", time.Second, 200, "-")},
			down: down(1, "c~", 2, 200, "-", viaUpstream).with(10, 5),
			want: []string{"1 c HTTP_ERROR 0/0 NONE", "2 c COMPLETED 10/5 PROVIDER", "COMPLETED 2"},
		},
		"foreign_backend": {
			ups:  []Upstream{up(1, "z", 0, 200, "-")},
			down: down(1, "z", 1, 200, "-", viaUpstream).with(10, 5),
			want: []string{"1 z COMPLETED 10/5 PROVIDER", "COMPLETED 1"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			inEveryOrder(c.ups, c.down, func(feed []func(*Book)) {
				b := New(Options{Estimator: new(guess)})
				b.Open(opened(1))
				for _, f := range feed {
					f(b)
					f(b) // the same entry again changes nothing
				}
				b.Tick(at(time.Second))
				b.Tick(at(time.Minute))
				for _, f := range feed {
					f(b)
				}
				expect(t, b, c.want...)
				if len(b.Running()) != 0 || b.Len() != 0 {
					t.Errorf("%d are running", b.Len())
				}
			})
		})
	}
}

// inEveryOrder calls try with each order of the entries.
func inEveryOrder(ups []Upstream, d Downstream, try func([]func(*Book))) {
	feed := []func(*Book){func(b *Book) { b.Downstream(d, epoch) }}
	for _, u := range ups {
		feed = append(feed, func(b *Book) { b.Upstream(u, epoch) })
	}
	permute(feed, 0, try)
}

func permute(all []func(*Book), i int, try func([]func(*Book))) {
	if i == len(all) {
		try(all)
		return
	}
	for j := i; j < len(all); j++ {
		all[i], all[j] = all[j], all[i]
		permute(all, i+1, try)
		all[i], all[j] = all[j], all[i]
	}
}

func TestRowsHoldWhatIsKnown(t *testing.T) {
	b := New(Options{})
	b.Open(opened(1))
	b.Upstream(up(1, "a", 0, 500, "-"), epoch)
	b.Upstream(up(1, "b~", 2*time.Second, 200, "-"), epoch)
	d := down(1, "b~", 2, 200, "-", viaUpstream).with(10, 5)
	d.RawUsage, d.ServedModel, d.Tier, d.Suspect = []byte(`{"x":1}`), "served", "flex", true
	b.Downstream(d, epoch)
	res := b.Take()
	key := ticket(1)
	want := &signalboxv1.Attempt{
		Ticket: key[:], RequestId: requestID(1), Number: 2,
		StartNs: uint64(at(2 * time.Second).UnixNano()), FirstByteNs: uint64(at(2*time.Second + time.Millisecond).UnixNano()), EndNs: uint64(at(3 * time.Second).UnixNano()),
		Backend: "b", Provider: "pb", Region: "eu", Model: "mb", ServedModel: "served", Tier: "flex", RequestedModel: "gpt",
		Team: "search", KeyId: "key_1", Route: "chat", Class: "eu", Policy: "p1", Node: "n", Operation: "chat", Stream: true,
		Status: 200, Outcome: signalboxv1.Attempt_OUTCOME_COMPLETED, Usage: &signalboxv1.Usage{Input: 10, Output: 5},
		Source: signalboxv1.Usage_SOURCE_PROVIDER, RawUsage: []byte(`{"x":1}`), RequestBytes: 110, ResponseBytes: 50, Last: true, Suspect: true,
	}
	if diff := cmp.Diff(want, res.Records[1], protocmp.Transform()); diff != "" {
		t.Error(diff)
	}
	end := &signalboxv1.Terminal{
		Ticket: key[:], RequestId: requestID(1), TimeNs: uint64(at(3 * time.Second).UnixNano()), StartNs: uint64(epoch.UnixNano()),
		State: signalboxv1.Terminal_STATE_COMPLETED, Attempts: 2, Status: 200, Team: "search", Model: "gpt", Route: "chat", Backend: "b", KeyId: "key_1", Operation: "chat",
	}
	if diff := cmp.Diff(end, res.Records[2], protocmp.Transform()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(opened(1), res.Settled[0].Open, protocmp.Transform()); diff != "" {
		t.Error(diff)
	}
	kinds := []EventKind{Fallback}
	if got := kindsOf(res.Events); !slices.Equal(got, kinds) {
		t.Errorf("events %v, want %v", got, kinds)
	}
}

func kindsOf(events []Event) (kinds []EventKind) {
	for _, e := range events {
		kinds = append(kinds, e.Kind)
	}
	return kinds
}

func TestRunningGivesBackWhatWasOpened(t *testing.T) {
	b := New(Options{})
	odd := opened(2)
	odd.RequestId, odd.ClientRequestId, odd.Order = "Not-A-UUID", "mine", nil
	upper := opened(3)
	upper.RequestId = "7F1C9A52-0000-4000-8000-0123456789AB"
	none := opened(4)
	none.RequestId = ""
	want := []*signalboxv1.Open{opened(1), odd, upper, none}
	for range 2 { // a segment repeats open frames
		for _, o := range want {
			b.Open(o)
		}
	}
	got := b.Running()
	slices.SortFunc(got, func(x, y *signalboxv1.Open) int { return int(x.GetTicket()[8]) - int(y.GetTicket()[8]) })
	if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
		t.Error(diff)
	}
}

func TestAttachedReading(t *testing.T) {
	reading := Metered{Usage: genai.Usage{Input: 7, Output: 3}, Found: true, Done: true, Status: 200, Cluster: "a", Start: epoch, End: at(time.Second), ServedModel: "own"}
	for name, c := range map[string]struct {
		o      Options
		m      func(*Metered)
		down   *Downstream
		after  bool // the reading comes behind the entry
		want   []string
		events []EventKind
	}{
		"same":         {down: new(down(1, "a", 1, 200, "-", viaUpstream).with(7, 3)), want: []string{"1 a COMPLETED 7/3 PROVIDER", "COMPLETED 1"}},
		"ours_counts":  {down: new(down(1, "a", 1, 200, "-", viaUpstream).with(8, 3)), want: []string{"1 a COMPLETED 7/3 PROVIDER", "COMPLETED 1"}, events: []EventKind{Mismatch}},
		"only_ours":    {down: new(down(1, "a", 1, 200, "-", viaUpstream)), want: []string{"1 a COMPLETED 7/3 PROVIDER", "COMPLETED 1"}},
		"only_theirs":  {m: func(m *Metered) { m.Found = false }, down: new(down(1, "a", 1, 200, "-", viaUpstream).with(8, 3)), want: []string{"1 a COMPLETED 8/3 PROVIDER", "COMPLETED 1"}},
		"error_in_200": {m: func(m *Metered) { m.Failed = true }, down: new(down(1, "a", 1, 200, "-", viaUpstream)), want: []string{"1 a CUT 7/3 PROVIDER", "FAILED 1"}},
		"left_early":   {m: func(m *Metered) { m.Done, m.ClientGone = false, true }, down: new(down(1, "a", 1, 200, "DC", "downstream_remote_disconnect")), want: []string{"1 a CLIENT_GONE 7/3 PROVIDER", "CLIENT_GONE 1"}},
		"left_at_end":  {m: func(m *Metered) { m.ClientGone = true }, down: new(down(1, "a", 1, 200, "DC", "downstream_remote_disconnect")), want: []string{"1 a COMPLETED 7/3 PROVIDER", "COMPLETED 1"}},
		"alone":        {o: Options{Alone: true}, want: []string{"1 a COMPLETED 7/3 PROVIDER", "COMPLETED 1"}},
		"alone_second": {o: Options{Alone: true}, m: func(m *Metered) { m.Cluster = "b~" }, want: []string{"1 a UNKNOWN 0/0 NONE", "2 b COMPLETED 7/3 PROVIDER", "COMPLETED 2"}},
		"never_logged": {want: []string{"1 a COMPLETED 7/3 PROVIDER", "COMPLETED 1"}},
		"late": {
			down: new(down(1, "a", 1, 200, "-", viaUpstream)), after: true,
			want:   []string{"1 a COMPLETED 1110/1050 ESTIMATED", "COMPLETED 1", "adjust 1 -1103/-1047 late_reading COMPLETED COMPLETED"},
			events: []EventKind{Late},
		},
		"late_and_same":  {down: new(down(1, "a", 1, 200, "-", viaUpstream).with(7, 3)), after: true, want: []string{"1 a COMPLETED 7/3 PROVIDER", "COMPLETED 1"}},
		"late_and_other": {down: new(down(1, "a", 1, 200, "-", viaUpstream).with(8, 3)), after: true, want: []string{"1 a COMPLETED 8/3 PROVIDER", "COMPLETED 1"}, events: []EventKind{Mismatch}},
	} {
		t.Run(name, func(t *testing.T) {
			c.o.Estimator = new(guess)
			b := New(c.o)
			b.Open(opened(1))
			m := reading
			if c.m != nil {
				c.m(&m)
			}
			entries := func() {
				if c.down != nil {
					b.Upstream(up(1, "a", 0, 200, "-"), epoch)
					b.Downstream(*c.down, epoch)
				}
			}
			if c.after {
				entries()
			}
			b.Metered(ticket(1), m, epoch)
			if !c.after {
				entries()
			}
			b.Metered(ticket(1), m, epoch)
			b.Metered(ticket(2), m, epoch)
			b.Tick(at(2 * time.Minute))
			res := b.Take()
			if diff := cmp.Diff(c.want, show(res.Records)); diff != "" {
				t.Error(diff)
			}
			if name == "late_and_other" || name == "ours_counts" {
				res.Events = slices.CompactFunc(res.Events, func(x, y Event) bool { return x == y }) // told at each reading
			}
			res.Events = slices.DeleteFunc(res.Events, func(e Event) bool { return e.Kind == Synthesized || e.Kind == Fallback })
			if diff := cmp.Diff(c.events, kindsOf(res.Events)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRefused(t *testing.T) {
	b := New(Options{})
	none := opened(3)
	none.Ticket = make([]byte, 16)
	other := opened(4)
	other.Ticket = nil
	b.Open(opened(1))
	for _, o := range []*signalboxv1.Open{opened(1), opened(2), none, other} {
		for range 2 {
			b.Refused(o, "model_not_found", 404, at(time.Second))
		}
	}
	b.Downstream(down(1, "", 0, 404, "-", ""), epoch)
	d := down(2, "", 0, 404, "-", "")
	d.HasTicket = false
	b.Downstream(d, epoch)
	res := b.Take()
	if diff := cmp.Diff([]string{"REFUSED 0", "REFUSED 0", "REFUSED 0", "REFUSED 0"}, show(res.Records)); diff != "" {
		t.Error(diff)
	}
	end := res.Records[0].(*signalboxv1.Terminal)
	if end.GetCode() != "model_not_found" || end.GetStatus() != 404 || b.Len() != 0 {
		t.Errorf("%v; %d are running", end, b.Len())
	}
	for _, r := range res.Records {
		if len(r.(*signalboxv1.Terminal).GetTicket()) != 16 {
			t.Errorf("a row without ticket: %v", r)
		}
	}
}

func TestLearnsOnlyFromWholeAnswers(t *testing.T) {
	g := new(guess)
	b := New(Options{Estimator: g})
	for n, d := range []Downstream{
		down(0, "a", 1, 200, "-", viaUpstream).with(10, 5),
		down(1, "a", 1, 200, "-", viaUpstream),
		down(2, "a", 1, 200, "UPE", "upstream_reset_after_response_started{protocol_error}").with(10, 5),
		func() Downstream { d := down(3, "a", 1, 200, "-", viaUpstream).with(10, 5); d.Suspect = true; return d }(),
	} {
		b.Open(opened(n))
		b.Upstream(up(n, "a", 0, 200, "-"), epoch)
		b.Downstream(d, epoch)
	}
	if g.learned != 1 {
		t.Errorf("learned from %d answers, want 1", g.learned)
	}
}

// TestDecisionIsTold keeps the record of a decision until the request's end is
// told, and no longer.
func TestDecisionIsTold(t *testing.T) {
	b := New(Options{})
	o := &signalboxv1.Open{Ticket: []byte("0123456789abcdef"), RequestId: "r", Decision: []byte("why")}
	b.Open(o)
	if all := b.Running(); len(all) != 1 || string(all[0].GetDecision()) != "why" {
		t.Errorf("%v", all)
	}
	b.Refused(o, "no_backend_available", 503, time.Unix(1, 0))
	settled := b.Take().Settled
	if len(settled) != 1 || string(settled[0].Open.GetDecision()) != "why" {
		t.Errorf("%+v", settled)
	}
	if r := b.byTicket[[16]byte(o.Ticket)]; r != nil && r.decision != nil {
		t.Error("the decision is kept")
	}
}
