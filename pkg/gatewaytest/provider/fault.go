package provider

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Fault is a way to misbehave, written as words separated by blanks. Words of
// one line act together; the first line that names this backend, or none, and
// whose probability hits, is the one that acts.
//
//	backend=a,b       only at the providers of these names
//	p=0.25            with this probability (seeded)
//	status=N          this status with an error in the API's shape
//	retry-after=S     with this Retry-After header, _ for blanks
//	text=WORD         the message of that error, _ for blanks
//	html empty        that answer as an HTML page, or without a body (status defaults to 502, 200)
//	error200          an error object with status 200 (first event of a stream)
//	error-event=N     an error event after N events, then a legal end
//	cut-events=N      the connection ends after N events of a stream
//	malformed[=N]     half a JSON document, legally ended; each event after N of them
//	no-finish         a legal end before the reason why, the usage and the end marker
//	no-text           nothing said, otherwise legal
//	filter            stopped by the content filter: nothing said, or tokens=N words
//	blocked           Gemini: the prompt itself is blocked
//	refuse=F,F        400 when one of these top-level fields is in the request
//	reset[=N] cut=N   TCP reset, or close, after N bytes of the body; reset alone: before the headers
//	stall-before=D    silence before the headers
//	stall-headers=D   silence between the headers and the body
//	stall-first=D     silence before the first event that carries something said
//	stall-mid=D       silence in the middle of the body
//	gzip crlf drip    compressed although nobody asked; CRLF line ends; one byte a write
//	ttft=D gap=D      slow first byte; slow tokens
//	hold=D            the stream stays open after [DONE]
//	close=D           body without a length, the connection closed D after its last byte
//	tokens=N big=N    N words, N bytes of text
//	prompt=N cached=N cache-write=N reasoning=N   what usage shall say
//	calls=N           N parallel tool calls (0: none although there are tools)
//	no-usage no-done no-role        leave it out
type Fault struct {
	Backends    []string
	P           float64
	Status      int
	RetryAfter  string
	Text        string
	HTML, Empty bool
	Error200    bool
	Refuse      []string

	ErrorEvent int // events of a stream before it; -1: none
	CutEvents  int // 0: none
	Malformed  int // -1: none

	NoFinish, NoText, Filter, Blocked bool

	Cut   int64 // bytes of the body before the end; -1: none
	Reset bool  // end by TCP reset

	StallBefore, StallHeaders, StallFirst, StallMid time.Duration

	Gzip, CRLF, Drip        bool
	TTFT, Gap, Hold, Close  time.Duration
	Closes                  bool // close= was given
	Tokens, Big             int
	Prompt, Cached, Written int64
	Reasoning               int64
	Calls                   int // -1: not given
	NoUsage, NoDone, NoRole bool
	before                  bool // ends before the headers
	line                    string
}

// ParseFault reads a fault from its words.
func ParseFault(line string) (Fault, error) {
	f := Fault{P: 1, ErrorEvent: -1, Malformed: -1, Cut: -1, Calls: -1, line: strings.TrimSpace(line)}
	for word := range strings.FieldsSeq(line) {
		name, value, given := strings.Cut(word, "=")
		if !f.flag(name, given) {
			if err := f.value(name, value, given); err != nil {
				return f, fmt.Errorf("fault word %q: %w", word, err)
			}
		}
	}
	return f, nil
}

// flag sets a word that stands alone.
func (f *Fault) flag(name string, given bool) bool {
	if given {
		return false
	}
	switch name {
	case "html":
		f.HTML = true
	case "empty":
		f.Empty = true
	case "error200":
		f.Error200 = true
	case "reset":
		f.Reset, f.before = true, true
	case "gzip":
		f.Gzip = true
	case "crlf":
		f.CRLF = true
	case "drip":
		f.Drip = true
	case "no-usage":
		f.NoUsage = true
	case "no-done":
		f.NoDone = true
	case "no-role":
		f.NoRole = true
	default:
		return f.ending(name)
	}
	return true
}

// ending sets a word for an answer that ends in another way.
func (f *Fault) ending(name string) bool {
	switch name {
	case "malformed":
		f.Malformed = 0
	case "no-finish":
		f.NoFinish = true
	case "no-text":
		f.NoText = true
	case "filter":
		f.Filter = true
	case "blocked":
		f.Filter, f.Blocked = true, true
	default:
		return false
	}
	return true
}

// value sets a word with a value.
func (f *Fault) value(name, value string, given bool) error {
	if !given {
		return fmt.Errorf("unknown, or its value is missing")
	}
	switch name {
	case "backend":
		f.Backends = strings.Split(value, ",")
		return nil
	case "refuse":
		f.Refuse = strings.Split(value, ",")
		return nil
	case "retry-after":
		f.RetryAfter = strings.ReplaceAll(value, "_", " ")
		return nil
	case "text":
		f.Text = strings.ReplaceAll(value, "_", " ")
		return nil
	case "p":
		p, err := strconv.ParseFloat(value, 64)
		f.P = p
		return err
	case "stall-before", "stall-headers", "stall-first", "stall-mid", "ttft", "gap", "hold", "close":
		return f.duration(name, value)
	}
	return f.number(name, value)
}

func (f *Fault) duration(name, value string) error {
	d, err := time.ParseDuration(value)
	if err != nil {
		return err
	}
	switch name {
	case "stall-before":
		f.StallBefore = d
	case "stall-headers":
		f.StallHeaders = d
	case "stall-first":
		f.StallFirst = d
	case "stall-mid":
		f.StallMid = d
	case "ttft":
		f.TTFT = d
	case "gap":
		f.Gap = d
	case "hold":
		f.Hold = d
	case "close":
		f.Close, f.Closes = d, true
	}
	return nil
}

func (f *Fault) number(name, value string) error {
	n, err := strconv.Atoi(value)
	if err != nil || n < 0 {
		return fmt.Errorf("wants a number")
	}
	switch name {
	case "status":
		f.Status = n
	case "reset":
		f.Reset, f.Cut = true, int64(n)
	case "cut":
		f.Cut = int64(n)
	case "error-event":
		f.ErrorEvent = n
	case "cut-events":
		f.CutEvents = n
	case "malformed":
		f.Malformed = n
	default:
		return f.amount(name, n)
	}
	return nil
}

// amount sets how much an answer holds, or says that it holds.
func (f *Fault) amount(name string, n int) error {
	switch name {
	case "tokens":
		f.Tokens = n
	case "big":
		f.Big = n
	case "prompt":
		f.Prompt = int64(n)
	case "cached":
		f.Cached = int64(n)
	case "cache-write":
		f.Written = int64(n)
	case "reasoning":
		f.Reasoning = int64(n)
	case "calls":
		f.Calls = n
	default:
		return fmt.Errorf("unknown")
	}
	return nil
}

// at tells whether the fault is meant for the provider of that name.
func (f *Fault) at(name string) bool {
	return len(f.Backends) == 0 || slices.Contains(f.Backends, name)
}

// abort is the error that ends the answer in the fault's way.
func (f *Fault) abort() error {
	if f.Reset {
		return errReset
	}
	return errAbort
}
