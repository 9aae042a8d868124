package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

type verdict string

const (
	passed  verdict = "ok"
	broken  verdict = "FAIL"
	skipped verdict = "skip"
)

// result is what one client reported.
type result struct {
	client string
	sdk    string // name and version
	took   time.Duration
	order  []string
	cases  map[string]verdict
	reason map[string]string
}

func newResult(client string) *result {
	return &result{client: client, cases: map[string]verdict{}, reason: map[string]string{}}
}

// add keeps the worst of what is said about a check.
func (r *result) add(check string, v verdict, reason string) {
	if _, again := r.cases[check]; again {
		v, reason = broken, "reported twice"
	} else {
		r.order = append(r.order, check)
	}
	r.cases[check], r.reason[check] = v, reason
}

// read takes the client's lines; checks that it left out have failed.
func (r *result) read(out string) {
	for line := range strings.Lines(out) {
		word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		check, reason, _ := strings.Cut(rest, " ")
		switch word {
		case "sdk":
			r.sdk = rest
		case "ok":
			r.add(check, passed, "")
		case "fail":
			r.add(check, broken, reason)
		case "skip":
			r.add(check, skipped, reason)
		}
	}
	for _, check := range checks() {
		if r.cases[check] == "" {
			r.add(check, broken, "not reported")
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

// report prints the table of all checks, the reasons, and the numbers.
func report(w io.Writer, results []*result) (failed int, err error) {
	table(w, results)
	var t tally
	for _, r := range results {
		for _, check := range r.order {
			if r.cases[check] != passed {
				fmt.Fprintf(w, "%s %s %s: %s\n", r.cases[check], r.client, check, r.reason[check])
			}
		}
		t.Cases += len(r.cases)
		t.Passed += r.count(passed)
		t.Failed += r.count(broken)
		t.Skipped += r.count(skipped)
	}
	return t.Failed, json.NewEncoder(w).Encode(t)
}

func table(w io.Writer, results []*result) {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	defer tw.Flush()
	rows := checks()
	fmt.Fprint(tw, "\ncheck")
	for _, r := range results {
		fmt.Fprint(tw, "\t", r.client)
		for _, check := range r.order {
			if !slices.Contains(rows, check) {
				rows = append(rows, check)
			}
		}
	}
	fmt.Fprintln(tw)
	for _, check := range rows {
		fmt.Fprint(tw, check)
		for _, r := range results {
			v := r.cases[check]
			if v == "" {
				v = "-"
			}
			fmt.Fprint(tw, "\t", v)
		}
		fmt.Fprintln(tw)
	}
	fmt.Fprintln(tw)
}
