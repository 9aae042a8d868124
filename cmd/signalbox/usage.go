package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/signalbox-dev/signalbox/pkg/gateway"
	"github.com/signalbox-dev/signalbox/pkg/ledger"
)

// dimensions are the words of -by.
func dimensions() map[string]ledger.Dimension {
	return map[string]ledger.Dimension{"day": ledger.ByDay, "team": ledger.ByTeam, "model": ledger.ByModel, "backend": ledger.ByBackend}
}

func usage(_ context.Context, c *call) error {
	by := c.flags.String("by", "team,model,day", "columns to group by: team, model, day, backend")
	since := c.flags.String("since", "", "first `day` (2006-01-02, UTC) or how far back (36h)")
	until := c.flags.String("until", "", "first `day` that does not count any more")
	team := c.flags.String("team", "", "only this team")
	model := c.flags.String("model", "", "only this model")
	backend := c.flags.String("backend", "", "only this backend")
	asJSON := c.flags.Bool("json", false, "print one JSON array")
	if err := c.parse(0); err != nil {
		return err
	}
	q := ledger.Query{Team: *team, Model: *model, Backend: *backend}
	var errs [3]error
	q.By, errs[0] = parseBy(*by)
	q.Since, errs[1] = parseTime("since", *since, time.Now())
	q.Until, errs[2] = parseTime("until", *until, time.Now())
	if err := errors.Join(errs[:]...); err != nil {
		return usageError(err.Error())
	}
	_, dir, err := gateway.Load(c.config, c.state)
	if err != nil {
		return err
	}
	lines, err := ledger.Report(gateway.LedgerDir(dir), q)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		fmt.Fprintln(c.err, "no ledger in", gateway.LedgerDir(dir), "yet")
		err = nil
	case err != nil && lines == nil:
		return err
	}
	if err != nil { // the readable part counts, and says so
		fmt.Fprintln(c.err, "signalbox usage: the ledger is damaged; what follows counts what is readable:", err)
	}
	if *asJSON {
		return printJSON(c.out, lines)
	}
	return printTable(c.out, q.By, lines)
}

func parseBy(s string) (by ledger.Dimension, err error) {
	for word := range strings.SplitSeq(s, ",") {
		d, ok := dimensions()[strings.TrimSpace(word)]
		if !ok {
			return 0, fmt.Errorf("-by: no column %q: want team, model, day or backend", word)
		}
		by |= d
	}
	return by, nil
}

func parseTime(name, s string, now time.Time) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	if t, err := time.Parse(time.DateOnly, s); err == nil {
		return t, nil
	}
	d, err := time.ParseDuration(s)
	if err != nil {
		return time.Time{}, fmt.Errorf("-%s: %q is neither a day such as 2026-01-31 nor a duration such as 36h", name, s)
	}
	return now.Add(-d), nil
}

// row is a line of the report as JSON shows it: token counts in the normal
// form.
type row struct {
	Day        string `json:"day,omitempty"`
	Team       string `json:"team"`
	Model      string `json:"model"`
	Backend    string `json:"backend,omitempty"`
	Shadow     bool   `json:"shadow,omitempty"` // of copies of requests, which are in no other line
	Requests   int64  `json:"requests"`
	Completed  int64  `json:"completed"`
	Failed     int64  `json:"failed"`
	ClientGone int64  `json:"client_gone"`
	Refused    int64  `json:"refused"`
	Unknown    int64  `json:"unknown"`
	Attempts   int64  `json:"attempts"`
	Strangers  int64  `json:"strangers"`
	Estimated  int64  `json:"estimated_attempts"`
	Input      int64  `json:"input_tokens"`
	CacheRead  int64  `json:"cache_read_tokens"`
	CacheWrite int64  `json:"cache_write_tokens"`
	Output     int64  `json:"output_tokens"`
	Reasoning  int64  `json:"reasoning_tokens"`
	Cost       string `json:"cost_usd"`          // exact decimals, of attempts whose price is known
	Unpriced   int64  `json:"unpriced_attempts"` // whose cost is not known
}

func printJSON(w io.Writer, lines []ledger.Line) error {
	rows := make([]row, 0, len(lines))
	for _, l := range lines {
		rows = append(rows, row{
			Day: l.Day, Team: l.Team, Model: l.Model, Backend: l.Backend, Shadow: l.Shadow,
			Requests: l.Requests, Completed: l.Completed, Failed: l.Failed, ClientGone: l.ClientGone, Refused: l.Refused, Unknown: l.Unknown,
			Attempts: l.Attempts, Strangers: l.Strangers, Estimated: l.Estimated,
			Input: l.Usage.Input, CacheRead: l.Usage.CacheRead, CacheWrite: l.Usage.CacheWrite5m + l.Usage.CacheWrite1h,
			Output: l.Usage.Output, Reasoning: l.Usage.Reasoning,
			Cost: l.Cost.String(), Unpriced: l.Unpriced,
		})
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(rows)
}

func printTable(out io.Writer, by ledger.Dimension, lines []ledger.Line) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	columns := []struct {
		d    ledger.Dimension
		name string
		of   func(ledger.Line) string
	}{
		{ledger.ByDay, "DAY", func(l ledger.Line) string { return l.Day }},
		{ledger.ByTeam, "TEAM", func(l ledger.Line) string { return l.Team }},
		{ledger.ByModel, "MODEL", func(l ledger.Line) string { return l.Model }},
		{ledger.ByBackend, "BACKEND", func(l ledger.Line) string { return l.Backend }},
	}
	for _, c := range columns {
		if by&c.d != 0 {
			fmt.Fprint(w, c.name, "\t")
		}
	}
	fmt.Fprintln(w, "REQUESTS\tOK\tFAILED\tGONE\tREFUSED\tUNKNOWN\tATTEMPTS\tINPUT\tCACHED\tOUTPUT\tESTIMATED\tCOST USD\tUNPRICED\t")
	for _, l := range lines {
		mark := ""
		if l.Shadow { // of copies of requests
			mark = "shadow: "
		}
		for _, c := range columns {
			if by&c.d != 0 {
				fmt.Fprint(w, mark, orDash(c.of(l)), "\t")
				mark = ""
			}
		}
		fmt.Fprintf(w, "%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%s\t%d\t\n", l.Requests, l.Completed, l.Failed, l.ClientGone, l.Refused, l.Unknown,
			l.Attempts, l.Usage.Input, l.Usage.CacheRead, l.Usage.Output, l.Guessed.Total(), l.Cost, l.Unpriced)
	}
	return w.Flush()
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
