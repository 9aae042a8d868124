// Command quickstart shows Signalbox at work: it starts four simulated
// providers (two that speak OpenAI's protocol, one Anthropic's, one Gemini's),
// makes a virtual key, runs Envoy and Signalbox beside each other, asks a first
// question, has providers fail to show who answers then, and prints what to try
// next. `make run` builds the signalbox binary and starts it.
//
// With OPENAI_API_KEY, ANTHROPIC_API_KEY or GEMINI_API_KEY set it talks to that
// provider itself, and with SIGNALBOX_CONFIG to whatever that configuration
// names. API_PORT and ADMIN_PORT move the two ports of the built-in
// configuration (0: any free one). Ctrl-C stops everything.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"time"
)

func main() {
	// The child is told to end when this thread does, so the thread that starts
	// it must be the one that lives as long as the program.
	runtime.LockOSThread()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	binary := flag.String("signalbox", "bin/signalbox", "the signalbox `binary`")
	state := flag.String("state", ".signalbox", "state `directory`")
	flag.Parse()
	err := run(ctx, *binary, *state)
	stop()
	if err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, "\nquickstart:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, binary, state string) (err error) {
	s, err := choose(binary, state)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	key, err := s.newKey(ctx)
	if err != nil {
		return err
	}
	box, err := s.start()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, box.stop()) }()
	if err := box.wait(ctx, s.admin); err != nil {
		return err
	}
	if err := s.firstChat(ctx, key); err != nil {
		return err
	}
	if err := s.fallbacks(ctx, key); err != nil {
		return err
	}
	s.hints(key)
	fmt.Printf("ready api=%s admin=%s metrics=%s/metrics key=%s\n", s.api, s.admin, s.admin, key)
	select {
	case <-ctx.Done():
		fmt.Println("\nstopping")
		return nil
	case <-box.done:
		return fmt.Errorf("signalbox ended: %w", box.err)
	}
}

// hints prints what to try next.
func (s *setup) hints(key string) {
	fmt.Printf(`
Ask something yourself:
  curl %s/chat/completions -H "Authorization: Bearer %s" -H "Content-Type: application/json" \
    -d '{"model":"%s","messages":[{"role":"user","content":"Hello!"}]}'
`, s.api, key, s.model)
	if s.simulates("alpha", "gamma", "delta") {
		fmt.Printf(`Watch a fallback from OpenAI's protocol to Gemini's (two providers are told to answer 500), streamed:
  curl -N %s/chat/completions -H "Authorization: Bearer %s" -H "Content-Type: application/json" \
    -d '{"model":"%s","stream":true,"messages":[{"role":"user","content":"Hello!\n#fault backend=alpha,gamma status=500"}]}'
Speak Anthropic's protocol instead:
  curl %s/messages -H "x-api-key: %s" -H "anthropic-version: 2023-06-01" -H "Content-Type: application/json" \
    -d '{"model":"demo-anthropic","max_tokens":100,"messages":[{"role":"user","content":"Hello!"}]}'
`, s.api, key, anyModel, s.api, key)
	}
	fmt.Printf(`Point an SDK at it:
  OPENAI_BASE_URL=%s OPENAI_API_KEY=%s
See what was used, and the metrics:
  %s usage %s
  curl %s/metrics

`, s.api, key, s.binary, strings.Join(s.flags(), " "), s.admin)
}

const startLimit = 60 * time.Second
