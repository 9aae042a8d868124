package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
)

// failures are the checks in which a caller has to be told.
func failures() []check {
	return []check{
		{"error-no-key", noKey},
		{"error-wrong-key", wrongKey},
		{"error-forbidden-model", forbidden},
		{"error-unknown-model", unknownModel},
		{"error-unknown-model-retrieved", func(ctx context.Context, s sdk) error {
			_, err := s.all.Models.Get(ctx, "chad")
			return refusal{404, "model_not_found", "invalid_request_error"}.is(err)
		}},
		{"error-unknown-path", func(ctx context.Context, s sdk) error {
			_, err := s.all.Moderations.New(ctx, openai.ModerationNewParams{Input: openai.ModerationNewParamsInputUnion{OfString: openai.String("x")}})
			return refusal{404, "unknown_path", "invalid_request_error"}.is(err)
		}},
		{"error-bad-request", badRequest},
		{"error-of-provider", ofProvider},
		{"error-rate-limited", rateLimited},
		{"error-all-failed", func(ctx context.Context, s sdk) error {
			return errors.Join(
				refusal{500, "all_backends_failed", "server_error"}.is(chat(ctx, s.all, params("status=500"))),
				refusal{500, "", "server_error"}.is(chat(ctx, s.all, of("solo", "status=500"))))
		}},
		{"error-html", html},
		{"error-unreachable", func(ctx context.Context, s sdk) error {
			return refusal{503, "provider_unreachable", "server_error"}.is(chat(ctx, s.all, of("down", "")))
		}},
		{"error-gateway-timeout", func(ctx context.Context, s sdk) error {
			return refusal{504, "provider_timeout", "server_error"}.is(chat(ctx, s.all, params("stall-before=10s")))
		}},
		{"error-streamed", beforeStream},
		{"error-in-stream", inStream},
		{"cut-stream", cut(func(h heard) string { return h.text })},
		{"cut-helper", cut(func(h heard) string { return fmt.Sprint(len(h.acc.Choices)) })},
		{"client-timeout", timeout},
		{"retry-after", retryAfter},
	}
}

func noKey(ctx context.Context, s sdk) error {
	want := refusal{401, "missing_api_key", "authentication_error"}
	_, err := s.all.Models.List(ctx, option.WithHeaderDel("authorization"))
	return errors.Join(want.is(err), want.is(chat(ctx, s.all, params(""), option.WithHeaderDel("authorization"))))
}

func wrongKey(ctx context.Context, s sdk) error {
	e, err := refusal{401, "invalid_api_key", "authentication_error"}.typed(chat(ctx, s.all, params(""), option.WithAPIKey("sk-proj-not-one-of-ours")))
	if err != nil {
		return err
	}
	return need(!strings.Contains(e.RawJSON(), "not-one-of-ours"), "the key is in the error")
}

func forbidden(ctx context.Context, s sdk) error {
	c, err := s.limited.Chat.Completions.New(ctx, of("solo", ""))
	return errors.Join(answered(c, err, "Hello"),
		refusal{403, "model_not_allowed", "permission_error"}.is(chat(ctx, s.limited, params(""))))
}

func unknownModel(ctx context.Context, s sdk) error {
	e, err := refusal{404, "model_not_found", "invalid_request_error"}.typed(chat(ctx, s.all, of("chad", "")))
	if err != nil {
		return err
	}
	return need(strings.Contains(e.Message, "chat") && e.Param == "model", "no near name in %s", e.RawJSON())
}

func badRequest(ctx context.Context, s sdk) error {
	e, err := refusal{400, "invalid_field", "invalid_request_error"}.typed(chat(ctx, s.all, params(""), option.WithJSONSet("model", 7)))
	if err != nil {
		return err
	}
	return need(e.Param == "model", "param %q", e.Param)
}

func ofProvider(ctx context.Context, s sdk) error {
	e, err := refusal{400, "", "invalid_request_error"}.typed(chat(ctx, s.all, params("status=400 text=No_such_option.")))
	if err != nil {
		return err
	}
	return errors.Join(need(e.Message == "No such option.", "not the provider's words: %q", e.Message),
		refusal{422, "", "invalid_request_error"}.is(chat(ctx, s.all, params("status=422"))))
}

func rateLimited(ctx context.Context, s sdk) error {
	for model, want := range map[string]refusal{
		"solo": {429, "rate_limit_exceeded", "requests"}, // a single provider's own words pass
		"chat": {429, "all_backends_failed", "rate_limit_error"},
	} {
		e, err := want.typed(chat(ctx, s.all, of(model, "status=429 retry-after=7")))
		if err != nil {
			return err
		}
		after := e.Response.Header.Get("retry-after")
		if err := errors.Join(need(after == "7", "retry-after %q of %s", after, model), need(!strings.Contains(e.Message, "org-"), "the account is in the error")); err != nil {
			return err
		}
	}
	return nil
}

func html(ctx context.Context, s sdk) error {
	e, err := refusal{502, "all_backends_failed", "server_error"}.typed(chat(ctx, s.all, params("html")))
	if err != nil {
		return err
	}
	return need(!strings.Contains(e.Message, "<"), "HTML in the error")
}

func beforeStream(ctx context.Context, s sdk) error {
	_, err := listen(s.all.Chat.Completions.NewStreaming(ctx, params("status=500")))
	_, unknown := listen(s.all.Chat.Completions.NewStreaming(ctx, of("chad", "")))
	return errors.Join(
		refusal{500, "all_backends_failed", "server_error"}.is(err),
		refusal{404, "model_not_found", "invalid_request_error"}.is(unknown))
}

func inStream(ctx context.Context, s sdk) error {
	h, err := listen(s.all.Chat.Completions.NewStreaming(ctx, params("error-event=4")))
	return need(err != nil && strings.Contains(err.Error(), "overloaded") && h.chunks > 0, "after %d chunks: %v", h.chunks, err)
}

// cut breaks streams off in the middle: the caller has got the beginning, and
// an error.
func cut(kept func(heard) string) func(context.Context, sdk) error {
	return func(ctx context.Context, s sdk) error {
		for _, fault := range []string{"cut=1500 gap=5ms", "reset=1500 gap=5ms"} {
			h, err := listen(s.all.Chat.Completions.NewStreaming(ctx, params(fault)))
			if err := need(err != nil && kept(h) != "", "%s: %d chunks, then %v", fault, h.chunks, err); err != nil {
				return err
			}
		}
		return nil
	}
}

func timeout(ctx context.Context, s sdk) error {
	limit := option.WithRequestTimeout(300 * time.Millisecond)
	began := time.Now()
	err := chat(ctx, s.all, params("stall-before=5s"), limit)
	took := time.Since(began)
	c, again := s.all.Chat.Completions.New(ctx, params(""), limit)
	return errors.Join(need(errors.Is(err, context.DeadlineExceeded) && took < 2*time.Second, "after %v: %v", took, err), answered(c, again, "Hello"))
}

func retryAfter(ctx context.Context, s sdk) error {
	began := time.Now()
	err := chat(ctx, s.all, params("status=429 retry-after=2"), option.WithMaxRetries(1))
	took := time.Since(began)
	return errors.Join(refusal{429, "all_backends_failed", "rate_limit_error"}.is(err),
		need(took > 1900*time.Millisecond && took < 6*time.Second, "one retry after two seconds, took %v", took))
}
