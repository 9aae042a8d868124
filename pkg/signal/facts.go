// Package signal finds facts about a request by which routes tell requests
// apart: who asks, how, and what the prompt is like.
//
// Invariants: a fact about the prompt costs nothing until it is asked for, and
// is found once. Facts are counts, words of closed lists and truth values,
// never content. They are guesses by simple means, made for preferences: no
// constraint hangs on one.
package signal

import (
	"bytes"
	"slices"
	"time"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/genai"
)

// Facts are what is known of one request. One goroutine uses them at a time.
type Facts struct {
	Model          string
	Team           string // empty: none
	KeyID, KeyName string
	Channel        string // empty: none
	Classes        []genai.DataClass
	Operation      genai.Operation
	Time           time.Time // when the request came
	Headers        []Header  // those that routes look at

	Call  *dialect.Request // nil: nothing is known of the body
	Front dialect.Front    // reads the prompt; nil: only its size is known

	// Tried takes down what became of each route that was tried, as numbers of
	// the ledger's Decision.Tried.
	Tried []byte

	shape *Shape
	text  *Text
	told  *Told
	tried [128]byte // Tried, where that is enough
}

// Told is what was found out about a request that is gone.
type Told struct {
	Shape *Shape // nil: it was not looked at, as below
	Text  *Text
	// Channel is the channel of the request, which may hang on a header.
	Channel string
	// Route says what became of a route that looks at headers.
	Route func(name string) byte
	// Missing is set when something was asked for that was not found out.
	Missing bool
}

// Recall makes the facts those of a request that is gone: what is asked for is
// taken from t, and t.Missing says whether that was enough.
func (f *Facts) Recall(t *Told) { f.told, f.shape, f.text = t, t.Shape, t.Text }

// Recalled says what became of a route that looks at headers, where those are
// gone.
func (f *Facts) Recalled(route string) (tried byte, ok bool) {
	if f.told == nil {
		return 0, false
	}
	return f.told.Route(route), true
}

// RecalledChannel is the channel of a request whose headers are gone.
func (f *Facts) RecalledChannel() (name string, ok bool) {
	if f.told == nil {
		return "", false
	}
	return f.told.Channel, true
}

// Found returns what was found out about the prompt so far, nil where it was
// not looked at.
func (f *Facts) Found() (*Shape, *Text) { return f.shape, f.text }

// Try begins to take down what becomes of routes.
func (f *Facts) Try() { f.Tried = f.tried[:0] }

// Header is a header of the request, its name in lower case.
type Header struct{ Name, Value string }

// MaxHeader is how much of a header's value is looked at, in bytes.
const MaxHeader = 1024

// Header returns the value of a header, empty when there is none; the first
// one counts.
func (f *Facts) Header(name string) string {
	value, _ := f.Has(name)
	return value
}

// Has is Header, and whether there is one.
func (f *Facts) Has(name string) (string, bool) {
	for i := range f.Headers {
		if h := &f.Headers[i]; h.Name == name {
			return h.Value[:min(len(h.Value), MaxHeader)], true
		}
	}
	return "", false
}

// Shape is what the prompt's form says.
type Shape struct {
	Tokens int64 // a rough estimate of the prompt, tools included
	Turns  int64 // messages, those of the system left out
	Images int64
	Schema bool // the answer must be JSON

	Sure     bool // the prompt was read: Tokens is more than a measure of its size
	BySchema bool // the answer must follow a JSON schema
	Audio    bool // there is sound in the prompt, or wanted in the answer

	asked   []dialect.Part // of the last turn of the user
	opening []dialect.Turn // up to the user's first
}

// Shape returns the form of the prompt.
func (f *Facts) Shape() *Shape {
	if f.shape == nil {
		if f.told != nil {
			f.told.Missing = true
			return &Shape{}
		}
		f.shape = f.measure()
	}
	return f.shape
}

// Text returns what the words of the last user's turn say.
func (f *Facts) Text() *Text {
	if f.text == nil {
		if f.told != nil {
			f.told.Missing = true
			return &Text{}
		}
		s := f.Shape()
		f.text = look(s.asked, s)
	}
	return f.text
}

func (f *Facts) measure() *Shape {
	s := &Shape{}
	if f.Call == nil {
		return s
	}
	if f.Front == nil {
		s.Tokens = tokens(f.Call.Body)
		return s
	}
	a, fault := f.Front.Read(f.Call)
	switch {
	case fault != nil || a == nil:
		s.Tokens = tokens(f.Call.Body)
	case a.Chat != nil:
		s.Sure = true
		s.chat(a.Chat)
		s.Audio = s.Audio || slices.Contains(a.Unsaid, "audio") || slices.Contains(a.Unsaid, "modalities")
	case a.Embed != nil:
		s.Sure = true
		for _, t := range a.Embed.Inputs {
			s.Tokens += tokens(t)
		}
		s.Turns = int64(len(a.Embed.Inputs))
	}
	return s
}

// What a turn and a picture come to, in tokens.
const (
	perTurn  = 4
	perImage = 765
)

func (s *Shape) chat(c *dialect.Chat) {
	s.Schema = c.Format.Kind != dialect.FormatText
	s.BySchema = c.Format.Kind == dialect.FormatSchema
	for i := range c.Tools {
		t := &c.Tools[i]
		s.Tokens += tokens(t.Name) + tokens(t.Description) + tokens(t.Parameters)
	}
	for i := range c.Turns {
		t := &c.Turns[i]
		s.Tokens += perTurn
		s.parts(t.Parts)
		switch t.Role {
		case dialect.System, dialect.Developer:
			continue
		case dialect.User:
			s.asked = t.Parts
			if s.opening == nil {
				s.opening = c.Turns[:i+1]
			}
		}
		s.Turns++
	}
}

func (s *Shape) parts(parts []dialect.Part) {
	for i := range parts {
		p := &parts[i]
		s.Tokens += tokens(p.Text) + tokens(p.Arguments)
		switch p.Kind {
		case dialect.PartImage:
			s.Images++
			s.Tokens += perImage
		case dialect.PartAudio:
			s.Audio = true
		}
		s.parts(p.Parts)
	}
}

// tokens estimates: four bytes of English are a token, three of most other
// scripts, and so is a letter that is written as an escape of six.
func tokens[T ~[]byte](text T) int64 {
	var wide int64
	for _, b := range text {
		wide += int64(b >> 7)
	}
	escaped := int64(bytes.Count(text, []byte(`\u`)))
	return max(0, 3*(int64(len(text))-wide)+4*wide-6*escaped+11) / 12
}
