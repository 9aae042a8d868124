package anthropic

import (
	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/jsonedit"
)

// maxBlocks bounds the blocks of an answer that are open at once; Anthropic
// opens one.
const maxBlocks = 64

// block is a block of an answer that is open.
type block struct {
	index  int64
	passed bool         // not for callers: a server's tool, say
	call   int          // number of the tool call, -1 for other blocks
	said   bool         // of a call: a piece of the arguments was emitted
	input  dialect.Text // of a call: its arguments, when no pieces follow
}

// open returns the open block with an index, nil when there is none.
func (d *decoder) open(index int64) *block {
	for i := len(d.blocks) - 1; i >= 0; i-- {
		if d.blocks[i].index == index {
			return &d.blocks[i]
		}
	}
	return nil
}

// blockStart reads a block as it opens: of most there is nothing yet.
func (d *decoder) blockStart(o *jsonedit.Object) {
	c, ok := o.Child("content_block", d.sub[:0])
	if !ok || len(d.blocks) >= maxBlocks {
		d.reading.Malformed++
		return
	}
	b := d.block(&c)
	if v, ok := o.Get("index"); ok {
		b.index, _ = v.Int(o.Doc())
	}
	b.input = append(dialect.Text(nil), b.input...) // it must outlive the event
	d.blocks = append(d.blocks, b)
}

// block emits what a block says by itself. What an answer holds in one piece is
// the same block, filled.
func (d *decoder) block(c *jsonedit.Object) block {
	b := block{call: -1}
	switch string(text(c, "type")) {
	case "text":
		d.say(dialect.EventText, text(c, "text"))
	case "thinking":
		d.say(dialect.EventReasoning, text(c, "thinking"))
		d.say(dialect.EventSignature, text(c, "signature"))
	case "redacted_thinking":
		d.say(dialect.EventOpaque, text(c, "data"))
	case "tool_use":
		b.call = d.calls
		b.input = d.call(c)
	default:
		b.passed = true
	}
	return b
}

// call emits the beginning of a call and returns its arguments, as far as the
// block holds them.
func (d *decoder) call(c *jsonedit.Object) dialect.Text {
	d.event = dialect.Event{Kind: dialect.EventToolCall, Tool: d.calls, ID: text(c, "id"), Name: text(c, "name")}
	d.calls++
	d.emit(&d.event)
	v, ok := c.Get("input")
	if !ok || v.Kind != jsonedit.ObjectKind || v.Len(c.Doc()) == 0 {
		return dialect.Text(`{}`)
	}
	return dialect.Escape(string(v.Raw(c.Doc())))
}

// delta reads the next piece of a block.
func (d *decoder) delta(o *jsonedit.Object) {
	c, ok := o.Child("delta", d.sub[:0])
	if !ok {
		d.reading.Malformed++
		return
	}
	var b *block
	if v, ok := o.Get("index"); ok {
		n, _ := v.Int(o.Doc())
		b = d.open(n)
	}
	if b != nil && b.passed {
		return
	}
	switch string(text(&c, "type")) {
	case "text_delta":
		d.say(dialect.EventText, text(&c, "text"))
	case "thinking_delta":
		d.say(dialect.EventReasoning, text(&c, "thinking"))
	case "signature_delta":
		d.say(dialect.EventSignature, text(&c, "signature"))
	case "input_json_delta":
		if b != nil && b.call >= 0 {
			d.argue(b, text(&c, "partial_json"))
		}
	}
}

// blockStop ends a block.
func (d *decoder) blockStop(o *jsonedit.Object) {
	v, _ := o.Get("index")
	n, _ := v.Int(o.Doc())
	b := d.open(n)
	if b == nil {
		return
	}
	if b.call >= 0 && !b.said {
		d.argue(b, b.input)
	}
	for i := range d.blocks {
		if &d.blocks[i] == b {
			d.blocks = append(d.blocks[:i], d.blocks[i+1:]...)
			return
		}
	}
}

// argue emits a piece of a call's arguments.
func (d *decoder) argue(b *block, piece dialect.Text) {
	if len(piece) == 0 {
		return
	}
	b.said = true
	d.reading.DeltaBytes += int64(len(piece))
	d.event = dialect.Event{Kind: dialect.EventArguments, Tool: b.call, Text: piece}
	d.emit(&d.event)
}

// say emits text of a kind, when there is any.
func (d *decoder) say(kind dialect.EventKind, t dialect.Text) {
	if len(t) == 0 {
		return
	}
	if kind != dialect.EventSignature && kind != dialect.EventOpaque {
		d.reading.DeltaBytes += int64(len(t))
	}
	d.event = dialect.Event{Kind: kind, Tool: -1, Text: t}
	d.emit(&d.event)
}

// whole reads an answer that came in one piece.
func (d *decoder) whole() {
	o, ok := jsonedit.Index(d.body, d.top[:0])
	if !ok {
		d.reading.Malformed++
		return
	}
	if content, _ := o.Get("content"); content.Kind != jsonedit.Array {
		d.noMessage(&o)
		return
	}
	d.start(&o)
	d.content(&o)
	d.finish(&o)
	d.reading.Done = d.reading.Finished // every whole message says why it ended
	d.addUsage(&o)
	d.settled = true
}

// noMessage reads what came in place of an answer.
func (d *decoder) noMessage(o *jsonedit.Object) {
	if _, ok := o.Get("error"); ok {
		d.fail(d.body, 0)
		d.reading.Done = true
		return
	}
	d.reading.Malformed++
}

// content reads the blocks of an answer that came in one piece.
func (d *decoder) content(o *jsonedit.Object) {
	list, _ := o.Get("content")
	for v := range list.Items(o.Doc()) {
		c, ok := jsonedit.Index(v.Raw(o.Doc()), d.sub[:0])
		if !ok {
			d.reading.Malformed++
			continue
		}
		if b := d.block(&c); b.call >= 0 {
			d.argue(&b, b.input)
		}
	}
}
