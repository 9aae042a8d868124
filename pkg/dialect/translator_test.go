package dialect

import (
	"strings"
	"testing"

	"github.com/signalbox-dev/signalbox/pkg/genai"
)

// words decodes lines: a word is text, "!" an error, "." a finish, "#" one by
// the filter, "?" something unreadable; "$" is the legal end.
type words struct{ r Reading }

func (w *words) Feed(p []byte, emit func(*Event)) {
	for _, c := range string(p) {
		switch c {
		case '!':
			emit(&Event{Kind: EventTrouble, Trouble: &Trouble{Status: 529, Code: "busy"}})
			w.r.Failed = true
		case '.', '#':
			f := FinishStop
			if c == '#' {
				f = FinishFilter
			}
			emit(&Event{Kind: EventFinish, Finish: f})
			w.r.Finished = true
		case '?':
			w.r.Malformed++
		case '$':
			w.r.Done = true
		default:
			emit(&Event{Kind: EventText, Text: Text(string(c))})
		}
	}
}

func (w *words) Close(emit func(*Event)) Reading {
	emit(&Event{Kind: EventUsage, Usage: genai.Usage{Output: 1}})
	return w.r
}

// upper encodes in upper case.
type upper struct{}

func (upper) Event(dst []byte, e *Event) []byte {
	return append(dst, strings.ToUpper(string(e.Text))...)
}
func (upper) Close(dst []byte) []byte           { return append(dst, " END"...) }
func (upper) Fail(dst []byte, t Trouble) []byte { return append(dst, " FAIL "+t.Code...) }

func TestTranslator(t *testing.T) {
	for _, c := range []struct {
		name, in string
		cut      bool // the body did not come to its end
		want     string
		seen     Seen
		code     string // of the trouble
	}{
		{"good", "ab.$", false, "AB END", Seen{Content: true}, ""},
		{"finish_without_end_mark", "ab.", false, "AB END", Seen{Content: true}, ""},
		{"filtered", "#$", false, " END", Seen{Filtered: true}, ""},
		{"error_first", "!ab.$", false, " FAIL busy", Seen{}, "busy"},
		{"error_later", "ab!cd.$", false, "AB FAIL busy", Seen{Content: true}, "busy"},
		{"no_finish", "ab", false, "AB FAIL stream_broken", Seen{Content: true}, "stream_broken"},
		{"cut", "ab.$", true, "AB FAIL stream_broken", Seen{Content: true}, "stream_broken"},
		{"empty", "", false, " FAIL answer_failed", Seen{}, "answer_failed"},
		{"malformed", "a?b", false, "AB FAIL answer_failed", Seen{Content: true}, "answer_failed"},
		{"malformed_and_well_in_the_end", "a?b.$", false, "AB END", Seen{Content: true}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, size := range []int{1, 100} {
				tr := NewTranslator(&words{}, upper{})
				var out []byte
				for in := c.in; in != ""; in = in[min(size, len(in)):] {
					out = tr.Feed(out, []byte(in[:min(size, len(in))]))
				}
				out, _ = tr.Close(out, !c.cut)
				out = tr.Fail(out)
				seen := tr.Seen()
				code := ""
				if seen.Trouble != nil {
					code = seen.Trouble.Code
				}
				if string(out) != c.want || seen.Content != c.seen.Content || seen.Filtered != c.seen.Filtered || code != c.code {
					t.Errorf("pieces of %d: %q %+v %q", size, out, seen, code)
				}
			}
		})
	}
}

// Without an encoder bytes pass as they are, whatever they say.
func TestTranslatorThatOnlyWatches(t *testing.T) {
	tr := NewTranslator(&words{}, nil)
	out := tr.Feed(nil, []byte("ab!cd"))
	out, r := tr.Close(out, true)
	if out = tr.Fail(out); string(out) != "ab!cd" || !r.Failed || tr.Seen().Trouble.Status != 529 {
		t.Errorf("%q %+v", out, r)
	}
}
