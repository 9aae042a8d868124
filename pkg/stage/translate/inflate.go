package translate

import (
	"strings"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/frame"
)

// maxInflated bounds what a compressed answer may unfold to.
const maxInflated = 256 << 20

// decoded returns a decoder for an answer in a content coding. Providers are not
// asked for one; some compress all the same.
func decoded(d dialect.Decoder, coding string) dialect.Decoder {
	switch strings.ToLower(coding) {
	case "", "identity":
		return d
	case "gzip", "x-gzip":
		return &inflater{frame.NewGunzip(maxInflated), d}
	}
	return blind{}
}

// inflater reads a gzip answer.
type inflater struct {
	z *frame.Gunzip
	d dialect.Decoder
}

func (i *inflater) Feed(p []byte, emit func(*dialect.Event)) {
	i.z.Feed(p, func(b []byte) { i.d.Feed(b, emit) })
}

func (i *inflater) Close(emit func(*dialect.Event)) dialect.Reading {
	err := i.z.Close(func(b []byte) { i.d.Feed(b, emit) })
	r := i.d.Close(emit)
	if err != nil {
		r.Malformed++
	}
	return r
}

// blind reads nothing.
type blind struct{}

func (blind) Feed([]byte, func(*dialect.Event))          {}
func (blind) Close(func(*dialect.Event)) dialect.Reading { return dialect.Reading{Malformed: 1} }
