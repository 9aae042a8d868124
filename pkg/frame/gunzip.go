package frame

import (
	"compress/gzip"
	"errors"
	"io"
	"iter"
)

// Gunzip unfolds a gzip stream (RFC 1952) that comes in pieces: what a piece
// brings is handed on before Feed returns, in time linear in the stream's
// length. It is not safe for concurrent use.
type Gunzip struct {
	in     []byte
	ended  bool
	emit   func([]byte)
	resume func() (struct{}, bool)
	stop   func()
	left   int64
	err    error
}

// NewGunzip returns a Gunzip that unfolds at most limit bytes and takes more for
// an error: a small answer can unfold to a huge one.
func NewGunzip(limit int64) *Gunzip {
	g := &Gunzip{left: limit}
	g.resume, g.stop = iter.Pull(g.run)
	return g
}

// Feed takes the next bytes of the stream and does not retain them. Emitted
// slices are valid only while they are emitted.
func (g *Gunzip) Feed(p []byte, emit func([]byte)) {
	g.in, g.emit = p, emit
	g.resume()
	g.in, g.emit = nil, nil
}

// Close ends the stream. The error says that it was no gzip stream, too long, or
// not complete. It must be called.
func (g *Gunzip) Close(emit func([]byte)) error {
	g.ended, g.emit = true, emit
	g.resume()
	g.stop()
	return g.err
}

var errUnfolds = errors.New("unfolds to more than is read")

// run is the other side of Feed: it stands still, in Read, while there is no
// input.
func (g *Gunzip) run(yield func(struct{}) bool) {
	in := &pieces{g, yield}
	z, err := gzip.NewReader(in)
	buf := make([]byte, 16<<10)
	for err == nil {
		var n int
		if n, err = z.Read(buf); int64(n) > g.left {
			n, err = int(g.left), errUnfolds
		}
		g.left -= int64(n)
		if n > 0 && g.emit != nil {
			g.emit(buf[:n])
		}
	}
	if !errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		g.err = err
	}
}

// pieces reads what Feed was given.
type pieces struct {
	g     *Gunzip
	yield func(struct{}) bool
}

func (r *pieces) Read(p []byte) (int, error) {
	for len(r.g.in) == 0 {
		if r.g.ended || !r.yield(struct{}{}) {
			return 0, io.EOF
		}
	}
	n := copy(p, r.g.in)
	r.g.in = r.g.in[n:]
	return n, nil
}
