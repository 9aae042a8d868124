package gemini

import "github.com/signalbox-dev/signalbox/pkg/dialect"

// chunk is one GenerateContentResponse, or the answer of an embedding method,
// taken apart in one pass. It refers to the bytes it was read from. Its slices
// are used again.
type chunk struct {
	candidates []candidate
	parts      []part // of all candidates
	vectors    [][]byte
	blocked    dialect.Text // why the prompt was refused
	id, model  dialect.Text
	usage      []byte
	counts     counts
	tier       dialect.Text
	modalities modalities // of the last chunk that had them
	fault      []byte     // an error object
	known      bool       // there was a member that answers have
}

// candidate is one choice. Its index may stand behind its content.
type candidate struct {
	index    int
	from, to int // its parts
	finish   dialect.Text
	logprobs []byte
}

// part is a Part of a Content.
type part struct {
	text, signature dialect.Text
	spoken, thought bool // text is there; it is a thought
	call            bool
	more            bool // the call's arguments come in further parts
	id, name        dialect.Text
	args            []byte
}

// read takes a document apart; false when it is not one whole JSON object.
func (k *chunk) read(doc []byte) bool {
	*k = chunk{candidates: k.candidates[:0], parts: k.parts[:0], vectors: k.vectors[:0], modalities: k.modalities}
	c := cursor{doc: doc}
	for c.enter('{'); c.more('}'); {
		k.member(&c)
	}
	return c.done()
}

// member reads a member of the top level.
func (k *chunk) member(c *cursor) {
	k.known = true
	switch string(c.key()) {
	case "candidates":
		if c.at('[') {
			for c.enter('['); c.more(']'); {
				k.candidate(c)
			}
		}
	case "usageMetadata", "usage_metadata":
		k.readUsage(c)
	case "modelVersion", "model_version":
		k.model = c.str()
	case "responseId", "response_id":
		k.id = c.str()
	case "promptFeedback", "prompt_feedback":
		k.feedback(c)
	case "error":
		k.fault = c.raw()
	case "embedding":
		k.vector(c)
	case "embeddings":
		if c.at('[') {
			for c.enter('['); c.more(']'); {
				k.vector(c)
			}
		}
	default:
		k.known = len(k.candidates) > 0 || k.usage != nil || k.model != nil || k.id != nil || k.vectors != nil
		c.skip()
	}
}

func (k *chunk) readUsage(c *cursor) {
	if !c.at('{') {
		return
	}
	from := c.i
	k.counts.read(c, &k.tier, &k.modalities)
	if !c.bad {
		k.usage = c.doc[from:c.i:c.i]
	}
}

func (k *chunk) feedback(c *cursor) {
	if !c.at('{') {
		return
	}
	for c.enter('{'); c.more('}'); {
		switch string(c.key()) {
		case "blockReason", "block_reason":
			k.blocked = c.str()
		default:
			c.skip()
		}
	}
}

// vector reads a ContentEmbedding.
func (k *chunk) vector(c *cursor) {
	if !c.at('{') {
		return
	}
	var values []byte
	for c.enter('{'); c.more('}'); {
		if string(c.key()) == "values" {
			values = c.raw()
		} else {
			c.skip()
		}
	}
	if len(values) > 0 && values[0] == '[' {
		k.vectors = append(k.vectors, values)
	}
}

func (k *chunk) candidate(c *cursor) {
	if !c.at('{') {
		return
	}
	a := candidate{from: len(k.parts)}
	for c.enter('{'); c.more('}'); {
		switch string(c.key()) {
		case "content":
			k.content(c)
		case "finishReason", "finish_reason":
			a.finish = c.str()
		case "index":
			if n, ok := c.integer(); ok && n >= 0 && n < maxChoices {
				a.index = int(n)
			}
		case "logprobsResult", "logprobs_result":
			a.logprobs = c.raw()
		default:
			c.skip()
		}
	}
	a.to = len(k.parts)
	k.candidates = append(k.candidates, a)
}

func (k *chunk) content(c *cursor) {
	if !c.at('{') {
		return
	}
	for c.enter('{'); c.more('}'); {
		if string(c.key()) != "parts" {
			c.skip()
			continue
		}
		if c.at('[') {
			for c.enter('['); c.more(']'); {
				k.part(c)
			}
		}
	}
}

func (k *chunk) part(c *cursor) {
	if !c.at('{') {
		return
	}
	k.parts = append(k.parts, part{})
	p := &k.parts[len(k.parts)-1]
	for c.enter('{'); c.more('}'); {
		switch string(c.key()) {
		case "text":
			p.spoken = c.peek() == '"'
			p.text = c.str()
		case "thought":
			p.thought = c.flag()
		case "thoughtSignature", "thought_signature":
			p.signature = c.str()
		case "functionCall", "function_call":
			p.readCall(c)
		default:
			c.skip()
		}
	}
}

func (p *part) readCall(c *cursor) {
	if !c.at('{') {
		return
	}
	p.call = true
	for c.enter('{'); c.more('}'); {
		switch string(c.key()) {
		case "id":
			p.id = c.str()
		case "name":
			p.name = c.str()
		case "args":
			p.args = c.raw()
		case "willContinue", "will_continue":
			p.more = c.flag()
		default:
			c.skip()
		}
	}
}
