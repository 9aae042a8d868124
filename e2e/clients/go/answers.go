package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/shared"
)

// answers are the checks in which everything goes well, in the end.
func answers() []check {
	return []check{
		{"chat", whole},
		{"chat-parts", parts},
		{"chat-large", large},
		{"chat-gzip", func(ctx context.Context, s sdk) error {
			c, err := s.all.Chat.Completions.New(ctx, params("gzip"))
			return answered(c, err, "Hello")
		}},
		{"stream", streamed},
		{"stream-without-usage", withoutUsage},
		{"stream-with-usage", withUsage},
		{"stream-helper", accumulated},
		{"stream-abandoned", abandoned},
		{"tools", tools},
		{"tools-streamed", toolsStreamed},
		{"json-schema", schema},
		{"models-list", models},
		{"models-retrieve", model},
		{"fallback-500", fromBeta("status=500")},
		{"fallback-reset", fromBeta("reset")},
		{"fallback-slow", fromBeta("stall-before=5s")},
		{"fallback-credential", fromBeta("status=401")},
		{"request-id", requestID},
	}
}

func whole(ctx context.Context, s sdk) error {
	var raw *http.Response
	c, err := s.all.Chat.Completions.New(ctx, params(""), option.WithResponseInto(&raw))
	return errors.Join(answered(c, err, "Hello"),
		need(header(raw, "x-signalbox-provider") == "alpha", "provider %q", header(raw, "x-signalbox-provider")),
		need(header(raw, "x-signalbox-model") == "alpha-large", "model at the provider %q", header(raw, "x-signalbox-model")))
}

func parts(ctx context.Context, s sdk) error {
	const text = "Grüße \u2028 \U0001f642"
	p := params("")
	p.Messages = []openai.ChatCompletionMessageParamUnion{openai.SystemMessage("Be brief."), openai.UserMessage([]openai.ChatCompletionContentPartUnionParam{
		openai.TextContentPart(text),
		openai.ImageContentPart(openai.ChatCompletionContentPartImageImageURLParam{URL: "data:image/png;base64,AAAA"}),
	})}
	c, err := s.all.Chat.Completions.New(ctx, p)
	return answered(c, err, text)
}

func large(ctx context.Context, s sdk) error {
	p := params("")
	p.Messages = []openai.ChatCompletionMessageParamUnion{user("", "Hello "+strings.Repeat("0123456789", 100_000))}
	c, err := s.all.Chat.Completions.New(ctx, p)
	if err := answered(c, err, "Hello"); err != nil {
		return err
	}
	return need(c.Usage.PromptTokens > 200_000, "usage %s", c.Usage.RawJSON())
}

func streamed(ctx context.Context, s sdk) error {
	h, err := listen(s.all.Chat.Completions.NewStreaming(ctx, params("tokens=60 gap=2ms")))
	return errors.Join(err, need(h.finish == "stop" && strings.Count(h.text, " ") > 50 && strings.Contains(h.text, "Hello"), "stream %q %q", h.finish, h.text))
}

func withoutUsage(ctx context.Context, s sdk) error {
	for _, fault := range []string{"", "drip", "crlf", "backend=alpha status=500"} {
		h, err := listen(s.all.Chat.Completions.NewStreaming(ctx, params(fault)))
		if err := errors.Join(err, need(h.finish == "stop" && h.usage == 0 && h.bare == 0, "%s: end %q, %d with usage, %d without choices", fault, h.finish, h.usage, h.bare)); err != nil {
			return err
		}
	}
	return nil
}

// usageToo is p with the usage asked for.
func usageToo(p openai.ChatCompletionNewParams) openai.ChatCompletionNewParams {
	p.StreamOptions = openai.ChatCompletionStreamOptionsParam{IncludeUsage: openai.Bool(true)}
	return p
}

func withUsage(ctx context.Context, s sdk) error {
	h, err := listen(s.all.Chat.Completions.NewStreaming(ctx, usageToo(params(""))))
	return errors.Join(err, need(h.finish == "stop" && h.usage == 1 && h.bare == 1 && h.total > 0, "end %q, %d with usage, %d without choices, total %d", h.finish, h.usage, h.bare, h.total))
}

func accumulated(ctx context.Context, s sdk) error {
	h, err := listen(s.all.Chat.Completions.NewStreaming(ctx, usageToo(params(""))))
	if err := answered(&h.acc.ChatCompletion, err, "Hello"); err != nil {
		return err
	}
	return need(h.acc.Choices[0].Message.Content == h.text, "accumulated %q of %q", h.acc.Choices[0].Message.Content, h.text)
}

func abandoned(ctx context.Context, s sdk) error {
	stream := s.all.Chat.Completions.NewStreaming(ctx, params("tokens=500 gap=5ms"))
	began := stream.Next()
	if err := errors.Join(need(began, "no chunk: %v", stream.Err()), stream.Close()); err != nil {
		return err
	}
	c, err := s.all.Chat.Completions.New(ctx, params(""))
	return answered(c, err, "Hello")
}

// withTools is a request that is answered by two parallel calls.
func withTools() openai.ChatCompletionNewParams {
	p := params("calls=2")
	for _, name := range []string{"weather", "local_time"} {
		p.Tools = append(p.Tools, openai.ChatCompletionFunctionTool(shared.FunctionDefinitionParam{
			Name: name, Strict: openai.Bool(true), Parameters: object("city", "string"),
		}))
	}
	return p
}

// object is the JSON schema of an object with one property.
func object(name, typ string) map[string]any {
	return map[string]any{
		"type": "object", "properties": map[string]any{name: map[string]any{"type": typ}},
		"required": []string{name}, "additionalProperties": false,
	}
}

func tools(ctx context.Context, s sdk) error {
	p := withTools()
	p.ParallelToolCalls = openai.Bool(true)
	c, err := s.all.Chat.Completions.New(ctx, p)
	if err != nil {
		return err
	}
	return secondTurn(ctx, s, c)
}

func toolsStreamed(ctx context.Context, s sdk) error {
	stream := s.all.Chat.Completions.NewStreaming(ctx, withTools())
	var acc openai.ChatCompletionAccumulator
	var done []string
	for stream.Next() {
		if !acc.AddChunk(stream.Current()) {
			return errors.New("a chunk cannot be accumulated")
		}
		if call, ok := acc.JustFinishedToolCall(); ok {
			done = append(done, call.Name+call.Arguments)
		}
	}
	want := []string{`weather{"city":"sample"}`, `local_time{"city":"sample"}`}
	if err := errors.Join(stream.Err(), need(slices.Equal(done, want), "calls %q", done)); err != nil {
		return err
	}
	return secondTurn(ctx, s, &acc.ChatCompletion)
}

// secondTurn checks two parallel calls and gives their results back.
func secondTurn(ctx context.Context, s sdk, c *openai.ChatCompletion) error {
	if len(c.Choices) != 1 || len(c.Choices[0].Message.ToolCalls) != 2 || c.Choices[0].FinishReason != "tool_calls" {
		return fmt.Errorf("answer %s", c.RawJSON())
	}
	m := c.Choices[0].Message
	p := withTools()
	p.Messages = []openai.ChatCompletionMessageParamUnion{user("", "Paris?"), m.ToParam()}
	var err error
	for i, name := range []string{"weather", "local_time"} {
		call := m.ToolCalls[i]
		err = errors.Join(err, need(call.ID != "" && call.Type == "function" && call.Function.Name == name && call.Function.Arguments == `{"city":"sample"}`, "call %+v", call))
		p.Messages = append(p.Messages, openai.ToolMessage("fine", call.ID))
	}
	if err = errors.Join(err, need(m.ToolCalls[0].ID != m.ToolCalls[1].ID, "one id for both calls")); err != nil {
		return err
	}
	next, err := s.all.Chat.Completions.New(ctx, p)
	return answered(next, err, "Paris?")
}

func schema(ctx context.Context, s sdk) error {
	p := params("")
	p.ResponseFormat.OfJSONSchema = &shared.ResponseFormatJSONSchemaParam{JSONSchema: shared.ResponseFormatJSONSchemaJSONSchemaParam{
		Name: "town", Strict: openai.Bool(true), Schema: object("people", "integer"),
	}}
	c, err := s.all.Chat.Completions.New(ctx, p)
	if err != nil {
		return err
	}
	h, err := listen(s.all.Chat.Completions.NewStreaming(ctx, p))
	for _, text := range []string{c.Choices[0].Message.Content, h.text} {
		var town struct{ People int }
		err = errors.Join(err, json.Unmarshal([]byte(text), &town), need(town.People == 1, "answer %q", text))
	}
	return err
}

func models(ctx context.Context, s sdk) error {
	for _, c := range []struct {
		client openai.Client
		want   []string
	}{{s.all, []string{"chat", "down", "solo"}}, {s.limited, []string{"solo"}}} {
		var names []string
		list := c.client.Models.ListAutoPaging(ctx)
		for list.Next() {
			names = append(names, list.Current().ID)
		}
		slices.Sort(names)
		if err := errors.Join(list.Err(), need(slices.Equal(names, c.want), "models %q, want %q", names, c.want)); err != nil {
			return err
		}
	}
	return nil
}

func model(ctx context.Context, s sdk) error {
	m, err := s.all.Models.Get(ctx, "chat")
	if err != nil {
		return err
	}
	return need(m.ID == "chat" && m.Object == "model" && m.Created > 0 && m.OwnedBy != "", "model %s", m.RawJSON())
}

// fromBeta lets the first provider fail in that way: the second one answers.
func fromBeta(fault string) func(context.Context, sdk) error {
	return func(ctx context.Context, s sdk) error {
		var raw *http.Response
		p := params("backend=alpha " + fault)
		c, err := s.all.Chat.Completions.New(ctx, p, option.WithResponseInto(&raw))
		err = errors.Join(answered(c, err, "Hello"), need(header(raw, "x-signalbox-provider") == "beta" && header(raw, "x-signalbox-attempts") == "2", "not the second provider"))
		h, streamErr := listen(s.all.Chat.Completions.NewStreaming(ctx, p, option.WithResponseInto(&raw)))
		return errors.Join(err, streamErr,
			need(header(raw, "x-signalbox-provider") == "beta", "not the second provider of a stream"),
			need(strings.Contains(h.text, "Hello") && h.finish == "stop" && h.usage == 0, "stream %q %q", h.finish, h.text))
	}
}

func requestID(ctx context.Context, s sdk) error {
	var raw *http.Response
	c, err := s.all.Chat.Completions.New(ctx, params(""), option.WithResponseInto(&raw))
	id := header(raw, "x-request-id")
	if err := errors.Join(answered(c, err, "Hello"), need(len(id) > 30 && id == header(raw, "x-signalbox-request-id"), "request id %q", id)); err != nil {
		return err
	}
	e, err := refusal{404, "model_not_found", "invalid_request_error"}.typed(chat(ctx, s.all, of("chad", "")))
	if err != nil {
		return err
	}
	return need(e.Response.Header.Get("x-request-id") != id, "the same request id again")
}
