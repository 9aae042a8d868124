package extproc

import (
	"math/bits"
	"sync"
)

// Buffers come in powers of two between these, in bytes; larger ones are left
// to the garbage collector. Those of up to 1 KiB gRPC would never give back.
const (
	minClass = 11 // 2 KiB
	maxClass = 26 // 64 MiB
)

// bufferPool is a mem.BufferPool. Unlike gRPC's own it does not clear what it
// hands out, and it has a class for every size: a body of 40 KB must not cost
// the clearing of a megabyte. Whoever gets a buffer writes it before reading
// it. Safe for concurrent use.
type bufferPool struct {
	classes [maxClass + 1]sync.Pool
}

// Get returns a buffer of length n with unspecified content.
func (p *bufferPool) Get(n int) *[]byte {
	c := classOf(n)
	if c > maxClass {
		b := make([]byte, n)
		return &b
	}
	if b, ok := p.classes[c].Get().(*[]byte); ok {
		*b = (*b)[:n]
		return b
	}
	b := make([]byte, n, 1<<c)
	return &b
}

// Put takes a buffer back; one that no class fits is dropped.
func (p *bufferPool) Put(b *[]byte) {
	c := classOf(cap(*b))
	if c > maxClass || cap(*b) != 1<<c {
		return
	}
	p.classes[c].Put(b)
}

// classOf is the class whose buffers hold n bytes.
func classOf(n int) int {
	return max(minClass, bits.Len(uint(max(n, 1)-1)))
}
