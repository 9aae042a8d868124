package ledger

import (
	"slices"
	"testing"
	"time"

	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"
)

// sample is an open frame as a request with two candidates has it.
func sample(n uint64) *signalboxv1.Open {
	return &signalboxv1.Open{
		Ticket:       ticket(n),
		RequestId:    "7f1c9a52-0000-4000-8000-0123456789ab",
		TimeNs:       1_790_000_000_000_000_000,
		Team:         "search",
		KeyId:        "key_abcdefghijkl",
		Operation:    "chat",
		Model:        "gpt-4o",
		Route:        "chat",
		Policy:       "0123456789ab",
		RequestBytes: 1024,
		DeadlineNs:   1_790_000_120_000_000_000,
		Stream:       true,
		Order: []*signalboxv1.Candidate{
			{Backend: "openai", Provider: "openai", Region: "us", Model: "gpt-4o"},
			{Backend: "other", Provider: "other", Region: "eu", Model: "gpt-4o-2024-11-20"},
		},
		Node: "edge-1",
	}
}

// BenchmarkAppend reports the median besides the mean: the aim is 3 µs.
func BenchmarkAppend(b *testing.B) {
	l, _, err := Open(b.TempDir(), Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	o := sample(1)
	took := make([]time.Duration, 0, 1<<20)
	b.ReportAllocs()
	for i := uint64(0); b.Loop(); i++ {
		o.Ticket[0], o.Ticket[1] = byte(i), byte(i>>8)&7 // 2,048 requests are running
		begin := time.Now()
		if err := l.Append(o); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(begin))
	}
	b.StopTimer()
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2]), "p50-ns")
	b.ReportMetric(float64(took[len(took)*99/100]), "p99-ns")
}
