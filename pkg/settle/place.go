package settle

import "strings"

// slot is one attempt: its entry, and whether that is the proxy's own.
type slot struct {
	Upstream
	backend string
	absent  bool // the proxy logged no entry: it never had a host to connect to
}

// suffix begins what marks a backend's clusters other than the plain one.
const suffix = "~"

// place lays the entries of a request's attempts, sorted by start, onto n
// places. The proxy tries the candidates in order, one each, and logs no entry
// for an attempt that found no host; where such are missing, the entries go to
// the places of their backends.
func place(seen []Upstream, f *facts, n int) []slot {
	slots := make([]slot, 0, n)
	for len(slots) < n {
		want, left := f.backend(len(slots)+1), n-len(slots)
		if len(seen) > 0 && (len(seen) >= left || want == "" || want == backendOf(seen[0].Cluster)) {
			slots = append(slots, slot{Upstream: seen[0], backend: backendOf(seen[0].Cluster)})
			seen = seen[1:]
			continue
		}
		slots = append(slots, slot{backend: want, absent: true})
	}
	return slots
}

func backendOf(cluster string) string {
	name, _, _ := strings.Cut(cluster, suffix)
	return name
}

// reach is how many attempts there were at least, given the entries of some:
// each is at the place of its backend in the order, where it has one left.
func reach(seen []Upstream, f *facts) int {
	n := 0
	for i := range seen {
		n++
		for at := n; f != nil && at <= len(f.order); at++ {
			if f.backend(at) == backendOf(seen[i].Cluster) {
				n = at
				break
			}
		}
	}
	return n
}
