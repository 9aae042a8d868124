package main

import (
	"context"
	"errors"
	"io"
	"iter"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// rowHeader tells the upstream which exchange a request belongs to. The
// gateway passes on what it does not know.
const rowHeader = "x-conformance-exchange"

// exchange is one replay of a subject behind Envoy.
type exchange struct {
	*subject
	mode    string
	asks    *ask // the caller's request
	by      *translator
	alias   string // of the model
	key     string // of the backend
	backend string
	id      string // that Envoy gave the request

	mu     sync.Mutex
	got    []byte // the request as the upstream received it
	target string // its path and query
	auth   string
	hits   int
	failed []string
}

// cut is the body in the pieces in which it is written.
func (x *exchange) cut() iter.Seq[[]byte] {
	name := whole
	if x.mode == pieces || x.mode == across {
		name = "random"
	}
	return cutting(name)(x.Response.Body)
}

// upstream answers every exchange with what was recorded.
type upstream struct {
	url       string
	exchanges []*exchange
	http      *http.Server
}

func startUpstream(exchanges []*exchange) (*upstream, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	u := &upstream{url: "http://" + l.Addr().String(), exchanges: exchanges}
	u.http = &http.Server{Handler: u, ReadHeaderTimeout: time.Minute}
	go u.http.Serve(l) //nolint:errcheck // ends with close
	return u, nil
}

func (u *upstream) close() error {
	ctx, stop := context.WithTimeout(context.Background(), 2*time.Second)
	defer stop()
	return errors.Join(u.http.Shutdown(ctx), u.http.Close())
}

// ServeHTTP replays one answer.
func (u *upstream) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n, err := strconv.Atoi(r.Header.Get(rowHeader))
	if err != nil || n < 0 || n >= len(u.exchanges) {
		http.Error(w, "no such exchange", http.StatusNotImplemented)
		return
	}
	x := u.exchanges[n]
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	x.mu.Lock()
	x.got, x.target, x.auth = body, r.URL.RequestURI(), r.Header.Get(credentialHeader(x.api.dialect))
	x.hits++
	x.mu.Unlock()
	x.answer(w)
}

func (x *exchange) answer(w http.ResponseWriter) {
	for name, value := range x.headers() {
		w.Header().Set(name, value)
	}
	flusher := http.NewResponseController(w)
	chunked := x.Streaming || x.mode == pieces || x.mode == across || x.Response.Header["transfer-encoding"] != ""
	if !chunked {
		w.Header().Set("content-length", strconv.Itoa(len(x.Response.Body)))
	}
	w.WriteHeader(x.Response.Status)
	for p := range x.cut() {
		if _, err := w.Write(p); err != nil {
			return
		}
		if chunked && flusher.Flush() != nil {
			return
		}
	}
}

// headers are those of the recorded answer that a server may repeat.
func (x *exchange) headers() map[string]string {
	out := map[string]string{"content-type": x.contentType()}
	for name, value := range x.Response.Header {
		name = strings.ToLower(name)
		if !slices.Contains(framing(), name) && name != "content-type" {
			out[name] = value
		}
	}
	return out
}

// framing are headers about the connection and the bytes as they came then.
func framing() []string {
	return []string{
		"connection", "content-encoding", "content-length", "date", "keep-alive", "proxy-connection", "te", "trailer",
		"transfer-encoding", "upgrade",
	}
}
