package view

import (
	"testing"
	"time"

	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"
)

// What a settled request costs here.
func BenchmarkSettled(b *testing.B) {
	v := fixture(b)
	s := request{n: 1, state: signalboxv1.Terminal_STATE_COMPLETED, backends: []string{"eu"}, cost: 1}.settled()
	b.ReportAllocs()
	for b.Loop() {
		v.Settled(s, noon)
		v.Tick()
	}
}

// What the page asks for every five seconds, of a gateway that is as full as it
// can be.
func BenchmarkOverview(b *testing.B) {
	v := fixture(b)
	for i := range 24 * 60 {
		for k := range 60 {
			s := series{string(rune('a' + k%6)), string(rune('a' + k%10)), string(rune('a' + k%15))}
			v.traffic.at(s, noon.Add(-time.Duration(i)*minute), func(f *figures) { f.requests++; f.first.put(uint8(k), 1) })
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := v.Overview(OverviewQuery{}, noon); err != nil {
			b.Fatal(err)
		}
	}
}
