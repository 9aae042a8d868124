package main

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"

	"google.golang.org/genai"

	"github.com/signalbox-dev/signalbox/e2e/clients/go/check"
)

// answers are the checks in which everything goes well, in the end.
func (s sdk) answers() []check.Check {
	return []check.Check{
		{Name: "chat", Run: s.chat},
		{Name: "chat-gzip", Run: func(ctx context.Context) error { return s.ask(ctx, "chat", "gzip") }},
		{Name: "stream", Run: s.stream},
		{Name: "stream-abandoned", Run: s.abandoned},
		{Name: "tools", Run: s.tools},
		{Name: "tools-streamed", Run: s.toolsStreamed},
		{Name: "json-schema", Run: s.schema},
		{Name: "models-list", Run: s.models},
		{Name: "models-retrieve", Run: func(ctx context.Context) error {
			m, err := s.all.Models.Get(ctx, "chat", nil)
			if err != nil {
				return err
			}
			return check.Need(m.Name == "models/chat" && m.DisplayName != "", "model %+v", m)
		}},
		{Name: "embeddings", Run: s.embeddings},
		{Name: "embeddings-refused", Run: func(ctx context.Context) error {
			_, err := s.all.Models.EmbedContent(ctx, "chat", user("", "one"), nil)
			return refused(err, 400, "INVALID_ARGUMENT")
		}},
		{Name: "fallback-500", Run: s.fallback},
	}
}

func (s sdk) chat(ctx context.Context) error {
	const words = "Grüße \u2028!"
	r, err := s.all.Models.GenerateContent(ctx, "chat", []*genai.Content{
		genai.NewContentFromText("One", "user"), genai.NewContentFromText("Two", "model"),
		genai.NewContentFromParts([]*genai.Part{genai.NewPartFromBytes([]byte{0, 0, 0}, "image/png"), genai.NewPartFromText(words)}, "user"),
	}, &genai.GenerateContentConfig{
		SystemInstruction: genai.NewContentFromText("Be brief.", "user"), Temperature: genai.Ptr[float32](0.3), MaxOutputTokens: 200,
	})
	if err := answered(r, err, words); err != nil {
		return err
	}
	return check.ServedBy(r.SDKHTTPResponse.Headers, "alpha", "")
}

func (s sdk) stream(ctx context.Context) error {
	h, err := s.listen(ctx, "chat", "tokens=60 gap=2ms", nil)
	if err != nil {
		return err
	}
	err = errors.Join(counted(h.last), check.Contains(h.text, "Hello"),
		check.Need(h.chunks > 5 && strings.Count(h.text, " ") > 50, "stream of %d: %q", h.chunks, h.text),
		check.Need(h.last.Candidates[0].FinishReason == genai.FinishReasonStop, "finish reason %s", h.last.Candidates[0].FinishReason))
	for _, fault := range []string{"drip", "crlf"} {
		h, streamErr := s.listen(ctx, "chat", fault, nil)
		err = errors.Join(err, streamErr, check.Contains(h.text, "Hello"))
	}
	return err
}

func (s sdk) abandoned(ctx context.Context) error {
	for _, err := range s.all.Models.GenerateContentStream(ctx, "chat", user("tokens=500 gap=5ms", "Hello"), nil) {
		if err != nil {
			return err
		}
		break
	}
	return s.ask(ctx, "chat", "")
}

func withTools() *genai.GenerateContentConfig {
	var list []*genai.FunctionDeclaration
	for _, name := range []string{"weather", "local_time"} {
		list = append(list, &genai.FunctionDeclaration{Name: name, Description: "Tells it.", ParametersJsonSchema: map[string]any{
			"type": "object", "properties": map[string]any{"city": map[string]any{"type": "string"}}, "required": []string{"city"},
		}})
	}
	return &genai.GenerateContentConfig{Tools: []*genai.Tool{{FunctionDeclarations: list}}}
}

func (s sdk) tools(ctx context.Context) error {
	r, err := s.all.Models.GenerateContent(ctx, "chat", user("calls=2", "Hello"), withTools())
	if err != nil {
		return err
	}
	if len(r.Candidates) == 0 || r.Candidates[0].Content == nil {
		return errors.New("no content")
	}
	return s.finishTools(ctx, slices.DeleteFunc(r.Candidates[0].Content.Parts, func(p *genai.Part) bool { return p.FunctionCall == nil }))
}

func (s sdk) toolsStreamed(ctx context.Context) error {
	h, err := s.listen(ctx, "chat", "calls=2", withTools())
	if err != nil {
		return err
	}
	return s.finishTools(ctx, h.calls)
}

// finishTools checks two parallel calls and gives their results back.
func (s sdk) finishTools(ctx context.Context, calls []*genai.Part) error {
	var names []string
	var results []*genai.Part
	for _, p := range calls {
		c := p.FunctionCall
		if c.Args["city"] != "sample" {
			return check.Need(false, "arguments %v", c.Args)
		}
		names = append(names, c.Name)
		results = append(results, &genai.Part{FunctionResponse: &genai.FunctionResponse{ID: c.ID, Name: c.Name, Response: map[string]any{"result": "fine"}}})
	}
	if err := check.Need(slices.Equal(names, []string{"weather", "local_time"}), "calls %q", names); err != nil {
		return err
	}
	turns := append(user("", "Paris?"), genai.NewContentFromParts(calls, "model"), genai.NewContentFromParts(results, "user"))
	r, err := s.all.Models.GenerateContent(ctx, "chat", turns, withTools())
	return answered(r, err, "")
}

func (s sdk) schema(ctx context.Context) error {
	r, err := s.all.Models.GenerateContent(ctx, "chat", user("", "Hello"), &genai.GenerateContentConfig{
		ResponseMIMEType: "application/json",
		ResponseSchema: &genai.Schema{
			Type: genai.TypeObject, Properties: map[string]*genai.Schema{"people": {Type: genai.TypeInteger}}, Required: []string{"people"},
		},
	})
	if err != nil {
		return err
	}
	var town struct{ People int }
	return errors.Join(json.Unmarshal([]byte(r.Text()), &town), check.Need(town.People == 1, "answer %q", r.Text()))
}

func (s sdk) models(ctx context.Context) error {
	for _, c := range []struct {
		client *genai.Client
		want   []string
	}{{s.all, []string{"models/chat", "models/down", "models/mixed", "models/solo"}}, {s.limited, []string{"models/solo"}}} {
		var names []string
		for m, err := range c.client.Models.All(ctx) {
			if err != nil {
				return err
			}
			names = append(names, m.Name)
		}
		slices.Sort(names)
		if err := check.Need(slices.Equal(names, c.want), "models %q, want %q", names, c.want); err != nil {
			return err
		}
	}
	return nil
}

func (s sdk) embeddings(ctx context.Context) error {
	e, err := s.all.Models.EmbedContent(ctx, "chat", append(user("", "one"), user("", "two")...), nil)
	if err != nil {
		return err
	}
	return check.Need(len(e.Embeddings) == 2 && len(e.Embeddings[0].Values) > 1 && !slices.Equal(e.Embeddings[0].Values, e.Embeddings[1].Values), "vectors %v", e.Embeddings)
}

func (s sdk) fallback(ctx context.Context) error {
	r, err := s.all.Models.GenerateContent(ctx, "chat", user("backend=alpha status=500", "Hello"), nil)
	if err := answered(r, err, "Hello"); err != nil {
		return err
	}
	return check.ServedBy(http.Header(r.SDKHTTPResponse.Headers), "beta", "2")
}
