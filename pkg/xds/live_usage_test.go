package xds

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// lifted is what an answer leaves in the metadata, by key.
type lifted map[string]string

// answerCase is an answer and what is to be read in it.
type answerCase struct {
	name, body string
	want       lifted
	kind       string // content type
	coding     string
	status     int
}

// scripted is a provider that answers with case x-lab-case, cut behind the
// first x-lab-cut bytes, or in pieces of x-lab-piece bytes.
func scripted(t *testing.T, cases []answerCase) string {
	return serve(t, func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		n, _ := strconv.Atoi(r.Header.Get("x-lab-case"))
		c := cases[n]
		w.Header().Set("content-type", c.kind)
		if c.coding != "" {
			w.Header().Set("content-encoding", c.coding)
		}
		if c.status != 0 {
			w.WriteHeader(c.status)
		}
		cut, _ := strconv.Atoi(r.Header.Get("x-lab-cut"))
		piece, _ := strconv.Atoi(r.Header.Get("x-lab-piece"))
		s := c.body
		for len(s) > 0 {
			n := len(s)
			switch {
			case cut > 0:
				n, cut = cut, 0
			case piece > 0:
				n = min(piece, n)
			}
			io.WriteString(w, s[:n])
			http.NewResponseController(w).Flush()
			s = s[n:]
			if gap, _ := strconv.Atoi(r.Header.Get("x-lab-gap")); len(s) > 0 && gap > 0 {
				time.Sleep(time.Duration(gap) * time.Millisecond) // Envoy would join the pieces
			}
		}
	})
}

// liftedIn reads what the script leaves: a JSON object as text, of names and of
// objects as they stood.
func liftedIn(logged any) (lifted, error) {
	got := lifted{}
	if m, ok := logged.(map[string]any); ok { // by Envoy's own filters
		for key, v := range m {
			got[key] = fmt.Sprint(v)
		}
		return got, nil
	}
	text, ok := logged.(string)
	if !ok {
		return got, nil
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &members); err != nil {
		return nil, err
	}
	for key, raw := range members {
		var name string
		if json.Unmarshal(raw, &name) != nil {
			name = string(raw)
		}
		got[key] = name
	}
	return got, nil
}

// check sends each request and compares the answers, and what was lifted.
func (l *lab) check(c *answerCase, want string, requests ...[]string) {
	l.t.Helper()
	for _, h := range requests {
		if _, body := l.post(`{}`, append([]string{"x-lab-order", "a"}, h...)...); body != want {
			l.t.Fatalf("%s %v: got %d bytes, want %d: %.300q", c.name, h, len(body), len(want), body)
		}
	}
	all, _ := l.lines("DownstreamEnd", len(requests))
	n := 0
	for _, line := range all {
		if line["k"] != "DownstreamEnd" {
			continue
		}
		got, err := liftedIn(line["u"])
		if err != nil {
			l.t.Fatalf("%s: %v: %v", c.name, line["u"], err)
		}
		want := c.want
		if want == nil {
			want = lifted{}
		}
		if d := cmp.Diff(want, got); d != "" {
			l.t.Errorf("%s %v (-want +got):\n%.1000s", c.name, requests[n], d)
		}
		n++
	}
}

const count = `{"prompt_tokens":1}`

func streamCases() []answerCase {
	crlf := strings.NewReplacer("\n", "\r\n").Replace
	plain := event(textEvent) + event(stopEvent) + event(usageEvent) + event("[DONE]")
	told := lifted{
		"model": "served", "service_tier": "default",
		"usage": `{"prompt_tokens":9,"completion_tokens":12,"total_tokens":21,"prompt_tokens_details":{"cached_tokens":0}}`,
	}
	counted := lifted{"usage": count}
	odd := `{"usage":{"n":18446744073709551615,"i":[{"a":1},{"s":"}]\"{\\"}], "x" : 1.50e3}}`
	long := strings.Repeat("x", 200<<10)
	return []answerCase{
		{name: "plain", body: plain, want: told},
		{name: "crlf", body: crlf(plain), want: told},
		{name: "mixed", body: event(textEvent) + crlf(event(usageEvent)), want: told},
		{name: "split_data", body: "data: {\"usage\":\ndata: {\"prompt_tokens\"\ndata: :1}}\n\n", want: lifted{"usage": "{\"prompt_tokens\"\n:1}"}},
		{name: "no_space", body: "data:{\"usage\":" + count + "}\n\n", want: counted},
		{name: "named", body: "event: x\nid: 7\ndata: {\"usage\":" + count + "}\n\n", want: counted},
		{name: "spaces", body: event(`{ "usage"  :  ` + count + ` , "model" : "m" }`), want: lifted{"usage": count, "model": "m"}},
		{name: "not_at_the_top", body: event(`{"choices":[{"usage":{"a":1}}],"x":{"usage":{"b":2}}}`) + event(`{"usage":`+count+`,"y":{"usage":{"c":3}}}`), want: counted},
		{name: "never_at_the_top", body: event(`{"choices":[{"usage":{"a":1},"model":"n"}]}`) + event(`[{"usage":{"a":1}}]`)},
		{name: "in_a_string", body: event(`{"x":"\"usage\":{\"a\":1}","y":"\\\"usage\\\":{}","z":"\\"}`)},
		{name: "end_of_a_name", body: event(`{"x\"usage":{"a":1}}`)},
		{name: "a_value", body: event(`{"object":"usage","x":["usage"],"usage":` + count + `}`), want: counted},
		{name: "brackets_in_strings", body: event(`{"a":"}]","b\\":"{[\"","usage":{"c":"}\\\"}"},"d":"}"}`), want: lifted{"usage": `{"c":"}\\\"}"}`}},
		{name: "as_it_stands", body: event(odd), want: lifted{"usage": `{"n":18446744073709551615,"i":[{"a":1},{"s":"}]\"{\\"}], "x" : 1.50e3}`}},
		{name: "null", body: event(`{"usage":null}`)},
		{name: "null_later", body: event(`{"usage":`+count+`}`) + event(`{"usage":null}`) + event(`{"usage":{}}`) + event(`{"usage":7}`), want: counted},
		{name: "several", body: event(`{"usage":{"a":1}}`) + event(`{"usage":{"a":2}}`) + event(`{"usage":`+count+`}`), want: counted},
		{name: "blank_lines", body: ": x\n\n\n" + event(usageEvent) + "\n\n\n" + event(usageEvent), want: told},
		{name: "groq", body: event(`{"x_groq":{"id":"usage","usage":` + count + `},"y":{"x_groq":{"usage":{"a":1}}}}`), want: lifted{"x_groq.usage": count}},
		{name: "names_later", body: event(`{"model":""}`) + event(`{"model":null}`) + event(`{"model":"m"}`) + event(`{"service_tier":"t"}`), want: lifted{"model": "m", "service_tier": "t"}},
		{name: "names_with_escapes", body: event(`{"model":"a\/b\u00e9\\u0041\u20AC"}`), want: lifted{"model": `a/bé\u0041€`}},
		{name: "names_that_are_no_json", body: event(`{"model":"a\qb`+"\x01"+`c","usage":`+count+`}`) + "data: {\"service_tier\":\"a\ndata: b\"}\n\n", want: lifted{"model": "aqb\x01c", "service_tier": "a\nb", "usage": count}},
		{name: "served_by_another", body: event(`{"model":"m"}`) + event(`{"model":"n","usage":`+count+`}`), want: lifted{"model": "n", "usage": count}},
		{name: "comment", body: ": \"usage\":{}\n\n: {\"usage\":{}}\n\ndata: {\"usage\":" + count + "}\n\n", want: counted},
		{name: "no_json", body: event(`"usage":{}`) + event(`{"usage":{}`) + event(`}`) + event(`{"usage":{"a":1]`) + "\n\n\n"},
		{name: "no_end", body: event(stopEvent) + `data: {"usage":` + count + `}`, want: lifted{"model": "served", "usage": count}},
		{name: "cut_off", body: event(`{"usage":`+count+`}`) + `data: {"usage":{"a"`, want: counted},
		{name: "large_event", body: event(`{"x":"` + long + `","usage":` + count + `}`), want: counted},
		{name: "too_large_event", body: event(`{"x":"`+strings.Repeat(long, 6)+`","usage":{"a":1}}`) + event(`{"usage":`+count+`}`), want: counted},
		{name: "bare_cr", body: strings.ReplaceAll(plain, "\n", "\r")},
		{name: "empty"},
	}
}

// What a stream says is lifted however it is cut, also where it is hidden; no
// byte changes where nothing is to be hidden.
func TestStreamUsageIsLifted(t *testing.T) {
	cases := streamCases()
	for i := range cases {
		cases[i].kind = "text/event-stream; charset=utf-8"
	}
	l := newLab(t, map[string]string{"a": scripted(t, cases)}, nil)
	for i := range cases {
		c := &cases[i]
		n := strconv.Itoa(i)
		requests := [][]string{{"x-lab-case", n}, {"x-lab-case", n, "x-lab-stranger", "1"}, {"x-lab-case", n, "x-lab-piece", strconv.Itoa(1 + len(c.body)/999)}}
		if len(c.body) < 2000 {
			for cut := range c.body {
				requests = append(requests, []string{"x-lab-case", n, "x-lab-cut", strconv.Itoa(cut)})
			}
		}
		if c.name == "bare_cr" { // the first pieces do not show it
			requests = requests[:2]
		}
		l.check(c, c.body, requests...)
		if c.name != "plain" && c.name != "crlf" && c.name != "blank_lines" {
			continue
		}
		for r := range requests {
			requests[r] = append(requests[r], "x-lab-hide", "1")
		}
		if c.name == "blank_lines" { // a piece begins with the line between two events
			requests = append(requests, []string{"x-lab-case", n, "x-lab-cut", "5", "x-lab-gap", "50", "x-lab-hide", "1"})
		}
		gone := event(usageEvent)
		if c.name == "crlf" {
			gone = strings.ReplaceAll(gone, "\n", "\r\n")
		}
		requests = append(requests[:1], requests[2:]...) // a stranger has nothing hidden
		l.check(c, strings.ReplaceAll(c.body, gone, ""), requests...)
	}
}

func documentCases() []answerCase {
	doc := `{"id":"1","model":"served","choices":[{"message":{"content":"\"usage\":{}","usage":{"a":1}},"logprobs":null}],"usage":` + count + `,"service_tier":"default"}`
	told := lifted{"model": "served", "service_tier": "default", "usage": count}
	long := `"` + strings.Repeat("x", 7<<20) + `"`
	return []answerCase{
		{name: "plain", body: doc, want: told},
		{name: "charset", body: doc, want: told, kind: "Application/JSON ; charset=utf-8"},
		{name: "identity", body: doc, want: told, coding: "Identity"},
		{name: "created", body: doc, want: told, status: 201},
		{name: "spaces", body: "\n{\n  \"usage\" :\n" + count + "\n}\n", want: lifted{"usage": count}},
		{name: "null", body: `{"model":"m","usage":null}`, want: lifted{"model": "m"}},
		{name: "iterations", body: `{"usage":{"iterations":[{"n":18446744073709551615}]}}`, want: lifted{"usage": `{"iterations":[{"n":18446744073709551615}]}`}},
		{name: "long", body: `{"x":` + long + `,"usage":` + count + `}`, want: lifted{"usage": count}},
		{name: "too_long", body: `{"x":` + long + `,"y":` + long + `,"usage":` + count + `}`},
		{name: "list", body: `[` + doc + `]`},
		{name: "cut_off", body: doc[:len(doc)-1]},
		{name: "text", body: doc, kind: "text/plain"},
		{name: "lines", body: doc, kind: "application/jsonl"},
		{name: "coded", body: doc, coding: "br"},
		{name: "error", body: doc, status: 500},
		{name: "refusal", body: doc, status: 400},
		{name: "empty"},
		{name: "bare_word", body: `null`},
	}
}

func TestDocumentUsageIsLifted(t *testing.T) {
	cases := documentCases()
	for i := range cases {
		if cases[i].kind == "" {
			cases[i].kind = "application/json"
		}
	}
	l := newLab(t, map[string]string{"a": scripted(t, cases)}, nil)
	for i := range cases {
		c := &cases[i]
		n := strconv.Itoa(i)
		requests := [][]string{{"x-lab-case", n}, {"x-lab-case", n, "x-lab-stranger", "1"}, {"x-lab-case", n, "x-lab-hide", "1"}, {"x-lab-case", n, "x-lab-piece", strconv.Itoa(1 + len(c.body)/999)}}
		if c.name == "plain" {
			for cut := range c.body {
				requests = append(requests, []string{"x-lab-case", n, "x-lab-cut", strconv.Itoa(cut)})
			}
		}
		l.check(c, c.body, requests...)
	}
}
