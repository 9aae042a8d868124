package xds

import (
	"bytes"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"
)

// TestKeysStayOutOfTraces: Gemini's clients may put their key into the query.
// Wherever a request ends, neither Envoy's span nor its log shows it.
func TestKeysStayOutOfTraces(t *testing.T) {
	var mu sync.Mutex
	var spans []byte
	sink := serve(t, func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		spans = append(spans, b...)
	})
	l := newLab(t, map[string]string{"a": echo(t), "dead": "127.0.0.1:1"}, func(in *Input) {
		in.Snapshot.Telemetry.OTLP.Endpoint, in.Snapshot.Telemetry.OTLP.Protocol = sink, "http"
		in.Snapshot.Telemetry.OTLP.Insecure, in.Snapshot.Telemetry.Sample = true, 1
	})
	const path = "/v1beta/models/x:generateContent?key=planted-key"
	ids := [][]byte{}
	for _, header := range [][]string{
		{"x-lab-refuse", "401"}, {"x-lab-fail", "1"}, {}, {"x-lab-order", "a"}, {"x-lab-order", "dead"},
	} {
		resp, _ := l.ask(path, header...)
		ids = append(ids, []byte(resp.Header.Get("x-request-id")))
	}
	resp, _ := l.ask("/?key=planted-key", "x-lab-refuse", "404")
	ids = append(ids, []byte(resp.Header.Get("x-request-id")))
	_, raw := l.lines("DownstreamEnd", len(ids))
	for range 100 {
		mu.Lock()
		n := 0
		for _, id := range ids {
			if len(id) == 0 || bytes.Contains(spans, id) {
				n++
			}
		}
		mu.Unlock()
		if n == len(ids) {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	mu.Lock()
	defer mu.Unlock()
	for i, id := range ids {
		if len(id) > 0 && !bytes.Contains(spans, id) {
			t.Errorf("request %d has no span", i)
		}
	}
	if bytes.Contains(spans, []byte("planted")) {
		t.Errorf("a span shows the key: %q", spans)
	}
	for _, line := range raw {
		if bytes.Contains([]byte(line), []byte("planted")) {
			t.Errorf("the log shows the key: %s", line)
		}
	}
}
