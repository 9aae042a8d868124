package extproc

import "testing"

func TestPoolHandsOutWhatFits(t *testing.T) {
	var p bufferPool
	for _, n := range []int{0, 1, 255, 256, 257, 40_000, 1 << 20, 1<<20 + 1} {
		for range 3 {
			b := p.Get(n)
			if len(*b) != n || cap(*b) >= 2*max(n, 1025) {
				t.Errorf("Get(%d): length %d, capacity %d", n, len(*b), cap(*b))
			}
			p.Put(b)
		}
	}
	odd := make([]byte, 300)
	p.Put(&odd) // must not come back as a buffer of its class
	if b := p.Get(500); cap(*b) < 500 {
		t.Errorf("capacity %d", cap(*b))
	}
}
