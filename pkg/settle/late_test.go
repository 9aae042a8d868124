package settle

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"

	"github.com/signalbox-dev/signalbox/pkg/genai"
	"github.com/signalbox-dev/signalbox/pkg/ledger"
)

// expired is behind the deadline of opened and the default UnknownAfter.
const expired = 2*time.Minute + time.Second

func TestUnknownAndLateTruth(t *testing.T) {
	for name, c := range map[string]struct {
		before []Upstream // entries read in time
		lost   []string   // rows when it is given up
		late   []Upstream
		down   Downstream
		want   []string
	}{
		"nothing_was_read": {
			lost: []string{"1 a UNKNOWN 0/0 NONE", "UNKNOWN 1"},
			late: []Upstream{up(1, "a", 0, 200, "-")},
			down: down(1, "a", 1, 200, "-", viaUpstream).with(10, 5),
			want: []string{"adjust 1 +10/+5 late_entry COMPLETED COMPLETED"},
		},
		"one_failed_one_was_running": {
			before: []Upstream{up(1, "a", 0, 500, "-")},
			lost:   []string{"1 a HTTP_ERROR 0/0 NONE", "2 b UNKNOWN 0/0 NONE", "UNKNOWN 2"},
			late:   []Upstream{up(1, "b~", time.Second, 200, "-")},
			down:   down(1, "b~", 2, 200, "-", viaUpstream).with(10, 5),
			want:   []string{"adjust 1 +0/+0 late_entry HTTP_ERROR COMPLETED", "adjust 2 +10/+5 late_entry COMPLETED COMPLETED"},
		},
		"the_answer_was_seen": {
			before: []Upstream{up(1, "a", 0, 200, "-")},
			lost:   []string{"1 a COMPLETED 1110/1050 ESTIMATED", "UNKNOWN 1"},
			down:   down(1, "a", 1, 200, "-", viaUpstream).with(10, 5),
			want:   []string{"adjust 1 -1100/-1045 late_entry COMPLETED COMPLETED"},
		},
		"more_attempts_than_known": {
			lost: []string{"1 a UNKNOWN 0/0 NONE", "UNKNOWN 1"},
			late: []Upstream{up(1, "b~", time.Second, 200, "-"), up(1, "a", 0, 0, "UC")},
			down: down(1, "b~", 2, 200, "-", viaUpstream).with(10, 5),
			want: []string{"adjust 1 +0/+0 late_entry RESET COMPLETED", "2 b COMPLETED 10/5 PROVIDER"},
		},
		"no_attempt_at_all": {
			lost: []string{"1 a UNKNOWN 0/0 NONE", "UNKNOWN 1"},
			down: down(1, "", 0, 0, "DC", "downstream_remote_disconnect"),
			want: []string{"adjust 1 +0/+0 late_entry UNKNOWN CLIENT_GONE"},
		},
		"all_candidates_failed": {
			before: []Upstream{up(1, "a", 0, 500, "-"), up(1, "b~", 1, 500, "-"), up(1, "c~", 2, 500, "-")},
			lost:   []string{"1 a HTTP_ERROR 0/0 NONE", "2 b HTTP_ERROR 0/0 NONE", "3 c HTTP_ERROR 0/0 NONE", "UNKNOWN 3"},
			down:   down(1, "c~", 3, 500, "URX", viaUpstream),
			want: []string{
				"adjust 1 +0/+0 late_entry HTTP_ERROR FAILED", "adjust 2 +0/+0 late_entry HTTP_ERROR FAILED", "adjust 3 +0/+0 late_entry HTTP_ERROR FAILED",
			},
		},
	} {
		for mode, restart := range map[string]bool{"same_process": false, "restarted": true} {
			t.Run(name+"_"+mode, func(t *testing.T) {
				g := new(guess)
				b := New(Options{Estimator: g})
				m := &memory{}
				b.Open(opened(1))
				m.append([]ledger.Record{opened(1)})
				for _, u := range c.before {
					b.Upstream(u, epoch)
				}
				b.Tick(at(expired - 2*time.Second))
				m.append(b.Take().Records)
				b.Tick(at(expired))
				res := b.Take()
				m.append(res.Records)
				m.append([]ledger.Record{&signalboxv1.Offset{Offset: 1}})
				if diff := cmp.Diff(c.lost, show(res.Records)); diff != "" {
					t.Fatal(diff)
				}
				if restart {
					b = New(Options{Estimator: g})
					b.Restore(m.recovered())
				}
				for _, u := range c.late {
					b.Upstream(u, at(expired))
				}
				b.Downstream(c.down, at(expired))
				b.Downstream(c.down, at(expired))
				b.Tick(at(expired + 3*time.Second))
				expect(t, b, c.want...)
				b.Downstream(c.down, at(expired))
				expect(t, b)
			})
		}
	}
}

func TestUnknownIsToldAndTimed(t *testing.T) {
	b := New(Options{UnknownAfter: time.Second})
	none := opened(2)
	none.DeadlineNs = 0
	b.Open(opened(1))
	b.Open(none)
	b.Tick(at(time.Minute + time.Second - 1))
	expect(t, b)
	b.Tick(at(time.Minute + time.Second))
	res := b.Take()
	if diff := cmp.Diff([]EventKind{Unknown}, kindsOf(res.Events)); diff != "" {
		t.Error(diff)
	}
	if end := res.Settled[0].Terminal; !end.GetUnwitnessed() || end.GetTimeNs() != uint64(at(time.Minute+time.Second).UnixNano()) {
		t.Errorf("the end is %v", end)
	}
	b.Tick(at(time.Hour + time.Second)) // the default deadline
	expect(t, b, "1 a UNKNOWN 0/0 NONE", "UNKNOWN 1")
}

func TestEnvoyGone(t *testing.T) {
	b := New(Options{})
	later := opened(2)
	later.TimeNs = uint64(at(10 * time.Second).UnixNano())
	b.Open(opened(1))
	b.Open(later)
	b.EnvoyGone(at(5 * time.Second))
	b.Tick(at(64 * time.Second))
	expect(t, b)
	b.Tick(at(65 * time.Second)) // the other one began with the next Envoy
	expect(t, b, "1 a UNKNOWN 0/0 NONE", "UNKNOWN 1")
	if b.Len() != 1 {
		t.Errorf("%d are running, want 1", b.Len())
	}
}

// TestRestoredRequestsWait gives the reader of the log its time after a
// restart, however long the process was away.
func TestRestoredRequestsWait(t *testing.T) {
	m := &memory{records: []ledger.Record{opened(1)}}
	b := New(Options{})
	b.Restore(m.recovered())
	b.Tick(at(24 * time.Hour))
	b.Tick(at(24*time.Hour + time.Minute - 1))
	expect(t, b)
	b.Upstream(up(1, "a", 0, 200, "-"), epoch)
	b.Downstream(down(1, "a", 1, 200, "-", viaUpstream).with(10, 5), epoch)
	expect(t, b, "1 a COMPLETED 10/5 PROVIDER", "COMPLETED 1")
}

// TestSightingsSurviveARestart reads half of what belongs to a request, passes
// it with the offset, and dies.
func TestSightingsSurviveARestart(t *testing.T) {
	d := down(1, "b~", 2, 200, "DC", "downstream_remote_disconnect").with(10, 5)
	d.RawUsage, d.ServedModel, d.Tier, d.ContentType, d.Suspect, d.Facts = []byte("{}"), "s", "t", "text/event-stream", true, opened(1)
	for name, c := range map[string]struct {
		first func(*Book)
		saw   []string
		then  func(*Book)
	}{
		"attempts_first": {
			first: func(b *Book) { b.Upstream(up(1, "a", 0, 500, "-"), epoch); b.Upstream(up(1, "b~", 1, 200, "-"), epoch) },
			saw:   []string{"sighting a", "sighting b~"},
			then:  func(b *Book) { b.Downstream(d, epoch) },
		},
		"end_first": {
			first: func(b *Book) { b.Upstream(up(1, "a", 0, 500, "-"), epoch); b.Downstream(d, epoch) },
			saw:   []string{"sighting a", "end b~"},
			then:  func(b *Book) { b.Upstream(up(1, "b~", 1, 200, "-"), epoch) },
		},
		"end_without_attempt": {
			first: func(b *Book) { b.Upstream(up(1, "a", 0, 500, "-"), epoch); b.Downstream(d, epoch) },
			saw:   []string{"sighting a", "end b~"},
			then:  func(b *Book) { b.Tick(at(time.Minute)); b.Tick(at(time.Minute + 2*time.Second)) },
		},
	} {
		for mode, open := range map[string]bool{"opened_here": true, "foreign": false} {
			t.Run(name+"_"+mode, func(t *testing.T) {
				b, m := New(Options{}), &memory{}
				if open {
					b.Open(opened(1))
					m.append([]ledger.Record{opened(1)})
				}
				c.first(b)
				res := b.Take()
				if diff := cmp.Diff(c.saw, show(res.Records)); diff != "" {
					t.Fatal(diff)
				}
				m.append(res.Records)
				for range 2 {
					b = New(Options{})
					b.Restore(m.recovered())
					m.append(b.Take().Records) // nothing is told twice
				}
				c.first(b)
				c.then(b)
				res = b.Take()
				if diff := cmp.Diff([]string{"1 a HTTP_ERROR 0/0 NONE", "2 b COMPLETED 10/5 PROVIDER", "COMPLETED 2"}, show(res.Records)); diff != "" {
					t.Error(diff)
				}
				a := res.Records[1].(*signalboxv1.Attempt)
				if string(a.GetRawUsage()) != "{}" || a.GetServedModel() != "s" || a.GetTier() != "t" || !a.GetSuspect() {
					t.Errorf("the row lost what the entry said: %v", a)
				}
				if len(m.records) != len(c.saw)+len(m.records)-len(c.saw) || b.Len() != 0 {
					t.Errorf("%d are running", b.Len())
				}
			})
		}
	}
}

// TestEndsSinceTheOffsetAreKnown closes a request without the log, and reads
// its entries after a restart.
func TestEndsSinceTheOffsetAreKnown(t *testing.T) {
	b, m := New(Options{Alone: true}), &memory{}
	b.Open(opened(1))
	b.Metered(ticket(1), Metered{Usage: genai.Usage{Input: 1}, Found: true, Done: true, Status: 200, Cluster: "a"}, epoch)
	m.append([]ledger.Record{opened(1)})
	m.append(b.Take().Records)
	b = New(Options{})
	b.Restore(m.recovered())
	b.Upstream(up(1, "a", 0, 200, "-"), epoch)
	b.Downstream(down(1, "a", 1, 200, "-", viaUpstream).with(10, 5), epoch)
	expect(t, b)
}

func TestMemoryOfEndsIsBounded(t *testing.T) {
	const keep = 10
	b := New(Options{Remember: keep})
	for n := range 100 {
		b.Open(opened(n))
		if n%2 == 0 {
			b.Upstream(up(n, "a", 0, 200, "-"), epoch)
			b.Downstream(down(n, "a", 1, 200, "-", viaUpstream), epoch)
		}
	}
	b.Tick(at(expired))
	if len(b.byTicket) != 2*keep || len(b.byID) != 2*keep || len(b.facts) != 1 {
		t.Errorf("%d tickets, %d ids and %d facts are kept", len(b.byTicket), len(b.byID), len(b.facts))
	}
	for n := range 100 { // all those that are remembered are corrected or ignored
		b.Upstream(up(n, "a", 0, 200, "-"), at(expired))
		b.Downstream(down(n, "a", 1, 200, "-", viaUpstream), at(expired))
	}
	b.Tick(at(24 * time.Hour))
	if b.Len() != 0 || len(b.facts) > 1 {
		t.Errorf("%d are running, %d facts", b.Len(), len(b.facts))
	}
}
