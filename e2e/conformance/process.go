package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"reflect"
	"runtime"
	"strings"
	"sync"

	"github.com/signalbox-dev/signalbox/pkg/builtin"
	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/gatewaytest/recorded"
	"github.com/signalbox-dev/signalbox/pkg/genai"
)

// seed makes the random cuts repeatable.
const seed = 20

// inProcess runs the codecs of the dialect on every subject, in every cut.
func inProcess(ctx context.Context, subjects []*subject) error {
	d := builtin.Dialects()["openai"]
	return each(ctx, runtime.GOMAXPROCS(0), subjects, func(s *subject) {
		s.prepare(&d)
		s.request(&d)
		for _, cut := range recorded.Cuts(seed) {
			s.meter(&d, cut)
			s.hide(&d, cut)
		}
		s.errorBody(&d)
	})
}

// each calls f for every subject that is evidence, n at a time.
func each(ctx context.Context, n int, subjects []*subject, f func(*subject)) error {
	work := make(chan *subject)
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			for s := range work {
				f(s)
			}
		})
	}
	for _, s := range subjects {
		if s.skip == "" && ctx.Err() == nil {
			work <- s
		}
	}
	close(work)
	wg.Wait()
	return context.Cause(ctx)
}

// meter compares what our meter reads with the truth, and a cut answer with
// the whole one.
func (s *subject) meter(d *dialect.Dialect, cut recorded.Cut) {
	m := d.Answer.Meter(genai.Chat, s.Streaming, s.kind)
	for p := range cut.Pieces(s.Response.Body) {
		m.Feed(p)
	}
	r := m.Close()
	if diff := s.Truth.Diff(r.Usage, r.Found); diff != "" {
		s.fail(cut.Name, "meter: %s", diff)
	}
	if cut.Name == "whole" {
		s.reading = r
		if r.Malformed > 0 {
			s.note("%d events are no JSON", r.Malformed)
		}
	} else if !reflect.DeepEqual(r, s.reading) {
		s.fail(cut.Name, "meter: reading differs from that of the whole answer")
	}
}

// hide compares the stream behind the hider with the slow truth.
func (s *subject) hide(d *dialect.Dialect, cut recorded.Cut) {
	if !s.Streaming || s.refused() {
		return
	}
	h := d.Answer.Hider()
	var got []byte
	for p := range cut.Pieces(s.Response.Body) {
		got = h.Feed(got, p)
	}
	got = h.Close(got)
	if diff := differ("hider: stream", got, withoutUsageEvents(s.Response.Body)); diff != "" {
		s.fail(cut.Name, "%s", diff)
	}
}

// withoutUsageEvents is the rule for what is hidden from a caller who did not
// ask for usage, decoded event by event: gone is an event with an empty array
// "choices" and an object "usage", nothing else.
func withoutUsageEvents(body []byte) []byte {
	var out []byte
	for block := range events(body) {
		var e struct {
			Choices *[]any         `json:"choices"`
			Usage   map[string]any `json:"usage"`
		}
		if json.Unmarshal(payload(block), &e) == nil && e.Usage != nil && e.Choices != nil && len(*e.Choices) == 0 {
			continue
		}
		out = append(out, block...)
	}
	return out
}

func events(body []byte) iter.Seq[[]byte] {
	for _, c := range recorded.Cuts(seed) {
		if c.Name == "event" {
			return c.Pieces(body)
		}
	}
	return func(yield func([]byte) bool) { yield(body) } // cannot happen: there is such a cut
}

// payload joins the data lines of an event.
func payload(block []byte) []byte {
	var data [][]byte
	for line := range strings.FieldsFuncSeq(string(block), func(r rune) bool { return r == '\n' || r == '\r' }) {
		if text, ok := strings.CutPrefix(line, "data:"); ok {
			data = append(data, []byte(text))
		}
	}
	return bytes.Join(data, []byte("\n"))
}

// request rewrites the request for another model and checks that nothing else
// changes.
func (s *subject) request(d *dialect.Dialect) {
	alias := "another/model"
	body, err := s.ask.as(alias)
	if err != nil {
		s.fail("whole", "request: %v", err)
		return
	}
	q, f := d.Request.Parse(chat(), body, nil)
	if f != nil {
		s.fail("whole", "request refused: %s", f.Kind.Code())
		return
	}
	got, injected := d.Request.Rewrite(nil, &q, dialect.Target{Model: s.ask.model, InjectUsage: s.ask.inject})
	if injected != s.ask.inject {
		s.fail("whole", "request: usage injected %v, want %v", injected, s.ask.inject)
	}
	if diff := s.ask.differs(got); diff != "" {
		s.fail("whole", "%s", diff)
	}
}

// errorBody checks what a caller gets of an error.
func (s *subject) errorBody(d *dialect.Dialect) {
	if !s.refused() {
		return
	}
	got := d.Errors.Render(d.Errors.Read(dialect.ErrorAnswer{Status: s.Response.Status, ContentType: s.contentType(), Body: s.Response.Body}), true, "id")
	s.refusal = got
	if err := fourKeys(got); err != nil {
		s.fail("whole", "error body: %v", err)
	}
	if fourKeys(s.Response.Body) == nil && !bytes.Equal(got, s.Response.Body) {
		s.note("the error's own bytes do not pass: something in them is not for callers")
	}
}

// fourKeys checks a body against OpenAI's schema ErrorResponse.
func fourKeys(body []byte) error {
	var e map[string]map[string]any
	if err := json.Unmarshal(body, &e); err != nil {
		return errors.New("not an object of an object")
	}
	if len(e) != 1 || len(e["error"]) != 4 {
		return fmt.Errorf("%d keys, %d in error", len(e), len(e["error"]))
	}
	for _, k := range []string{"message", "type", "param", "code"} {
		v, ok := e["error"][k]
		_, text := v.(string)
		if !ok || !text && (v != nil || k == "message" || k == "type") {
			return fmt.Errorf("key %s is %T", k, v)
		}
	}
	return nil
}
