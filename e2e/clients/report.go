package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
)

type verdict string

const (
	passed  verdict = "ok"
	broken  verdict = "FAIL"
	skipped verdict = "-"
)

// result is what one program reported about backends of one dialect.
type result struct {
	program
	dialect string
	version string // of the SDK and the language
	took    time.Duration
	order   []string
	cases   map[string]verdict
	reason  map[string]string
	missing int // checks that the program did not report
}

func newResult(p program, dialect string) *result {
	return &result{program: p, dialect: dialect, cases: map[string]verdict{}, reason: map[string]string{}}
}

// leaveOut notes that a check does not apply; the program is not asked for it.
func (r *result) leaveOut(check, why string) { r.add(check, skipped, why) }

// add keeps the worst of what is said about a check.
func (r *result) add(check string, v verdict, reason string) {
	if _, again := r.cases[check]; again {
		v, reason = broken, "reported twice, or although it does not apply"
	} else {
		r.order = append(r.order, check)
	}
	r.cases[check], r.reason[check] = v, reason
}

// line is what a program says.
type line struct {
	SDK   string `json:"sdk"`
	Check string `json:"check"`
	Fail  string `json:"fail"`
	Skip  string `json:"skip"`
}

// read takes the program's lines; checks that it left out have failed.
func (r *result) read(out string) {
	for text := range strings.Lines(out) {
		var l line
		if json.Unmarshal([]byte(text), &l) != nil {
			continue // a word of the SDK's own
		}
		switch {
		case l.SDK != "":
			r.version = l.SDK
		case l.Check == "":
		case l.Fail != "":
			r.add(l.Check, broken, l.Fail)
		case l.Skip != "":
			r.add(l.Check, skipped, l.Skip)
		default:
			r.add(l.Check, passed, "")
		}
	}
	for _, check := range r.checks {
		if r.cases[check] == "" {
			r.add(check, broken, "not reported")
			r.missing++
		}
	}
}

func (r *result) count(v verdict) int {
	n := 0
	for _, c := range r.cases {
		if c == v {
			n++
		}
	}
	return n
}

// tally is the last line of the output.
type tally struct {
	Cases   int `json:"cases"`
	Passed  int `json:"passed"`
	Failed  int `json:"failed"`
	Skipped int `json:"skipped"`
}

// report prints the table, the reasons, and the numbers.
func report(w io.Writer, results []*result) (failed int, err error) {
	table(w, results)
	reasons(w, results)
	var t tally
	for _, r := range results {
		t.Cases += len(r.cases)
		t.Passed += r.count(passed)
		t.Failed += r.count(broken)
		t.Skipped += r.count(skipped)
	}
	return t.Failed, json.NewEncoder(w).Encode(t)
}

// table has a row for each client, front and kind of backend, and a column
// for each group of checks: how many passed, of how many, or "-".
func table(w io.Writer, results []*result) {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	defer tw.Flush()
	fmt.Fprint(tw, "\nclient\tfront\tbackend")
	columns := columns(results)
	for _, g := range columns {
		fmt.Fprint(tw, "\t", g.name)
	}
	fmt.Fprintln(tw)
	for _, r := range results {
		fmt.Fprintf(tw, "%s %s\t%s\t%s", r.sdk, r.lang, r.front, r.dialect)
		for _, g := range columns {
			fmt.Fprint(tw, "\t", r.cell(g.checks))
		}
		fmt.Fprintln(tw)
	}
	fmt.Fprintln(tw)
}

// columns are the groups, and what some programs report besides.
func columns(results []*result) []group {
	all := groups()
	known := map[string]bool{}
	for _, g := range all {
		for _, c := range g.checks {
			known[c] = true
		}
	}
	own := group{name: "own"}
	for _, r := range results {
		for _, c := range r.order {
			if !known[c] {
				known[c] = true
				own.checks = append(own.checks, c)
			}
		}
	}
	return append(all, own)
}

func (r *result) cell(checks []string) string {
	good, bad := 0, 0
	for _, c := range checks {
		switch r.cases[c] {
		case passed:
			good++
		case broken:
			bad++
		}
	}
	switch {
	case good+bad == 0:
		return string(skipped)
	case bad > 0:
		return fmt.Sprintf("%s %d/%d", broken, good, good+bad)
	}
	return fmt.Sprintf("%s %d", passed, good)
}

// reasons says why a check does not apply, in one line for all clients of which
// the same holds, and why one failed.
func reasons(w io.Writer, results []*result) {
	var order, failures []string
	clients := map[string][]string{}
	for _, r := range results {
		for _, c := range r.order {
			why := r.reason[c]
			switch r.cases[c] {
			case skipped:
				why = fmt.Sprintf("%s on %s, backend %s: %s", c, r.front, r.dialect, why)
				if clients[why] == nil {
					order = append(order, why)
				}
				clients[why] = append(clients[why], r.sdk+" "+r.lang)
			case broken:
				failures = append(failures, fmt.Sprintf("FAIL %s %s %s %s %s: %s", r.sdk, r.lang, r.front, r.dialect, c, why))
			}
		}
	}
	for _, why := range order {
		fmt.Fprintf(w, "- %s (%s)\n", why, strings.Join(clients[why], ", "))
	}
	for _, f := range failures {
		fmt.Fprintln(w, f)
	}
}
