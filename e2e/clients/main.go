// Command clients runs official SDKs, unchanged, through a real Envoy and
// Signalbox against simulated providers of each dialect, and prints what each
// of them made of it. Run it by run.sh (`make clients`), which gets the SDKs.
//
// A program is one SDK in one language, in the language's folder beside this
// file. It finds the gateway by the environment variables that its SDK reads,
// as any application does, and prints a JSON object a line:
//
//	{"sdk":"openai 3.57.0, Python 3.11.7"}
//	{"check":"chat"}                        passed
//	{"check":"chat","fail":"why"}
//	{"check":"chat","skip":"why"}           does not apply
//
// It has to report every check of its list in checks.go, once; one that it does
// not report has failed. The last line of the output is one JSON object with
// the numbers of cases.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

type options struct {
	binary       string // of signalbox
	python, node string // interpreters
	script       string // folder of the Node programs beside their SDKs
	goBin        string // folder of the built Go programs
	limit        time.Duration
	direct       bool
	only         string // backend dialects
	sdks         string
}

func main() {
	var o options
	flag.StringVar(&o.binary, "signalbox", "bin/signalbox", "`path` of the signalbox binary")
	flag.StringVar(&o.python, "python", "", "`path` of a Python that imports the SDKs; empty: leave this language out")
	flag.StringVar(&o.node, "node", "", "`path` of a Node; empty: leave this language out")
	flag.StringVar(&o.script, "script", "", "`folder` of the Node programs beside their SDKs")
	flag.StringVar(&o.goBin, "go", "", "`folder` of the built Go programs; empty: leave this language out")
	flag.DurationVar(&o.limit, "limit", 3*time.Minute, "how long one program may take")
	flag.BoolVar(&o.direct, "direct", false, "leave the gateway out: is the simulated provider what the SDKs expect?")
	flag.StringVar(&o.only, "backends", strings.Join(dialects(), ","), "dialects of the backends")
	flag.StringVar(&o.sdks, "sdks", "", "names of the SDKs, separated by commas; empty: all")
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

// run lets each program do its checks on each kind of backend and prints the
// table.
func run(ctx context.Context, o options) (failed int, err error) {
	var results []*result
	for _, dialect := range strings.Split(o.only, ",") {
		plan := o.plan(dialect)
		if len(plan) == 0 {
			continue
		}
		more, err := o.visit(ctx, dialect, plan)
		if err := cmp.Or(err, ctx.Err()); err != nil {
			return 0, err
		}
		results = append(results, more...)
	}
	if len(results) == 0 {
		return 0, errors.New("no client named: use run.sh")
	}
	return report(os.Stdout, results)
}

// visit runs the programs on backends of one dialect.
func (o options) visit(ctx context.Context, dialect string, plan []program) (results []*result, err error) {
	s, err := start(ctx, o, dialect)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	bad := 0
	for _, p := range plan {
		r := o.launch(ctx, s, p)
		fmt.Printf("%-10s %-6s %-9s %-9s %2d passed, %d failed, %d skipped, %.1fs; %s\n", p.sdk, p.lang, p.front, dialect,
			r.count(passed), r.count(broken), r.count(skipped), r.took.Seconds(), cmp.Or(r.version, "no SDK"))
		results = append(results, r)
		bad += r.count(broken)
	}
	if bad > 0 && s.bed != nil {
		fmt.Fprintf(os.Stderr, "signalbox wrote:\n%s\n", tail(s.bed.Logs(), 4000))
	}
	return results, nil
}

// tail is the end of a text.
func tail(s string, n int) string {
	if len(s) > n {
		return "…" + s[len(s)-n:]
	}
	return s
}
