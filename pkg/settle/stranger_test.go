package settle

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"
)

func TestStrangers(t *testing.T) {
	stranger := func(attempts int, details string) Downstream {
		d := down(1, "a", attempts, 200, "-", details).with(10, 5)
		d.HasTicket, d.Ticket, d.ContentType = false, [16]byte{}, "text/event-stream; charset=utf-8"
		return d
	}
	for name, c := range map[string]struct {
		feed []func(*Book)
		want []string
	}{
		"reached_a_provider": {
			feed: []func(*Book){func(b *Book) { b.Upstream(up(1, "a", 0, 200, "-"), epoch) }, func(b *Book) { b.Downstream(stranger(1, viaUpstream), epoch) }},
			want: []string{"1 a COMPLETED 10/5 PROVIDER", "COMPLETED 1"},
		},
		"only_its_end":          {feed: []func(*Book){func(b *Book) { b.Downstream(stranger(1, viaUpstream), epoch) }}, want: []string{"1 a COMPLETED 10/5 PROVIDER", "COMPLETED 1"}},
		"only_its_attempt":      {feed: []func(*Book){func(b *Book) { b.Upstream(up(1, "a", 0, 200, "-"), epoch) }}, want: []string{"1 a COMPLETED 0/0 NONE", "UNKNOWN 1"}},
		"answered_by_the_proxy": {feed: []func(*Book){func(b *Book) { b.Downstream(stranger(0, "direct_response"), epoch) }}},
		"never_reached_one":     {feed: []func(*Book){func(b *Book) { d := stranger(1, "no_healthy_upstream"); d.Flags = "UH"; b.Downstream(d, epoch) }}},
	} {
		t.Run(name, func(t *testing.T) {
			b := New(Options{})
			for _, f := range c.feed {
				f(b)
			}
			b.Tick(at(10 * time.Second))
			b.Tick(at(10 * time.Minute))
			res := b.Take()
			if diff := cmp.Diff(c.want, show(res.Records)); diff != "" {
				t.Error(diff)
			}
			if len(c.want) == 0 {
				return
			}
			if a := res.Records[0].(*signalboxv1.Attempt); !a.GetStranger() || len(a.GetTicket()) != 16 {
				t.Errorf("the row does not say that it is a stranger's: %v", a)
			}
			if !slices.Contains(kindsOf(res.Events), Stranger) || res.Settled[0].Open != nil {
				t.Errorf("events %v", res.Events)
			}
		})
	}
}

// TestForeignRequest settles from an entry alone what another process opened.
func TestForeignRequest(t *testing.T) {
	for name, first := range map[string]bool{"attempt_first": true, "end_first": false} {
		t.Run(name, func(t *testing.T) {
			b := New(Options{})
			d := down(1, "a", 1, 200, "-", viaUpstream).with(10, 5)
			d.Facts = opened(1)
			d.Facts.Ticket, d.Facts.RequestId = nil, ""
			if first {
				b.Upstream(up(1, "a", 0, 200, "-"), epoch)
			}
			b.Downstream(d, epoch)
			if !first {
				b.Upstream(up(1, "a", 0, 200, "-"), epoch)
			}
			b.Open(opened(1)) // its own process tells late
			b.Downstream(d, epoch)
			res := b.Take()
			if diff := cmp.Diff([]string{"1 a COMPLETED 10/5 PROVIDER", "COMPLETED 1"}, show(res.Records)); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(opened(1), res.Settled[0].Open, protocmp.Transform()); diff != "" {
				t.Error(diff)
			}
			if b.Len() != 0 {
				t.Errorf("%d are running", b.Len())
			}
		})
	}
}
