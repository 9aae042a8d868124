package main

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// exception is a difference that is known and accepted: in which modes it may
// be, what it says, which rows have it and why it is not a mistake that we can
// mend. Rows are named by what they are, not by their id, so that the list also
// speaks of rows that nobody has seen.
type exception struct {
	modes    []string
	failures []string // beginnings of those that it covers
	reason   string
	match    func(s *subject) bool
}

// exceptions is the whole list, with the script in Envoy or without it. It is
// for what cannot be known from the head of an answer: what can be is read by
// the gateway's own meter where Envoy cannot (stage/meter, Lifted).
func exceptions(lua bool) []exception {
	list := []exception{{
		modes:    []string{attached},
		failures: []string{"ledger: outcome "},
		reason:   "an error within an answer of status 200: Envoy's log does not tell of it, so its row says completed; usage is equal",
		match:    func(s *subject) bool { return s.reading.Failed && !s.refused() },
	}, {
		modes:    []string{chat, python, node, across},
		failures: []string{"object: choice ", "stream: choice ", "choice "},
		reason: "arguments of calls that come path by path: a caller of Gemini's must ask for them, as a translated request never does;" +
			" of such a call the name alone is translated",
		match: func(s *subject) bool { return bytes.Contains(s.Response.Body, []byte(`"partialArgs"`)) },
	}, {
		modes:    []string{chat, python, node},
		failures: []string{"object: choice "},
		reason:   "two streams that were recorded as one: as an object they become the text of both",
		match:    func(s *subject) bool { return bytes.Count(s.Response.Body, []byte(`"type":"message_start"`)) > 1 },
	}}
	if lua {
		return list
	}
	return append(list, exception{
		modes:    []string{witness, pieces},
		failures: []string{noUsage, otherName},
		reason: "an integer above 2^63-1 from a kind that is not known for it: Envoy reads nothing of the document or event," +
			" and usage is estimated",
		match: func(s *subject) bool { return largeNumber(s.Response.Body) },
	})
}

// excuse moves the failures of a mode that exceptions cover out of the way.
func (s *subject) excuse(list []exception) {
	for _, e := range list {
		for _, m := range e.modes {
			if e.covers(s.failures[m]) && e.match(s) {
				s.excused[m] = e.reason
				delete(s.failures, m)
			}
		}
	}
}

// covers reports whether there are failures and e speaks of all of them.
func (e *exception) covers(failures []string) bool {
	for _, f := range failures {
		if !slices.ContainsFunc(e.failures, func(text string) bool { return strings.HasPrefix(f, text) }) {
			return false
		}
	}
	return len(failures) > 0
}

// largeNumber reports whether a document or an event of a stream holds an
// integer that does not fit in 64 bits.
func largeNumber(body []byte) bool {
	if large(body) {
		return true
	}
	for block := range events(body) {
		if large(payload(block)) {
			return true
		}
	}
	return false
}

func large(doc []byte) bool {
	d := json.NewDecoder(bytes.NewReader(doc))
	d.UseNumber()
	for {
		t, err := d.Token()
		if err != nil {
			return false
		}
		if n, ok := t.(json.Number); ok && !strings.ContainsAny(n.String(), ".eE") {
			if _, err := strconv.ParseInt(n.String(), 10, 64); err != nil {
				return true
			}
		}
	}
}
