// Package check is what the programs of this module share: how checks are run
// and told. ../../main.go reads what is printed.
//
// A line of the last user message that starts with #fault makes the simulated
// provider behind the gateway misbehave.
package check

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
)

// Check is one check.
type Check struct {
	Name string
	Run  func(context.Context) error
}

// Backend is the dialect of the backends.
func Backend() string { return os.Getenv("BACKEND") }

// Direct tells that there is no gateway: the simulated provider itself answers.
func Direct() bool { return os.Getenv("DIRECT") != "" }

// Run runs the checks that are asked for, prints a line for each and ends the
// program. The SDK's version is that of the module that was built in.
func Run(module string, checks ...Check) {
	say := json.NewEncoder(os.Stdout)
	say.SetEscapeHTML(false)
	tell := func(v map[string]string) {
		if say.Encode(v) != nil {
			os.Exit(2)
		}
	}
	tell(map[string]string{"sdk": module + " " + version(module) + ", " + runtime.Version()})
	out := strings.Fields(os.Getenv("LEAVE_OUT"))
	code := 0
	for _, c := range checks {
		if slices.Contains(out, c.Name) || len(os.Args) > 1 && !slices.Contains(os.Args[1:], c.Name) {
			continue
		}
		line := map[string]string{"check": c.Name}
		if err := c.Run(context.Background()); err != nil {
			code = 1
			line["fail"] = strings.Join(strings.Fields(err.Error()), " ")
		}
		tell(line)
	}
	os.Exit(code)
}

func version(module string) string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, m := range info.Deps {
		if strings.Contains(m.Path, module) {
			return m.Version
		}
	}
	return "unknown"
}

// Prompt is a user's text; fault is how the provider misbehaves.
func Prompt(fault, text string) string {
	if fault == "" {
		return text
	}
	return text + "\n#fault " + fault
}

// Need is an error that says what does not hold.
func Need(ok bool, format string, args ...any) error {
	if ok {
		return nil
	}
	return fmt.Errorf(format, args...)
}

// Contains is Need of a part of a text.
func Contains(text, part string) error {
	return Need(strings.Contains(text, part), "no %q in %q", part, text)
}

// ServedBy checks what the gateway says about who served; attempts may be
// empty.
func ServedBy(h http.Header, provider, attempts string) error {
	if Direct() {
		return nil
	}
	return errors.Join(
		Need(h.Get("x-signalbox-provider") == provider, "provider %q, want %q", h.Get("x-signalbox-provider"), provider),
		Need(provider != "alpha" || h.Get("x-signalbox-model") == os.Getenv("MODEL"), "model at the provider %q", h.Get("x-signalbox-model")),
		Need(attempts == "" || h.Get("x-signalbox-attempts") == attempts, "attempts %q, want %q", h.Get("x-signalbox-attempts"), attempts))
}
