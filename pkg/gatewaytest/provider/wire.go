package provider

import (
	"bytes"
	"compress/gzip"
	"context"
	"net"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"
)

// wire writes an answer and misbehaves on the way. It knows how much of the
// body it handed to the connection.
type wire struct {
	w    http.ResponseWriter
	ctl  *http.ResponseController
	ctx  context.Context // of the request: done when the client went away
	f    Fault
	gz   *gzip.Writer
	code int
	sent int64 // bytes of the body
	keep bool  // keep them
	kept []byte
	err  error // the first write error

	gone      atomic.Int64 // when the client was seen to be gone, Unix nanoseconds
	last      time.Time    // of the last write
	afterGone int64        // bytes written since it was gone
}

func newWire(w http.ResponseWriter, r *http.Request) *wire {
	return &wire{w: w, ctl: http.NewResponseController(w), ctx: r.Context(), f: Fault{Cut: -1}}
}

// watch notes when the client goes away, until the returned function is called.
func (o *wire) watch() (stop func()) {
	cancel := context.AfterFunc(o.ctx, func() { o.gone.Store(time.Now().UnixNano()) })
	return func() { cancel() }
}

func (o *wire) goneAt() time.Time {
	switch n := o.gone.Load(); {
	case n != 0:
		return time.Unix(0, n)
	case o.ctx.Err() != nil:
		return time.Now() // just now, and not noted yet
	}
	return time.Time{}
}

// head sends the status line and headers; length < 0 means unknown.
func (o *wire) head(status int, typ string, length int, headers [][2]string) error {
	h := o.w.Header()
	for _, kv := range headers {
		h.Set(kv[0], kv[1])
	}
	if typ != "" {
		h.Set("content-type", typ)
	}
	switch {
	case o.f.Gzip:
		h.Set("content-encoding", "gzip")
		o.gz = gzip.NewWriter(rawWriter{o})
	case o.f.Closes:
		h.Set("transfer-encoding", "identity") // net/http: no length, no chunks, close at the end
	case length >= 0:
		h.Set("content-length", strconv.Itoa(length))
	}
	o.code = status
	o.w.WriteHeader(status)
	if o.f.StallHeaders > 0 || length < 0 {
		o.flush()
	}
	return o.pause(o.f.StallHeaders)
}

// send sends a complete answer.
func (o *wire) send(a reply) error {
	body := a.body
	if o.f.CRLF {
		body = bytes.ReplaceAll(body, []byte("\n"), []byte("\r\n"))
	}
	if err := o.head(a.status, a.typ, len(body), a.headers); err != nil {
		return err
	}
	half := len(body)
	if o.f.StallMid > 0 {
		half /= 2
	}
	if err := o.write(body[:half]); err != nil {
		return err
	}
	if half < len(body) {
		o.flush()
		if err := o.pause(o.f.StallMid); err != nil {
			return err
		}
		if err := o.write(body[half:]); err != nil {
			return err
		}
	}
	return o.end(o.f.Close)
}

// end finishes the body, after a pause in which it stays open.
func (o *wire) end(wait time.Duration) error {
	if o.gz != nil {
		if err := o.gz.Close(); err != nil {
			return err
		}
	}
	if o.f.Cut >= 0 { // the body was shorter than the cut
		o.flush()
		return o.f.abort()
	}
	if wait > 0 {
		o.flush()
	}
	return o.pause(wait)
}

// write sends a part of the body through whatever the fault put in its way.
func (o *wire) write(p []byte) error {
	if o.gz == nil {
		return o.raw(p)
	}
	if _, err := o.gz.Write(p); err != nil {
		return err
	}
	return o.gz.Flush()
}

// raw sends bytes as they go over the connection, up to the cut.
func (o *wire) raw(p []byte) error {
	cut := false
	if left := o.f.Cut - o.sent; o.f.Cut >= 0 && int64(len(p)) >= left {
		p, cut = p[:max(left, 0)], true
	}
	step := len(p)
	if o.f.Drip {
		step = 1
	}
	for len(p) > 0 {
		gone := o.ctx.Err() != nil
		n, err := o.w.Write(p[:step])
		o.sent += int64(n)
		o.last = time.Now()
		if gone {
			o.afterGone += int64(n)
		}
		if o.keep {
			o.kept = append(o.kept, p[:n]...)
		}
		if err == nil && o.f.Drip {
			err = o.ctl.Flush()
		}
		if err != nil {
			o.err = err
			return err
		}
		p = p[step:]
	}
	if cut {
		o.flush()
		return o.f.abort()
	}
	return nil
}

type rawWriter struct{ o *wire }

func (r rawWriter) Write(p []byte) (int, error) {
	if err := r.o.raw(p); err != nil {
		return 0, err
	}
	return len(p), nil
}

func (o *wire) flush() {
	if err := o.ctl.Flush(); err != nil && o.err == nil {
		o.err = err
	}
}

// pause waits unless the client goes away first.
func (o *wire) pause(d time.Duration) error {
	if d <= 0 {
		return nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-o.ctx.Done():
		return errGone
	}
}

// tcpReset ends an HTTP/1 connection by a TCP reset. HTTP/2 has none for one
// stream: the caller resets the stream.
func (o *wire) tcpReset() bool {
	conn, _, err := o.ctl.Hijack()
	if err != nil {
		return false
	}
	if tcp, ok := conn.(*net.TCPConn); ok && tcp.SetLinger(0) != nil {
		return false
	}
	return conn.Close() == nil
}
