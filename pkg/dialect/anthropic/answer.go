package anthropic

import (
	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/genai"
)

// answers is the AnswerCodec of the dialect.
type answers struct{}

// Meter implements dialect.AnswerCodec: the decoder, whose events nobody takes.
func (answers) Meter(_ genai.Operation, _ bool, kind string) dialect.Meter {
	return &meter{newDecoder(kind)}
}

// Hider implements dialect.AnswerCodec: nothing is ever injected.
func (answers) Hider() dialect.Filter { return nil }

type meter struct{ d *decoder }

func drop(*dialect.Event) {}

// Feed implements dialect.Meter.
func (m *meter) Feed(p []byte) { m.d.Feed(p, drop) }

// Close implements dialect.Meter.
func (m *meter) Close() dialect.Reading { return m.d.Close(drop) }
