package main

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/anthropics/anthropic-sdk-go"

	"github.com/signalbox-dev/signalbox/e2e/clients/go/check"
)

// answers are the checks in which everything goes well, in the end.
func (s sdk) answers() []check.Check {
	return []check.Check{
		{Name: "chat", Run: s.chat},
		{Name: "chat-gzip", Run: func(ctx context.Context) error { return s.ask(ctx, params("gzip")) }},
		{Name: "stream", Run: s.stream},
		{Name: "stream-helper", Run: s.accumulated},
		{Name: "stream-abandoned", Run: s.abandoned},
		{Name: "tools", Run: s.tools},
		{Name: "tools-streamed", Run: s.toolsStreamed},
		{Name: "json-schema", Run: s.schema},
		{Name: "models-list", Run: s.models},
		{Name: "models-retrieve", Run: s.model},
		{Name: "fallback-500", Run: s.fallback},
	}
}

func (s sdk) chat(ctx context.Context) error {
	var r *http.Response
	m, err := s.all.Messages.New(ctx, params(""), raw(&r))
	if err := answered(m, err, "Hello"); err != nil {
		return err
	}
	const words = "Grüße \u2028!"
	p := params("")
	p.System = []anthropic.TextBlockParam{{Text: "Be brief."}}
	p.StopSequences = []string{"##"}
	p.Messages = []anthropic.MessageParam{
		user("", "One"), anthropic.NewAssistantMessage(anthropic.NewTextBlock("Two")),
		anthropic.NewUserMessage(anthropic.NewImageBlockBase64("image/png", "AAAA"), anthropic.NewTextBlock(words)),
	}
	m, err = s.all.Messages.New(ctx, p)
	return errors.Join(answered(m, err, words), check.ServedBy(r.Header, "alpha", ""))
}

func (s sdk) stream(ctx context.Context) error {
	h, err := s.listen(ctx, params("tokens=60 gap=2ms"))
	if err != nil {
		return err
	}
	return check.Need(h.events[0] == "message_start" && h.events[len(h.events)-1] == "message_stop" &&
		strings.Count(h.text, " ") > 50 && strings.Contains(h.text, "Hello"), "stream %q %q", h.events, h.text)
}

func (s sdk) accumulated(ctx context.Context) error {
	for _, fault := range []string{"", "drip", "crlf"} {
		h, err := s.listen(ctx, params(fault))
		if err := errors.Join(answered(&h.whole, err, "Hello"), check.Need(text(&h.whole) == h.text, "deltas %q", h.text)); err != nil {
			return err
		}
	}
	return nil
}

func (s sdk) abandoned(ctx context.Context) error {
	stream := s.all.Messages.NewStreaming(ctx, params("tokens=500 gap=5ms"))
	began := stream.Next()
	if err := errors.Join(check.Need(began, "no event: %v", stream.Err()), stream.Close()); err != nil {
		return err
	}
	return s.ask(ctx, params(""))
}

// withTools is a request that is answered by two parallel calls.
func withTools() anthropic.MessageNewParams {
	p := params("calls=2")
	for _, name := range []string{"weather", "local_time"} {
		p.Tools = append(p.Tools, anthropic.ToolUnionParam{OfTool: &anthropic.ToolParam{
			Name: name, Description: anthropic.String("Tells it."), InputSchema: anthropic.ToolInputSchemaParam{
				Properties: map[string]any{"city": map[string]any{"type": "string"}}, Required: []string{"city"},
			},
		}})
	}
	return p
}

func (s sdk) tools(ctx context.Context) error {
	m, err := s.all.Messages.New(ctx, withTools())
	if err != nil {
		return err
	}
	return s.finishTools(ctx, m)
}

func (s sdk) toolsStreamed(ctx context.Context) error {
	h, err := s.listen(ctx, withTools())
	if err != nil {
		return err
	}
	return s.finishTools(ctx, &h.whole)
}

// finishTools checks two parallel calls and gives their results back.
func (s sdk) finishTools(ctx context.Context, m *anthropic.Message) error {
	var names []string
	var results []anthropic.ContentBlockParamUnion
	for _, b := range m.Content {
		if b.Type != "tool_use" {
			continue
		}
		var input map[string]string
		if err := json.Unmarshal(b.Input, &input); err != nil || input["city"] != "sample" {
			return errors.Join(err, errors.New("input "+string(b.Input)))
		}
		names = append(names, b.Name)
		results = append(results, anthropic.NewToolResultBlock(b.ID, "fine", false))
	}
	if err := check.Need(m.StopReason == "tool_use" && slices.Equal(names, []string{"weather", "local_time"}), "%s: calls %q", m.StopReason, names); err != nil {
		return err
	}
	p := withTools()
	p.Messages = []anthropic.MessageParam{user("", "Paris?"), m.ToParam(), anthropic.NewUserMessage(results...)}
	next, err := s.all.Messages.New(ctx, p)
	return answered(next, err, "")
}

func (s sdk) schema(ctx context.Context) error {
	p := params("")
	p.OutputConfig = anthropic.OutputConfigParam{Format: anthropic.JSONOutputFormatParam{Schema: map[string]any{
		"type": "object", "properties": map[string]any{"name": map[string]any{"type": "string"}}, "required": []string{"name"}, "additionalProperties": false,
	}}}
	m, err := s.all.Messages.New(ctx, p)
	if err != nil {
		return err
	}
	var town struct{ Name string }
	return errors.Join(json.Unmarshal([]byte(text(m)), &town), check.Need(town.Name == "sample", "answer %q", text(m)))
}

func (s sdk) models(ctx context.Context) error {
	for _, c := range []struct {
		client anthropic.Client
		want   []string
	}{{s.all, []string{"chat", "down", "mixed", "solo"}}, {s.limited, []string{"solo"}}} {
		var names []string
		list := c.client.Models.ListAutoPaging(ctx, anthropic.ModelListParams{Limit: anthropic.Int(1000)})
		for list.Next() {
			names = append(names, list.Current().ID)
		}
		slices.Sort(names)
		if err := errors.Join(list.Err(), check.Need(slices.Equal(names, c.want), "models %q, want %q", names, c.want)); err != nil {
			return err
		}
	}
	return nil
}

func (s sdk) model(ctx context.Context) error {
	m, err := s.all.Models.Get(ctx, "chat", anthropic.ModelGetParams{})
	if err != nil {
		return err
	}
	return check.Need(m.ID == "chat" && m.Type == "model" && m.DisplayName != "" && m.CreatedAt.Year() > 1999, "model %s", m.RawJSON())
}

func (s sdk) fallback(ctx context.Context) error {
	var r *http.Response
	m, err := s.all.Messages.New(ctx, params("backend=alpha status=500"), raw(&r))
	if err := answered(m, err, "Hello"); err != nil {
		return err
	}
	return check.ServedBy(r.Header, "beta", "2")
}
