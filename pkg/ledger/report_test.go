package ledger

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/reflect/protoreflect"

	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"

	"github.com/signalbox-dev/signalbox/pkg/genai"
)

var (
	monday  = time.Date(2026, 3, 2, 23, 59, 59, 0, time.UTC)
	tuesday = time.Date(2026, 3, 3, 0, 0, 1, 0, time.UTC)
)

// used is an attempt with usage.
func used(n uint64, number uint32, at time.Time, backend string, in, out int64, source signalboxv1.Usage_Source) *signalboxv1.Attempt {
	return &signalboxv1.Attempt{
		Ticket: ticket(n), Number: number, StartNs: uint64(at.UnixNano()), Team: "search", RequestedModel: "gpt", Backend: backend,
		Outcome: signalboxv1.Attempt_OUTCOME_COMPLETED, Usage: &signalboxv1.Usage{Input: in, Output: out}, Source: source,
	}
}

func finished(n uint64, at time.Time, backend string, s signalboxv1.Terminal_State) *signalboxv1.Terminal {
	return &signalboxv1.Terminal{Ticket: ticket(n), StartNs: uint64(at.UnixNano()), TimeNs: uint64(at.Add(time.Hour).UnixNano()), Team: "search", Model: "gpt", Backend: backend, State: s}
}

func correction(n uint64, number uint32, at time.Time, backend string, in, out int64, s signalboxv1.Terminal_State) *signalboxv1.Adjustment {
	return &signalboxv1.Adjustment{
		Ticket: ticket(n), Number: number, StartNs: uint64(at.UnixNano()), Team: "search", RequestedModel: "gpt", Backend: backend,
		Delta: &signalboxv1.Usage{Input: in, Output: out}, Usage: &signalboxv1.Usage{Input: 10, Output: 5}, Source: provider, State: s,
	}
}

// guessed says that j corrects an estimate.
func guessed(j *signalboxv1.Adjustment) *signalboxv1.Adjustment {
	j.Was = estimated
	return j
}

func costs(a *signalboxv1.Attempt, picos int64) *signalboxv1.Attempt {
	a.CostPicoUsd = &picos
	return a
}

// adjusts says what the attempt of j costs now, and how much more that is.
func adjusts(j *signalboxv1.Adjustment, now, delta *int64) *signalboxv1.Adjustment {
	j.CostPicoUsd, j.CostDeltaPicoUsd = now, delta
	return j
}

func money(list ...genai.Money) (sum genai.Total) {
	for _, m := range list {
		sum = sum.Add(m)
	}
	return sum
}

// copied says that r is of a copy.
func copied(r Record) Record {
	m := r.ProtoReflect()
	m.Set(m.Descriptor().Fields().ByName("shadow_of"), protoreflect.ValueOfString("x"))
	return r
}

const (
	provider  = signalboxv1.Usage_SOURCE_PROVIDER
	estimated = signalboxv1.Usage_SOURCE_ESTIMATED
	completed = signalboxv1.Terminal_STATE_COMPLETED
	lost      = signalboxv1.Terminal_STATE_UNKNOWN
)

func unknownRow(n uint64) *signalboxv1.Attempt {
	a := used(n, 1, monday, "a", 0, 0, signalboxv1.Usage_SOURCE_NONE)
	a.Outcome = signalboxv1.Attempt_OUTCOME_UNKNOWN
	return a
}

func TestReport(t *testing.T) {
	for name, c := range map[string]struct {
		records []Record
		q       Query
		want    []Line
	}{
		"by_all": {
			records: []Record{
				used(1, 1, monday, "a", 0, 0, signalboxv1.Usage_SOURCE_NONE), used(1, 2, tuesday, "b", 10, 5, provider), finished(1, tuesday, "b", completed),
				used(2, 1, tuesday, "b", 1, 2, estimated), finished(2, tuesday, "b", signalboxv1.Terminal_STATE_CLIENT_GONE),
				finished(3, tuesday, "", signalboxv1.Terminal_STATE_REFUSED),
			},
			want: []Line{
				{Day: "2026-03-02", Team: "search", Model: "gpt", Backend: "a", Attempts: 1, Unpriced: 1},
				{Day: "2026-03-03", Team: "search", Model: "gpt", Requests: 1, Refused: 1},
				{
					Day: "2026-03-03", Team: "search", Model: "gpt", Backend: "b", Requests: 2, Completed: 1, ClientGone: 1, Attempts: 2, Unpriced: 2, Estimated: 1,
					Usage: genai.Usage{Input: 11, Output: 7}, Guessed: genai.Usage{Input: 1, Output: 2},
				},
			},
		},
		"twice_counts_once": {
			records: []Record{
				used(1, 1, monday, "a", 10, 5, provider), finished(1, monday, "a", completed),
				used(1, 1, monday, "a", 10, 5, provider), finished(1, monday, "a", completed),
			},
			q:    Query{By: ByTeam},
			want: []Line{{Team: "search", Requests: 1, Completed: 1, Attempts: 1, Unpriced: 1, Usage: genai.Usage{Input: 10, Output: 5}}},
		},
		"adjusted": {
			records: []Record{
				unknownRow(1), finished(1, monday, "a", lost),
				correction(1, 1, monday, "a", 10, 5, completed), correction(1, 1, monday, "a", 10, 5, completed),
			},
			q:    Query{By: ByModel},
			want: []Line{{Model: "gpt", Requests: 1, Completed: 1, Attempts: 1, Unpriced: 1, Usage: genai.Usage{Input: 10, Output: 5}}},
		},
		"estimate_adjusted": {
			records: []Record{used(1, 1, monday, "a", 8, 8, estimated), finished(1, monday, "a", completed), guessed(correction(1, 1, monday, "a", 2, -3, 0))},
			q:       Query{By: ByDay},
			want:    []Line{{Day: "2026-03-02", Requests: 1, Completed: 1, Attempts: 1, Unpriced: 1, Usage: genai.Usage{Input: 10, Output: 5}}},
		},
		"known_replaces_unknown": {
			records: []Record{
				unknownRow(1), finished(1, monday, "a", lost),
				used(1, 1, monday, "a", 10, 5, provider), finished(1, monday, "a", completed),
				unknownRow(1), finished(1, monday, "a", lost),
			},
			q:    Query{By: ByBackend},
			want: []Line{{Backend: "a", Requests: 1, Completed: 1, Attempts: 1, Unpriced: 1, Usage: genai.Usage{Input: 10, Output: 5}}},
		},
		"period_and_backend": {
			records: []Record{used(1, 1, monday, "a", 1, 1, provider), used(2, 1, tuesday, "a", 2, 2, provider), used(3, 1, tuesday, "b", 3, 3, provider)},
			q:       Query{By: ByTeam, Since: tuesday, Until: tuesday.Add(1), Backend: "a", Team: "search", Model: "gpt"},
			want:    []Line{{Team: "search", Attempts: 1, Unpriced: 1, Usage: genai.Usage{Input: 2, Output: 2}}},
		},
		"priced": {
			records: []Record{
				costs(used(1, 1, monday, "a", 1, 1, provider), 7), costs(used(1, 2, monday, "a", 1, 1, provider), math.MaxInt64),
				costs(used(2, 1, monday, "a", 1, 1, provider), math.MaxInt64), used(3, 1, monday, "a", 1, 1, provider),
			},
			q:    Query{By: ByTeam},
			want: []Line{{Team: "search", Attempts: 4, Unpriced: 1, Usage: genai.Usage{Input: 4, Output: 4}, Cost: money(7, math.MaxInt64, math.MaxInt64)}},
		},
		"price_adjusted": { // of the first known now, of the second other than it was, of the third known no more
			records: []Record{
				unknownRow(1), adjusts(correction(1, 1, monday, "a", 10, 5, completed), new(int64(50)), nil),
				costs(used(2, 1, monday, "a", 8, 8, estimated), 40), adjusts(guessed(correction(2, 1, monday, "a", 2, -3, 0)), new(int64(10)), new(int64(-30))),
				costs(used(3, 1, monday, "a", 0, 0, provider), 9), adjusts(correction(3, 1, monday, "a", 0, 0, 0), nil, new(int64(-9))),
				used(4, 1, monday, "a", 0, 0, provider), correction(4, 1, monday, "a", 0, 0, 0),
			},
			q:    Query{By: ByTeam},
			want: []Line{{Team: "search", Attempts: 4, Unpriced: 2, Usage: genai.Usage{Input: 20, Output: 10}, Cost: money(50, 10)}},
		},
		"price_known_replaces_unknown": {
			records: []Record{unknownRow(1), costs(used(1, 1, monday, "a", 10, 5, provider), 3), unknownRow(1)},
			q:       Query{By: ByBackend},
			want:    []Line{{Backend: "a", Attempts: 1, Usage: genai.Usage{Input: 10, Output: 5}, Cost: money(3)}},
		},
		"copies_apart": {
			records: []Record{
				used(1, 1, monday, "a", 10, 5, provider), finished(1, monday, "a", completed),
				copied(used(2, 1, monday, "a", 7, 3, provider)), copied(finished(2, monday, "a", lost)),
				copied(correction(2, 1, monday, "a", 1, 1, completed)),
			},
			q: Query{By: ByBackend},
			want: []Line{
				{Backend: "a", Requests: 1, Completed: 1, Attempts: 1, Unpriced: 1, Usage: genai.Usage{Input: 10, Output: 5}},
				{Backend: "a", Shadow: true, Requests: 1, Completed: 1, Attempts: 1, Unpriced: 1, Usage: genai.Usage{Input: 8, Output: 4}},
			},
		},
		"other_team": {records: []Record{used(1, 1, monday, "a", 1, 1, provider)}, q: Query{Team: "else"}, want: []Line{}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			l, _ := open(t, dir, Options{SegmentSize: 400})
			for _, r := range c.records {
				mustAppend(t, l, r)
			}
			got, err := Report(dir, c.q)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
