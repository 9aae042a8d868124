package openai

import (
	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/jsonedit"
)

// logprobs reads the logprobs of a choice. What it returns is valid until the
// next call.
func (d *decoder) logprobs(v jsonedit.Value, doc []byte) []dialect.Logprob {
	content, ok := v.Find(doc, "content")
	if !ok {
		return nil
	}
	d.probs, d.tops = d.probs[:0], d.tops[:0]
	for item := range content.Items(doc) {
		p, ok := logprob(item, doc)
		if !ok {
			continue
		}
		if top, ok := item.Find(doc, "top_logprobs"); ok {
			from := len(d.tops)
			for item := range top.Items(doc) {
				if t, ok := logprob(item, doc); ok {
					d.tops = append(d.tops, t)
				}
			}
			p.Top = d.tops[from:len(d.tops):len(d.tops)]
		}
		d.probs = append(d.probs, p)
	}
	return d.probs
}

// logprob reads one token.
func logprob(v jsonedit.Value, doc []byte) (dialect.Logprob, bool) {
	token, ok := v.Find(doc, "token")
	p, numbered := v.Find(doc, "logprob")
	if !ok || !numbered || token.Kind != jsonedit.String || p.Kind != jsonedit.Number {
		return dialect.Logprob{}, false
	}
	return dialect.Logprob{Token: textAt(token, doc), Logprob: p.Raw(doc)}, true
}

// embeddings reads the vectors of an answer; false when it holds none.
func (d *decoder) embeddings(top *jsonedit.Object, doc []byte) bool {
	data, ok := top.Get("data")
	if !ok || data.Kind != jsonedit.Array {
		return false
	}
	d.begin(top, doc)
	n := -1
	for item := range data.Items(doc) {
		n++
		v, ok := item.Find(doc, "embedding")
		if !ok || v.Kind != jsonedit.Array && v.Kind != jsonedit.String {
			return false
		}
		index := n
		if i, ok := item.Find(doc, "index"); ok {
			if i, ok := i.Int(doc); ok && i >= 0 && i < 1<<20 {
				index = int(i)
			}
		}
		d.send(dialect.Event{Kind: dialect.EventVector, Choice: index, Tool: -1, Raw: v.Raw(doc)})
	}
	return true
}
