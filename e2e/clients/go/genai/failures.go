package main

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"google.golang.org/genai"

	"github.com/signalbox-dev/signalbox/e2e/clients/go/check"
)

// failures are the checks of access, and those in which a caller has to be
// told.
func (s sdk) failures() []check.Check {
	return []check.Check{
		{Name: "versions", Run: versions},
		{Name: "error-no-key", Run: func(ctx context.Context) error {
			o, err := other(genai.ClientConfig{APIKey: "x", HTTPOptions: genai.HTTPOptions{Headers: http.Header{"X-Goog-Api-Key": {""}}}})
			if err != nil {
				return err
			}
			return refused(o.ask(ctx, "chat", ""), 401, "UNAUTHENTICATED")
		}},
		{Name: "error-wrong-key", Run: wrongKey},
		{Name: "error-unknown-model", Run: func(ctx context.Context) error {
			_, streamed := s.listen(ctx, "chad", "", nil)
			return errors.Join(refused(s.ask(ctx, "chad", ""), 404, "NOT_FOUND"), refused(streamed, 404, "NOT_FOUND"))
		}},
		{Name: "error-rate-limited", Run: func(ctx context.Context) error {
			err := refused(s.ask(ctx, "solo", "status=429 retry-after=7"), 429, "RESOURCE_EXHAUSTED")
			if check.Direct() {
				return err
			}
			return errors.Join(err, refused(s.ask(ctx, "chat", "status=429 retry-after=7"), 429, "RESOURCE_EXHAUSTED"))
		}},
		{Name: "error-all-failed", Run: func(ctx context.Context) error {
			_, streamed := s.listen(ctx, "solo", "status=503", nil)
			return errors.Join(refused(s.ask(ctx, "solo", "status=500"), 500, "INTERNAL"), refused(streamed, 503, "UNAVAILABLE"))
		}},
		{Name: "error-in-stream", Run: func(ctx context.Context) error {
			h, err := s.listen(ctx, "chat", "error-event=4", nil)
			return check.Need(err != nil && strings.Contains(strings.ToLower(err.Error()), "overloaded") && h.text != "", "after %q: %v", h.text, err)
		}},
		{Name: "cut-stream", Run: func(ctx context.Context) error {
			for _, fault := range []string{"cut=1500 gap=5ms tokens=60", "reset=1500 gap=5ms tokens=60"} {
				h, err := s.listen(ctx, "chat", fault, nil)
				if err := check.Need(err != nil && h.text != "", "%s: %q, then %v", fault, h.text, err); err != nil {
					return err
				}
			}
			return nil
		}},
	}
}

func versions(ctx context.Context) error {
	for _, v := range []string{"v1", "v1beta"} {
		o, err := other(genai.ClientConfig{HTTPOptions: genai.HTTPOptions{APIVersion: v}})
		if err != nil {
			return err
		}
		h, err := o.listen(ctx, "chat", "", nil)
		if err := errors.Join(err, o.ask(ctx, "chat", ""), check.Contains(h.text, "Hello")); err != nil {
			return err
		}
		if check.Backend() == "anthropic" {
			continue
		}
		if err := o.embeddings(ctx); err != nil {
			return err
		}
	}
	return nil
}

func wrongKey(ctx context.Context) error {
	o, err := other(genai.ClientConfig{APIKey: "AIza-not-one-of-ours"})
	if err != nil {
		return err
	}
	err = o.ask(ctx, "chat", "")
	bad := refused(err, 401, "UNAUTHENTICATED")
	if check.Direct() {
		bad = refused(err, 400, "INVALID_ARGUMENT")
	}
	return errors.Join(bad, check.Need(!strings.Contains(err.Error(), "not-one-of-ours"), "the key is in the error"))
}
