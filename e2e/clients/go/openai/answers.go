package main

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/shared"

	"github.com/signalbox-dev/signalbox/e2e/clients/go/check"
)

// answers are the checks in which everything goes well, in the end.
func answers() []step {
	return []step{
		{"chat", whole},
		{"chat-parts", parts},
		{"chat-large", large},
		{"chat-gzip", func(ctx context.Context, s sdk) error {
			c, err := s.all.Chat.Completions.New(ctx, params("gzip"))
			return answered(c, err, "Hello")
		}},
		{"chat-options", options},
		{"chat-length", length},
		{"request-id", requestID},
		{"lost-fields", lost},
		{"stream", streamed},
		{"stream-without-usage", withoutUsage},
		{"stream-with-usage", withUsage},
		{"stream-helper", accumulated},
		{"stream-abandoned", abandoned},
	}
}

func whole(ctx context.Context, s sdk) error {
	var raw *http.Response
	c, err := s.all.Chat.Completions.New(ctx, params(""), option.WithResponseInto(&raw))
	if err := answered(c, err, "Hello"); err != nil {
		return err
	}
	return check.ServedBy(raw.Header, "alpha", "")
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
	return check.Need(c.Usage.PromptTokens > 200_000, "usage %s", c.Usage.RawJSON())
}

func streamed(ctx context.Context, s sdk) error {
	h, err := listen(s.all.Chat.Completions.NewStreaming(ctx, params("tokens=60 gap=2ms")))
	return errors.Join(err, check.Need(h.finish == "stop" && strings.Count(h.text, " ") > 50 && strings.Contains(h.text, "Hello"), "stream %q %q", h.finish, h.text))
}

func withoutUsage(ctx context.Context, s sdk) error {
	for _, fault := range []string{"", "drip", "crlf", "backend=alpha status=500"} {
		if check.Direct() && strings.HasPrefix(fault, "backend=") {
			continue
		}
		h, err := listen(s.all.Chat.Completions.NewStreaming(ctx, params(fault)))
		if err := errors.Join(err, check.Need(h.finish == "stop" && h.usage == 0 && h.bare == 0, "%s: end %q, %d with usage, %d without choices", fault, h.finish, h.usage, h.bare)); err != nil {
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
	return errors.Join(err, check.Need(h.finish == "stop" && h.usage == 1 && h.bare == 1 && h.total > 0, "end %q, %d with usage, %d without choices, total %d", h.finish, h.usage, h.bare, h.total))
}

func accumulated(ctx context.Context, s sdk) error {
	h, err := listen(s.all.Chat.Completions.NewStreaming(ctx, usageToo(params(""))))
	if err := answered(&h.acc.ChatCompletion, err, "Hello"); err != nil {
		return err
	}
	return check.Need(h.acc.Choices[0].Message.Content == h.text, "accumulated %q of %q", h.acc.Choices[0].Message.Content, h.text)
}

func abandoned(ctx context.Context, s sdk) error {
	stream := s.all.Chat.Completions.NewStreaming(ctx, params("tokens=500 gap=5ms"))
	began := stream.Next()
	if err := errors.Join(check.Need(began, "no chunk: %v", stream.Err()), stream.Close()); err != nil {
		return err
	}
	c, err := s.all.Chat.Completions.New(ctx, params(""))
	return answered(c, err, "Hello")
}

func requestID(ctx context.Context, s sdk) error {
	var raw *http.Response
	c, err := s.all.Chat.Completions.New(ctx, params(""), option.WithResponseInto(&raw))
	if err := answered(c, err, "Hello"); err != nil {
		return err
	}
	id := raw.Header.Get("x-request-id")
	if err := check.Need(len(id) > 30 && id == raw.Header.Get("x-signalbox-request-id"), "request id %q", id); err != nil {
		return err
	}
	e, err := refusal{404, "model_not_found", "invalid_request_error"}.typed(chat(ctx, s.all, of("chad", "")))
	if err != nil {
		return err
	}
	return check.Need(e.Response.Header.Get("x-request-id") != id, "the same request id again")
}

func options(ctx context.Context, s sdk) error {
	p := params("")
	p.Messages = append([]openai.ChatCompletionMessageParamUnion{
		openai.DeveloperMessage("Be brief."), user("", "One"), user("", "Two"), openai.AssistantMessage("Three"),
	}, p.Messages...)
	p.Temperature, p.TopP, p.MaxCompletionTokens, p.User = openai.Float(0.3), openai.Float(0.9), openai.Int(200), openai.String("u-1")
	p.Stop = openai.ChatCompletionNewParamsStopUnion{OfStringArray: []string{"##"}}
	p.ReasoningEffort = shared.ReasoningEffortLow
	c, err := s.all.Chat.Completions.New(ctx, p)
	return answered(c, err, "Hello")
}

func length(ctx context.Context, s sdk) error {
	p := params("")
	p.MaxCompletionTokens = openai.Int(3)
	c, err := s.all.Chat.Completions.New(ctx, p)
	h, streamErr := listen(s.all.Chat.Completions.NewStreaming(ctx, p))
	return errors.Join(finished(c, err, "This is", "length"), streamErr, check.Need(h.finish == "length", "finish reason of a stream %q", h.finish))
}

func lost(ctx context.Context, s sdk) error {
	p := params("")
	p.LogitBias = map[string]int64{"50256": -100}
	var raw *http.Response
	c, err := s.all.Chat.Completions.New(ctx, p, option.WithResponseInto(&raw))
	if err := answered(c, err, "Hello"); err != nil {
		return err
	}
	return errors.Join(
		check.Need(raw.Header.Get("x-signalbox-lost-fields") == "logit_bias", "lost %q", raw.Header.Get("x-signalbox-lost-fields")),
		refusal{400, "fields_lost", "invalid_request_error"}.is(chat(ctx, s.all, p, option.WithHeader("signalbox-strict", "true"))))
}
