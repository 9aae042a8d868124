package e2e

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/signalbox-dev/signalbox/pkg/gatewaytest/provider"
)

// speakers are a provider of each dialect, in some order.
func speakers(order ...string) plan {
	all := map[string]provider.Options{
		"o": {Name: "o"},
		"a": {Name: "a", Dialect: provider.Anthropic},
		"g": {Name: "g", Dialect: provider.Gemini},
	}
	var p plan
	for _, name := range order {
		p.providers = append(p.providers, all[name])
	}
	return p
}

// TestFallbackAcrossSchemas tries every order of three providers that speak
// three dialects; each of them in turn is the first that answers. The caller
// speaks OpenAI's and cannot tell.
func TestFallbackAcrossSchemas(t *testing.T) {
	for _, order := range []string{"oag", "oga", "aog", "ago", "goa", "gao"} {
		t.Run(order, func(t *testing.T) {
			names := strings.Split(order, "")
			r := start(t, speakers(names...))
			for n := range names {
				for _, extra := range []string{"", streamed, withUsage} {
					t.Run(fmt.Sprintf("%s_%d", names[n], len(extra)), func(t *testing.T) { r.crosses(t, names, n, extra) })
				}
			}
		})
	}
}

// crosses has the first n candidates fail and checks what the next one's answer
// becomes.
func (r *rig) crosses(t *testing.T, names []string, n int, extra string) {
	t.Helper()
	for _, s := range r.at {
		s.Journal().Reset()
	}
	text := "Grüße\n"
	if n > 0 {
		text += "#fault backend=" + strings.Join(names[:n], ",") + " status=500"
	}
	a := r.do(t, request{body: chat(extra, text)})
	if a.status != 200 || a.err != nil {
		t.Fatalf("%d %s %v", a.status, a.body, a.err)
	}
	last := r.at[names[n]]
	if got := a.header.Get("x-signalbox-provider"); got != names[n] {
		t.Errorf("answered by %q", got)
	}
	x := last.Journal().Exchanges()[0]
	got := readChat(t, a.body, extra != "")
	if want := wrote(t, string(x.Sent)); got.text != want || got.finish != "stop" || want == "" {
		t.Errorf("text %q, want %q; finish %q", got.text, want, got.finish)
	}
	if u := x.Delivered.Usage; extra != streamed && (u == nil || got.in != u.Prompt || got.out != u.Completion) {
		t.Errorf("usage %d, %d; the provider stated %+v", got.in, got.out, u)
	}
	s := r.settledOne(t, a)
	var want []string
	for _, name := range names[:n] {
		want = append(want, name+":HTTP_ERROR")
	}
	want = append(want, names[n]+":COMPLETED")
	if got := s.outcomes(); !slices.Equal(got, want) || s.state() != "COMPLETED" {
		t.Errorf("ledger says %v %s, want %v", got, s.state(), want)
	}
	checkUsage(t, s, last)
}

var written = regexp.MustCompile(`"(?:text|content)": ?("(?:[^"\\\\]|\\\\.)*")`)

// wrote is the text in what a provider of any dialect sent.
func wrote(t *testing.T, sent string) (text string) {
	t.Helper()
	for _, m := range written.FindAllStringSubmatch(sent, -1) {
		var s string
		if err := json.Unmarshal([]byte(m[1]), &s); err != nil {
			t.Fatal(err)
		}
		text += s
	}
	return text
}

// said is what an answer of chat completions says.
type said struct {
	text, finish string
	in, out      int64
}

// readChat reads an answer, streamed or not, as a client would.
func readChat(t *testing.T, body string, stream bool) (s said) {
	t.Helper()
	docs := []string{body}
	if stream {
		docs = nil
		for event := range strings.SplitSeq(body, "\n\n") {
			if data, ok := strings.CutPrefix(event, "data: "); ok && data != "[DONE]" {
				docs = append(docs, data)
			}
		}
		if !strings.HasSuffix(body, "data: [DONE]\n\n") {
			t.Errorf("the stream has no legal end: %q", tail(body, 200))
		}
	}
	for _, doc := range docs {
		if err := s.add(doc); err != nil {
			t.Fatalf("%v in %q", err, doc)
		}
	}
	return s
}

// add takes one document of an answer.
func (s *said) add(doc string) error {
	var v struct {
		Choices []struct {
			Message, Delta struct{ Content string }
			FinishReason   string `json:"finish_reason"`
		}
		Usage struct {
			In  int64 `json:"prompt_tokens"`
			Out int64 `json:"completion_tokens"`
		}
	}
	if err := json.Unmarshal([]byte(doc), &v); err != nil {
		return err
	}
	for _, c := range v.Choices {
		s.text += c.Message.Content + c.Delta.Content
		s.finish += c.FinishReason
	}
	s.in, s.out = s.in+v.Usage.In, s.out+v.Usage.Out
	return nil
}

// TestRedirectsAreNotPassedOn: where a provider of another dialect points to is
// no business of the caller's.
func TestRedirectsAreNotPassedOn(t *testing.T) {
	r := start(t, speakers("a", "g"))
	for _, fault := range []string{"backend=a status=302", "backend=a status=500\n#fault backend=g status=302"} {
		for _, extra := range []string{"", streamed} {
			a := r.do(t, request{body: chat(extra, "Hello\n#fault "+fault)})
			if a.status != 502 || a.code() != "provider_error" || a.header.Get("location") != "" {
				t.Errorf("%s %q: %d %v %s", fault, extra, a.status, a.header, a.body)
			}
		}
	}
}
