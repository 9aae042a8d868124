package openai

import (
	"strconv"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/genai"
	"github.com/signalbox-dev/signalbox/pkg/jsonedit"
)

// Encoder implements dialect.Front.
func (front) Encoder(a dialect.Asked) dialect.Encoder {
	switch {
	case a.Operation == genai.Embeddings:
		return &vectors{asked: a}
	case a.Stream:
		return &chunks{asked: a}
	}
	return &whole{asked: a}
}

// maxLane bounds the numbers of choices and of calls within one, so that a
// provider's odd number costs nothing.
const maxLane = 1 << 8

// chunks is the Encoder of a stream. What is the same in every chunk is made
// once; a delta's text is copied between its halves.
type chunks struct {
	asked   dialect.Asked
	head    []byte // up to the choice's index
	tail    []byte // behind the choice
	model   dialect.Text
	choices []lane
	usage   genai.Usage
	used    bool
}

// lane is what was sent of one choice.
type lane struct {
	begun, ended bool
	calls        []progress // by number
}

// progress is how much of a call was sent.
type progress uint8

const (
	absent  progress = iota
	bare             // its name, and nothing of its arguments
	clothed          // some of its arguments
)

// Event implements dialect.Encoder. Proofs of reasoning and reasoning that only
// the provider can read have no place in chat completions.
func (c *chunks) Event(dst []byte, e *dialect.Event) []byte {
	switch e.Kind {
	case dialect.EventText:
		return c.text(dst, e, `,"delta":{"content":"`)
	case dialect.EventReasoning:
		return c.text(dst, e, `,"delta":{"reasoning_content":"`)
	case dialect.EventRefusal:
		return c.text(dst, e, `,"delta":{"refusal":"`)
	case dialect.EventArguments:
		return c.arguments(dst, e)
	case dialect.EventToolCall:
		return c.call(dst, e)
	case dialect.EventSignature:
		return c.signature(dst, e)
	case dialect.EventFinish:
		return c.finish(dst, e.Choice, finishWord(e.Finish))
	case dialect.EventStart:
		c.model = append(c.model[:0], e.Name...)
	case dialect.EventUsage:
		c.usage, c.used = e.Usage, true
	case dialect.EventOpaque, dialect.EventVector, dialect.EventTrouble:
	}
	return dst
}

// lane returns the state of a choice, nil when its number is not believable or
// it has ended.
func (c *chunks) lane(choice int) *lane {
	if choice < 0 || choice >= maxLane {
		return nil
	}
	for len(c.choices) <= choice {
		c.choices = append(c.choices, lane{})
	}
	l := &c.choices[choice]
	if l.ended {
		return nil
	}
	return l
}

// begin makes the first chunk of a choice say who speaks, as clients want it.
func (c *chunks) begin(dst []byte, choice int, text bool) []byte {
	l := &c.choices[choice]
	if l.begun {
		return dst
	}
	l.begun = true
	dst = c.open(dst, choice)
	if text {
		dst = append(dst, `,"delta":{"role":"assistant","content":"","refusal":null}`...)
	} else {
		dst = append(dst, `,"delta":{"role":"assistant","content":null,"refusal":null}`...)
	}
	return c.close(dst, nil)
}

// open starts a chunk up to behind the choice's index.
func (c *chunks) open(dst []byte, choice int) []byte {
	if len(c.head) == 0 {
		c.prepare()
	}
	return strconv.AppendInt(append(dst, c.head...), int64(choice), 10)
}

// close ends a chunk behind its delta.
func (c *chunks) close(dst []byte, probs []dialect.Logprob) []byte {
	if len(probs) == 0 {
		dst = append(dst, `,"logprobs":null,"finish_reason":null}`...)
	} else {
		dst = appendLogprobs(append(dst, `,"logprobs":`...), probs)
		dst = append(dst, `,"finish_reason":null}`...)
	}
	return append(dst, c.tail...)
}

// prepare makes what all chunks share.
func (c *chunks) prepare() {
	c.head = appendHead([]byte(`data: {"id":"`), &c.asked, "chat.completion.chunk", c.model)
	c.head = append(c.head, `,"choices":[{"index":`...)
	c.tail = []byte("]}\n\n")
	if c.asked.WantsUsage {
		c.tail = []byte("],\"usage\":null}\n\n")
	}
}

// appendHead appends what every answer starts with, behind the quote of its id.
func appendHead(dst []byte, a *dialect.Asked, object string, model dialect.Text) []byte {
	dst = append(append(dst, "chatcmpl-"...), a.ID...)
	dst = append(append(append(dst, `","object":"`...), object...), `","created":`...)
	dst = append(strconv.AppendInt(dst, a.Created, 10), `,"model":`...)
	if len(model) > 0 {
		return model.Append(dst)
	}
	return jsonedit.AppendString(dst, a.Model)
}

func (c *chunks) text(dst []byte, e *dialect.Event, delta string) []byte {
	if len(e.Text) == 0 && len(e.Logprobs) == 0 || c.lane(e.Choice) == nil {
		return dst
	}
	dst = c.begin(dst, e.Choice, e.Kind == dialect.EventText)
	dst = append(append(c.open(dst, e.Choice), delta...), e.Text...)
	return c.close(append(dst, `"}`...), e.Logprobs)
}

// toolCall starts a chunk up to behind the call's number.
func (c *chunks) toolCall(dst []byte, choice, tool int) []byte {
	dst = append(c.open(dst, choice), `,"delta":{"tool_calls":[{"index":`...)
	return strconv.AppendInt(dst, int64(tool), 10)
}

// began is where the progress of a call stands, nil when no call began.
func (c *chunks) began(e *dialect.Event) *progress {
	l := c.lane(e.Choice)
	if l == nil || len(e.Text) == 0 || e.Tool < 0 || e.Tool >= len(l.calls) || l.calls[e.Tool] == absent {
		return nil
	}
	return &l.calls[e.Tool]
}

func (c *chunks) call(dst []byte, e *dialect.Event) []byte {
	l := c.lane(e.Choice)
	if l == nil || e.Tool < 0 || e.Tool >= maxLane {
		return dst
	}
	for len(l.calls) <= e.Tool {
		l.calls = append(l.calls, absent)
	}
	l.calls[e.Tool] = bare
	dst = c.toolCall(c.begin(dst, e.Choice, false), e.Choice, e.Tool)
	dst = appendCallID(append(dst, `,"id":"`...), &c.asked, e)
	dst = append(append(dst, `","type":"function","function":{"name":"`...), e.Name...)
	return c.close(append(dst, `","arguments":""}}]}`...), nil)
}

func (c *chunks) arguments(dst []byte, e *dialect.Event) []byte {
	p := c.began(e)
	if p == nil {
		return dst
	}
	*p = clothed
	dst = c.toolCall(dst, e.Choice, e.Tool)
	dst = append(append(dst, `,"function":{"arguments":"`...), e.Text...)
	return c.close(append(dst, `"}}]}`...), nil)
}

// signature sends the proof of a call as Google's own compatible endpoint does.
func (c *chunks) signature(dst []byte, e *dialect.Event) []byte {
	if c.began(e) == nil {
		return dst
	}
	dst = c.toolCall(dst, e.Choice, e.Tool)
	dst = append(append(dst, `,"function":{"arguments":""},"extra_content":{"google":{"thought_signature":"`...), e.Text...) // a client wants a function in each
	return c.close(append(dst, `"}}}]}`...), nil)
}

// finish ends a choice. A call of which no arguments came has none, which is an
// empty object to clients.
func (c *chunks) finish(dst []byte, choice int, word string) []byte {
	l := c.lane(choice)
	if l == nil {
		return dst
	}
	for tool, p := range l.calls {
		if p == bare {
			dst = c.arguments(dst, &dialect.Event{Choice: choice, Tool: tool, Text: dialect.Text("{}")})
		}
	}
	dst = c.begin(dst, choice, true)
	c.choices[choice].ended = true
	dst = append(c.open(dst, choice), `,"delta":{},"logprobs":null,"finish_reason":"`...)
	return append(append(append(dst, word...), `"}`...), c.tail...)
}

// Close implements dialect.Encoder. A choice to which its provider gave no
// finish, as some never do, gets one here: clients fail without.
func (c *chunks) Close(dst []byte) []byte {
	for i := range c.choices {
		if l := &c.choices[i]; l.begun && !l.ended {
			word := "stop"
			if len(l.calls) > 0 {
				word = "tool_calls"
			}
			dst = c.finish(dst, i, word)
		}
	}
	if c.asked.WantsUsage && c.used {
		dst = appendHead(append(dst, `data: {"id":"`...), &c.asked, "chat.completion.chunk", c.model)
		dst = appendUsage(append(dst, `,"choices":[],"usage":`...), c.usage)
		dst = append(dst, "}\n\n"...)
	}
	return append(dst, "data: [DONE]\n\n"...)
}

// Fail implements dialect.Encoder.
func (c *chunks) Fail(dst []byte, t dialect.Trouble) []byte {
	dst = append(append(dst, "data: "...), failure(t)...)
	return append(dst, "\n\n"...)
}

// failure is the body of an error, built anew: the provider's own may be of
// another dialect, or hold line ends.
func failure(t dialect.Trouble) []byte { return troubles{}.Render(t, false, "") }

// finishWord is OpenAI's word for why a choice ended. A pause is no end: as
// with a limit, there is more to come.
func finishWord(f dialect.Finish) string {
	switch f {
	case dialect.FinishLength, dialect.FinishPause:
		return "length"
	case dialect.FinishTools:
		return "tool_calls"
	case dialect.FinishFilter:
		return "content_filter"
	case dialect.FinishStop, dialect.FinishUnknown:
	}
	return "stop"
}

// appendCallID appends the id of a call, or a unique one where the provider has
// none; OpenAI takes ids of at most 40 bytes back.
func appendCallID(dst []byte, a *dialect.Asked, e *dialect.Event) []byte {
	if len(e.ID) > 0 {
		return append(dst, e.ID...)
	}
	id := a.ID
	dst = append(append(dst, "call_"...), id[max(0, len(id)-24):]...)
	dst = strconv.AppendInt(append(dst, '_'), int64(e.Choice), 10)
	return strconv.AppendInt(append(dst, '_'), int64(e.Tool), 10)
}
