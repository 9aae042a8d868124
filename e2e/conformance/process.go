package main

import (
	"bytes"
	"context"
	"encoding/json"
	"iter"
	"net/url"
	"reflect"
	"runtime"
	"strings"
	"sync"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/gatewaytest/recorded"
)

// seed makes the random cuts repeatable.
const seed = 20

// inProcess runs the codecs of its dialect on every subject, in every cut, and
// the translation to OpenAI's.
func inProcess(ctx context.Context, subjects []*subject, t *translator) error {
	return each(ctx, runtime.GOMAXPROCS(0), subjects, func(s *subject) {
		s.prepare()
		s.request()
		for _, cut := range recorded.Cuts(seed) {
			s.judged[cut.Name] = true
			s.meter(cut)
			s.hide(cut)
		}
		s.errorBody()
		t.translate(s)
	})
}

// each calls f for every subject that is evidence and served, n at a time.
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
		if s.skip == "" && s.d != nil && ctx.Err() == nil {
			work <- s
		}
	}
	close(work)
	wg.Wait()
	return context.Cause(ctx)
}

// meter compares what our meter reads with the truth, and a cut answer with
// the whole one.
func (s *subject) meter(cut recorded.Cut) {
	m := s.d.Answer.Meter(s.op, s.Streaming, s.kind)
	for p := range cut.Pieces(s.Response.Body) {
		m.Feed(p)
	}
	r := m.Close()
	if diff := s.Truth.Diff(r.Usage, r.Found); diff != "" {
		s.fail(cut.Name, "meter: %s", diff)
	}
	if cut.Name == whole {
		s.reading = r
		if r.Malformed > 0 {
			s.note("%d events are no JSON", r.Malformed)
		}
	} else if !reflect.DeepEqual(r, s.reading) {
		s.fail(cut.Name, "meter: reading differs from that of the whole answer")
	}
}

// hide compares the stream behind the hider with the slow truth.
func (s *subject) hide(cut recorded.Cut) {
	if !s.Streaming || s.refused() || !s.api.asks {
		return
	}
	h := s.d.Answer.Hider()
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

func events(body []byte) iter.Seq[[]byte] { return cutting("event")(body) }

// cutting is the cut of a name.
func cutting(name string) func([]byte) iter.Seq[[]byte] {
	for _, c := range recorded.Cuts(seed) {
		if c.Name == name {
			return c.Pieces
		}
	}
	return nil // cannot happen: all names that are asked for exist
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
// changes, nor the path on which it leaves.
func (s *subject) request() {
	asked, err := s.ask.as("another/model")
	if err != nil {
		s.fail(whole, "request: %v", err)
		return
	}
	e, q, f := asked.parse(s.d, asked.model)
	if f != nil {
		s.fail(whole, "request refused: %s", f.Kind.Code())
		return
	}
	if q.Model != asked.model {
		s.fail(whole, "request: the model is not that of the request")
	}
	got, injected := s.d.Request.Rewrite(nil, &q, dialect.Target{Model: s.ask.model, InjectUsage: s.ask.inject})
	if injected != s.ask.inject {
		s.fail(whole, "request: usage injected %v, want %v", injected, s.ask.inject)
	}
	if got == nil {
		got = asked.body
	}
	if diff := s.ask.differs(got); diff != "" {
		s.fail(whole, "%s", diff)
	}
	s.path(e, q.Stream)
}

// path checks where a backend is asked.
func (s *subject) path(e dialect.Endpoint, stream bool) {
	if s.d.Path == nil {
		return
	}
	base := s.base("/base")
	got, err := url.PathUnescape(s.d.Path(base, dialect.Call{Operation: s.op, Model: s.ask.model, Stream: stream, Own: &e}))
	want, err2 := url.PathUnescape(base + s.ask.place.fill(s.below(), s.ask.model))
	if err != nil || err2 != nil || got != want {
		s.fail(whole, "request: it leaves on another path")
	}
}

// base is the base path of a backend below a root, as its API's users write
// it: with a version for OpenAI's, with a whole project for Vertex AI's.
func (s *subject) base(root string) string {
	switch {
	case s.d.Family == "openai":
		return root + "/v1"
	case s.Provider == "vertex":
		return root + "/v1beta1/projects/p/locations/global/publishers/google"
	}
	return root
}

// below is the path of a call below that base.
func (s *subject) below() string {
	if s.Provider == "vertex" {
		return strings.TrimPrefix(s.api.below, "/{version}")
	}
	return s.api.below
}
