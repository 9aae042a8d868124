package xds

import (
	"bytes"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	alsv3 "github.com/envoyproxy/go-control-plane/envoy/service/accesslog/v3"
)

func event(data string) string { return "data: " + data + "\n\n" }

const (
	textEvent  = `{"id":"1","object":"chat.completion.chunk","model":"served","choices":[{"index":0,"delta":{"content":"a \"usage\": {} \"choices\": []"}}],"usage":null}`
	stopEvent  = `{"id":"1","object":"chat.completion.chunk","model":"served","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}`
	usageEvent = `{"id":"1","object":"chat.completion.chunk","model":"served","service_tier":"default","choices":[],"usage":{"prompt_tokens":9,"completion_tokens":12,"total_tokens":21,"prompt_tokens_details":{"cached_tokens":0}}}`
)

// streamer answers with the text in the query of the first candidate's path,
// cut as told.
func streamer(t *testing.T, text func() string, cut func(n int) int) string {
	return serve(t, func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		w.Header().Set("content-type", "text/event-stream; charset=utf-8")
		c := http.NewResponseController(w)
		s := text()
		for len(s) > 0 {
			n := min(cut(len(s)), len(s))
			io.WriteString(w, s[:n])
			c.Flush()
			s = s[n:]
		}
	})
}

func TestUsageEventIsHidden(t *testing.T) {
	rest := event(textEvent) + event(stopEvent)
	crlf := strings.NewReplacer("\n", "\r\n").Replace
	nested := `{"choices":[{"x":{"choices":[],"usage":{"a":1}}}],"usage":{"prompt_tokens":1}}`
	azure := `{"choices":[],"prompt_filter_results":[{"usage":{}}]}`
	spaced := `{ "usage" : { "prompt_tokens" : 1 } , "choices" : [ ] }`
	big := event(`{"choices":[{"delta":{"content":"` + strings.Repeat("x", 200<<10) + `"}}]}`)
	for _, tc := range []struct{ name, in, want string }{
		{"lf", rest + event(usageEvent) + event("[DONE]"), rest + event("[DONE]")},
		{"crlf", crlf(rest + event(usageEvent) + event("[DONE]")), crlf(rest + event("[DONE]"))},
		{"mixed", rest + crlf(event(usageEvent)) + event("[DONE]"), rest + event("[DONE]")},
		{"cr", strings.ReplaceAll(rest+event(usageEvent)+event("[DONE]"), "\n", "\r"), strings.ReplaceAll(rest+event(usageEvent)+event("[DONE]"), "\n", "\r")},
		{"spaced", event(spaced) + event("[DONE]"), event("[DONE]")},
		{"no_space_after_colon", "data:" + usageEvent + "\n\n" + event("[DONE]"), event("[DONE]")},
		{"named_event", "event: x\nid: 7\ndata: " + usageEvent + "\n\n" + event("[DONE]"), event("[DONE]")},
		{"nested_names", event(nested), event(nested)},
		{"azure_filter_results", event(azure) + rest, event(azure) + rest},
		{"usage_beside_choices", event(strings.Replace(stopEvent, "}]}", `}],"usage":{"prompt_tokens":1}}`, 1)), event(strings.Replace(stopEvent, "}]}", `}],"usage":{"prompt_tokens":1}}`, 1))},
		{"usage_null", event(`{"choices":[],"usage":null}`), event(`{"choices":[],"usage":null}`)},
		{"unfinished_end", rest + "data: {\"choices\"", rest + "data: {\"choices\""},
		{"unfinished_usage", rest + "data: " + usageEvent + "\n", rest},
		{"comments", ": ping\n\n" + rest + ": ping\n\n\n\n" + event(usageEvent) + ": end\n\n", ": ping\n\n" + rest + ": ping\n\n\n\n" + ": end\n\n"},
		{"big_event", big + event(usageEvent) + big + event("[DONE]"), big + big + event("[DONE]")},
		{"no_json", event("{{{") + event("usage") + "\n\n\n" + event(`"usage":{},"choices":[]`), event("{{{") + event("usage") + "\n\n\n" + event(`"usage":{},"choices":[]`)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var cut func(n int) int
			p := streamer(t, func() string { return tc.in }, func(n int) int { return cut(n) })
			l := newLab(t, map[string]string{"a": p}, nil)
			random := rand.New(rand.NewPCG(1, 2))
			for name, c := range map[string]func(int) int{
				"whole":  func(n int) int { return n },
				"bytes":  func(n int) int { return max(1, n/2000) },
				"random": func(n int) int { return 1 + random.IntN(max(1, min(n, len(tc.in)/7))) },
			} {
				cut = c
				_, body := l.post(`{}`, "x-lab-order", "a", "x-lab-hide", "1")
				if body != tc.want {
					t.Errorf("%s: got %d bytes, want %d: %.300q", name, len(body), len(tc.want), body)
				}
				_, body = l.post(`{}`, "x-lab-order", "a")
				if body != tc.in {
					t.Errorf("%s, not to hide: got %d bytes, want %d", name, len(body), len(tc.in))
				}
			}
		})
	}
}

// withoutScript lets Envoy's own filters lift usage.
func withoutScript(in *Input) { in.Snapshot.Envoy.Lua = false }

func TestStreamUsageIsLogged(t *testing.T) {
	t.Run("script", func(t *testing.T) {
		testStreamUsage(t, nil, event(textEvent)+event(stopEvent)+event("[DONE]"),
			`{"prompt_tokens":9,"completion_tokens":12,"total_tokens":21,"prompt_tokens_details":{"cached_tokens":0}}`)
	})
	t.Run("filters", func(t *testing.T) {
		testStreamUsage(t, withoutScript, event(textEvent)+event(stopEvent)+event(usageEvent)+event("[DONE]"),
			`{"completion_tokens":12,"prompt_tokens":9,"prompt_tokens_details":{"cached_tokens":0},"total_tokens":21}`)
	})
}

func testStreamUsage(t *testing.T, change func(*Input), passes, want string) {
	p := streamer(t, func() string { return event(textEvent) + event(stopEvent) + event(usageEvent) + event("[DONE]") }, func(int) int { return 40 })
	l := newLab(t, map[string]string{"a": p}, change)
	l.post(`{}`, "x-lab-order", "a", "x-lab-hide", "1", "x-lab-facts", "team=x&to=a~p~eu~m")
	all, raw := l.lines("DownstreamEnd", 1)
	t.Log(strings.Join(raw, ""))
	last := all[len(all)-1]
	u, err := liftedIn(last["u"])
	if err != nil {
		t.Fatal(err)
	}
	if u["usage"] != want || u["model"] != "served" || u["service_tier"] != "default" {
		t.Errorf("lifted %v", u)
	}
	if last["sb"] != "team=x&to=a~p~eu~m" {
		t.Errorf("metadata %v", last["sb"])
	}
	if sent, _ := last["tx"].(float64); int(sent) != len(passes) {
		t.Errorf("sent %v bytes", last["tx"])
	}
}

func TestEndsAreLogged(t *testing.T) {
	hang := make(chan bool)
	t.Cleanup(func() { close(hang) })
	p := serve(t, func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		w.Header().Set("content-type", "text/event-stream")
		io.WriteString(w, event(textEvent))
		http.NewResponseController(w).Flush()
		if r.URL.Path == "/first" {
			select {
			case <-hang:
			case <-r.Context().Done():
			}
		}
		panic(http.ErrAbortHandler)
	})
	l := newLab(t, map[string]string{"a": p, "dead": "127.0.0.1:1"}, nil)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, l.url, strings.NewReader(`{}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("x-lab-order", "a")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	io.ReadFull(resp.Body, make([]byte, 10))
	resp.Body.Close() // the caller goes
	_, raw := l.lines("DownstreamEnd", 1)
	l.post(`{}`, "x-lab-order", "dead,a~")
	_, more := l.lines("DownstreamEnd", 1)
	for _, line := range append(raw, more...) {
		t.Log(line)
	}
	if s := strings.Join(raw, ""); !strings.Contains(s, `"f":"DC"`) || !strings.Contains(s, "downstream_remote_disconnect") {
		t.Errorf("caller gone: %s", s)
	}
	if s := strings.Join(more, ""); !strings.Contains(s, `"f":"UPE"`) && !strings.Contains(s, `"f":"UC"`) {
		t.Errorf("provider cut: %s", s)
	}
}

// entries takes what the gRPC log brings.
type entries struct {
	alsv3.UnimplementedAccessLogServiceServer
	got chan *alsv3.StreamAccessLogsMessage
}

func (e entries) StreamAccessLogs(st alsv3.AccessLogService_StreamAccessLogsServer) error {
	for {
		m, err := st.Recv()
		if err != nil {
			return err
		}
		e.got <- m
	}
}

func TestEarlyEntries(t *testing.T) {
	p := streamer(t, func() string { return strings.Repeat(event(textEvent), 60) }, func(int) int { time.Sleep(20 * time.Millisecond); return 60 })
	l := newLab(t, map[string]string{"a": p}, nil)
	l.post(`{}`, "x-lab-order", "a")
	deadline := time.After(5 * time.Second)
	for n := 0; n < 2; {
		select {
		case m := <-l.early.got:
			for _, e := range m.GetHttpLogs().GetLogEntry() {
				c := e.CommonProperties
				if c.AccessLogType.String() != "DownstreamPeriodic" {
					t.Errorf("type %s", c.AccessLogType)
				}
				if c.UpstreamCluster != "a" || e.Request.RequestId == "" || c.TimeToFirstUpstreamRxByte == nil ||
					c.GetMetadata().GetFilterMetadata()[namespace].GetFields()["ticket"].GetStringValue() == "" {
					t.Errorf("entry %v", e)
				}
				n++
			}
		case <-deadline:
			t.Fatal("no early entries")
		}
	}
}

func TestCharsOfLog(t *testing.T) {
	// What stands in metadata must not break a line.
	l := newLab(t, map[string]string{"a": echo(t)}, nil)
	facts := "quote\" back\\slash percent%25 tab\t" + strconv.Quote("x")
	l.post(`{}`, "x-lab-order", "a", "x-lab-facts", facts)
	all, _ := l.lines("DownstreamEnd", 1)
	if sb := all[len(all)-1]["sb"]; sb != facts {
		t.Errorf("facts %q, want %q", sb, facts)
	}
	if n := bytes.Count([]byte(facts), []byte{'\n'}); n != 0 {
		t.Error("the test holds a line end")
	}
}
