// Command openai checks the gateway with the official OpenAI SDK for Go.
//
// The client finds the gateway by OPENAI_BASE_URL and OPENAI_API_KEY and is
// not changed in any way.
//
// It is part of a module of its own, so that the SDK does not become a
// dependency of the gateway.
package main

import (
	"context"
	"os"
	"slices"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"

	"github.com/signalbox-dev/signalbox/e2e/clients/go/check"
)

// sdk is the client under test, and one with a key that may use one model only.
type sdk struct {
	all, limited openai.Client
}

type step struct {
	name string
	run  func(context.Context, sdk) error
}

func main() {
	s := sdk{
		all:     openai.NewClient(option.WithMaxRetries(0)),
		limited: openai.NewClient(option.WithMaxRetries(0), option.WithAPIKey(os.Getenv("LIMITED_KEY"))),
	}
	var checks []check.Check
	for _, c := range slices.Concat(answers(), second(), failures(), breaks()) {
		checks = append(checks, check.Check{Name: c.name, Run: func(ctx context.Context) error { return c.run(ctx, s) }})
	}
	check.Run("openai-go", checks...)
}
