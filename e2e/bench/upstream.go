package main

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/signalbox-dev/signalbox/e2e/internal/proc"
)

// upstream is the provider of the benchmark: as cheap as it can be, so that
// what is seen is the proxy in front of it.
type upstream struct {
	port  int
	http  *http.Server
	whole []byte
	plain stream        // without usage, as for a caller who did not ask
	usage stream        // with it
	hold  chan struct{} // closed to end the streams that wait
}

// stream is a prepared streamed answer.
type stream struct{ chunk, last []byte }

const (
	chunks = 100
	gap    = 5 * time.Millisecond
)

const frame = `{"id":"chatcmpl-bench","object":"chat.completion.chunk","created":1760000000,"model":"bench-model","service_tier":"default","system_fingerprint":"fp_bench",`

func newStream(withUsage bool) stream {
	member, final := "", ""
	if withUsage {
		member = `,"usage":null`
		final = "data: " + frame + `"choices":[],"usage":{"prompt_tokens":123,"completion_tokens":100,"total_tokens":223,"prompt_tokens_details":{"cached_tokens":0,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":0,"audio_tokens":0}}}` + "\n\n"
	}
	event := func(choice string) string { return "data: " + frame + `"choices":[` + choice + `]` + member + "}\n\n" }
	return stream{
		chunk: []byte(event(`{"index":0,"delta":{"content":"word "},"logprobs":null,"finish_reason":null}`)),
		last:  []byte(event(`{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}`) + final + "data: [DONE]\n\n"),
	}
}

func startUpstream() (*upstream, error) {
	port, err := proc.FreePort()
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", local(port))
	if err != nil {
		return nil, err
	}
	u := &upstream{port: port, plain: newStream(false), usage: newStream(true), hold: make(chan struct{})}
	u.whole = []byte(`{"id":"chatcmpl-bench","object":"chat.completion","created":1760000000,"model":"bench-model","choices":[{"index":0,"message":{"role":"assistant","content":"` +
		strings.Repeat("word ", chunks) + `","refusal":null},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":123,"completion_tokens":100,"total_tokens":223,"prompt_tokens_details":{"cached_tokens":0,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":0,"audio_tokens":0}},"service_tier":"default","system_fingerprint":"fp_bench"}`)
	u.http = &http.Server{Handler: u, ReadHeaderTimeout: 10 * time.Second}
	go u.http.Serve(l) //nolint:errcheck // ends when the program closes it
	return u, nil
}

func (u *upstream) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	if !bytes.Contains(body, []byte(`"stream":true`)) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", strconv.Itoa(len(u.whole)))
		w.Write(u.whole) //nolint:errcheck // the client counts what it misses
		return
	}
	s := u.plain
	if bytes.Contains(body, []byte(`"include_usage":true`)) {
		s = u.usage
	}
	w.Header().Set("Content-Type", "text/event-stream")
	ctl := http.NewResponseController(w)
	if bytes.Contains(body, []byte(`"user":"hold"`)) {
		w.Write(s.chunk) //nolint:errcheck // as above
		ctl.Flush()
		<-u.hold
	} else if !pace(w, ctl, s.chunk) {
		return
	}
	w.Write(s.last) //nolint:errcheck // as above
}

// pace sends the chunks, one every gap.
func pace(w io.Writer, ctl *http.ResponseController, chunk []byte) bool {
	t := time.NewTicker(gap)
	defer t.Stop()
	for range chunks {
		<-t.C
		if _, err := w.Write(chunk); err != nil || ctl.Flush() != nil {
			return false
		}
	}
	return true
}

// sink accepts traces and forgets them.
func startSink() (*http.Server, string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, "", err
	}
	s := &http.Server{ReadHeaderTimeout: 10 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body) //nolint:errcheck // nothing is lost
		w.Header().Set("Content-Type", "application/x-protobuf")
	})}
	go s.Serve(l) //nolint:errcheck // ends when the program closes it
	return s, "http://" + l.Addr().String(), nil
}
