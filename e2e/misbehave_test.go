package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/signalbox-dev/signalbox/e2e/internal/bed"
	"github.com/signalbox-dev/signalbox/pkg/gatewaytest/provider"
)

// What a caller can get of a provider that misbehaves. Where a fault races with
// the answer's head, two of them are joined by "|".
const (
	passed   = "passed"   // the provider's bytes, as it sent them
	next     = "next"     // a whole answer of the next candidate
	event    = "event"    // a stream that ends with an error event and a reset
	broken   = "broken"   // a connection or stream that is reset
	filtered = "filtered" // a whole answer that says it was filtered
	blank    = "blank"    // a whole answer that says nothing
	// A number is a status with an error.
)

// ends are what a fault leads to, with the outcome of the attempt in the ledger
// behind a colon: with one candidate whose answers are translated, with one of
// the caller's dialect, with a second candidate and gates. No gated: the same
// as for one of the caller's dialect, or what both have.
type ends struct{ translated, same, gated, gatedSame string }

func both(alone, gated string) ends { return ends{alone, alone, gated, gated} }

// misdeed is a fault with its ends, for answers as a whole and streamed. An
// empty one is not asked.
type misdeed struct {
	name, fault   string
	whole, stream ends
}

func misdeeds() []misdeed {
	return []misdeed{
		{"429", "status=429 retry-after=7", both("429:RATE_LIMITED", "next:RATE_LIMITED"), both("429:RATE_LIMITED", "next:RATE_LIMITED")},
		{"500", "status=500", both("500:HTTP_ERROR", "next:HTTP_ERROR"), both("500:HTTP_ERROR", "next:HTTP_ERROR")},
		{"529", "status=529", both("529:HTTP_ERROR", "next:HTTP_ERROR"), both("529:HTTP_ERROR", "next:HTTP_ERROR")},
		{"not_json", "html status=502", both("502:HTTP_ERROR", "next:HTTP_ERROR"), both("502:HTTP_ERROR", "next:HTTP_ERROR")},
		{
			"error_with_200", "error200",
			ends{"529:CUT|503:CUT", "passed", "next:REJECTED", "next:REJECTED"},
			ends{"event:CUT", "passed", "next:REJECTED", "next:REJECTED"},
		},
		{"cut", "cut=40", ends{"503:CUT", "503:CUT|broken:CUT", "next:RESET", "next:RESET"}, ends{"503:CUT|broken:CUT", "503:CUT|broken:CUT", "next:RESET", "next:RESET"}},
		{"cut_after_3", "cut-events=3 gap=20ms", ends{}, both("broken:CUT|503:CUT", "broken:CUT|next:RESET")},
		{"cut_after_6", "cut-events=6 gap=20ms", ends{}, both("broken:CUT", "broken:CUT")},
		{"error_event", "error-event=7 gap=20ms", ends{}, ends{"event:CUT", "passed", "event:CUT", "passed"}},
		{
			"no_finish", "no-finish",
			ends{"502:CUT", "passed", "next:REJECTED", "passed"},
			ends{"event:CUT", "passed", "event:CUT|next:REJECTED", "passed"},
		},
		{"no_answer", "stall-before=20s", both("504:TIMEOUT", "next:TIMEOUT"), both("504:TIMEOUT", "next:TIMEOUT")},
		{"no_first_token", "stall-first=20s", ends{}, both("broken:CUT", "next:TIMEOUT")},
		{"stall", "stall-mid=20s gap=20ms", ends{"504:CUT", "broken:CUT", "next:TIMEOUT", "next:TIMEOUT"}, both("broken:CUT", "broken:CUT")},
		{"empty", "empty", ends{"502:CUT", "passed", "next:REJECTED", "next:REJECTED"}, ends{"event:CUT", "passed", "next:REJECTED", "next:REJECTED"}},
		{"malformed", "malformed", ends{"502:CUT", "passed", "next:REJECTED", "next:REJECTED"}, ends{"event:CUT", "passed", "next:REJECTED", "next:REJECTED"}},
		{"malformed_late", "malformed=7 gap=20ms", ends{}, ends{"event:CUT", "passed", "event:CUT", "passed"}},
		{"filter", "filter", both("filtered:COMPLETED", "next:REJECTED"), both("filtered:COMPLETED", "next:REJECTED")},
		{"filter_late", "filter tokens=3", both("filtered:COMPLETED", "filtered:COMPLETED"), both("filtered:COMPLETED", "filtered:COMPLETED")},
		{"nothing_said", "no-text", both("blank:COMPLETED", "next:REJECTED"), both("blank:COMPLETED", "next:REJECTED")},
	}
}

// following says who comes second behind whom: another dialect each.
func following() map[string]string { return map[string]string{"o": "a", "a": "g", "g": "o"} }

// misbehavers have, for each of three providers that speak three dialects, a
// model that it serves alone and one with a second candidate and gates.
func misbehavers(t *testing.T) *rig {
	t.Helper()
	p := speakers("o", "a", "g")
	p.configure = func(c *bed.Config, _ map[string]*provider.Server) {
		for first, second := range following() {
			c.Model("alone-"+first, first+"/"+first+"-model")
			c.Model("gated-"+first, first+"/"+first+"-model", second+"/"+second+"-model")
		}
		quick := bed.Section{"first_byte_timeout": "1500ms", "answer_timeout": "1500ms", "stream_timeout": "2s"}
		alone := bed.Section{"name": "alone", "models": []string{"alone-*"}}
		gated := bed.Section{"name": "gated", "models": []string{"gated-*"}, "gates": []string{"first_token", "error", "empty", "malformed", "content_filter"}}
		maps.Copy(alone, quick)
		maps.Copy(gated, quick)
		c.Routes = []bed.Section{alone, gated}
	}
	return start(t, p)
}

// cell is one request of the table.
type cell struct {
	misdeed
	first  string // the provider that misbehaves, which is its dialect
	kind   string // alone or gated
	stream bool
	h2     bool
	want   string
}

func (c cell) name() string { return c.misdeed.name + "/" + c.kind + "-" + c.first + "/" + c.form() }

func (c cell) form() string {
	if c.stream {
		return "stream"
	}
	return "whole"
}

// cells are all requests of the table; the protocols take turns where the
// answer is whole.
func cells() []cell {
	var out []cell
	for i, m := range misdeeds() {
		for first := range following() {
			for _, c := range []cell{
				{kind: "alone"},
				{kind: "gated"},
				{kind: "alone", stream: true},
				{kind: "gated", stream: true},
				{kind: "alone", stream: true, h2: true},
				{kind: "gated", stream: true, h2: true},
			} {
				c.misdeed, c.first = m, first
				c.h2 = c.h2 || !c.stream && i%2 == 0
				if c.want = c.end(); c.want != "" {
					out = append(out, c)
				}
			}
		}
	}
	return out
}

func (c cell) end() string {
	e := c.whole
	if c.stream {
		e = c.misdeed.stream
	}
	switch {
	case c.misdeed.name == "no_finish" && c.first == "g" && !c.stream:
		return "" // Gemini's whole answers need not say why they ended
	case c.kind == "gated" && c.first == "o":
		return e.gatedSame
	case c.kind == "gated":
		return e.gated
	case c.first == "o":
		return e.same
	}
	return e.translated
}

// TestMisbehaviour goes through the table: each dialect of a provider, each
// fault, whole and streamed, alone and with a second candidate.
func TestMisbehaviour(t *testing.T) {
	r := misbehavers(t)
	all := cells()
	problems := make([]error, len(all))
	lanes := make(chan struct{}, 8) // most of them wait
	var wg sync.WaitGroup
	for i, c := range all {
		lanes <- struct{}{}
		wg.Go(func() {
			defer func() { <-lanes }()
			problems[i] = r.misbehave(t, c)
		})
	}
	wg.Wait()
	for i, c := range all {
		t.Run(fmt.Sprintf("%s/h2=%v", c.name(), c.h2), func(t *testing.T) {
			if problems[i] != nil {
				t.Error(problems[i])
			}
		})
	}
}

// misbehave asks and compares what came with what may come.
func (r *rig) misbehave(t *testing.T, c cell) error {
	t.Helper()
	extra := ""
	if c.stream {
		extra = withUsage
	}
	body := strings.Replace(chat(extra, "Hello\n#fault backend="+c.first+" "+c.fault), `"chat"`, `"`+c.kind+"-"+c.first+`"`, 1)
	a := r.do(t, request{body: body, h2: c.h2})
	s := r.settledOne(t, a)
	var all []string
	for want := range strings.SplitSeq(c.want, "|") {
		what, outcome, _ := strings.Cut(want, ":")
		err := r.ended(c, what, a)
		if err == nil {
			err = r.booked(c, s, what, outcome)
		}
		if err == nil {
			return nil
		}
		all = append(all, err.Error())
	}
	return fmt.Errorf("%d %s, %v: %s; ledger says %v %s\n%s", a.status, fmt.Sprint(a.err), a.header, strings.Join(all, "; or "), s.outcomes(), s.state(), tail(a.body, 600))
}

// ended holds an answer against one of the words above.
func (r *rig) ended(c cell, what string, a answer) error {
	if a.header.Get("x-request-id") == "" || a.header.Get("x-signalbox-request-id") != a.header.Get("x-request-id") {
		return fmt.Errorf("request ids %q", []string{a.header.Get("x-request-id"), a.header.Get("x-signalbox-request-id")})
	}
	good := a.status == 200 && a.err == nil
	switch what {
	case passed:
		if x := r.received(c.first, a.header.Get("x-request-id")); x == nil || a.body != string(x.Sent) || !good {
			return fmt.Errorf("the provider's bytes did not pass: %+v", x)
		}
	case next, filtered, blank:
		if !good {
			return fmt.Errorf("not %s", what)
		}
		return whole(c, what, a)
	case event, broken:
		if a.status != 200 || a.err == nil {
			return fmt.Errorf("not %s", what)
		}
		if c.stream {
			return unfinished(a.body, what == event)
		}
	default:
		if fmt.Sprint(a.status) != what || a.err != nil {
			return fmt.Errorf("not %s", what)
		}
		return refused(a, strings.Contains(c.fault, "retry-after"))
	}
	return nil
}

// received is what a provider got of a request; nil when it got nothing.
func (r *rig) received(name, id string) *provider.Exchange {
	all := byRequest(r.at[name])[id]
	if len(all) == 0 {
		return nil
	}
	return &all[0]
}

// whole checks an answer that has a legal end.
func whole(c cell, what string, a answer) error {
	got, err := parseChat(a.body, c.stream)
	if err != nil {
		return err
	}
	switch {
	case what == next && (got.finish != "stop" || got.text != "This is "+following()[c.first]+", a simulated provider. You asked: Hello" || a.header.Get("x-signalbox-provider") != following()[c.first]):
	case what == filtered && got.finish != "content_filter":
	case what == blank && (got.finish != "stop" || got.text != ""):
	case got.in == 0 || got.out == 0 && got.text != "":
		return fmt.Errorf("usage %d, %d", got.in, got.out)
	default:
		return nil
	}
	return fmt.Errorf("not %s: %+v", what, got)
}

// refused checks an error: its body has all keys and shows nothing of us, and
// the provider's wish to wait is kept.
func refused(a answer, wait bool) error {
	if err := fourKeys(a.body); err != nil {
		return err
	}
	for _, secret := range []string{"sk-", "org-", "0f1e2d3c", "project_number:1", "Bearer", "127.0.0.1"} {
		if strings.Contains(a.body, secret) {
			return fmt.Errorf("the answer shows %q", secret)
		}
	}
	if wait != (a.header.Get("retry-after") == "7") || a.header.Get("content-type") == "" {
		return fmt.Errorf("retry-after %q", a.header.Get("retry-after"))
	}
	return nil
}

// fourKeys checks that a document is an error in OpenAI's shape.
func fourKeys(doc string) error {
	var v struct {
		Error map[string]any `json:"error"`
	}
	if err := json.Unmarshal([]byte(doc), &v); err != nil {
		return err
	}
	if got := slices.Sorted(maps.Keys(v.Error)); !slices.Equal(got, []string{"code", "message", "param", "type"}) {
		return fmt.Errorf("error has %v", got)
	}
	return nil
}

// unfinished checks a stream that was reset: it claims no end, and its last
// event is the error where there must be one.
func unfinished(body string, event bool) error {
	for _, claim := range []string{"[DONE]", `"usage":{`, `"finish_reason":"`} {
		if strings.Contains(body, claim) {
			return fmt.Errorf("a broken stream has %s", claim)
		}
	}
	if !event {
		return nil
	}
	if !strings.HasSuffix(body, "\n\n") {
		return fmt.Errorf("the last event is not whole")
	}
	all := strings.Split(strings.TrimSuffix(body, "\n\n"), "\n\n")
	return fourKeys(strings.TrimPrefix(all[len(all)-1], "data: "))
}

// booked compares the ledger with what the caller got. What passes as the
// provider sent it counts as its answer.
func (r *rig) booked(c cell, s *story, what, outcome string) error {
	if what == passed {
		return nil
	}
	want, state := []string{c.first + ":" + outcome}, "FAILED"
	switch what {
	case next:
		want, state = append(want, following()[c.first]+":COMPLETED"), "COMPLETED"
	case filtered, blank:
		state = "COMPLETED"
	}
	if got := s.outcomes(); !slices.Equal(got, want) || s.state() != state {
		return fmt.Errorf("the ledger should say %v %s", want, state)
	}
	if what != next {
		return nil
	}
	x, last := r.received(following()[c.first], s.id), s.attempts[1].GetUsage()
	if x == nil || x.Delivered.Usage == nil || last.GetInput() != x.Delivered.Usage.Prompt || last.GetOutput() != x.Delivered.Usage.Completion {
		return fmt.Errorf("the ledger counts %v, the provider %+v", last, x)
	}
	return nil
}

// parseChat is readChat for answers that may be broken.
func parseChat(body string, stream bool) (said, error) {
	docs := []string{body}
	if stream {
		rest, legal := strings.CutSuffix(body, "data: [DONE]\n\n")
		if !legal {
			return said{}, fmt.Errorf("the stream has no legal end")
		}
		docs = strings.Split(strings.TrimSuffix(rest, "\n\n"), "\n\n")
	}
	var s said
	for _, doc := range docs {
		if err := s.add(strings.TrimPrefix(doc, "data: ")); err != nil {
			return s, fmt.Errorf("%w in %q", err, doc)
		}
	}
	return s, nil
}
