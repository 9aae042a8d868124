package openai

import (
	"encoding/json"
	"fmt"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/gatewaytest/recorded"
	"github.com/signalbox-dev/signalbox/pkg/genai"
)

// said is what events say of an answer, whatever the pieces.
type said struct {
	Model   string
	Choices map[int]*spokenChoice
	Usage   *genai.Usage
	Trouble *dialect.Trouble
}

type spokenChoice struct {
	Text, Thought, Refusal string
	Calls                  []spokenCall
	Probs                  []string
	Finish                 string
	Vector                 string
}

type spokenCall struct{ ID, Name, Args, Signature string }

func (s *said) choice(n int) *spokenChoice {
	if s.Choices == nil {
		s.Choices = map[int]*spokenChoice{}
	}
	if s.Choices[n] == nil {
		s.Choices[n] = new(spokenChoice)
	}
	return s.Choices[n]
}

func (s *said) add(e *dialect.Event) {
	switch e.Kind {
	case dialect.EventStart:
		s.Model += string(e.Name)
		return
	case dialect.EventUsage:
		u := e.Usage
		s.Usage = &u
		return
	case dialect.EventTrouble:
		t := *e.Trouble
		s.Trouble = &t
		return
	default:
	}
	c := s.choice(e.Choice)
	switch e.Kind {
	case dialect.EventText:
		c.Text += string(e.Text)
		for _, p := range e.Logprobs {
			c.Probs = append(c.Probs, fmt.Sprintf("%s %s %d", string(p.Token), p.Logprob, len(p.Top)))
		}
	case dialect.EventReasoning:
		c.Thought += string(e.Text)
	case dialect.EventRefusal:
		c.Refusal += string(e.Text)
	case dialect.EventToolCall:
		if e.Tool != len(c.Calls) {
			c.Text += fmt.Sprintf("call %d out of order", e.Tool)
			return
		}
		c.Calls = append(c.Calls, spokenCall{ID: string(e.ID), Name: string(e.Name)})
	case dialect.EventArguments:
		c.Calls[e.Tool].Args += string(e.Text)
	case dialect.EventSignature:
		c.Calls[e.Tool].Signature += string(e.Text)
	case dialect.EventFinish:
		c.Finish += finishWord(e.Finish)
	case dialect.EventVector:
		c.Vector += string(e.Raw)
	default:
	}
}

// hear decodes a body in the given pieces.
func hear(op genai.Operation, kind string, pieces func(yield func([]byte) bool)) (*said, dialect.Reading) {
	s := new(said)
	d := New().Back.Decoder(op, true, kind)
	for p := range pieces {
		d.Feed(p, s.add)
	}
	return s, d.Close(s.add)
}

// carry decodes a body and writes it anew.
func carry(op genai.Operation, kind string, body []byte, a dialect.Asked) []byte {
	var out []byte
	enc := New().Front.Encoder(a)
	d := New().Back.Decoder(op, true, kind)
	emit := func(e *dialect.Event) { out = enc.Event(out, e) }
	d.Feed(body, emit)
	d.Close(emit)
	return enc.Close(out)
}

func all(body []byte) func(yield func([]byte) bool) {
	return func(yield func([]byte) bool) { yield(body) }
}

func TestRecordedDecoder(t *testing.T) {
	rows(t, func(t *testing.T, r *recorded.Row) {
		t.Helper()
		var first *said
		for i, cut := range recorded.Cuts(13) {
			m := New().Answer.Meter(genai.Chat, r.Streaming, r.Provider)
			for p := range cut.Pieces(r.Response.Body) {
				m.Feed(p)
			}
			got, reading := hear(genai.Chat, r.Provider, cut.Pieces(r.Response.Body))
			if d := cmp.Diff(m.Close(), reading); d != "" {
				t.Errorf("%s: meter and decoder (-meter +decoder):\n%s", cut.Name, d)
			}
			if i == 0 {
				first = got
			} else if d := cmp.Diff(first, got); d != "" {
				t.Errorf("%s differs from whole:\n%s", cut.Name, d)
			}
		}
		if ok := r.Response.Status == 200; ok && first.Trouble == nil {
			complete(t, r, first)
			again(t, r, first)
		} else if !ok && first.Trouble == nil {
			t.Error("no trouble")
		}
	})
}

// uncarried are rows whose answers hold text that a translated request cannot
// have asked for.
var uncarried = map[string]string{
	"cc4730c6a67f-0": "the text of web pages beside the answer",
	"d74806a81ddb-0": "what tools that the provider ran returned",
	"eb587260fc03-0": "the transcript of spoken words",
}

// complete checks that what the meter counts as delivered is in the events.
func complete(t *testing.T, r *recorded.Row, s *said) {
	t.Helper()
	m := New().Answer.Meter(genai.Chat, r.Streaming, r.Provider)
	m.Feed(r.Response.Body)
	want, got := m.Close().DeltaBytes, int64(0)
	for _, c := range s.Choices {
		got += int64(len(c.Text) + len(c.Thought) + len(c.Refusal))
		for _, call := range c.Calls {
			got += int64(len(call.Args))
		}
	}
	if why := uncarried[r.ID]; got != want && why == "" {
		t.Errorf("%s: %d bytes in events, %d metered", r.Provider, got, want)
	}
	if len(s.Choices) == 0 {
		t.Error("no choices")
	}
}

// again checks that what is written is read as what was meant.
func again(t *testing.T, r *recorded.Row, want *said) {
	t.Helper()
	w := *want
	if w.Usage != nil { // the other kinds of tokens lie within these two
		u := *w.Usage
		u.CacheWrite5m, u.CacheWrite1h = u.CacheWrite5m+u.CacheWrite1h, 0
		w.Usage = &u
	}
	for _, c := range w.Choices {
		for i := range c.Calls {
			if c.Calls[i].Args == "" {
				c.Calls[i].Args = "{}"
			}
			if c.Calls[i].ID == "" {
				c.Calls[i].ID = "call_x_0_" + strconv.Itoa(i)
			}
		}
		if c.Finish == "" && len(c.Calls) > 0 {
			c.Finish = "tool_calls"
		} else if c.Finish == "" {
			c.Finish = "stop"
		}
	}
	for _, stream := range []bool{true, false} {
		asked := dialect.Asked{ID: "x", Model: "m", Stream: stream, WantsUsage: true}
		out := carry(genai.Chat, r.Provider, r.Response.Body, asked)
		got, reading := hear(genai.Chat, "openai", all(out))
		if w.Model == "" {
			w.Model = "m"
		}
		if d := cmp.Diff(&w, got); d != "" {
			t.Errorf("stream %v (-want +got):\n%s", stream, d)
		}
		if !reading.Done || reading.Malformed > 0 {
			t.Errorf("stream %v: reading %+v", stream, reading)
		}
		if !stream && !json.Valid(out) {
			t.Errorf("no JSON: %s", out)
		}
	}
}
