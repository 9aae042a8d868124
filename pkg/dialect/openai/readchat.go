package openai

import (
	"slices"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/fault"
	"github.com/signalbox-dev/signalbox/pkg/genai"
	"github.com/signalbox-dev/signalbox/pkg/jsonedit"
)

// front is the dialect as callers speak it.
type front struct{}

// Read implements dialect.Front.
func (front) Read(q *dialect.Request) (*dialect.Asking, *fault.Error) {
	r := &reader{doc: q.Body, path: make([]byte, 0, 64)}
	a := &dialect.Asking{Operation: q.Endpoint.Operation}
	if a.Operation == genai.Embeddings {
		a.Embed = r.embedding(q)
	} else {
		a.Operation, a.Chat = genai.Chat, r.chat(q)
	}
	if r.fault != nil {
		return nil, r.fault
	}
	a.Unsaid = slices.Clip(r.unsaid) // callers append what else is lost, one for each backend
	return a, nil
}

// chat reads a chat completion request.
func (r *reader) chat(q *dialect.Request) *dialect.Chat {
	c := &dialect.Chat{Stream: q.Stream, WantsUsage: q.WantsUsage, Choices: 1}
	var box toolbox
	r.each(&q.Object, 0, func(name []byte, v jsonedit.Value) {
		switch {
		case r.sampling(c, name, v), r.limits(c, name, v), r.asked(c, name, v), box.read(r, c, name, v):
		case !silent(name):
			r.unsay(v)
		}
	})
	box.settle(c)
	return c
}

// silent reports whether a field is read elsewhere, or makes no difference to
// the answer: what it steers is the provider's caching, billing, watching for
// abuse or padding of chunks.
func silent(name []byte) bool {
	switch string(name) {
	case "model", "stream", "stream_options",
		"prompt_cache_key", "prompt_cache_options", "prompt_cache_retention", "safety_identifier":
		return true
	}
	return false
}

// sampling reads how tokens are drawn.
func (r *reader) sampling(c *dialect.Chat, name []byte, v jsonedit.Value) bool {
	switch string(name) {
	case "temperature":
		c.Temperature = r.number(v)
	case "top_p":
		c.TopP = r.number(v)
	case "top_k": // not OpenAI's own; servers of open models have it
		c.TopK = r.number(v)
	case "min_p": // the same
		c.MinP = r.number(v)
	case "frequency_penalty":
		c.FrequencyPenalty = r.number(v)
	case "presence_penalty":
		c.PresencePenalty = r.number(v)
	case "seed", "random_seed": // the second is Mistral's
		r.whole(v, -1<<63)
		c.Seed = v.Raw(r.doc)
	case "logprobs":
		c.Logprobs = r.truth(v)
	case "top_logprobs":
		c.TopLogprobs = int(min(r.whole(v, 0), 1<<10))
	default:
		return false
	}
	return true
}

// limits reads where the answer ends.
func (r *reader) limits(c *dialect.Chat, name []byte, v jsonedit.Value) bool {
	switch string(name) {
	case "max_completion_tokens":
		c.MaxOutput = r.whole(v, 1)
	case "max_tokens": // the older name; the newer one counts
		if n := r.whole(v, 1); c.MaxOutput == 0 {
			c.MaxOutput = n
		}
	case "n":
		c.Choices = int(min(r.whole(v, 1), maxChoices))
	case "stop":
		c.Stop = r.stops(v)
	default:
		return false
	}
	return true
}

// maxChoices bounds the answers to one request, as OpenAI does.
const maxChoices = 128

func (r *reader) stops(v jsonedit.Value) []dialect.Text {
	if v.Kind == jsonedit.String {
		return []dialect.Text{r.text(v)}
	}
	if v.Kind != jsonedit.Array {
		r.wrong("must be a string or an array of strings")
		return nil
	}
	var list []dialect.Text
	r.items(v, func(v jsonedit.Value) { list = append(list, r.text(v)) })
	return list
}

// asked reads the conversation and what is asked of the model.
func (r *reader) asked(c *dialect.Chat, name []byte, v jsonedit.Value) bool {
	switch string(name) {
	case "messages":
		c.Turns = make([]dialect.Turn, 0, 8)
		r.items(v, func(v jsonedit.Value) { c.Turns = append(c.Turns, r.turn(v)) })
	case "response_format":
		c.Format = r.format(v)
	case "reasoning_effort":
		c.Reasoning.Effort = r.effort(v)
	case "reasoning": // OpenRouter's, and spoken by others
		r.reasoning(&c.Reasoning, v)
	case "user":
		c.User = r.text(v)
	case "service_tier":
		c.Tier = r.text(v)
	case "store":
		c.Store = r.toggle(v)
	case "modalities":
		r.modalities(v)
	default:
		return false
	}
	return true
}

// modalities passes a wish for text and cannot say any other.
func (r *reader) modalities(v jsonedit.Value) {
	for item := range v.Items(r.doc) {
		if !item.Is(r.doc, "text") {
			r.unsay(v)
			return
		}
	}
}

// efforts are the words for a level of reasoning, in the order of
// dialect.Effort.
var efforts = [...]string{"", "none", "minimal", "low", "medium", "high", "xhigh", "max"}

func (r *reader) effort(v jsonedit.Value) dialect.Effort {
	for i, word := range efforts {
		if i > 0 && v.Is(r.doc, word) {
			return dialect.Effort(i)
		}
	}
	r.wrong("must be none, minimal, low, medium, high, xhigh or max")
	return dialect.EffortDefault
}

func (r *reader) reasoning(to *dialect.Reasoning, v jsonedit.Value) {
	r.members(v, func(name []byte, v jsonedit.Value) {
		switch string(name) {
		case "effort":
			to.Effort = r.effort(v)
		case "max_tokens":
			to.Budget = r.whole(v, 1)
		case "exclude":
			to.Show = dialect.On
			if r.truth(v) {
				to.Show = dialect.Off
			}
		case "enabled":
			if !r.truth(v) {
				to.Effort = dialect.EffortNone
			}
		default:
			r.unsay(v)
		}
	})
}

// format reads response_format.
func (r *reader) format(v jsonedit.Value) (f dialect.Format) {
	var kind, schema jsonedit.Value
	r.members(v, func(name []byte, v jsonedit.Value) {
		switch string(name) {
		case "type":
			kind = v
		case "json_schema":
			schema = v
		default:
			r.unsay(v)
		}
	})
	switch {
	case kind.Is(r.doc, "text"):
	case kind.Is(r.doc, "json_object"):
		f.Kind = dialect.FormatJSON
	case kind.Is(r.doc, "json_schema"):
		r.member("json_schema", func() { f = r.schema(schema) })
	case kind.Kind == jsonedit.String: // grammars of other servers
		r.unsay(v)
	default:
		r.member("type", func() { r.wrong("must be text, json_object or json_schema") })
	}
	return f
}

func (r *reader) schema(v jsonedit.Value) dialect.Format {
	f := dialect.Format{Kind: dialect.FormatSchema}
	r.members(v, func(name []byte, v jsonedit.Value) {
		switch string(name) {
		case "name":
			f.Name = r.text(v)
		case "description":
			f.Description = r.text(v)
		case "schema":
			f.Schema = r.object(v)
		case "strict":
			f.Strict = r.toggle(v)
		default:
			r.unsay(v)
		}
	})
	return f
}
