package signal

import "bytes"

// small is up to what size of a body its tokens are told from the size alone,
// where an estimate will do.
const small = 16 << 10

// Tokens is an estimate of the prompt that costs little: Shape's where that is
// known or the body is long.
func (f *Facts) Tokens() int64 {
	if f.shape == nil && f.told == nil && f.Call != nil && len(f.Call.Body) <= small {
		return tokens(f.Call.Body)
	}
	return f.Shape().Tokens
}

// Prompt is how many tokens the prompt comes to, as Shape has it; false when it
// could not be read. Where it is far from limit, it is not read.
func (f *Facts) Prompt(limit int64) (n int64, sure bool) {
	if f.shape == nil && f.Call != nil {
		most := int64(len(f.Call.Body))/3 + 1 + perImage*int64(bytes.Count(f.Call.Body, []byte("image")))
		if most <= limit {
			return most, true
		}
	}
	s := f.Shape()
	return s.Tokens, s.Sure
}

// Needs is what a request asks of a model beyond text.
type Needs struct{ Vision, Tools, Schema, Audio bool }

// Needs looks for what the request needs; of a prompt that cannot be read only
// the tools are known.
func (f *Facts) Needs() Needs {
	if f.Call == nil {
		return Needs{}
	}
	n := Needs{Tools: f.Call.HasTools}
	for _, word := range []string{"image", "audio", "chema"} { // without them it need not be read
		if bytes.Contains(f.Call.Body, []byte(word)) {
			s := f.Shape()
			n.Vision, n.Schema, n.Audio = s.Images > 0, s.BySchema, s.Audio
			break
		}
	}
	return n
}
