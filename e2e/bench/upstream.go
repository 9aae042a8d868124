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
// what is seen is the proxy in front of it. It speaks the dialect of the path
// by which it is asked.
type upstream struct {
	port   int
	http   *http.Server
	openai voice
	other  voice
	hold   chan struct{} // closed to end the streams that wait
}

const (
	chunks = 100
	gap    = 5 * time.Millisecond
)

func startUpstream() (*upstream, error) {
	port, err := proc.FreePort()
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", local(port))
	if err != nil {
		return nil, err
	}
	u := &upstream{port: port, openai: openaiVoice(), other: anthropicVoice(), hold: make(chan struct{})}
	u.http = &http.Server{Handler: u, ReadHeaderTimeout: 10 * time.Second}
	go u.http.Serve(l) //nolint:errcheck // ends when the program closes it
	return u, nil
}

func (u *upstream) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	v := &u.openai
	if strings.HasSuffix(r.URL.Path, messagesPath) {
		v = &u.other
	}
	if !bytes.Contains(body, []byte(`"stream":true`)) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", strconv.Itoa(len(v.whole)))
		w.Write(v.whole) //nolint:errcheck // the client counts what it misses
		return
	}
	s := v.plain
	if bytes.Contains(body, []byte(`"include_usage":true`)) {
		s = v.usage
	}
	w.Header().Set("Content-Type", "text/event-stream")
	ctl := http.NewResponseController(w)
	w.Write(s.first) //nolint:errcheck // as above
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
