package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
)

// tally is the last line of the output. Every case is in one of the other
// three numbers; a case that passes by an exception is among those that passed.
type tally struct {
	Cases   int `json:"cases"`
	Passed  int `json:"passed"`
	Failed  int `json:"failed"`
	Skipped int `json:"skipped"`
}

func (t tally) print(w io.Writer) error {
	line, err := json.Marshal(t)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s\n", line)
	return err
}

// score is a line of the table.
type score struct {
	rows, skipped int
	due, passed   map[string]int // by mode
}

func newScore() *score { return &score{due: map[string]int{}, passed: map[string]int{}} }

// report prints exceptions, failures, the table and the last line.
func report(w io.Writer, subjects []*subject, o options) (tally, error) {
	var t tally
	scores := map[string]*score{}
	for _, s := range subjects {
		s.excuse(exceptions(!o.noLua))
		group := s.api.dialect + " " + s.Provider
		sc := scores[group]
		if sc == nil {
			sc = newScore()
			scores[group] = sc
		}
		sc.add(s)
		t.add(s)
		s.print(w, o.verbose)
	}
	if err := table(w, scores); err != nil {
		return t, err
	}
	excused := 0
	for _, s := range subjects {
		excused += min(len(s.excused), 1)
	}
	fmt.Fprintf(w, "rows that pass by an exception: %d\n", excused)
	fmt.Fprintln(w, "bytes: equal to the provider's; where the gateway asked for usage and the caller did not, without the event"+
		" that has an object \"usage\" and an empty \"choices\", if the recorded stream has one")
	return t, t.print(w)
}

func (t *tally) add(s *subject) {
	t.Cases++
	switch {
	case s.skip != "":
		t.Skipped++
	case s.passed():
		t.Passed++
	default:
		t.Failed++
	}
}

func (s *subject) passed() bool {
	for _, f := range s.failures {
		if len(f) > 0 {
			return false
		}
	}
	return true
}

func (sc *score) add(s *subject) {
	sc.rows++
	if s.skip != "" {
		sc.skipped++
		return
	}
	for m, judged := range s.judged {
		if !judged {
			continue
		}
		sc.due[m]++
		if len(s.failures[m]) == 0 {
			sc.passed[m]++
		}
	}
}

// print says what is to be said about one row.
func (s *subject) print(w io.Writer, verbose bool) {
	line := func(word, mode, text string) {
		fmt.Fprintf(w, "%s %s %s %s %s: %s\n", word, s.ID, s.Endpoint, s.Provider, mode, text)
	}
	for _, m := range modes() {
		for _, f := range s.failures[m] {
			line("FAIL", m, f)
		}
		if reason, ok := s.excused[m]; ok {
			line("exception", m, reason)
		}
	}
	if !verbose {
		return
	}
	if s.skip != "" {
		line("skip", "-", s.skip)
	}
	for _, n := range s.notes {
		line("note", "-", n)
	}
}

// table prints passed rows by provider and mode.
func table(w io.Writer, scores map[string]*score) error {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(tw, "dialect and provider\trows\tskipped\t%s\t\n", strings.Join(modes(), "\t"))
	sum := newScore()
	names := make([]string, 0, len(scores))
	for n := range scores {
		names = append(names, n)
	}
	slices.Sort(names)
	for _, n := range names {
		scores[n].row(tw, n)
		sum.include(scores[n])
	}
	sum.row(tw, "all")
	return tw.Flush()
}

func (sc *score) include(o *score) {
	sc.rows += o.rows
	sc.skipped += o.skipped
	for m, n := range o.due {
		sc.due[m] += n
		sc.passed[m] += o.passed[m]
	}
}

func (sc *score) row(w io.Writer, name string) {
	fmt.Fprintf(w, "%s\t%d\t%d\t", name, sc.rows, sc.skipped)
	for _, m := range modes() {
		if sc.due[m] == 0 {
			fmt.Fprint(w, "-\t")
			continue
		}
		fmt.Fprintf(w, "%d/%d\t", sc.passed[m], sc.due[m])
	}
	fmt.Fprintln(w)
}
