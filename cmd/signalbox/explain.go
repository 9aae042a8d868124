package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/signalbox-dev/signalbox/pkg/gateway"
	"github.com/signalbox-dev/signalbox/pkg/ledger"
	"github.com/signalbox-dev/signalbox/pkg/policy"
	"github.com/signalbox-dev/signalbox/pkg/route/account"
	"github.com/signalbox-dev/signalbox/pkg/signal"
)

func explain(_ context.Context, c *call) error {
	var q gateway.Question
	file := c.flags.String("file", "", "the body of a request, `JSON`; - reads it from the standard input")
	c.flags.StringVar(&q.Path, "path", "", "path of the request; /v1/chat/completions unless said otherwise")
	c.flags.StringVar(&q.Model, "model", "", "model that is asked for, in place of the file's")
	c.flags.StringVar(&q.Team, "team", "", "team that asks, in place of the key's")
	c.flags.StringVar(&q.Key, "key", "", "id or name of the key that asks")
	c.flags.BoolVar(&q.Strict, "strict", false, "as with the header signalbox-strict")
	at := c.flags.String("at", "", "when it is asked (RFC 3339); now unless said otherwise")
	c.flags.Func("header", "a header of the request, as `NAME:VALUE`; may be repeated", func(text string) error {
		name, value, ok := strings.Cut(text, ":")
		if !ok || name == "" {
			return errors.New("want NAME:VALUE")
		}
		q.Headers = append(q.Headers, signal.Header{Name: name, Value: strings.TrimSpace(value)})
		return nil
	})
	asJSON := c.flags.Bool("json", false, "print JSON")
	id, err := c.id()
	if err != nil {
		return err
	}
	if id != "" {
		if *file != "" || q.Model != "" {
			return usageError("either the id of a request, or -file or -model")
		}
		return explainPast(c, id, *asJSON)
	}
	if *file == "" && q.Model == "" {
		return usageError("what? the id of a request, or one with -file or -model")
	}
	if q.At, err = moment(*at); err != nil {
		return err
	}
	if q.Body, err = body(*file); err != nil {
		return err
	}
	v, err := gateway.Explain(c.config, c.state, q)
	if err != nil {
		return err
	}
	if *asJSON {
		return indented(c.out, v)
	}
	return v.Write(c.out)
}

// id parses the flags with one word before, between or behind them.
func (c *call) id() (string, error) {
	if len(c.args) > 0 && !strings.HasPrefix(c.args[0], "-") {
		id := c.args[0]
		c.args = c.args[1:]
		return id, c.parse(0)
	}
	err := c.parse(1)
	return c.flags.Arg(0), err
}

func moment(text string) (time.Time, error) {
	if text == "" {
		return time.Now(), nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return t, usageError(fmt.Sprintf("-at: %q is no time such as 2026-01-31T09:00:00Z", text))
	}
	return t, nil
}

func body(file string) ([]byte, error) {
	switch file {
	case "":
		return nil, nil
	case "-":
		return io.ReadAll(os.Stdin)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("request: %w", err)
	}
	return data, nil
}

// stateDir is where the state is. With -state no configuration is needed.
func (c *call) stateDir() (string, error) {
	if c.state != "" {
		return filepath.Abs(c.state)
	}
	_, dir, err := gateway.Load(c.config, "")
	return dir, err
}

// past is a request of the ledger, for JSON.
type past struct {
	Decision *account.View `json:"decision"` // null: it has none
	Attempts []attempt     `json:"attempts"`
	End      *end          `json:"end"` // null: it has not ended
}

type attempt struct {
	Number  uint32 `json:"n"`
	Backend string `json:"backend"`
	Model   string `json:"model"`
	Status  uint32 `json:"status"`
	Outcome string `json:"outcome"`
	FirstMS *int64 `json:"first_byte_ms"`
	TookMS  int64  `json:"total_ms"`
	Input   int64  `json:"input_tokens"`
	Output  int64  `json:"output_tokens"`
	Usage   string `json:"usage_source"`
}

type end struct {
	State  string `json:"state"`
	Status uint32 `json:"status"`
	Code   string `json:"code,omitempty"`
	TookMS int64  `json:"total_ms"`
}

func explainPast(c *call, id string, asJSON bool) error {
	dir, err := c.stateDir()
	if err != nil {
		return err
	}
	stories, err := gateway.Find(dir, id)
	if len(stories) == 0 {
		return err
	}
	if err != nil { // the readable part counts, and says so
		fmt.Fprintln(c.err, "signalbox explain: the ledger is damaged; there may be more:", err)
	}
	list := make([]past, 0, len(stories))
	for _, s := range stories {
		list = append(list, tell(dir, s, c.err))
	}
	if asJSON {
		return indented(c.out, list)
	}
	for i, p := range list {
		if i > 0 {
			fmt.Fprintln(c.out)
		}
		if err := p.write(c.out); err != nil {
			return err
		}
	}
	return nil
}

// tell puts together what the ledger says.
func tell(dir string, s ledger.Story, errs io.Writer) past {
	p := past{Attempts: []attempt{}}
	if a, err := account.Read(s.Open); err == nil {
		then, err := gateway.Policy(dir, s.Open.GetPolicy())
		if err != nil {
			fmt.Fprintln(errs, "signalbox explain: routes have no names:", err)
		}
		v := a.Show(then)
		p.Decision = &v
	}
	for _, a := range s.Attempts {
		x := attempt{
			Number: a.GetNumber(), Backend: a.GetBackend(), Model: a.GetModel(), Status: a.GetStatus(),
			Outcome: strings.ToLower(strings.TrimPrefix(a.GetOutcome().String(), "OUTCOME_")),
			TookMS:  ms(a.GetStartNs(), a.GetEndNs()), Usage: strings.ToLower(strings.TrimPrefix(a.GetSource().String(), "SOURCE_")),
			Input: a.GetUsage().GetInput(), Output: a.GetUsage().GetOutput(),
		}
		if first := ms(a.GetStartNs(), a.GetFirstByteNs()); a.GetFirstByteNs() > 0 {
			x.FirstMS = &first
		}
		p.Attempts = append(p.Attempts, x)
	}
	if t := s.Terminal; t != nil {
		p.End = &end{strings.ToLower(strings.TrimPrefix(t.GetState().String(), "STATE_")), t.GetStatus(), t.GetCode(), ms(t.GetStartNs(), t.GetTimeNs())}
	}
	return p
}

func ms(from, to uint64) int64 {
	if to < from || from == 0 {
		return 0
	}
	return int64(to-from) / 1e6
}

func (p past) write(out io.Writer) error {
	if p.Decision == nil {
		fmt.Fprintln(out, "no account of a decision: it passed none, or it was refused before one")
	} else if err := p.Decision.Write(out); err != nil {
		return err
	}
	if len(p.Attempts) > 0 {
		fmt.Fprintln(out)
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for i, a := range p.Attempts {
		if i == 0 {
			fmt.Fprintln(w, "ATTEMPT\tBACKEND\tMODEL\tSTATUS\tOUTCOME\tFIRST\tTOTAL\tINPUT\tOUTPUT\tUSAGE")
		}
		first := "-"
		if a.FirstMS != nil {
			first = strconv.FormatInt(*a.FirstMS, 10) + " ms"
		}
		fmt.Fprintf(w, "%d\t%s\t%s\t%d\t%s\t%s\t%d ms\t%d\t%d\t%s\n", a.Number, a.Backend, a.Model, a.Status, a.Outcome, first, a.TookMS, a.Input, a.Output, a.Usage)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if p.End == nil {
		_, err := fmt.Fprintln(out, "\nit has not ended")
		return err
	}
	_, err := fmt.Fprintf(out, "\nended %s after %d ms, %s\n", p.End.State, p.End.TookMS, strings.TrimSpace(fmt.Sprint("status ", p.End.Status, " ", p.End.Code)))
	return err
}

func indented(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// differs is the exit code of a replay that is not the same.
const differs = 3

// replay makes a decision of the ledger again.
func replay(_ context.Context, c *call) error {
	asJSON := c.flags.Bool("json", false, "print JSON")
	id, err := c.id()
	if err != nil {
		return err
	}
	if id == "" {
		return usageError("which? the id of a request")
	}
	today, dir, err := gateway.Load(c.config, c.state)
	if err != nil {
		return err
	}
	stories, err := gateway.Find(dir, id)
	if len(stories) == 0 {
		return err
	}
	var last *ledger.Story
	for i := range stories {
		if stories[i].Open.GetDecision() != nil {
			last = &stories[i]
		}
	}
	if last == nil {
		return fmt.Errorf("request %q: %w", id, account.ErrNone)
	}
	r, err := gateway.Replay(dir, today, last.Open)
	if err != nil {
		return err
	}
	if *asJSON {
		err = indented(c.out, r)
	} else {
		err = printReplay(c.out, r, today)
	}
	if err == nil && !r.Identical {
		return exitError{differs, "the decision is not the same: " + strings.Join(r.Differs, ", ")}
	}
	return err
}

func printReplay(out io.Writer, r gateway.Replayed, today *policy.Snapshot) error {
	if r.Identical {
		fmt.Fprintf(out, "policy %s decides the same again, byte for byte (%s), in %d µs\n", r.Policy, strings.Join(r.Compared, ", "), r.TookUS)
	} else {
		fmt.Fprintf(out, "policy %s decides otherwise now: %s\n", r.Policy, strings.Join(r.Differs, ", "))
	}
	for _, text := range r.Today.Unsure {
		fmt.Fprintln(out, "not certain:", text)
	}
	switch {
	case today.Version == r.Policy:
		_, err := fmt.Fprintln(out, "it is the policy of today")
		return err
	case r.Today.Same:
		_, err := fmt.Fprintf(out, "policy %s, of today, makes the same choice\n", today.Version)
		return err
	}
	fmt.Fprintf(out, "policy %s, of today, chooses otherwise:\n\n", today.Version)
	return r.Today.View.Write(out)
}
