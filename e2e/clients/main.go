// Command clients runs the official OpenAI SDKs, unchanged, through a real
// Envoy and Signalbox against simulated providers, and prints what each of
// them made of it. Run it by run.sh (`make clients`), which gets the SDKs.
//
// A client is a program of its own in a folder beside this file. It finds the
// gateway by OPENAI_BASE_URL and OPENAI_API_KEY, as any application does, and
// prints a line for each check:
//
//	sdk NAME VERSION
//	ok CHECK
//	fail CHECK REASON
//	skip CHECK REASON
//
// Every client has to report every check of the list in checks.go, once; one
// that it does not report has failed. The last line of the output is one JSON
// object with the numbers of cases.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

type options struct {
	binary       string // of signalbox
	python, node string // interpreters
	script       string // of the Node client
	goBin        string // the Go client itself
	limit        time.Duration
}

func main() {
	var o options
	flag.StringVar(&o.binary, "signalbox", "bin/signalbox", "`path` of the signalbox binary")
	flag.StringVar(&o.python, "python", "", "`path` of a Python that imports openai; empty: leave this client out")
	flag.StringVar(&o.node, "node", "", "`path` of a Node; empty: leave this client out")
	flag.StringVar(&o.script, "script", "", "`path` of the Node client beside its SDK")
	flag.StringVar(&o.goBin, "go", "", "`path` of the built Go client; empty: leave it out")
	flag.DurationVar(&o.limit, "limit", 3*time.Minute, "how long one client may take")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	failed, err := run(ctx, o)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "clients:", err)
	}
	if err != nil || failed > 0 {
		os.Exit(1)
	}
}

// run lets each client do its checks and prints the table.
func run(ctx context.Context, o options) (failed int, err error) {
	if len(o.clients()) == 0 {
		return 0, errors.New("no client named: use run.sh")
	}
	s, err := start(ctx, o.binary)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	var results []*result
	for _, c := range o.clients() {
		r := c.run(ctx, s, o.limit)
		fmt.Printf("%-7s %-24s %2d passed, %d failed, %d skipped, %.1fs\n", c.name, cmp.Or(r.sdk, "no SDK"),
			r.count(passed), r.count(broken), r.count(skipped), r.took.Seconds())
		results = append(results, r)
	}
	if ctx.Err() != nil {
		return 0, ctx.Err()
	}
	failed, err = report(os.Stdout, results)
	if failed > 0 {
		fmt.Fprintf(os.Stderr, "signalbox wrote:\n%s\n", tail(s.bed.Logs(), 4000))
	}
	return failed, err
}

// tail is the end of a text.
func tail(s string, n int) string {
	if len(s) > n {
		return "…" + s[len(s)-n:]
	}
	return s
}
