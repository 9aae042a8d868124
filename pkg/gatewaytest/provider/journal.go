package provider

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// Exchange is one request as it arrived and what became of its answer.
type Exchange struct {
	N        uint64      `json:"n"` // order of arrival at this provider, from 1
	Provider string      `json:"provider"`
	Dialect  Dialect     `json:"dialect"`
	At       time.Time   `json:"at"`
	Proto    string      `json:"proto"`
	Method   string      `json:"method"`
	Target   string      `json:"target"` // request target with the query, as sent
	Host     string      `json:"host"`
	Header   http.Header `json:"header"` // names in lower case; content-length and transfer-encoding as they came
	Body     []byte      `json:"-"`      // exact bytes
	BodyErr  string      `json:"body_error,omitempty"`
	Sent     []byte      `json:"-"` // exact bytes of the answer's body
	Finished bool        `json:"-"`

	Delivered Delivery `json:"delivered"`
}

// Delivery is what left for the client.
type Delivery struct {
	Status     int           `json:"status"`
	Bytes      int64         `json:"bytes"` // of the body, on the connection
	Stream     bool          `json:"stream"`
	Events     int           `json:"events"`          // chunks of a stream
	Usage      *Usage        `json:"usage,omitempty"` // set once it was written completely
	Done       bool          `json:"done"`            // [DONE] was written
	ClientGone bool          `json:"client_gone"`
	GoneAt     time.Time     `json:"gone_at,omitzero"`      // when the connection, or the stream on it, was seen to be gone
	LastWrite  time.Time     `json:"last_write,omitzero"`   // of the body
	AfterGone  int64         `json:"bytes_after_gone"`      // written although it was gone
	WriteError string        `json:"write_error,omitempty"` // the first one; Bytes tells where
	End        string        `json:"end"`                   // "ok", or why it was none
	Fault      string        `json:"fault,omitempty"`
	Took       time.Duration `json:"took_ns"`
}

// Journal holds the exchanges of a provider. It is safe for concurrent use.
type Journal struct {
	name   string
	forget bool
	mu     sync.Mutex
	file   *os.File
	all    []*Exchange
	total  int
	done   int
	change chan struct{} // closed and replaced at every change
}

func openJournal(o Options) (*Journal, error) {
	j := &Journal{name: o.Name, forget: o.Forget, change: make(chan struct{})}
	if o.Journal == "" {
		return j, nil
	}
	f, err := os.OpenFile(o.Journal, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	j.file = f
	return j, err
}

// arrival is what came with a request.
type arrival struct {
	n       uint64
	dialect Dialect
	body    []byte
	err     error // of reading the body
}

func (j *Journal) begin(r *http.Request, a arrival) *Exchange {
	x := &Exchange{
		N: a.n, Provider: j.name, Dialect: a.dialect, At: time.Now(), Proto: r.Proto, Method: r.Method, Target: r.RequestURI,
		Host: r.Host, Header: http.Header{}, Body: a.body,
	}
	for name, values := range r.Header {
		x.Header[strings.ToLower(name)] = values
	}
	if a.err != nil {
		x.BodyErr = a.err.Error()
	}
	if r.ContentLength >= 0 && len(a.body) > 0 {
		x.Header["content-length"] = []string{strconv.FormatInt(r.ContentLength, 10)}
	}
	if len(r.TransferEncoding) > 0 {
		x.Header["transfer-encoding"] = r.TransferEncoding
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.total++
	if !j.forget {
		j.all = append(j.all, x)
	}
	j.changed()
	return x
}

func (j *Journal) finish(x *Exchange, out *wire, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	d := &x.Delivered
	d.Status, d.Bytes, d.Took = out.code, out.sent, time.Since(x.At)
	d.GoneAt, d.LastWrite, d.AfterGone = out.goneAt(), out.last, out.afterGone
	d.ClientGone = out.ctx.Err() != nil || errors.Is(err, errGone)
	d.End = "ok"
	if err != nil {
		d.End = err.Error()
	}
	if out.err != nil {
		d.WriteError = out.err.Error()
	}
	x.Sent, x.Finished = out.kept, true
	j.done++
	if j.file != nil {
		j.file.Write(x.line()) //nolint:errcheck // a lost line shows when the file is read
	}
	j.changed()
}

// changed wakes those who wait; the lock is held.
func (j *Journal) changed() {
	close(j.change)
	j.change = make(chan struct{})
}

// line is the exchange as one line of JSON, its body as text where it is text.
func (x *Exchange) line() []byte {
	type plain Exchange
	v := struct {
		plain
		Body   string `json:"body"`
		Base64 []byte `json:"body_base64,omitempty"`
	}{plain: plain(*x)}
	if utf8.Valid(x.Body) {
		v.Body = string(x.Body)
	} else {
		v.Base64 = x.Body
	}
	b, err := json.Marshal(v)
	if err != nil {
		return []byte("{}\n") // plain values always marshal
	}
	return append(b, '\n')
}

// Exchanges returns copies of all exchanges in the order of their arrival, the
// running ones too.
func (j *Journal) Exchanges() []Exchange {
	j.mu.Lock()
	defer j.mu.Unlock()
	out := make([]Exchange, 0, len(j.all))
	for _, x := range j.all {
		out = append(out, x.copy())
	}
	slices.SortFunc(out, func(a, b Exchange) int { return int(a.N) - int(b.N) })
	return out
}

// copy leaves out what a running answer still writes.
func (x *Exchange) copy() Exchange {
	if x.Finished {
		return *x
	}
	return Exchange{
		N: x.N, Provider: x.Provider, Dialect: x.Dialect, At: x.At, Proto: x.Proto, Method: x.Method, Target: x.Target,
		Host: x.Host, Header: x.Header, Body: x.Body, BodyErr: x.BodyErr,
	}
}

// Count tells how many requests arrived and how many of them are finished.
func (j *Journal) Count() (arrived, finished int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.total, j.done
}

// Wait returns when at least n requests are finished.
func (j *Journal) Wait(ctx context.Context, n int) error {
	return j.wait(ctx, func() bool { return j.done >= n })
}

// WaitArrived returns when at least n requests have arrived.
func (j *Journal) WaitArrived(ctx context.Context, n int) error {
	return j.wait(ctx, func() bool { return j.total >= n })
}

func (j *Journal) wait(ctx context.Context, ready func() bool) error {
	for {
		j.mu.Lock()
		ok, change := ready(), j.change
		j.mu.Unlock()
		if ok {
			return nil
		}
		select {
		case <-change:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// Reset forgets all finished exchanges; running ones stay, and count anew.
func (j *Journal) Reset() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.all = slices.DeleteFunc(j.all, func(x *Exchange) bool { return x.Finished })
	j.total, j.done = j.total-j.done, 0
}

func (j *Journal) close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.file == nil {
		return nil
	}
	err := j.file.Close()
	j.file = nil
	return err
}
