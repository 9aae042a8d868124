package anthropic

import (
	"strconv"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/fault"
	"github.com/signalbox-dev/signalbox/pkg/genai"
	"github.com/signalbox-dev/signalbox/pkg/jsonedit"
)

// front implements dialect.Front.
type front struct{}

// Read implements dialect.Front.
func (front) Read(r *dialect.Request) (*dialect.Asking, *fault.Error) { return read(r) }

// Encoder implements dialect.Front. An answer has one choice here: others are
// left out.
func (front) Encoder(a dialect.Asked) dialect.Encoder {
	if a.Stream {
		return &events{answer: answer{asked: a}, index: -1}
	}
	return &message{answer: answer{asked: a}}
}

// answer is what both forms of an answer know of it.
type answer struct {
	asked  dialect.Asked
	model  dialect.Text
	open   open // the block that is being written
	calls  int
	finish dialect.Finish
	usage  genai.Usage
}

// open says what kind of block is open.
type open uint8

const (
	nothing open = iota
	saying
	thinking
	calling
)

// head appends the message as it begins, up to its content. Its id is ours:
// clients take two answers with one id for one.
func (a *answer) head(dst []byte) []byte {
	dst = append(append(append(dst, `{"id":"msg_`...), a.asked.ID...), `","type":"message","role":"assistant","model":`...)
	if len(a.model) > 0 {
		dst = a.model.Append(dst)
	} else {
		dst = jsonedit.AppendString(dst, a.asked.Model)
	}
	return append(dst, `,"content":[`...)
}

// reason appends the reason to stop.
func (a *answer) reason(dst []byte) []byte {
	dst = append(dst, `"stop_reason":"`...)
	dst = append(dst, a.word()...)
	return append(dst, `","stop_sequence":null`...)
}

// word is Anthropic's word for why the answer ended. Others do not tell a stop
// sequence from an end, and some end a turn that calls tools.
func (a *answer) word() string {
	switch a.finish {
	case dialect.FinishLength:
		return "max_tokens"
	case dialect.FinishTools:
		return "tool_use"
	case dialect.FinishFilter:
		return "refusal"
	case dialect.FinishPause:
		return "pause_turn"
	case dialect.FinishStop, dialect.FinishUnknown:
	}
	if a.calls > 0 {
		return "tool_use"
	}
	return "end_turn"
}

// appendUsage appends a usage in Anthropic's form: input tokens without those
// that went through the cache.
func appendUsage(dst []byte, u genai.Usage) []byte {
	write := u.CacheWrite5m + u.CacheWrite1h
	dst = strconv.AppendInt(append(dst, `{"input_tokens":`...), max(0, u.Input-u.CacheRead-write), 10)
	dst = strconv.AppendInt(append(dst, `,"cache_creation_input_tokens":`...), write, 10)
	dst = strconv.AppendInt(append(dst, `,"cache_read_input_tokens":`...), u.CacheRead, 10)
	dst = strconv.AppendInt(append(dst, `,"cache_creation":{"ephemeral_5m_input_tokens":`...), u.CacheWrite5m, 10)
	dst = strconv.AppendInt(append(dst, `,"ephemeral_1h_input_tokens":`...), u.CacheWrite1h, 10)
	dst = strconv.AppendInt(append(dst, `},"output_tokens":`...), u.Output, 10)
	if u.Reasoning > 0 {
		dst = strconv.AppendInt(append(dst, `,"output_tokens_details":{"thinking_tokens":`...), u.Reasoning, 10)
		dst = append(dst, '}')
	}
	return append(dst, '}')
}

// appendCall appends a call as its block begins, up to its input.
func (a *answer) appendCall(dst []byte, e *dialect.Event) []byte {
	dst = append(dst, `{"type":"tool_use","id":"`...)
	if len(e.ID) > 0 {
		dst = append(dst, plain(e.ID)...)
	} else {
		dst = append(append(dst, "toolu_"...), a.asked.ID...)
		dst = strconv.AppendInt(append(dst, '_'), int64(a.calls), 10)
	}
	dst = e.Name.Append(append(dst, `","name":`...))
	return append(dst, `,"input":`...)
}
