package dialect

import "github.com/signalbox-dev/signalbox/pkg/fault"

// Translator passes one answer on as it comes: in another dialect, or, without
// an encoder, as it is. Either way it watches what the answer says. It is not
// safe for concurrent use.
type Translator struct {
	dec    Decoder
	enc    Encoder // nil: bytes pass as they are
	dst    []byte
	own    []byte // of Next
	emit   func(*Event)
	seen   Seen
	closed bool
}

// Seen is what a translator knows of its answer so far.
type Seen struct {
	Content  bool // there was something that a caller can use
	Filtered bool // the provider's filter ended it
	Trouble  *Trouble
}

// NewTranslator reads with dec and writes with enc, which may be nil.
func NewTranslator(dec Decoder, enc Encoder) *Translator {
	t := &Translator{dec: dec, enc: enc}
	t.emit = t.event
	return t
}

// Seen returns what is known so far.
func (t *Translator) Seen() Seen { return t.seen }

// Feed takes the next bytes of the provider's and appends to dst what a caller
// may get of them. What follows a provider's error is dropped where the answer
// is translated.
func (t *Translator) Feed(dst, p []byte) []byte {
	t.dst = dst
	t.dec.Feed(p, t.emit)
	dst, t.dst = t.dst, nil
	if t.enc == nil {
		dst = append(dst, p...)
	}
	return dst
}

// maxOwn bounds what a Translator keeps from one piece to the next.
const maxOwn = 64 << 10

// Next is Feed into a buffer of the translator's own, or none where bytes pass
// as they are: what it returns is good until the next call, and as long as p.
func (t *Translator) Next(p []byte) []byte {
	if t.enc == nil {
		t.dec.Feed(p, t.emit)
		return p
	}
	if cap(t.own) > maxOwn || t.own == nil {
		t.own = make([]byte, 0, len(p)+len(p)/2+512)
	}
	t.own = t.Feed(t.own[:0], p)
	return t.own
}

func (t *Translator) event(e *Event) {
	if t.seen.Trouble != nil {
		return
	}
	switch e.Kind {
	case EventTrouble:
		c := *e.Trouble
		t.seen.Trouble = &c
		return
	case EventText, EventReasoning, EventRefusal:
		t.seen.Content = t.seen.Content || len(e.Text) > 0
	case EventToolCall, EventVector, EventOpaque:
		t.seen.Content = true
	case EventFinish:
		t.seen.Filtered = t.seen.Filtered || e.Finish == FinishFilter
	case EventStart, EventSignature, EventArguments, EventUsage:
	}
	if t.enc != nil {
		t.dst = t.enc.Event(t.dst, e)
	}
}

// Close ends the answer; whole says that its body came to its end. It appends
// the regular end when the provider's answer had one. Otherwise nothing is
// appended, and the trouble says what was wrong: Fail writes it.
func (t *Translator) Close(dst []byte, whole bool) ([]byte, Reading) {
	t.dst, t.closed = dst, true
	r := t.dec.Close(t.emit)
	dst, t.dst = t.dst, nil
	switch {
	case t.seen.Trouble != nil:
	case r.Malformed > 0 && !r.Finished, !t.seen.Content && !r.Finished && !r.Done:
		t.seen.Trouble = &Trouble{Status: fault.AnswerFailed.Status(), Code: fault.AnswerFailed.Code(), Message: "The provider's answer cannot be read. Send the request again."}
	case !whole || !r.Done && !r.Finished:
		t.seen.Trouble = &Trouble{Status: fault.StreamBroken.Status(), Code: fault.StreamBroken.Code(), Message: "The provider broke off in the middle of its answer. Send the request again."}
	case t.enc != nil:
		dst = t.enc.Close(dst)
	}
	return dst, r
}

// Fail appends what tells a caller of the trouble; nothing where bytes pass as
// they are, since a provider of the caller's dialect has told of it itself.
func (t *Translator) Fail(dst []byte) []byte {
	if t.enc == nil || t.seen.Trouble == nil {
		return dst
	}
	return t.enc.Fail(dst, *t.seen.Trouble)
}
