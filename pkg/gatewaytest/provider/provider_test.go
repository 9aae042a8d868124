package provider_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/signalbox-dev/signalbox/pkg/gatewaytest/provider"
)

func serve(t *testing.T, o provider.Options) *provider.Server {
	t.Helper()
	s, err := provider.Serve(o, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

type answer struct {
	status int
	header http.Header
	body   []byte
	err    error // of the body
}

func post(t *testing.T, s *provider.Server, body string) answer {
	t.Helper()
	return do(t, request{http.MethodPost, s.URL + "/chat/completions", body, "sk-right-0123456789", false})
}

type request struct {
	method, url, body, key string
	h2                     bool
}

func do(t *testing.T, q request) answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), q.method, q.url, strings.NewReader(q.body))
	if err != nil {
		t.Fatal(err)
	}
	if q.key != "" {
		r.Header.Set("Authorization", "Bearer "+q.key)
	}
	tr := &http.Transport{DisableCompression: true, Protocols: new(http.Protocols)}
	tr.Protocols.SetHTTP1(!q.h2)
	tr.Protocols.SetUnencryptedHTTP2(q.h2)
	defer tr.CloseIdleConnections()
	resp, err := tr.RoundTrip(r)
	if err != nil {
		return answer{err: err}
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return answer{resp.StatusCode, resp.Header, b, err}
}

func chat(extra, text string) string {
	quoted, _ := json.Marshal(text)
	return `{"model":"m"` + extra + `,"messages":[{"role":"system","content":"Be brief."},{"role":"user","content":` + string(quoted) + `}]}`
}

// event is a chunk of a stream; Usage is nil where it is absent and "null"
// where it is null.
type event struct {
	Choices []struct {
		Delta struct {
			Role    string
			Content *string
			Calls   []struct {
				Function struct{ Arguments string }
			} `json:"tool_calls"`
		}
	}
	Usage json.RawMessage
	Error json.RawMessage
}

func events(b []byte) []event {
	var out []event
	for part := range strings.SplitSeq(strings.ReplaceAll(string(b), "\r\n", "\n"), "\n\n") {
		var v event
		if json.Unmarshal([]byte(strings.TrimPrefix(part, "data: ")), &v) == nil {
			out = append(out, v)
		}
	}
	return out
}

func TestWhole(t *testing.T) {
	s := serve(t, provider.Options{Name: "alpha"})
	a := post(t, s, chat("", "How are you?"))
	var v struct {
		ID, Object, Model, Service_tier, System_fingerprint string
		Created                                             int64
		Choices                                             []struct {
			Message       struct{ Role, Content string }
			Finish_reason string
		}
		Usage map[string]any
	}
	if err := json.Unmarshal(a.body, &v); err != nil {
		t.Fatal(err, string(a.body))
	}
	if a.status != 200 || a.header.Get("Content-Length") == "" || v.Object != "chat.completion" || !strings.HasPrefix(v.ID, "chatcmpl-") ||
		v.Model != "m" || v.Created == 0 || v.System_fingerprint == "" || v.Choices[0].Finish_reason != "stop" || v.Usage["prompt_tokens_details"] == nil {
		t.Errorf("answer %d %v\n%s", a.status, a.header, a.body)
	}
	if !strings.Contains(v.Choices[0].Message.Content, "alpha") || !strings.Contains(v.Choices[0].Message.Content, "How are you?") {
		t.Errorf("content %q", v.Choices[0].Message.Content)
	}
	x := s.Journal().Exchanges()[0]
	if x.Delivered.Usage == nil || x.Delivered.Status != 200 || x.Delivered.End != "ok" || string(x.Body) != chat("", "How are you?") || !bytes.Equal(x.Sent, a.body) {
		t.Errorf("journal %+v", x)
	}
}

func TestStreamUsageSemantics(t *testing.T) {
	s := serve(t, provider.Options{})
	for _, ask := range []bool{false, true} {
		extra := `,"stream":true`
		if ask {
			extra += `,"stream_options":{"include_usage":true}`
		}
		a := post(t, s, chat(extra, "Hello"))
		if !bytes.HasSuffix(a.body, []byte("\n\ndata: [DONE]\n\n")) {
			t.Fatalf("ask %v: end of %s", ask, a.body)
		}
		all := events(a.body)
		for i, e := range all {
			final := i == len(all)-1
			isNull := string(e.Usage) == "null"
			if (e.Usage != nil) != ask || ask && isNull == final || ask && final != (len(e.Choices) == 0) {
				t.Errorf("ask %v: event %d of %d: %+v", ask, i, len(all), e)
			}
		}
		if first := all[0].Choices[0].Delta; first.Role != "assistant" || first.Content == nil || *first.Content != "" {
			t.Errorf("first delta %+v", first)
		}
		if last := all[len(all)-1]; ask && !bytes.Contains(last.Usage, []byte(`"total_tokens":`)) {
			t.Errorf("usage %s", last.Usage)
		}
	}
}

func TestToolCallsAndSchemas(t *testing.T) {
	s := serve(t, provider.Options{})
	tools := `,"tools":[{"type":"function","function":{"name":"weather","parameters":{"type":"object","properties":{"city":{"type":"string"},"days":{"type":"integer","minimum":2}}}}}]`
	a := post(t, s, chat(tools+`,"stream":true`, "Weather?"))
	var args strings.Builder
	for _, e := range events(a.body) {
		for _, c := range e.Choices[0].Delta.Calls {
			args.WriteString(c.Function.Arguments)
		}
	}
	if args.String() != `{"city":"sample","days":2}` {
		t.Errorf("arguments %q of %s", args.String(), a.body)
	}
	a = post(t, s, chat(`,"response_format":{"type":"json_schema","json_schema":{"name":"x","schema":{"type":"object","properties":{"ok":{"type":"boolean"}}}}}`, "?"))
	if !strings.Contains(string(a.body), `"content": "{\"ok\":true}"`) {
		t.Errorf("schema answer %s", a.body)
	}
}

func TestRefusals(t *testing.T) {
	s := serve(t, provider.Options{Key: "sk-right-0123456789", Models: []string{"m"}, BasePath: "/openai/v1/"})
	for _, c := range []struct {
		name, method, path, body, key string
		status                        int
		want                          string
	}{
		{"wrong_key", "POST", "/chat/completions", chat("", "x"), "sk-wrong-9876543210abcd", 401, "Incorrect API key provided: sk-wrong***********abcd."},
		{"no_key", "POST", "/chat/completions", chat("", "x"), "", 401, "You didn't provide an API key."},
		{"unknown_path", "POST", "/nothing", "{}", "sk-right-0123456789", 404, "Invalid URL (POST /openai/v1/nothing)"},
		{"bad_json", "POST", "/chat/completions", "{", "sk-right-0123456789", 400, "not valid JSON"},
		{"unknown_model", "POST", "/chat/completions", strings.Replace(chat("", "x"), `"m"`, `"q"`, 1), "sk-right-0123456789", 404, "model_not_found"},
		{"models", "GET", "/models", "", "sk-right-0123456789", 200, `"id": "m"`},
		{"one_model", "GET", "/models/m", "", "sk-right-0123456789", 200, `"object": "model"`},
		{"bad_fault", "POST", "/chat/completions", chat("", "#fault statsu=500"), "sk-right-0123456789", 400, "statsu"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := do(t, request{c.method, s.URL + c.path, c.body, c.key, false})
			if a.status != c.status || !strings.Contains(string(a.body), c.want) {
				t.Errorf("%d %s, want %d %s", a.status, a.body, c.status, c.want)
			}
		})
	}
}

func TestFaults(t *testing.T) {
	s := serve(t, provider.Options{Name: "b"})
	stream := `,"stream":true`
	for _, c := range []struct {
		name, fault, extra string
		check              func(a answer) bool
	}{
		{"other_backend", "backend=a status=500", "", func(a answer) bool { return a.status == 200 }},
		{"status", "backend=a,b status=429 retry-after=60", "", func(a answer) bool {
			return a.status == 429 && a.header.Get("Retry-After") == "60" && strings.Contains(string(a.body), "org-")
		}},
		{"html", "html", "", func(a answer) bool { return a.status == 502 && a.header.Get("Content-Type") == "text/html" }},
		{"empty", "empty status=503", "", func(a answer) bool { return a.status == 503 && len(a.body) == 0 }},
		{"error200", "error200", "", func(a answer) bool { return a.status == 200 && strings.Contains(string(a.body), `"overloaded"`) }},
		{"error_event", "error-event=3", stream, func(a answer) bool { return len(events(a.body)) == 4 && a.err == nil }},
		{"cut_whole", "cut=17", "", func(a answer) bool { return len(a.body) == 17 && a.err != nil }},
		{"cut_stream", "cut=301", stream, func(a answer) bool { return len(a.body) == 301 && a.err != nil }},
		{"cut_at_zero", "cut=0", stream, func(a answer) bool { return a.status == 200 && len(a.body) == 0 && a.err != nil }},
		{"reset_before", "reset", "", func(a answer) bool { return errors.Is(a.err, syscall.ECONNRESET) || errors.Is(a.err, io.EOF) }},
		{"reset_mid", "reset=200", stream, func(a answer) bool { return a.status == 200 && a.err != nil }},
		{"gzip", "gzip", stream, func(a answer) bool {
			z, err := gzip.NewReader(bytes.NewReader(a.body))
			if err != nil {
				return false
			}
			b, err := io.ReadAll(z)
			return err == nil && bytes.HasSuffix(b, []byte("[DONE]\n\n"))
		}},
		{"crlf", "crlf", stream, func(a answer) bool { return bytes.HasSuffix(a.body, []byte("\r\n\r\ndata: [DONE]\r\n\r\n")) }},
		{"drip", "drip", stream, func(a answer) bool { return bytes.HasSuffix(a.body, []byte("[DONE]\n\n")) }},
		{"close", "close=1ms", "", func(a answer) bool { return a.header.Get("Content-Length") == "" && len(a.body) > 0 && a.err == nil }},
		{"big", "big=100000 tokens=10", stream, func(a answer) bool { return len(a.body) > 100000 }},
		{"usage", "prompt=99 cached=50 reasoning=7 tokens=3", "", func(a answer) bool { return strings.Contains(string(a.body), `"completion_tokens": 10`) }},
		{"no_done", "no-done", stream, func(a answer) bool { return !bytes.Contains(a.body, []byte("[DONE]")) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			if a := post(t, s, chat(c.extra, "Hello\n#fault "+c.fault)); !c.check(a) {
				t.Errorf("%d %v %v\n%s", a.status, a.header, a.err, a.body)
			}
		})
	}
}

func TestPauses(t *testing.T) {
	s := serve(t, provider.Options{})
	for _, f := range []string{"stall-before=30ms", "stall-headers=30ms", "stall-mid=30ms", "hold=30ms", "ttft=30ms", "tokens=4 gap=10ms"} {
		start := time.Now()
		if a := post(t, s, chat(`,"stream":true`, "#fault "+f)); a.err != nil || time.Since(start) < 30*time.Millisecond {
			t.Errorf("%s: %v after %v", f, a.err, time.Since(start))
		}
	}
}

func TestServerFaultsAndJournalFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "journal.jsonl")
	s := serve(t, provider.Options{Faults: []string{"status=500"}, Journal: file})
	if err := s.Inject(1, "status=429"); err != nil {
		t.Fatal(err)
	}
	for _, want := range []int{429, 500} {
		if a := post(t, s, chat("", "x")); a.status != want {
			t.Errorf("status %d, want %d", a.status, want)
		}
	}
	b, err := os.ReadFile(file)
	if err != nil || bytes.Count(b, []byte("\n")) != 2 || !bytes.Contains(b, []byte(`"fault":"status=429"`)) {
		t.Errorf("journal file: %v %s", err, b)
	}
}

func TestClientGone(t *testing.T) {
	for _, h2 := range []bool{false, true} {
		s := serve(t, provider.Options{})
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			if s.Journal().WaitArrived(ctx, 1) == nil {
				cancel()
			}
		}()
		r, _ := http.NewRequestWithContext(ctx, "POST", s.URL+"/chat/completions", strings.NewReader(chat(`,"stream":true`, "#fault tokens=1000 gap=5ms")))
		tr := &http.Transport{Protocols: new(http.Protocols)}
		tr.Protocols.SetHTTP1(!h2)
		tr.Protocols.SetUnencryptedHTTP2(h2)
		resp, err := tr.RoundTrip(r)
		if err == nil {
			io.Copy(io.Discard, resp.Body) //nolint:errcheck // it is cut
			resp.Body.Close()
		}
		if err := s.Journal().Wait(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		if d := s.Journal().Exchanges()[0].Delivered; !d.ClientGone || d.Done || d.Usage != nil || d.GoneAt.IsZero() || d.AfterGone > 1000 {
			t.Errorf("h2 %v: delivered %+v", h2, d)
		}
	}
}

func TestHTTP2AndSuspend(t *testing.T) {
	s := serve(t, provider.Options{})
	if a := do(t, request{"POST", s.URL + "/chat/completions", chat(`,"stream":true`, "x"), "", true}); a.status != 200 || a.err != nil {
		t.Errorf("h2 %d %v", a.status, a.err)
	}
	if a := do(t, request{"POST", s.URL + "/chat/completions", chat(`,"stream":true`, "#fault cut=100"), "", true}); len(a.body) != 100 || a.err == nil {
		t.Errorf("h2 cut: %d bytes %v", len(a.body), a.err)
	}
	if err := s.Suspend(); err != nil {
		t.Fatal(err)
	}
	if a := post(t, s, "{}"); !errors.Is(a.err, syscall.ECONNREFUSED) {
		t.Errorf("suspended: %v", a.err)
	}
	if err := s.Resume(); err != nil {
		t.Fatal(err)
	}
	if a := post(t, s, chat("", "x")); a.status != 200 {
		t.Errorf("resumed: %d %v", a.status, a.err)
	}
}

func FuzzFault(f *testing.F) {
	f.Add("backend=a status=429 retry-after=60")
	f.Add("cut=17 drip gzip p=0.5 stall-mid=3s")
	f.Fuzz(func(t *testing.T, line string) {
		a, err := provider.ParseFault(line)
		if err == nil && (a.Cut < -1 || a.Status < 0) {
			t.Errorf("%q gives %+v", line, a)
		}
	})
}
