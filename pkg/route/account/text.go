package account

import (
	"cmp"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

func stamp(ns uint64) string {
	return time.Unix(0, int64(ns)).UTC().Format("2006-01-02T15:04:05.000Z")
}

// Write prints v for a terminal.
func (v View) Write(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	line := func(name string, values ...string) {
		values = keep(values)
		if len(values) > 0 {
			fmt.Fprintf(w, "%s\t%s\n", name, strings.Join(values, ", "))
		}
	}
	line("request", v.RequestID, v.At)
	line("trace", v.TraceID)
	line("caller", named("team", v.Team), named("key", v.KeyID), v.KeyName, named("channel", v.Channel), named("class", v.Class))
	line("asked", v.Requested, v.Operation, map[bool]string{true: "stream"}[v.Stream])
	line("policy", v.Policy, took(v.DecideUS))
	for i, r := range v.Rules {
		when := ""
		if i == len(v.Rules)-1 {
			when = named("when", v.When)
		}
		line(map[bool]string{true: "rules"}[i == 0], r.Name+"  "+r.Result, when)
	}
	for i, f := range v.Signals {
		line(map[bool]string{true: "signals"}[i == 0], f.Name+" "+cmp.Or(f.Value, `""`))
	}
	line("served by", named("model", v.Model), named("in the order", v.Objective), map[bool]string{true: "canary"}[v.Canary])
	line("refused", v.Refused)
	if err := w.Flush(); err != nil || len(v.Candidates) == 0 {
		return err
	}
	return v.table(out)
}

func (v View) table(out io.Writer) error {
	fmt.Fprintln(out)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "ORDER\tSIGNAL\tBACKEND\tMODEL\tREGION\tCOST\tTTFT\tTOTAL\tQUALITY\tWHY")
	for _, c := range v.Candidates {
		order := "-"
		if c.Order != nil {
			order = strconv.Itoa(*c.Order)
		}
		fmt.Fprintln(w, strings.Join([]string{
			order, c.Signal, c.Backend, c.Model, cmp.Or(c.Region, "-"), dollars(c.Cost), duration(c.TTFT), duration(c.Total), number(c.Quality), c.Reason,
		}, "\t"))
	}
	return w.Flush()
}

func keep(values []string) (kept []string) {
	for _, v := range values {
		if v != "" {
			kept = append(kept, v)
		}
	}
	return kept
}

func named(name, value string) string {
	if value == "" {
		return ""
	}
	return name + " " + value
}

func took(us int64) string {
	if us == 0 {
		return ""
	}
	return "decided in " + strconv.FormatInt(us, 10) + " µs"
}

// dollars prints an estimate in pico-dollars.
func dollars(pico *string) string {
	if pico == nil {
		return "-"
	}
	n, err := strconv.ParseInt(*pico, 10, 64)
	if err != nil {
		return "-"
	}
	return "$" + strconv.FormatFloat(float64(n)/1e12, 'f', 6, 64)
}

func duration(ms *float64) string {
	if ms == nil {
		return "-"
	}
	return strconv.FormatFloat(*ms, 'f', 0, 64) + " ms"
}

func number(x *float64) string {
	if x == nil {
		return "-"
	}
	return strconv.FormatFloat(*x, 'g', -1, 64)
}
