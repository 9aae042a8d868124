package provider

import (
	"math/rand/v2"
	"slices"
	"sync"
)

// faultBook holds a server's own faults and decides which one a request meets:
// one of its own message, else an injected one, else a standing one.
type faultBook struct {
	name     string
	mu       sync.Mutex
	rand     *rand.Rand
	standing []Fault
	injected []Fault
}

func newFaultBook(o Options) (*faultBook, error) {
	b := &faultBook{name: o.Name, rand: rand.New(rand.NewPCG(o.Seed, uint64(len(o.Name))))}
	return b, b.set(o.Faults)
}

func (b *faultBook) set(lines []string) error {
	var all []Fault
	for _, l := range lines {
		f, err := ParseFault(l)
		if err != nil {
			return err
		}
		all = append(all, f)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.standing = all
	return nil
}

func (b *faultBook) inject(n int, line string) error {
	f, err := ParseFault(line)
	if err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.injected = append(b.injected, slices.Repeat([]Fault{f}, n)...)
	return nil
}

// pick chooses the fault of a request that carries these directives.
func (b *faultBook) pick(directives []string) (Fault, error) {
	var own []Fault
	for _, l := range directives {
		f, err := ParseFault(l)
		if err != nil {
			return f, err
		}
		own = append(own, f)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if f, ok := b.first(own); ok {
		return f, nil
	}
	if len(b.injected) > 0 {
		f := b.injected[0]
		b.injected = b.injected[1:]
		return f, nil
	}
	if f, ok := b.first(b.standing); ok {
		return f, nil
	}
	return ParseFault("")
}

func (b *faultBook) first(faults []Fault) (Fault, bool) {
	for _, f := range faults {
		if f.at(b.name) && (f.P >= 1 || b.rand.Float64() < f.P) {
			return f, true
		}
	}
	return Fault{}, false
}
