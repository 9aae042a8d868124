package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/packages/ssestream"

	"github.com/signalbox-dev/signalbox/e2e/clients/go/check"
)

// params is a request for model "chat"; fault is how the provider misbehaves.
func params(fault string) openai.ChatCompletionNewParams {
	return openai.ChatCompletionNewParams{Model: "chat", Messages: []openai.ChatCompletionMessageParamUnion{user(fault, "Hello")}}
}

func user(fault, text string) openai.ChatCompletionMessageParamUnion {
	return openai.UserMessage(check.Prompt(fault, text))
}

// of is params for another model.
func of(model, fault string) openai.ChatCompletionNewParams {
	p := params(fault)
	p.Model = model
	return p
}

// answered checks an answer of the simulated provider to the text.
func answered(c *openai.ChatCompletion, err error, text string) error {
	return finished(c, err, text, "stop")
}

// finished is answered with another finish reason.
func finished(c *openai.ChatCompletion, err error, text, why string) error {
	if err != nil {
		return err
	}
	if len(c.Choices) != 1 {
		return fmt.Errorf("%d choices", len(c.Choices))
	}
	m, u := c.Choices[0], c.Usage
	return errors.Join(
		check.Need(string(m.Message.Role) == "assistant" && m.FinishReason == why, "role %q, finish reason %q", m.Message.Role, m.FinishReason),
		check.Contains(m.Message.Content, text),
		check.Need(u.PromptTokens > 0 && u.CompletionTokens > 0 && u.TotalTokens == u.PromptTokens+u.CompletionTokens, "usage %s", u.RawJSON()),
	)
}

// heard is what a stream said.
type heard struct {
	text, finish        string
	chunks, usage, bare int // chunks with usage; without choices
	total               int64
	acc                 openai.ChatCompletionAccumulator
}

// listen reads a stream to its end; the error is that of the stream, or what
// is wrong with a chunk.
func listen(stream *ssestream.Stream[openai.ChatCompletionChunk]) (h heard, err error) {
	for stream.Next() {
		c := stream.Current()
		h.chunks++
		if !h.acc.AddChunk(c) {
			err = errors.Join(err, fmt.Errorf("chunk %d cannot be accumulated", h.chunks))
		}
		if c.JSON.Usage.Valid() {
			h.usage++
			h.total = c.Usage.TotalTokens
		}
		if len(c.Choices) == 0 {
			h.bare++
			continue
		}
		h.text += c.Choices[0].Delta.Content
		if f := c.Choices[0].FinishReason; f != "" {
			h.finish = f
		}
	}
	return h, errors.Join(err, stream.Err())
}

// refusal is the error that a call has to end with.
type refusal struct {
	status    int
	code, typ string // "" is null, anything whatever there is
}

const anything = "*"

func same(got, want string) bool { return want == anything || got == want }

// own is the refusal of a provider in its own words: OpenAI's pass as they are.
func own(status int, code, typ string) refusal {
	if check.Backend() != "openai" {
		return refusal{status, anything, anything}
	}
	return refusal{status, code, typ}
}

// typed checks that err is the SDK's own error with all its parts, and returns
// it.
func (want refusal) typed(err error) (*openai.Error, error) {
	var e *openai.Error
	if !errors.As(err, &e) {
		return nil, fmt.Errorf("error is %T: %v", err, err)
	}
	id := e.Response.Header.Get("x-request-id")
	return e, errors.Join(
		check.Need(e.StatusCode == want.status && same(e.Code, want.code) && same(e.Type, want.typ), "error %d %s, want %+v", e.StatusCode, e.RawJSON(), want),
		check.Need(e.Message != "", "no message in %s", e.RawJSON()),
		check.Need(e.JSON.Message.Raw() != "" && e.JSON.Type.Raw() != "" && e.JSON.Param.Raw() != "" && e.JSON.Code.Raw() != "", "members are missing in %s", e.RawJSON()),
		check.Need(check.Direct() || id != "" && id == e.Response.Header.Get("x-signalbox-request-id"), "request id %q", id),
	)
}

// is a refusal for which only its parts matter.
func (want refusal) is(err error) error {
	_, problem := want.typed(err)
	return problem
}

// chat asks for an answer at once.
func chat(ctx context.Context, c openai.Client, p openai.ChatCompletionNewParams, o ...option.RequestOption) error {
	_, err := c.Chat.Completions.New(ctx, p, o...)
	return err
}
