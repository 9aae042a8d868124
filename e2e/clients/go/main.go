// Command go checks the gateway with the official OpenAI SDK for Go.
//
// The client finds the gateway by OPENAI_BASE_URL and OPENAI_API_KEY and is
// not changed in any way. A line of the last user message that starts with
// #fault makes the simulated provider behind the gateway misbehave. It prints
// one line for each check, which ../main.go reads.
//
// It is a module of its own, so that the SDK does not become a dependency of
// the gateway.
package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
)

// sdk is the client under test, and one with a key that may use one model only.
type sdk struct {
	all, limited openai.Client
}

type check struct {
	name string
	run  func(context.Context, sdk) error
}

func main() {
	s := sdk{
		all:     openai.NewClient(option.WithMaxRetries(0)),
		limited: openai.NewClient(option.WithMaxRetries(0), option.WithAPIKey(os.Getenv("LIMITED_KEY"))),
	}
	fmt.Println("sdk openai-go", version(), runtime.Version())
	code := 0
	for _, c := range slices.Concat(answers(), failures()) {
		if len(os.Args) > 1 && !slices.Contains(os.Args[1:], c.name) {
			continue
		}
		if err := c.run(context.Background(), s); err != nil {
			code = 1
			fmt.Println("fail", c.name, strings.Join(strings.Fields(err.Error()), " "))
			continue
		}
		fmt.Println("ok", c.name)
	}
	os.Exit(code)
}

// version is the SDK's, as it was built in.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, m := range info.Deps {
		if strings.Contains(m.Path, "openai-go") {
			return m.Version
		}
	}
	return "unknown"
}
