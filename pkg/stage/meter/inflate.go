package meter

import (
	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/frame"
)

// maxInflated bounds what a compressed answer may unfold to before the rest of
// it is ignored.
const maxInflated = 256 << 20

// inflater feeds a meter with the decompressed bytes of a gzip answer.
type inflater struct {
	z *frame.Gunzip
	m dialect.Meter
}

func inflate(m dialect.Meter) *inflater { return &inflater{frame.NewGunzip(maxInflated), m} }

func (i *inflater) Feed(p []byte) { i.z.Feed(p, i.m.Feed) }

func (i *inflater) Close() dialect.Reading {
	_ = i.z.Close(i.m.Feed) // what is missing shows in the reading
	return i.m.Close()
}
