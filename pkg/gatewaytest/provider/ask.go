package provider

import (
	"encoding/json"
	"strings"
)

// ask is what a request for an answer wants, whatever API it came by.
type ask struct {
	model    string
	question string // the last user message without its fault lines
	said     bool   // there was one
	results  []string
	turns    int // messages

	stream, array bool // array: Gemini's stream without alt=sse
	wantsUsage    bool // in the stream, OpenAI
	padded        bool // chunks of random length, OpenAI

	tools  []function
	named  string // the tool that must be called
	muted  bool   // tools are not to be called
	schema json.RawMessage
	asJSON bool

	n, limit int
	stop     []string
	tier     string
	thinks   bool // reasoning is on
	shows    bool // and its text is wanted
	logprobs bool
	top      int // other tokens to show with each one

	cacheMark string            // "5m" or "1h": the prompt is to be kept
	response  *responsesRequest // what a response repeats

	texts      []string // for embeddings
	dimensions int
	base64     bool

	directives []string // fault lines of the last user message
	promptText int      // bytes of text in all messages
	wrong      *trouble // why it is refused
}

type function struct {
	Name       string          `json:"name"`
	Parameters json.RawMessage `json:"parameters"`
}

// hear takes the text of one message of the user.
func (a *ask) hear(text string) {
	a.question, a.directives = split(text)
	a.said, a.results = true, nil
}

// count adds the text of a message of any role to the prompt.
func (a *ask) count(text string) { a.promptText += len(text) }

// refuse keeps the first thing that is wrong.
func (a *ask) refuse(t trouble) {
	if a.wrong == nil {
		a.wrong = &t
	}
}

// split takes the fault lines out of a text.
func split(text string) (rest string, faults []string) {
	if !strings.Contains(text, "#fault") {
		return text, nil
	}
	var kept []string
	for line := range strings.SplitSeq(text, "\n") {
		if f, ok := strings.CutPrefix(strings.TrimSpace(line), "#fault"); ok {
			faults = append(faults, f)
			continue
		}
		kept = append(kept, line)
	}
	return strings.Join(kept, "\n"), faults
}

// wantsCall tells whether the answer is to be a tool call: there are tools,
// they are not switched off, and the last message is not a tool's result.
func (a *ask) wantsCall() bool {
	return len(a.tools) > 0 && !a.muted && a.turns > 0 && len(a.results) == 0
}

// called is the function that must be called, else the i-th.
func (a *ask) called(i int) function {
	for _, t := range a.tools {
		if t.Name == a.named {
			return t
		}
	}
	return a.tools[i%len(a.tools)]
}

// plain is the text of a JSON value: of a string, of an object's "text", of an
// array's elements joined.
func plain(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	var one struct{ Text string }
	if json.Unmarshal(raw, &one) == nil {
		return one.Text
	}
	var parts []json.RawMessage
	if json.Unmarshal(raw, &parts) != nil {
		return ""
	}
	var b strings.Builder
	for _, p := range parts {
		b.WriteString(plain(p))
	}
	return b.String()
}

// present tells whether a field was given with a value.
func present(raw json.RawMessage) bool { return len(raw) > 0 && string(raw) != "null" }
