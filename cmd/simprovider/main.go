// Command simprovider serves a simulated provider that speaks OpenAI's API,
// Anthropic's or Gemini's, or all of them by path: a double of the real one with
// faults on request, for tries by hand and demonstrations.
//
//	simprovider -listen 127.0.0.1:9101 -name alpha -key sk-sim -fault "p=0.1 status=500"
//	simprovider -listen 127.0.0.1:9103 -name gamma -dialect anthropic
//
// The key can also come by the variable SIMPROVIDER_KEY.
package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/signalbox-dev/signalbox/pkg/gatewaytest/provider"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "simprovider:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	o := provider.Options{Forget: true}
	fs := flag.NewFlagSet("simprovider", flag.ExitOnError)
	listen := fs.String("listen", "127.0.0.1:0", "address to listen on")
	models := fs.String("models", "", "models that exist, separated by commas; empty: all")
	fs.StringVar(&o.Name, "name", "provider", "name in answers and of backend= in faults")
	dialect := fs.String("dialect", "openai", "API: openai, anthropic, gemini or all")
	fs.StringVar(&o.BasePath, "base", "", "path that the base URL ends with; empty: /v1, and nothing for anthropic and gemini")
	fs.StringVar(&o.Key, "key", "", "credential that is expected; empty: any")
	fs.StringVar(&o.Header, "header", "", "header that carries the credential; empty: the API's own")
	fs.StringVar(&o.Journal, "journal", "", "file that exchanges are appended to")
	fs.DurationVar(&o.TTFT, "ttft", 0, "pause before the first byte")
	fs.DurationVar(&o.Gap, "gap", 0, "pause between streamed chunks")
	fs.IntVar(&o.Tokens, "tokens", 0, "words of an answer; 0: as many as its text has")
	fs.Uint64Var(&o.Seed, "seed", 1, "seed of ids and of faults with a probability")
	fs.Func("fault", "standing fault, as in \"p=0.1 status=429 retry-after=1\" (repeatable)", func(s string) error {
		o.Faults = append(o.Faults, s)
		return nil
	})
	if err := fs.Parse(args); err != nil {
		return err
	}
	o.Dialect = provider.Dialect(*dialect)
	o.Key = cmp.Or(o.Key, os.Getenv("SIMPROVIDER_KEY"))
	if *models != "" {
		o.Models = strings.Split(*models, ",")
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	s, err := provider.Serve(o, *listen)
	if err != nil {
		return err
	}
	fmt.Printf("ready base_url=%s\n", s.URL)
	<-ctx.Done()
	return s.Close()
}
