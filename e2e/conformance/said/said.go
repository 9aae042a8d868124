// Package said reads from recorded and from translated answers what they say
// to a caller: text, reasoning, calls of tools, why they ended. It uses
// encoding/json alone and shares no line with the dialects that it judges.
package said

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Answer is what a caller learns of an answer.
type Answer struct {
	Choices []Choice
	Failed  bool // an error stands in its place or ends it
}

// Choice is one of the answers that were asked for.
type Choice struct {
	Text, Reasoning, Refusal string

	Calls  []Call
	Finish string // in OpenAI's words; empty: none was given
	odd    bool   // it is the ordinary word for one that OpenAI has no word for
}

// Call is a call of a tool. Arguments are JSON in its shortest form, with the
// members of objects in order.
type Call struct{ Name, Arguments string }

// at returns the choice of an index, made when it is new.
func (a *Answer) at(index int) *Choice {
	for len(a.Choices) <= index && index < 1000 {
		a.Choices = append(a.Choices, Choice{})
	}
	return &a.Choices[index]
}

// settle does so for all choices.
func (a *Answer) settle() {
	for i := range a.Choices {
		a.Choices[i].Settle()
	}
}

// Settle brings the arguments of all calls to their shortest form.
func (c *Choice) Settle() {
	for i := range c.Calls {
		c.Calls[i].Arguments = Shortest(c.Calls[i].Arguments)
	}
}

// Shortest is JSON text without what makes no difference. No text is an empty
// object, as models are known to say it; what is no JSON stays as it is.
func Shortest(text string) string {
	if strings.TrimSpace(text) == "" {
		return "{}"
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil || d.More() {
		return text
	}
	out, err := json.Marshal(v)
	if err != nil {
		return text
	}
	return string(out)
}

// Diff says in what two answers differ, without their content.
func Diff(got, want Answer) string {
	var d []string
	say := func(format string, args ...any) { d = append(d, fmt.Sprintf(format, args...)) }
	if got.Failed != want.Failed {
		say("failed %v, want %v", got.Failed, want.Failed)
	}
	if len(got.Choices) != len(want.Choices) {
		say("%d choices, want %d", len(got.Choices), len(want.Choices))
		return strings.Join(d, "; ")
	}
	for i := range got.Choices {
		for _, text := range got.Choices[i].diff(&want.Choices[i]) {
			say("choice %d: %s", i, text)
		}
	}
	return strings.Join(d, "; ")
}

func (c *Choice) diff(want *Choice) []string {
	var d []string
	for _, t := range []struct{ what, got, want string }{
		{"text", c.Text, want.Text}, {"reasoning", c.Reasoning, want.Reasoning}, {"refusal", c.Refusal, want.Refusal},
	} {
		if t.got != t.want {
			d = append(d, fmt.Sprintf("%s of %d bytes, want %d", t.what, len(t.got), len(t.want)))
		}
	}
	if len(c.Calls) != len(want.Calls) {
		d = append(d, fmt.Sprintf("%d calls, want %d", len(c.Calls), len(want.Calls)))
	} else if i := slices.IndexFunc(c.Calls, func(one Call) bool { return !slices.Contains(want.Calls, one) }); i >= 0 {
		d = append(d, fmt.Sprintf("call %d has another name or arguments of %d bytes that are not equal", i, len(c.Calls[i].Arguments)))
	} else if !slices.Equal(c.Calls, want.Calls) {
		d = append(d, "calls in another order")
	}
	if c.Finish != want.Finish {
		d = append(d, fmt.Sprintf("finish %q, want %q", c.Finish, want.Finish))
	}
	return d
}

// documents are the JSON documents of an answer: the data of a stream's events
// without the end marker, the elements of an array, or the one of a body.
func documents(body []byte) ([][]byte, error) {
	rest := bytes.TrimSpace(body)
	switch {
	case len(rest) == 0:
		return nil, errors.New("empty")
	case rest[0] == '{':
		return [][]byte{rest}, nil
	case rest[0] == '[':
		var list []json.RawMessage
		err := json.Unmarshal(rest, &list)
		var out [][]byte
		for _, one := range list {
			out = append(out, one)
		}
		return out, err
	}
	return Events(body), nil
}

// Events returns the data of a stream's events, without the end marker.
func Events(body []byte) [][]byte {
	text := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(string(body))
	var out [][]byte
	for block := range strings.SplitSeq(text, "\n\n") {
		var data []string
		for line := range strings.SplitSeq(block, "\n") {
			if rest, ok := strings.CutPrefix(line, "data:"); ok {
				data = append(data, strings.TrimPrefix(rest, " "))
			}
		}
		if joined := strings.Join(data, "\n"); joined != "" && joined != "[DONE]" {
			out = append(out, []byte(joined))
		}
	}
	return out
}

// each decodes all documents of a body.
func each[T any](body []byte, f func(*T)) error {
	docs, err := documents(body)
	if err != nil {
		return err
	}
	for _, doc := range docs {
		v := new(T)
		if err := json.Unmarshal(doc, v); err != nil {
			return fmt.Errorf("document that cannot be read: %T", err)
		}
		f(v)
	}
	return nil
}
