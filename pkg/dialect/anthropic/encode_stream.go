package anthropic

import (
	"strconv"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/genai"
)

// events is the Encoder of a stream. Every delta of a block starts with the
// same bytes, which are made once.
type events struct {
	answer
	begun bool
	index int    // of the last block
	delta []byte // how a delta of the open block starts
	at    []int  // block of each call
}

// Event implements dialect.Encoder.
func (s *events) Event(dst []byte, e *dialect.Event) []byte {
	if e.Choice != 0 {
		return dst
	}
	switch e.Kind {
	case dialect.EventStart:
		s.model = append(s.model[:0], e.Name...)
		return s.begin(dst)
	case dialect.EventText, dialect.EventRefusal:
		return s.say(dst, saying, e.Text)
	case dialect.EventReasoning:
		return s.say(dst, thinking, e.Text)
	case dialect.EventSignature:
		if e.Tool < 0 {
			return s.sign(dst, e.Text)
		}
	case dialect.EventOpaque:
		dst = s.start(dst, nothing)
		dst = e.Text.Append(append(dst, `{"type":"redacted_thinking","data":`...))
		return s.stop(append(dst, "}}\n\n"...))
	case dialect.EventToolCall:
		return s.call(dst, e)
	case dialect.EventArguments:
		return s.arguments(dst, e)
	case dialect.EventFinish:
		s.finish = e.Finish
		return s.shut(dst)
	case dialect.EventUsage:
		s.usage = e.Usage
	case dialect.EventVector, dialect.EventTrouble:
	}
	return dst
}

// begin opens the stream. How many tokens the prompt has is told at the end.
func (s *events) begin(dst []byte) []byte {
	if s.begun {
		return dst
	}
	s.begun = true
	dst = s.head(append(dst, "event: message_start\ndata: {\"type\":\"message_start\",\"message\":"...))
	dst = appendUsage(append(dst, `],"stop_reason":null,"stop_sequence":null,"usage":`...), genai.Usage{})
	return append(dst, "}}\n\n"...)
}

// block opens a block of a kind, unless one is open.
func (s *events) block(dst []byte, kind open) []byte {
	if s.open == kind {
		return dst
	}
	dst = s.start(dst, kind)
	word, field := "text", "text"
	if kind == thinking {
		word, field = "thinking", "thinking"
		dst = append(dst, `{"type":"thinking","thinking":"","signature":""}`...)
	} else {
		dst = append(dst, `{"type":"text","text":""}`...)
	}
	s.delta = appendDelta(s.delta[:0], s.index, word+`_delta","`+field+`":"`)
	return append(dst, "}\n\n"...)
}

// start opens the next block, up to what it holds.
func (s *events) start(dst []byte, kind open) []byte {
	dst = s.shut(s.begin(dst))
	s.open = kind
	s.index++
	dst = append(dst, "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":"...)
	dst = strconv.AppendInt(dst, int64(s.index), 10)
	return append(dst, `,"content_block":`...)
}

// shut ends the block that is open.
func (s *events) shut(dst []byte) []byte {
	if s.open == nothing {
		return dst
	}
	s.open = nothing
	return s.stop(dst)
}

// stop ends the last block.
func (s *events) stop(dst []byte) []byte {
	dst = append(dst, "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":"...)
	return append(strconv.AppendInt(dst, int64(s.index), 10), "}\n\n"...)
}

// say appends text to a block of a kind.
func (s *events) say(dst []byte, kind open, t dialect.Text) []byte {
	if len(t) == 0 {
		return dst
	}
	return s.piece(s.block(dst, kind), t)
}

// piece appends a piece of the open block.
func (s *events) piece(dst []byte, t dialect.Text) []byte {
	return append(append(append(dst, s.delta...), t...), "\"}}\n\n"...)
}

// sign appends the proof of the thinking before it, or of thinking that is not
// shown.
func (s *events) sign(dst []byte, t dialect.Text) []byte {
	dst = s.block(dst, thinking)
	dst = appendDelta(dst, s.index, `signature_delta","signature":"`)
	return append(append(dst, t...), "\"}}\n\n"...)
}

// call opens the block of a call.
func (s *events) call(dst []byte, e *dialect.Event) []byte {
	dst = s.start(dst, calling)
	dst = append(s.appendCall(dst, e), "{}}}\n\n"...)
	s.calls++
	for len(s.at) <= e.Tool && e.Tool < maxCalls {
		s.at = append(s.at, -1)
	}
	if e.Tool >= 0 && e.Tool < len(s.at) {
		s.at[e.Tool] = s.index
	}
	s.delta = appendDelta(s.delta[:0], s.index, `input_json_delta","partial_json":"`)
	return dst
}

// maxCalls bounds the numbers of calls, which a provider chooses.
const maxCalls = 1 << 10

// arguments appends a piece of a call's input, of an earlier call too: blocks
// go by their index.
func (s *events) arguments(dst []byte, e *dialect.Event) []byte {
	switch {
	case len(e.Text) == 0 || e.Tool < 0 || e.Tool >= len(s.at) || s.at[e.Tool] < 0:
		return dst
	case s.open == calling && s.at[e.Tool] == s.index:
		return s.piece(dst, e.Text)
	}
	dst = appendDelta(dst, s.at[e.Tool], `input_json_delta","partial_json":"`)
	return append(append(dst, e.Text...), "\"}}\n\n"...)
}

// appendDelta appends a delta up to its text; kind goes up to the quote.
func appendDelta(dst []byte, index int, kind string) []byte {
	dst = append(dst, "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":"...)
	dst = strconv.AppendInt(dst, int64(index), 10)
	return append(append(dst, `,"delta":{"type":"`...), kind...)
}

// Close implements dialect.Encoder.
func (s *events) Close(dst []byte) []byte {
	dst = s.shut(s.begin(dst))
	dst = s.reason(append(dst, "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{"...))
	dst = appendUsage(append(dst, `},"usage":`...), s.usage)
	return append(dst, "}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"...)
}

// Fail implements dialect.Encoder.
func (s *events) Fail(dst []byte, t dialect.Trouble) []byte {
	dst = append(append(dst, "event: error\ndata: "...), troubles{}.Render(t, false, "")...)
	return append(dst, "\n\n"...)
}
