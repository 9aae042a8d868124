package main

import (
	"context"
	"errors"
	"os"
	"strings"

	"github.com/anthropics/anthropic-sdk-go"
	"github.com/anthropics/anthropic-sdk-go/option"

	"github.com/signalbox-dev/signalbox/e2e/clients/go/check"
)

// failures are the checks of access, and those in which a caller has to be
// told.
func (s sdk) failures() []check.Check {
	return []check.Check{
		{Name: "credentials", Run: s.credentials},
		{Name: "versions", Run: s.versions},
		{Name: "error-no-key", Run: func(ctx context.Context) error {
			return refused(s.ask(ctx, params(""), header("x-api-key", ""), header("authorization", "")), 401, "authentication_error")
		}},
		{Name: "error-wrong-key", Run: s.wrongKey},
		{Name: "error-unknown-model", Run: func(ctx context.Context) error {
			return refused(s.ask(ctx, of("chad", "")), 404, "not_found_error")
		}},
		{Name: "error-rate-limited", Run: s.rateLimited},
		{Name: "error-all-failed", Run: func(ctx context.Context) error {
			_, streamed := s.listen(ctx, of("solo", "status=500"))
			return errors.Join(
				refused(s.ask(ctx, of("solo", "status=500")), 500, "api_error"), refused(streamed, 500, "api_error"),
				refused(s.ask(ctx, of("solo", "status=529")), 529, "overloaded_error"))
		}},
		{Name: "error-in-stream", Run: func(ctx context.Context) error {
			h, err := s.listen(ctx, params("error-event=4"))
			return check.Need(err != nil && strings.Contains(strings.ToLower(err.Error()), "overloaded") && h.text != "", "after %q: %v", h.text, err)
		}},
		{Name: "cut-stream", Run: s.cut},
	}
}

func (s sdk) credentials(ctx context.Context) error {
	key := os.Getenv("ANTHROPIC_API_KEY")
	err := errors.Join(
		s.ask(ctx, params(""), header("x-api-key", key), header("authorization", "")),
		s.ask(ctx, params(""), header("x-api-key", ""), option.WithAuthToken(key)))
	if check.Direct() {
		return err
	}
	return errors.Join(err, refused(s.ask(ctx, params(""), header("x-api-key", key), option.WithAuthToken("another")), 401, "authentication_error"))
}

func (s sdk) versions(ctx context.Context) error {
	for _, v := range []string{"2023-06-01", "2026-10-21"} {
		h, err := s.listen(ctx, params(""), header("anthropic-version", v))
		if err := errors.Join(err, check.Contains(h.text, "Hello"), s.ask(ctx, params(""), header("anthropic-version", v))); err != nil {
			return err
		}
	}
	return nil
}

func (s sdk) wrongKey(ctx context.Context) error {
	stranger := sdk{all: anthropic.NewClient(option.WithMaxRetries(0), option.WithAPIKey("sk-ant-not-one-of-ours"))}
	err := stranger.ask(ctx, params(""))
	return errors.Join(refused(err, 401, "authentication_error"), check.Need(!strings.Contains(err.Error(), "not-one-of-ours"), "the key is in the error"))
}

func (s sdk) rateLimited(ctx context.Context) error {
	for _, model := range []string{"solo", "chat"} {
		if check.Direct() && model == "chat" {
			continue
		}
		err := s.ask(ctx, of(model, "status=429 retry-after=7"))
		if bad := refused(err, 429, "rate_limit_error"); bad != nil {
			return bad
		}
		e, _ := errors.AsType[*anthropic.Error](err)
		if after := e.Response.Header.Get("retry-after"); after != "7" {
			return check.Need(false, "retry-after %q of %s", after, model)
		}
		if !check.Direct() && strings.Contains(e.RawJSON(), "0f1e2d3c") {
			return errors.New("the account is in the error")
		}
	}
	return nil
}

// cut breaks streams off in the middle: the caller has got the beginning, and
// an error.
func (s sdk) cut(ctx context.Context) error {
	for _, fault := range []string{"cut=1500 gap=5ms", "reset=1500 gap=5ms"} {
		h, err := s.listen(ctx, params(fault))
		if err := check.Need(err != nil && h.text != "", "%s: %q, then %v", fault, h.text, err); err != nil {
			return err
		}
	}
	return nil
}
