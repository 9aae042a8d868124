package meter

import (
	"compress/gzip"
	"io"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
)

// maxInflated bounds what a compressed answer may unfold to before the rest of
// it is ignored.
const maxInflated = 256 << 20

// inflater feeds a meter with the decompressed bytes of a gzip answer, in time
// linear in its length. Its goroutine ends with Close.
type inflater struct {
	w    *io.PipeWriter
	done chan dialect.Reading
}

func inflate(m dialect.Meter) *inflater {
	r, w := io.Pipe()
	i := &inflater{w, make(chan dialect.Reading, 1)}
	go func() {
		defer func() { i.done <- m.Close() }()
		defer io.Copy(io.Discard, r) //nolint:errcheck // a pipe's reader: lets Feed go on after a bad or too large answer
		z, err := gzip.NewReader(r)
		if err != nil {
			return
		}
		_, _ = io.Copy(feeder{m}, io.LimitReader(z, maxInflated))
	}()
	return i
}

func (i *inflater) Feed(p []byte) { _, _ = i.w.Write(p) }

func (i *inflater) Close() dialect.Reading {
	i.w.Close()
	return <-i.done
}

type feeder struct{ dialect.Meter }

func (f feeder) Write(p []byte) (int, error) {
	f.Feed(p)
	return len(p), nil
}
