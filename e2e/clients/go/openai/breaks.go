package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/openai/openai-go/v3/option"

	"github.com/signalbox-dev/signalbox/e2e/clients/go/check"
)

// breaks are the checks of answers that do not come to their end.
func breaks() []step {
	return []step{
		{"error-in-stream", inStream},
		{"cut-stream", cut(func(h heard) string { return h.text })},
		{"cut-helper", cut(func(h heard) string { return fmt.Sprint(len(h.acc.Choices)) })},
		{"client-timeout", timeout},
		{"retry-after", retryAfter},
	}
}

func inStream(ctx context.Context, s sdk) error {
	h, err := listen(s.all.Chat.Completions.NewStreaming(ctx, params("error-event=4")))
	return check.Need(err != nil && strings.Contains(strings.ToLower(err.Error()), "overloaded") && h.chunks > 0, "after %d chunks: %v", h.chunks, err)
}

// cut breaks streams off in the middle: the caller has got the beginning, and
// an error.
func cut(kept func(heard) string) func(context.Context, sdk) error {
	return func(ctx context.Context, s sdk) error {
		for _, fault := range []string{"cut=1500 gap=5ms", "reset=1500 gap=5ms"} {
			h, err := listen(s.all.Chat.Completions.NewStreaming(ctx, params(fault)))
			if err := check.Need(err != nil && kept(h) != "", "%s: %d chunks, then %v", fault, h.chunks, err); err != nil {
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
	return errors.Join(check.Need(errors.Is(err, context.DeadlineExceeded) && took < 2*time.Second, "after %v: %v", took, err), answered(c, again, "Hello"))
}

func retryAfter(ctx context.Context, s sdk) error {
	began := time.Now()
	err := chat(ctx, s.all, params("status=429 retry-after=2"), option.WithMaxRetries(1))
	took := time.Since(began)
	return errors.Join(refusal{429, "all_backends_failed", "rate_limit_error"}.is(err),
		check.Need(took > 1900*time.Millisecond && took < 6*time.Second, "one retry after two seconds, took %v", took))
}
