package settle

import (
	"testing"
	"time"

	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"
)

// Every row of a copy says whose it is, also one that comes late or is made
// from the entry alone.
func TestCopiesAreNamed(t *testing.T) {
	for name, c := range map[string]struct{ opened, late bool }{"opened": {true, false}, "foreign": {false, false}, "late": {true, true}} {
		t.Run(name, func(t *testing.T) {
			b := New(Options{})
			o := opened(1)
			o.Order, o.ShadowOf = o.Order[:1], requestID(2)
			if c.opened {
				b.Open(o)
			}
			if c.late {
				b.Tick(at(time.Hour))
			}
			b.Upstream(up(1, "a~shadow", 0, 200, "-"), at(time.Second))
			d := down(1, "a~shadow", 1, 200, "-", viaUpstream).with(3, 2)
			d.Facts = o
			b.Downstream(d, at(time.Second))
			rows := 0
			for _, r := range b.Take().Records {
				of := "none"
				switch m := r.(type) {
				case *signalboxv1.Attempt:
					of = m.GetShadowOf()
					if m.GetBackend() != "a" || m.GetModel() != "ma" {
						t.Errorf("row %v", m)
					}
				case *signalboxv1.Terminal:
					of = m.GetShadowOf()
				case *signalboxv1.Adjustment:
					of = m.GetShadowOf()
				default:
					continue
				}
				rows++
				if of != requestID(2) {
					t.Errorf("%T is of %q", r, of)
				}
			}
			if want := map[bool]int{false: 2, true: 3}[c.late]; rows != want {
				t.Errorf("%d rows, want %d", rows, want)
			}
		})
	}
}
