package main

import (
	"fmt"
	"io"
	"slices"
)

// figures are the results by name.
type figures map[string]any

// median over the rounds of a value of each.
func (s *scenario) median(f func(round) float64) float64 {
	var all []float64
	for _, r := range s.repeats {
		all = append(all, f(r))
	}
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	return (all[len(all)/2] + all[(len(all)-1)/2]) / 2
}

func (s *scenario) of(target string, f func(slice) float64) float64 {
	return s.median(func(r round) float64 { return f(r[target]) })
}

// added is what a target costs above Envoy alone in the same round.
func added(target string, f func(slice) float64) func(round) float64 {
	return func(r round) float64 { return f(r[target]) - f(r["alone"]) }
}

func p50(s slice) float64 { return s.p50 }
func p99(s slice) float64 { return s.p99 }

// print writes the table of one scenario.
func (s *scenario) print(w io.Writer) {
	for _, l := range s.lanes {
		if _, ok := s.repeats[0][l.name]; !ok {
			continue
		}
		n, errors, first := s.totals(l.name)
		fmt.Fprintf(w, "%-26s %-10s n=%7d  envoy %7.3f  processor %7.3f  added %7.3f ms   p50 %8.3f  p99 %8.3f ms", s.name, l.name, n,
			s.of(l.name, func(s slice) float64 { return s.envoy }), s.of(l.name, func(s slice) float64 { return s.processor }),
			s.median(added(l.name, slice.cpu)), s.of(l.name, p50), s.of(l.name, p99))
		if errors > 0 {
			fmt.Fprintf(w, "  ERRORS %d: %s", errors, first)
		}
		fmt.Fprintln(w)
	}
	if low, mid, high, ok := s.compare(); ok {
		fmt.Fprintf(w, "%-26s %s %.2f (rounds %.2f to %.2f), against %s\n", s.name, s.ratio(), mid, low, high, s.floor)
	}
}

func (s *scenario) totals(name string) (n, errors int, first string) {
	for _, r := range s.repeats {
		n += r[name].n
		errors += r[name].errors
		if first == "" {
			first = r[name].first
		}
	}
	return n, errors, first
}

// compare is the cost of Signalbox in proportion to the floor's: least, median
// and most of the rounds.
func (s *scenario) compare() (low, mid, high float64, ok bool) {
	for _, name := range []string{s.floor, "signalbox"} {
		if _, ok := s.repeats[0][name]; !ok {
			return 0, 0, 0, false
		}
	}
	f := func(r round) float64 { return s.cost(r, "signalbox") / max(s.cost(r, s.floor), 1e-6) }
	var all []float64
	for _, r := range s.repeats {
		all = append(all, f(r))
	}
	return slices.Min(all), s.median(f), slices.Max(all), true
}

// add puts the scenario's figures into out: times in ms of CPU per request.
func (s *scenario) add(out figures) {
	out[s.name+"_alone_ms"] = round3(s.of("alone", slice.cpu))
	for _, name := range []string{s.floor, "signalbox"} {
		if _, ok := s.repeats[0][name]; !ok {
			continue
		}
		prefix := s.name + "_" + name + "_added_"
		out[prefix+"ms"] = round3(s.median(added(name, slice.cpu)))
		out[prefix+"envoy_ms"] = round3(s.median(added(name, func(s slice) float64 { return s.envoy })))
		out[prefix+"p50_ms"] = round3(s.median(added(name, p50)))
		out[prefix+"p99_ms"] = round3(s.median(added(name, p99)))
	}
	if _, mid, _, ok := s.compare(); ok {
		out[s.ratio()] = round3(mid)
	}
}

func round3(f float64) float64 { return float64(int64(f*1000+0.5*sign(f))) / 1000 }

func sign(f float64) float64 {
	if f < 0 {
		return -1
	}
	return 1
}
