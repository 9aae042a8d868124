package settle

import (
	"encoding/binary"
	"runtime"
	"testing"
)

// BenchmarkSettle takes a request through its life: opened, one attempt, its
// end, taken. The aim is 3 µs.
func BenchmarkSettle(b *testing.B) {
	book := New(Options{Estimator: new(guess)})
	o, u, d := opened(1), up(1, "a", 0, 200, "-"), down(1, "a", 1, 200, "-", viaUpstream).with(10, 5)
	id := []byte(requestID(1))
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		binary.LittleEndian.PutUint32(o.Ticket, uint32(i)|1<<31)
		d.Ticket = [16]byte(o.Ticket)
		for j := range 8 {
			id[28+j] = "0123456789abcdef"[i>>(4*j)&15]
		}
		o.RequestId = string(id) // one allocation of the caller's
		u.RequestID, d.RequestID = o.RequestId, o.RequestId
		book.Open(o)
		book.Upstream(u, epoch)
		book.Downstream(d, epoch)
		if len(book.Take().Records) != 2 {
			b.Fatal("not settled")
		}
	}
}

// BenchmarkTick looks at 2,000 running requests of which none is due.
func BenchmarkTick(b *testing.B) {
	book := New(Options{})
	for n := range 2000 {
		book.Open(opened(n))
	}
	for b.Loop() {
		book.Tick(epoch)
	}
}

// TestMemoryOfARunningRequest holds many requests open: the aim is 400 bytes
// for each.
func TestMemoryOfARunningRequest(t *testing.T) {
	const many = 20000
	book := New(Options{})
	before := heap()
	for n := range many {
		book.Open(opened(n))
	}
	each := float64(heap()-before) / many
	runtime.KeepAlive(book)
	t.Logf("%.0f bytes a running request", each)
	if each > 400 {
		t.Error("more than 400 bytes")
	}
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
