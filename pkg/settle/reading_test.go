package settle

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"

	"github.com/signalbox-dev/signalbox/pkg/genai"
	"github.com/signalbox-dev/signalbox/pkg/ledger"
)

// turned is a reading of the numbered attempt, which we turned down.
func turned(number int, cluster, why string) Metered {
	return Metered{Attempt: number, Rejected: why, Status: 200, Cluster: cluster, Start: at(time.Duration(number-1) * time.Second), Received: 7}
}

func (m Metered) with(in, out int64) Metered {
	m.Usage, m.Found = genai.Usage{Input: in, Output: out}, true
	return m
}

// TestSeveralReadings: every attempt has its own reading, source and bytes.
func TestSeveralReadings(t *testing.T) {
	good := Metered{Attempt: 2, Status: 200, Cluster: "b~", Done: true, Translated: true}
	for name, c := range map[string]struct {
		readings []Metered
		ups      []Upstream
		down     Downstream
		want     []string
	}{
		"turned_down_with_usage": {
			readings: []Metered{turned(1, "a~", "content_filter").with(7, 3), good.with(10, 5)},
			ups:      []Upstream{up(1, "a~", 0, 503, "-"), up(1, "b~", time.Second, 200, "-")},
			down:     down(1, "b~", 2, 200, "-", viaUpstream).with(10, 5),
			want:     []string{"1 a REJECTED 7/3 PROVIDER", "2 b COMPLETED 10/5 PROVIDER", "COMPLETED 2"},
		},
		"turned_down_without_usage": {
			readings: []Metered{turned(1, "a~", "empty"), good.with(10, 5)},
			ups:      []Upstream{up(1, "a~", 0, 503, "-"), up(1, "b~", time.Second, 200, "-")},
			down:     down(1, "b~", 2, 200, "-", viaUpstream),
			want:     []string{"1 a REJECTED 1110/1007 ESTIMATED", "2 b COMPLETED 10/5 PROVIDER", "COMPLETED 2"},
		},
		"an_error_costs_nothing": {
			readings: []Metered{turned(1, "a~", "error")},
			ups:      []Upstream{up(1, "a~", 0, 503, "-"), up(1, "b~", time.Second, 200, "-")},
			down:     down(1, "b~", 2, 200, "-", viaUpstream).with(10, 5),
			want:     []string{"1 a REJECTED 0/0 NONE", "2 b COMPLETED 10/5 PROVIDER", "COMPLETED 2"},
		},
		"no_token_in_time": {
			readings: []Metered{turned(1, "a~", "first_token")},
			ups:      []Upstream{up(1, "a~", 0, 0, "UT"), up(1, "b~", time.Second, 200, "-")},
			down:     down(1, "b~", 2, 200, "-", viaUpstream).with(10, 5),
			want:     []string{"1 a REJECTED 1110/1007 ESTIMATED", "2 b COMPLETED 10/5 PROVIDER", "COMPLETED 2"},
		},
		"all_turned_down": {
			readings: []Metered{turned(1, "a~", "malformed"), turned(2, "b~", "empty").with(4, 0), turned(3, "c~", "error")},
			ups:      []Upstream{up(1, "a~", 0, 503, "-"), up(1, "b~", time.Second, 503, "-"), up(1, "c~", 2*time.Second, 502, "URX")},
			down:     down(1, "c~", 3, 502, "URX", viaUpstream),
			want:     []string{"1 a REJECTED 1110/1007 ESTIMATED", "2 b REJECTED 4/0 PROVIDER", "3 c REJECTED 0/0 NONE", "FAILED 3"},
		},
		"an_error_answer_with_usage": {
			readings: []Metered{Metered{Attempt: 1, Status: 500, Cluster: "a~"}.with(7, 0), good.with(10, 5)},
			ups:      []Upstream{up(1, "a~", 0, 500, "-"), up(1, "b~", time.Second, 200, "-")},
			down:     down(1, "b~", 2, 200, "-", viaUpstream),
			want:     []string{"1 a HTTP_ERROR 7/0 PROVIDER", "2 b COMPLETED 10/5 PROVIDER", "COMPLETED 2"},
		},
		"the_entry_of_the_loser_is_missing": {
			readings: []Metered{turned(1, "a~", "empty").with(7, 0), good.with(10, 5)},
			ups:      []Upstream{up(1, "b~", time.Second, 200, "-")},
			down:     down(1, "b~", 2, 200, "-", viaUpstream),
			want:     []string{"1 a REJECTED 7/0 PROVIDER", "2 b COMPLETED 10/5 PROVIDER", "COMPLETED 2"},
		},
		"an_error_in_a_good_answer": {
			readings: []Metered{{Attempt: 1, Status: 200, Cluster: "a~", Failed: true}},
			ups:      []Upstream{up(1, "a~", 0, 502, "-")},
			down:     down(1, "a~", 1, 502, "-", viaUpstream),
			want:     []string{"1 a CUT 1110/1050 ESTIMATED", "FAILED 1"},
		},
		"the_last_has_no_reading": {
			readings: []Metered{turned(1, "a~", "empty").with(7, 0)},
			ups:      []Upstream{up(1, "a~", 0, 503, "-"), up(1, "b~", time.Second, 200, "-")},
			down:     down(1, "b~", 2, 200, "-", viaUpstream),
			want:     []string{"1 a REJECTED 7/0 PROVIDER", "2 b COMPLETED 1110/1050 ESTIMATED", "COMPLETED 2"},
		},
		"one_that_does_not_say": {
			readings: []Metered{turned(1, "a~", "empty").with(7, 0), Metered{Status: 200, Cluster: "b~", Done: true}.with(10, 5)},
			ups:      []Upstream{up(1, "a~", 0, 503, "-"), up(1, "b~", time.Second, 200, "-")},
			down:     down(1, "b~", 2, 200, "-", viaUpstream),
			want:     []string{"1 a REJECTED 7/0 PROVIDER", "2 b COMPLETED 10/5 PROVIDER", "COMPLETED 2"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			inEveryOrder(c.ups, c.down, func(feed []func(*Book)) {
				b := New(Options{Estimator: new(guess)})
				b.Open(opened(1))
				for _, m := range c.readings {
					b.Metered(ticket(1), m, epoch)
				}
				for _, f := range feed {
					f(b)
				}
				b.Tick(at(time.Minute))
				if diff := cmp.Diff(c.want, settled(b.Take().Records)); diff != "" {
					t.Error(diff)
				}
			})
		})
	}
}

// settled is show without sightings.
func settled(records []ledger.Record) []string {
	var rest []ledger.Record
	for _, r := range records {
		if _, ok := r.(*signalboxv1.Sighting); !ok {
			rest = append(rest, r)
		}
	}
	return show(rest)
}

func TestRowOfATurnedDownAttempt(t *testing.T) {
	b := New(Options{})
	b.Open(opened(1))
	m := turned(1, "a~", "content_filter").with(7, 3)
	m.ServedModel, m.Tier, m.FirstByte = "served", "flex", at(200*time.Millisecond)
	b.Metered(ticket(1), m, epoch)
	b.Upstream(up(1, "a~", 0, 503, "-"), epoch)
	b.Upstream(up(1, "b~", time.Second, 200, "-"), epoch)
	b.Downstream(down(1, "b~", 2, 200, "-", viaUpstream), epoch)
	for _, r := range b.Take().Records {
		a, ok := r.(*signalboxv1.Attempt)
		if !ok || a.GetNumber() != 1 {
			continue
		}
		if a.GetStatus() != 200 || a.GetDetails() != "rejected_content_filter" || a.GetServedModel() != "served" || a.GetTier() != "flex" ||
			a.GetResponseBytes() != 7 || a.GetLast() {
			t.Errorf("row %v", a)
		}
		return
	}
	t.Error("no row")
}

// TestReadingsSurviveACrash restores a book in the middle of a request.
func TestReadingsSurviveACrash(t *testing.T) {
	m := &memory{}
	b := New(Options{Estimator: new(guess)})
	m.append([]ledger.Record{opened(1)})
	b.Open(opened(1))
	first := turned(1, "a~", "empty").with(7, 0)
	first.Raw = []byte(`{"in":7}`)
	b.Metered(ticket(1), first, epoch)
	m.append(b.Take().Records)
	b.Upstream(up(1, "a~", 0, 503, "-"), epoch)
	last := Metered{Attempt: 2, Status: 200, Cluster: "b~", Done: true, Translated: true}.with(10, 5)
	last.Usage.CacheRead = 4
	b.Metered(ticket(1), last, epoch)
	m.append(b.Take().Records)
	for range 2 { // and dies again at once
		b = New(Options{Estimator: new(guess)})
		b.Restore(m.recovered())
		if r := b.Take().Records; len(r) > 0 {
			t.Errorf("wrote again: %v", show(r))
		}
	}
	b.Upstream(up(1, "b~", time.Second, 200, "-"), epoch)
	b.Downstream(down(1, "b~", 2, 200, "-", viaUpstream).with(10, 5), epoch)
	res := b.Take()
	if diff := cmp.Diff([]string{"1 a REJECTED 7/0 PROVIDER", "2 b COMPLETED 10/5 PROVIDER", "COMPLETED 2"}, show(res.Records)); diff != "" {
		t.Error(diff)
	}
	rows := res.Settled[0].Attempts
	if string(rows[0].GetRawUsage()) != `{"in":7}` || rows[1].GetUsage().GetCacheRead() != 4 {
		t.Errorf("rows %v", rows)
	}
	if len(res.Events) != 1 || res.Events[0].Kind != Fallback {
		t.Errorf("events %v", res.Events)
	}
}

// TestLateEntriesKeepWhatWasTurnedDown: the proxy's words come after the end,
// when the reading is forgotten.
func TestLateEntriesKeepWhatWasTurnedDown(t *testing.T) {
	m := &memory{}
	b := New(Options{Estimator: new(guess)})
	m.append([]ledger.Record{opened(1)})
	b.Open(opened(1))
	b.Metered(ticket(1), turned(1, "a~", "empty").with(7, 0), epoch)
	b.Tick(at(time.Hour))
	records := b.Take().Records
	m.append(records)
	if diff := cmp.Diff([]string{"1 a REJECTED 7/0 PROVIDER", "2 b UNKNOWN 0/0 NONE", "UNKNOWN 2"}, settled(records)); diff != "" {
		t.Error(diff)
	}
	b = New(Options{Estimator: new(guess)})
	b.Restore(m.recovered())
	b.Upstream(up(1, "a~", 0, 503, "-"), at(time.Hour))
	b.Upstream(up(1, "b~", time.Second, 200, "-"), at(time.Hour))
	b.Downstream(down(1, "b~", 2, 200, "-", viaUpstream).with(10, 5), at(time.Hour))
	expect(t, b, "adjust 1 +0/+0 late_entry REJECTED COMPLETED", "adjust 2 +10/+5 late_entry COMPLETED COMPLETED")
}

func TestLateReadingOfATurnedDownAttempt(t *testing.T) {
	b := New(Options{Estimator: new(guess)})
	b.Open(opened(1))
	b.Upstream(up(1, "a~", 0, 503, "-"), epoch)
	b.Upstream(up(1, "b~", time.Second, 200, "-"), epoch)
	b.Downstream(down(1, "b~", 2, 200, "-", viaUpstream).with(10, 5), epoch)
	expect(t, b, "1 a HTTP_ERROR 0/0 NONE", "2 b COMPLETED 10/5 PROVIDER", "COMPLETED 2")
	b.Metered(ticket(1), turned(1, "a~", "empty").with(7, 0), epoch)
	expect(t, b, "adjust 1 +7/+0 late_reading REJECTED COMPLETED")
}

// TestReadingsAlone: without a log, the reading of the last attempt settles.
func TestReadingsAlone(t *testing.T) {
	b := New(Options{Alone: true, Estimator: new(guess)})
	b.Open(opened(1))
	b.Metered(ticket(1), turned(1, "a~", "empty").with(7, 0), epoch)
	b.Metered(ticket(1), Metered{Attempt: 2, Status: 429, Cluster: "b~"}, epoch)
	if b.Len() != 1 {
		t.Fatal("settled before its end")
	}
	b.Metered(ticket(1), Metered{Attempt: 3, Status: 200, Cluster: "c~", Done: true}.with(10, 5), epoch)
	if diff := cmp.Diff([]string{"1 a REJECTED 7/0 PROVIDER", "2 b RATE_LIMITED 0/0 NONE", "3 c COMPLETED 10/5 PROVIDER", "COMPLETED 3"}, settled(b.Take().Records)); diff != "" {
		t.Error(diff)
	}

	b.Open(opened(2))
	for i, c := range []string{"a~", "b~", "c~"} {
		b.Metered(ticket(2), turned(i+1, c, "error"), epoch)
	}
	if diff := cmp.Diff([]string{"1 a REJECTED 0/0 NONE", "2 b REJECTED 0/0 NONE", "3 c REJECTED 0/0 NONE", "FAILED 3"}, settled(b.Take().Records)); diff != "" {
		t.Error(diff)
	}
}

// TestTranslatedTotalsAreCompared: in another dialect the parts of a count may
// have no words.
func TestTranslatedTotalsAreCompared(t *testing.T) {
	for name, c := range map[string]struct {
		translated bool
		in         int64
		want       int
	}{
		"same_totals":            {true, 10, 0},
		"other_totals":           {true, 11, 1},
		"same_totals_as_it_came": {false, 10, 1},
	} {
		b := New(Options{})
		b.Open(opened(1))
		m := Metered{Attempt: 1, Status: 200, Cluster: "a~", Done: true, Translated: c.translated}.with(10, 5)
		m.Usage.CacheRead = 4
		b.Metered(ticket(1), m, epoch)
		b.Upstream(up(1, "a~", 0, 200, "-"), epoch)
		b.Downstream(down(1, "a~", 1, 200, "-", viaUpstream).with(c.in, 5), epoch)
		n := 0
		for _, e := range b.Take().Events {
			if e.Kind == Mismatch {
				n++
			}
		}
		if n != c.want {
			t.Errorf("%s: %d mismatches, want %d", name, n, c.want)
		}
	}
}

// TestOwnZerosAreNoUsage: where the provider stated none, what our translation
// says for want of it is not the provider's.
func TestOwnZerosAreNoUsage(t *testing.T) {
	b := New(Options{})
	b.Open(opened(1))
	b.Metered(ticket(1), Metered{Attempt: 1, Status: 200, Cluster: "a~", Done: true, Translated: true}, epoch)
	b.Upstream(up(1, "a~", 0, 200, "-"), epoch)
	b.Downstream(down(1, "a~", 1, 200, "-", viaUpstream).with(0, 0), epoch)
	if diff := cmp.Diff([]string{"1 a COMPLETED 0/0 NONE", "COMPLETED 1"}, settled(b.Take().Records)); diff != "" {
		t.Error(diff)
	}
}
