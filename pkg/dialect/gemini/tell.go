package gemini

import (
	"encoding/binary"
	"hash/fnv"
	"strconv"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
)

// tell emits the content of the chunk that was read.
func (d *decoder) tell() {
	k := &d.chunk
	if k.fault != nil {
		d.reading.Failed = true
		t := troubleOf(k.fault)
		d.send(dialect.Event{Kind: dialect.EventTrouble, Tool: -1, Trouble: &t})
		return
	}
	if !d.started {
		d.started = true
		d.send(dialect.Event{Kind: dialect.EventStart, Tool: -1, ID: d.held.id, Name: d.held.model})
	}
	for i := range k.candidates {
		d.tellCandidate(&k.candidates[i])
	}
	if len(k.blocked) > 0 && len(d.choices) == 0 {
		c := d.choice(0)
		c.finish = append(c.finish[:0], blocked+string(k.blocked)...)
	}
	for _, v := range k.vectors {
		d.tellVector(v)
	}
}

// send emits an event.
func (d *decoder) send(e dialect.Event) {
	d.out = e
	d.emit(&d.out)
}

// choice returns the choice of that index.
func (d *decoder) choice(index int) *choice {
	for i := range d.choices {
		if d.choices[i].index == index {
			return &d.choices[i]
		}
	}
	d.choices = append(d.choices, choice{index: index})
	return &d.choices[len(d.choices)-1]
}

func (d *decoder) tellCandidate(a *candidate) {
	c := d.choice(a.index)
	var probs []dialect.Logprob
	if a.logprobs != nil && !d.dry {
		probs = logprobs(a.logprobs)
	}
	parts := d.chunk.parts[a.from:a.to]
	c.said = c.said || len(parts) > 0
	for i := range parts {
		p := &parts[i]
		switch {
		case p.call:
			d.tellCall(c, p)
			continue
		case len(p.text) == 0:
		case p.thought:
			d.reading.DeltaBytes += int64(len(p.text))
			d.send(dialect.Event{Kind: dialect.EventReasoning, Choice: c.index, Tool: -1, Text: p.text})
		default:
			d.reading.DeltaBytes += int64(len(p.text))
			d.send(dialect.Event{Kind: dialect.EventText, Choice: c.index, Tool: -1, Text: p.text, Logprobs: probs})
			probs = nil
		}
		if len(p.signature) > 0 {
			d.send(dialect.Event{Kind: dialect.EventSignature, Choice: c.index, Tool: -1, Text: p.signature})
		}
	}
	if probs != nil {
		d.send(dialect.Event{Kind: dialect.EventText, Choice: c.index, Tool: -1, Logprobs: probs})
	}
	if len(a.finish) > 0 {
		c.finish = append(c.finish[:0], a.finish...)
	}
}

// tellCall emits a call, whole as it comes. Calls whose arguments come path by
// path must be asked for, as translated requests do not; of these the end alone
// is told.
func (d *decoder) tellCall(c *choice, p *part) {
	if len(p.name) > 0 {
		c.calls++
		c.open = true
		d.send(dialect.Event{
			Kind: dialect.EventToolCall, Choice: c.index, Tool: c.calls - 1,
			ID: d.callID(c, p), Name: p.name,
		})
	}
	if c.calls == 0 || !c.open {
		return
	}
	if len(p.args) > 0 && p.args[0] == '{' || !p.more {
		c.open = p.more
		d.buf = appendArguments(d.buf[:0], p.args)
		d.reading.DeltaBytes += int64(len(d.buf))
		d.send(dialect.Event{Kind: dialect.EventArguments, Choice: c.index, Tool: c.calls - 1, Text: d.buf})
	}
	if len(p.signature) > 0 {
		d.send(dialect.Event{Kind: dialect.EventSignature, Choice: c.index, Tool: c.calls - 1, Text: p.signature})
	}
}

// callID is the id of a call: Google's own, else one that no other call of the
// answer has, nor one of another answer that has an id.
func (d *decoder) callID(c *choice, p *part) dialect.Text {
	if len(p.id) > 0 {
		return p.id
	}
	h := fnv.New64a()
	var n [16]byte
	binary.LittleEndian.PutUint64(n[:], uint64(c.index))
	binary.LittleEndian.PutUint64(n[8:], uint64(c.calls))
	for _, b := range [][]byte{n[:], d.held.id, p.name, p.args} {
		_, _ = h.Write(b)
	}
	return strconv.AppendUint([]byte("call_"), h.Sum64(), 36)
}

// appendArguments appends a JSON object as the inside of a JSON string, without
// the space between its tokens. No arguments are an empty object.
func appendArguments(dst, args []byte) dialect.Text {
	if len(args) == 0 || args[0] != '{' {
		return append(dst, "{}"...)
	}
	quoted, escape := false, false
	for _, b := range args {
		switch {
		case escape:
			escape = false
		case b == '"':
			quoted = !quoted
		case b == '\\':
			escape = true
		case !quoted && b <= ' ':
			continue
		}
		if b == '"' || b == '\\' {
			dst = append(dst, '\\')
		}
		dst = append(dst, b)
	}
	return dst
}

// tellVector emits the vector of the next input, without space.
func (d *decoder) tellVector(values []byte) {
	d.vectors++
	if d.dry {
		return
	}
	d.buf = d.buf[:0]
	for _, b := range values {
		if b > ' ' {
			d.buf = append(d.buf, b)
		}
	}
	d.send(dialect.Event{Kind: dialect.EventVector, Choice: d.vectors - 1, Tool: -1, Raw: d.buf})
}

// finish emits why a choice ended. A whole answer that is one object may leave
// the reason out; there is no more to come all the same.
func (d *decoder) finish(c *choice) {
	if len(c.finish) == 0 && (!c.said || !d.reading.Done || d.form != document) {
		return
	}
	f, word := finishOf(c.finish, c.calls > 0)
	d.send(dialect.Event{Kind: dialect.EventFinish, Choice: c.index, Tool: -1, Finish: f, Name: word})
}
