package gemini

import (
	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/genai"
)

// answers is the AnswerCodec of the dialect.
type answers struct{}

// Meter implements dialect.AnswerCodec.
func (answers) Meter(op genai.Operation, stream bool, _ string) dialect.Meter {
	d := newDecoder(op, stream)
	d.dry = true
	return meter{d}
}

// Hider implements dialect.AnswerCodec: usage is never injected.
func (answers) Hider() dialect.Filter { return nil }

// meter is a decoder whose events nobody wants.
type meter struct{ d *decoder }

// Feed implements dialect.Meter.
func (m meter) Feed(p []byte) { m.d.Feed(p, drop) }

// Close implements dialect.Meter.
func (m meter) Close() dialect.Reading { return m.d.Close(drop) }

func drop(*dialect.Event) {}
