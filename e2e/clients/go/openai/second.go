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

	"github.com/signalbox-dev/signalbox/e2e/clients/go/check"
)

// second are the checks of tools, schemas, models, embeddings and fallback.
func second() []step {
	return []step{
		{"tools", tools},
		{"tools-streamed", toolsStreamed},
		{"json-schema", schema},
		{"models-list", models},
		{"models-retrieve", model},
		{"embeddings", embeddings},
		{"embeddings-refused", func(ctx context.Context, s sdk) error {
			_, err := embed(ctx, s, "one")
			return refusal{400, "not_translatable", "invalid_request_error"}.is(err)
		}},
		{"fallback-500", fallsBack("chat", "beta", "status=500")},
		{"fallback-reset", fallsBack("chat", "beta", "reset")},
		{"fallback-slow", fallsBack("chat", "beta", "stall-before=5s")},
		{"fallback-credential", fallsBack("chat", "beta", "status=401")},
		{"fallback-dialect", fallsBack("mixed", "gamma", "status=500")},
	}
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
			done = append(done, call.Name+strings.ReplaceAll(call.Arguments, " ", ""))
		}
	}
	want := []string{`weather{"city":"sample"}`, `local_time{"city":"sample"}`}
	if err := errors.Join(stream.Err(), check.Need(slices.Equal(done, want), "calls %q", done)); err != nil {
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
		err = errors.Join(err, check.Need(call.ID != "" && call.Type == "function" && call.Function.Name == name && strings.ReplaceAll(call.Function.Arguments, " ", "") == `{"city":"sample"}`, "call %+v", call))
		p.Messages = append(p.Messages, openai.ToolMessage("fine", call.ID))
	}
	if err = errors.Join(err, check.Need(m.ToolCalls[0].ID != m.ToolCalls[1].ID, "one id for both calls")); err != nil {
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
		err = errors.Join(err, json.Unmarshal([]byte(text), &town), check.Need(town.People == 1, "answer %q", text))
	}
	return err
}

func models(ctx context.Context, s sdk) error {
	for _, c := range []struct {
		client openai.Client
		want   []string
	}{{s.all, []string{"chat", "down", "mixed", "solo"}}, {s.limited, []string{"solo"}}} {
		var names []string
		list := c.client.Models.ListAutoPaging(ctx)
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

func model(ctx context.Context, s sdk) error {
	m, err := s.all.Models.Get(ctx, "chat")
	if err != nil {
		return err
	}
	return check.Need(m.ID == "chat" && m.Object == "model" && m.Created > 0 && m.OwnedBy != "", "model %s", m.RawJSON())
}

// embed asks for vectors.
func embed(ctx context.Context, s sdk, input ...string) (*openai.CreateEmbeddingResponse, error) {
	return s.all.Embeddings.New(ctx, openai.EmbeddingNewParams{Model: "chat", Input: openai.EmbeddingNewParamsInputUnion{OfArrayOfStrings: input}})
}

func embeddings(ctx context.Context, s sdk) error {
	e, err := embed(ctx, s, "one", "two")
	if err != nil {
		return err
	}
	return errors.Join(
		check.Need(len(e.Data) == 2 && len(e.Data[0].Embedding) > 1 && !slices.Equal(e.Data[0].Embedding, e.Data[1].Embedding), "answer %s", e.RawJSON()),
		check.Need(check.Backend() != "openai" || e.Usage.PromptTokens > 0, "usage %s", e.Usage.RawJSON()))
}

// fallsBack lets the first provider fail in that way: the second one answers.
func fallsBack(model, to, fault string) func(context.Context, sdk) error {
	return func(ctx context.Context, s sdk) error {
		var raw *http.Response
		p := of(model, "backend=alpha "+fault)
		c, err := s.all.Chat.Completions.New(ctx, p, option.WithResponseInto(&raw))
		if err := answered(c, err, "Hello"); err != nil {
			return err
		}
		err = check.ServedBy(raw.Header, to, "2")
		h, streamErr := listen(s.all.Chat.Completions.NewStreaming(ctx, p, option.WithResponseInto(&raw)))
		if streamErr != nil {
			return streamErr
		}
		return errors.Join(err, check.ServedBy(raw.Header, to, ""),
			check.Need(strings.Contains(h.text, "Hello") && h.finish == "stop" && h.usage == 0, "stream %q %q", h.finish, h.text))
	}
}
