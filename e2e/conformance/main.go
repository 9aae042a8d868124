// Command conformance replays recorded exchanges of real providers and
// compares what the gateway makes of them with what a careful reader says they
// said and cost: first in process, with the answers cut in every way, then
// through `signalbox run` and a real Envoy before an upstream that answers with
// the recorded bytes.
//
//	go run ./e2e/conformance                   data of ../shared/data or $SIGNALBOX_DATA
//	go run ./e2e/conformance -data DIR         another folder of the same form
//	go run ./e2e/conformance -only groq -v     some rows, each with its notes
//	go run ./e2e/conformance -in-process       without Envoy
//	go run ./e2e/conformance -no-lua           with Envoy's own filters in place of the script
//
// A case is one recorded row: chat completions, embeddings and responses of
// OpenAI and those compatible with it, messages of Anthropic, and what Gemini
// generates and embeds. It passes when it passes in every mode that concerns it:
//
//	whole, event, byte, random  callers of the provider's own dialect, in process: request, meter, hider, errors
//	chat           the same answer as a chat completion of OpenAI, as one object and as a stream, in every cut:
//	               text, reasoning, calls, finish, usage; vectors; errors
//	schema         every object of those against OpenAI's published schemas
//	python, node   every one of those as the official SDK reads it, streams with its helper
//	witness        behind Envoy, in the provider's own dialect: bytes, status, headers, and the ledger's row from Envoy's log
//	pieces         the same with the answer sent in random pieces
//	attached       the same with the gateway's own meter; the rows must be equal
//	across         behind Envoy, asked as OpenAI is asked, where the provider speaks another dialect
//
// The last line of the output is one JSON object with the numbers of cases.
// Nothing of a recorded body is ever printed.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"syscall"

	"github.com/signalbox-dev/signalbox/pkg/gatewaytest/recorded"
)

type options struct {
	data    string // folder; empty: found
	only    string // part of a row's id or provider
	each    int    // at most so many rows of each provider, form and status; 0: all
	workers int
	verbose bool
	inside  bool // in process only
	fetch   bool // an SDK that is not there
	noLua   bool // Envoy's own filters lift usage, the gateway hides it
}

func main() {
	var o options
	flag.StringVar(&o.data, "data", "", "folder with recorded traffic; empty: $"+recorded.Env+" or ../shared/data")
	flag.StringVar(&o.only, "only", "", "rows whose id or provider contains this")
	flag.IntVar(&o.each, "each", 0, "at most so many rows of each provider, form and status; 0: all")
	flag.IntVar(&o.workers, "workers", 8, "requests at a time behind Envoy")
	flag.BoolVar(&o.verbose, "v", false, "say of every row what was decided about it")
	flag.BoolVar(&o.inside, "in-process", false, "leave Envoy out")
	flag.BoolVar(&o.noLua, "no-lua", false, "without the script in Envoy: envoy.lua is false")
	flag.Parse()
	o.fetch = true
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	t, err := run(ctx, o, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "conformance:", err)
	}
	if err != nil || t.Failed > 0 {
		os.Exit(1)
	}
}

// run judges all rows and prints what it found to w.
func run(ctx context.Context, o options, w io.Writer) (tally, error) {
	subjects, err := load(o, w)
	if errors.Is(err, fs.ErrNotExist) {
		fmt.Fprintln(w, "skipped: no recorded traffic; set DATA to a folder with traffic/recorded.jsonl.gz")
		return tally{}, tally{}.print(w)
	}
	if err != nil {
		return tally{}, err
	}
	t, err := newTranslator(o, w)
	if err != nil {
		return tally{}, err
	}
	if err := inProcess(ctx, subjects, t); err != nil {
		return tally{}, err
	}
	if err := readBySDKs(ctx, o, w, subjects); err != nil {
		return tally{}, err
	}
	if !o.inside {
		if err := behindEnvoy(ctx, o, w, subjects, t); err != nil {
			return tally{}, err
		}
	}
	return report(w, subjects, o)
}
