package route_test

import (
	"bytes"
	"cmp"
	"math/rand/v2"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/signalbox-dev/signalbox/pkg/health"
	"github.com/signalbox-dev/signalbox/pkg/policy"
	"github.com/signalbox-dev/signalbox/pkg/route"
	"github.com/signalbox-dev/signalbox/pkg/route/account"
	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"
)

// TestReplay makes random decisions by random rules again from their accounts:
// each comes out the same, byte for byte, and the account holds no header.
func TestReplay(t *testing.T) {
	pairs := 40_000
	if testing.Short() {
		pairs = 4_000
	}
	w := world{rand.New(rand.NewPCG(5, 6))}
	prompts := w.prompts(t)
	served, tried := 0, 0
	for done := 0; done < pairs; {
		c := w.config()
		w.rules(c)
		if w.chance(50) {
			w.objectives(c)
		}
		s, err := policy.Compile(c)
		if err != nil {
			continue
		}
		for range 100 {
			done++
			r := w.ask(c, prompts)
			for i := range r.Facts.Headers {
				r.Facts.Headers[i].Value += "SECRET"[:w.IntN(7)]
			}
			grades, takes := w.Uint64(), w.Uint64()|w.Uint64()
			r.Grade = func(c *policy.Candidate) health.Grade {
				return health.Grade(grades >> (4 * (c.Backend.Name[1] - '0')) % 5)
			}
			r.Takes = func(b *policy.Backend) bool { return takes>>(b.Name[1]-'0')&1 == 1 }
			o := w.decide(s, r)
			a, err := account.Read(o)
			if err != nil {
				t.Fatal(err)
			}
			again, err := account.Replay(s, s, a)
			if err != nil || len(again.Differs) > 0 || len(again.Unsure) > 0 {
				t.Fatalf("%v, differs %v, unsure %v\nwas %v\nis  %v\nof %v", err, again.Differs, again.Unsure, a, again.Account, c)
			}
			if bytes.Contains(o.GetDecision(), []byte("SECRET")) {
				t.Fatalf("a header in %v", a)
			}
			served += min(1, len(again.Decision.Order))
			tried += len(a.GetTried())
			if reason := a.Show(s).Candidates; len(reason) != len(a.GetOptions()) {
				t.Fatalf("%d candidates of %d", len(reason), len(a.GetOptions()))
			}
		}
	}
	if served < pairs/10 || tried < pairs/4 {
		t.Errorf("%d decisions served, %d routes tried", served, tried)
	}
}

// decide decides and writes the account, as the stages do.
func (w world) decide(s *policy.Snapshot, r route.Request) *signalboxv1.Open {
	d, f := route.Decide(s, r)
	m := &account.Made{
		Allowed: r.Allowed, Classes: r.Classes, Pick: d.Weighed.Pick, Facts: r.Facts, KeyName: r.Facts.KeyName,
		Single: w.chance(10), Strict: w.chance(10), Early: len(d.Out), Took: 1234,
	}
	if f != nil {
		m.Refused = f.Kind.Code()
	}
	if m.Single && len(d.Order) > 1 {
		d.Order = d.Order[:1]
	}
	if n := len(d.Order); n > 0 && w.chance(20) { // it could not be written
		d.Out = append(d.Out, route.Out{Backend: d.Order[0].Backend.Name, Reason: route.ReasonDialect})
		if d.Order = d.Order[1:]; n == 1 {
			m.Refused = "invalid_field"
		}
	}
	o := &signalboxv1.Open{
		TimeNs: uint64(r.Facts.Time.UnixNano()), Team: r.Team, KeyId: r.Facts.KeyID, Model: cmp.Or(d.Asked, r.Model), Operation: string(r.Facts.Operation),
		Stream: r.Facts.Call.Stream, Class: d.Class, Policy: s.Version, Decision: account.Append(nil, &d, m),
	}
	if d.Route != nil {
		o.Route = d.Route.Name
	}
	return o
}

// TestAccountIsTheMessage compares the bytes that are written by hand with
// those of the library.
func TestAccountIsTheMessage(t *testing.T) {
	w := world{rand.New(rand.NewPCG(7, 8))}
	for range 200 {
		c := w.config()
		w.rules(c)
		s, err := policy.Compile(c)
		if err != nil {
			continue
		}
		r := w.request(c)
		r.Facts = w.facts()
		o := w.decide(s, r)
		a, err := account.Read(o)
		if err != nil {
			t.Fatal(err)
		}
		b, err := proto.MarshalOptions{Deterministic: true}.Marshal(a.Decision)
		if err != nil || !bytes.Equal(b, o.GetDecision()) || len(a.Decision.ProtoReflect().GetUnknown()) > 0 {
			t.Fatalf("%v\n%x\n%x\n%v", err, b, o.GetDecision(), a)
		}
	}
}

// BenchmarkAccount is what an account costs.
func BenchmarkAccount(b *testing.B) {
	s := snapshot(b)
	d, f := route.Decide(s, route.Request{Model: "gpt-4o", Team: "search", Pick: 7})
	if f != nil {
		b.Fatal(f)
	}
	m := &account.Made{KeyName: strings.Repeat("k", 8), Pick: 7, Early: len(d.Out), Took: 30_000, Trace: [16]byte{1}}
	var room [1024]byte
	n := 0
	b.ReportAllocs()
	for b.Loop() {
		n = len(account.Append(room[:0], &d, m))
	}
	b.ReportMetric(float64(n), "B/account")
}
