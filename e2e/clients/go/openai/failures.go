package main

import (
	"context"
	"errors"
	"strings"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"

	"github.com/signalbox-dev/signalbox/e2e/clients/go/check"
)

// failures are the checks in which a caller has to be told.
func failures() []step {
	return []step{
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
			err := own(500, "", "server_error").is(chat(ctx, s.all, of("solo", "status=500")))
			if check.Direct() {
				return err
			}
			return errors.Join(err, refusal{500, "all_backends_failed", "server_error"}.is(chat(ctx, s.all, params("status=500"))))
		}},
		{"error-html", html},
		{"error-unreachable", func(ctx context.Context, s sdk) error {
			return refusal{503, "provider_unreachable", "server_error"}.is(chat(ctx, s.all, of("down", "")))
		}},
		{"error-gateway-timeout", func(ctx context.Context, s sdk) error {
			return refusal{504, "provider_timeout", "server_error"}.is(chat(ctx, s.all, params("stall-before=10s")))
		}},
		{"error-streamed", beforeStream},
	}
}

func noKey(ctx context.Context, s sdk) error {
	want := refusal{401, "missing_api_key", "authentication_error"}
	_, err := s.all.Models.List(ctx, option.WithHeaderDel("authorization"))
	return errors.Join(want.is(err), want.is(chat(ctx, s.all, params(""), option.WithHeaderDel("authorization"))))
}

func wrongKey(ctx context.Context, s sdk) error {
	want := refusal{401, "invalid_api_key", "authentication_error"}
	if check.Direct() {
		want.typ = anything
	}
	e, err := want.typed(chat(ctx, s.all, params(""), option.WithAPIKey("sk-proj-not-one-of-ours")))
	if err != nil {
		return err
	}
	return check.Need(!strings.Contains(e.RawJSON(), "not-one-of-ours"), "the key is in the error")
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
	return check.Need(strings.Contains(e.Message, "chat") && e.Param == "model", "no near name in %s", e.RawJSON())
}

func badRequest(ctx context.Context, s sdk) error {
	e, err := refusal{400, "invalid_field", "invalid_request_error"}.typed(chat(ctx, s.all, params(""), option.WithJSONSet("model", 7)))
	if err != nil {
		return err
	}
	return check.Need(e.Param == "model", "param %q", e.Param)
}

func ofProvider(ctx context.Context, s sdk) error {
	e, err := own(400, "", "invalid_request_error").typed(chat(ctx, s.all, params("status=400 text=No_such_option.")))
	if err != nil {
		return err
	}
	return errors.Join(check.Contains(e.Message, "No such option."),
		own(422, "", "invalid_request_error").is(chat(ctx, s.all, params("status=422"))))
}

func rateLimited(ctx context.Context, s sdk) error {
	for model, want := range map[string]refusal{
		"solo": own(429, "rate_limit_exceeded", "requests"),
		"chat": {429, "all_backends_failed", "rate_limit_error"},
	} {
		if check.Direct() && model == "chat" {
			continue
		}
		e, err := want.typed(chat(ctx, s.all, of(model, "status=429 retry-after=7")))
		if err != nil {
			return err
		}
		after := e.Response.Header.Get("retry-after")
		if err := errors.Join(check.Need(after == "7", "retry-after %q of %s", after, model), check.Need(check.Direct() || !strings.Contains(e.Message, "org-"), "the account is in the error")); err != nil {
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
	return check.Need(!strings.Contains(e.Message, "<"), "HTML in the error")
}

func beforeStream(ctx context.Context, s sdk) error {
	_, err := listen(s.all.Chat.Completions.NewStreaming(ctx, params("status=500")))
	_, unknown := listen(s.all.Chat.Completions.NewStreaming(ctx, of("chad", "")))
	return errors.Join(
		refusal{500, "all_backends_failed", "server_error"}.is(err),
		refusal{404, "model_not_found", "invalid_request_error"}.is(unknown))
}
