package gemini

import (
	"bytes"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
)

// config reads a member of generationConfig.
func (r *reader) config(name, path string) {
	c := r.chat
	switch name {
	case "temperature":
		c.Temperature = r.number()
	case "topP":
		c.TopP = r.number()
	case "topK":
		c.TopK = r.number()
	case "presencePenalty":
		c.PresencePenalty = r.number()
	case "frequencyPenalty":
		c.FrequencyPenalty = r.number()
	case "seed":
		c.Seed = r.number()
	case "maxOutputTokens":
		c.MaxOutput, _ = r.c.integer()
	case "candidateCount":
		if n, ok := r.c.integer(); ok && n > 1 && n < maxChoices {
			c.Choices = int(n)
		}
	case "stopSequences":
		r.array(path, func(string) { c.Stop = append(c.Stop, r.c.str()) })
	case "responseLogprobs":
		c.Logprobs = r.c.flag()
	case "logprobs":
		if n, ok := r.c.integer(); ok && n > 0 && n < maxChoices {
			c.TopLogprobs = int(n)
		}
	case "responseMimeType", "responseJsonSchema", "responseSchema":
		r.format(name, path)
	case "thinkingConfig":
		r.object(path, r.thinking)
	case "responseModalities":
		if raw := r.c.raw(); !bytes.Equal(bytes.ToUpper(raw), []byte(`["TEXT"]`)) {
			r.a.Unsaid = append(r.a.Unsaid, path)
		}
	default:
		r.unsaid(path)
	}
}

// number reads a number as it is written; nil for other values.
func (r *reader) number() []byte {
	b := r.c.peek()
	raw := r.c.raw()
	if b == '-' || b-'0' <= 9 {
		return raw
	}
	return nil
}

// format reads what the answer is to look like.
func (r *reader) format(name, path string) {
	f := &r.chat.Format
	switch name {
	case "responseMimeType":
		switch kind := r.c.str(); string(kind) {
		case "application/json":
			f.Kind = max(f.Kind, dialect.FormatJSON)
		case "text/plain", "":
		default:
			r.a.Unsaid = append(r.a.Unsaid, path)
		}
	case "responseJsonSchema":
		f.Kind, f.Schema = dialect.FormatSchema, r.c.raw()
	case "responseSchema":
		f.Kind, f.Schema = dialect.FormatSchema, jsonSchema(r.c.raw())
	}
}

// thinking reads a member of thinkingConfig.
func (r *reader) thinking(name, path string) {
	how := &r.chat.Reasoning
	switch name {
	case "thinkingBudget":
		switch n, ok := r.c.integer(); {
		case ok && n > 0:
			how.Budget = n
		case ok && n == 0:
			how.Effort = dialect.EffortNone
		}
	case "thinkingLevel":
		switch level := r.c.str(); string(bytes.ToLower(level)) {
		case "minimal":
			how.Effort = dialect.EffortMinimal
		case "low":
			how.Effort = dialect.EffortLow
		case "medium":
			how.Effort = dialect.EffortMedium
		case "high":
			how.Effort = dialect.EffortHigh
		}
	case "includeThoughts":
		how.Show = dialect.Off
		if r.c.flag() {
			how.Show = dialect.On
		}
	default:
		r.unsaid(path)
	}
}

// tool reads a Tool: a list of functions, or one of Google's own.
func (r *reader) tool(path string) {
	r.object(path, func(name, path string) {
		if name != "functionDeclarations" {
			r.unsaid(path)
			return
		}
		r.array(path, func(path string) {
			var t dialect.Tool
			r.object(path, r.function(&t))
			r.chat.Tools = append(r.chat.Tools, t)
		})
	})
}

func (r *reader) function(t *dialect.Tool) func(name, path string) {
	return func(name, path string) {
		switch name {
		case "name":
			t.Name = r.c.str()
		case "description":
			t.Description = r.c.str()
		case "parametersJsonSchema":
			t.Parameters = r.c.raw()
		case "parameters":
			t.Parameters = jsonSchema(r.c.raw())
		case "response", "responseJsonSchema":
			r.c.skip() // what a function gives is for the caller to keep
		default:
			r.unsaid(path)
		}
	}
}

// toolConfig reads a member of toolConfig.
func (r *reader) toolConfig(name, path string) {
	if name != "functionCallingConfig" {
		r.unsaid(path)
		return
	}
	choice := &r.chat.ToolChoice
	var allowed []dialect.Text
	r.object(path, func(name, path string) {
		switch name {
		case "mode":
			r.mode(path)
		case "allowedFunctionNames":
			r.array(path, func(string) { allowed = append(allowed, r.c.str()) })
		default:
			r.unsaid(path)
		}
	})
	switch {
	case len(allowed) == 1 && choice.Mode == dialect.ToolRequired:
		*choice = dialect.ToolChoice{Mode: dialect.ToolNamed, Name: allowed[0]}
	case len(allowed) > 0:
		r.a.Unsaid = append(r.a.Unsaid, path+".allowedFunctionNames")
	}
}

func (r *reader) mode(path string) {
	choice := &r.chat.ToolChoice
	switch word := r.c.str(); string(bytes.ToUpper(word)) {
	case "AUTO":
		choice.Mode = dialect.ToolAuto
	case "NONE":
		choice.Mode = dialect.ToolNone
	case "ANY":
		choice.Mode = dialect.ToolRequired
	case "VALIDATED":
		choice.Mode = dialect.ToolAuto
		r.a.Unsaid = append(r.a.Unsaid, path)
	}
}

// jsonSchema is a Schema of Google's, a subset of OpenAPI's, as JSON Schema: the
// types are in lower case there.
func jsonSchema(raw []byte) []byte {
	out := make([]byte, 0, len(raw))
	c := cursor{doc: raw}
	done := 0
	typesOf(&c, func(from, to int) {
		out = append(append(out, raw[done:from]...), bytes.ToLower(raw[from:to])...)
		done = to
	})
	return append(out, raw[done:]...)
}

// typesOf calls lower with the place of each type that is named.
func typesOf(c *cursor, lower func(from, to int)) {
	switch c.peek() {
	case '{':
		for c.enter('{'); c.more('}'); {
			if string(c.key()) == "type" && c.peek() == '"' {
				from := c.i
				c.text()
				lower(from, c.i)
				continue
			}
			typesOf(c, lower)
		}
	case '[':
		for c.enter('['); c.more(']'); {
			typesOf(c, lower)
		}
	default:
		c.skip()
	}
}
