package gemini

import (
	"strconv"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/genai"
	"github.com/signalbox-dev/signalbox/pkg/jsonedit"
)

// appendPart appends a Part. The arguments of a call are the inside of a string
// here, as events have them.
func appendPart(dst []byte, p *part) []byte {
	if p.call {
		dst = append(dst, `{"functionCall":{`...)
		if len(p.id) > 0 {
			dst = append(p.id.Append(append(dst, `"id":`...)), ',')
		}
		dst = append(p.name.Append(append(dst, `"name":`...)), `,"args":`...)
		dst = append(appendObject(dst, p.args), '}')
	} else {
		dst = p.text.Append(append(dst, `{"text":`...))
	}
	if p.thought {
		dst = append(dst, `,"thought":true`...)
	}
	if len(p.signature) > 0 {
		dst = p.signature.Append(append(dst, `,"thoughtSignature":`...))
	}
	return append(dst, '}')
}

// appendObject appends the object that a text holds, an empty one when it holds
// none: a model may be cut in its arguments.
func appendObject(dst []byte, text dialect.Text) []byte {
	s, _ := text.Decode()
	if v, ok := jsonedit.Find([]byte(s)); ok && v.Kind == jsonedit.ObjectKind {
		return append(dst, s[v.Start:v.End]...)
	}
	return append(dst, "{}"...)
}

// appendProbs appends tokens to those that were chosen, and to those that came
// next at each step.
func appendProbs(chosen, tops []byte, probs []dialect.Logprob) ([]byte, []byte) {
	for i := range probs {
		if len(chosen) > 0 {
			chosen, tops = append(chosen, ','), append(tops, ',')
		}
		chosen = appendToken(chosen, &probs[i])
		tops = append(tops, `{"candidates":[`...)
		for j := range probs[i].Top {
			if j > 0 {
				tops = append(tops, ',')
			}
			tops = appendToken(tops, &probs[i].Top[j])
		}
		tops = append(tops, "]}"...)
	}
	return chosen, tops
}

func appendToken(dst []byte, l *dialect.Logprob) []byte {
	dst = l.Token.Append(append(dst, `{"token":`...))
	return append(append(append(dst, `,"logProbability":`...), l.Logprob...), '}')
}

func appendProbsResult(dst, chosen, tops []byte) []byte {
	dst = append(append(dst, `,"logprobsResult":{"chosenCandidates":[`...), chosen...)
	dst = append(append(dst, `],"topCandidates":[`...), tops...)
	return append(dst, "]}"...)
}

// appendUsage appends a usageMetadata; zeros are left out, as Google does.
func appendUsage(dst []byte, u genai.Usage) []byte {
	dst = append(dst, '{')
	for _, c := range [...]struct {
		name string
		n    int64
	}{
		{paths[prompt], u.Input - u.ToolUse},
		{paths[toolUse], u.ToolUse},
		{paths[candidates], u.Output - u.Reasoning},
		{paths[thoughts], u.Reasoning},
		{paths[cached], u.CacheRead},
	} {
		if c.n > 0 {
			dst = append(append(append(dst, '"'), c.name...), `":`...)
			dst = append(strconv.AppendInt(dst, c.n, 10), ',')
		}
	}
	dst = append(append(append(dst, '"'), paths[total]...), `":`...)
	return append(strconv.AppendInt(dst, u.Total(), 10), '}')
}

// wordOf is Google's word for why a choice ended; calls of tools have none.
func wordOf(f dialect.Finish) string {
	switch f {
	case dialect.FinishLength:
		return "MAX_TOKENS"
	case dialect.FinishFilter:
		return "SAFETY"
	case dialect.FinishUnknown:
		return "OTHER"
	case dialect.FinishStop, dialect.FinishTools, dialect.FinishPause:
	}
	return "STOP"
}

// vector takes the next vector.
func (e *encoder) vector(raw []byte) {
	if e.count++; e.count > 1 {
		e.vectors = append(e.vectors, ',')
	}
	e.vectors = append(append(append(e.vectors, `{"values":`...), raw...), '}')
}

// embeddings appends the answer of both embedding methods: which of them was
// called is not known here, and each reads its own member.
func (e *encoder) embeddings(dst []byte) []byte {
	dst = append(dst, '{')
	if e.count == 1 {
		dst = append(append(append(dst, `"embedding":`...), e.vectors...), ',')
	}
	dst = append(append(append(dst, `"embeddings":[`...), e.vectors...), ']')
	if e.known {
		dst = append(strconv.AppendInt(append(dst, `,"usageMetadata":{"promptTokenCount":`...), e.usage.Input, 10), '}')
	}
	return append(dst, '}')
}
