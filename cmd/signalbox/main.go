// Command signalbox is the gateway: the processor beside Envoy, the supervisor
// that runs both, and the tools of its operator.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"syscall"
)

// version is set by the linker: -X main.version=...
var version = "dev"

// command is one word after the program's name.
type command struct {
	name, args, text string
	run              func(ctx context.Context, c *call) error
}

// call is one invocation of a command.
type call struct {
	name   string
	args   []string
	out    io.Writer
	err    io.Writer
	flags  *flag.FlagSet
	config string
	state  string
}

func commands() []command {
	return []command{
		{"run", "", "run the gateway and the Envoy beside it", run},
		{"serve", "", "run the processor alone, beside an Envoy of your own", serve},
		{"render", "[-static] [-part PART]", "print Envoy's configuration", render},
		{"config", "init", "write a commented starter file", configure},
		{"import", "FORMAT FILE", "translate a configuration of litellm, envoy-ai-gateway or portkey", translate},
		{"check", "[-strict] [-against OLD]", "check the configuration and print what it means", check},
		{"keys", "new|list|revoke", "make, list and revoke virtual keys", keys},
		{"usage", "[-by team,model,day,backend]", "report usage from the ledger", usage},
		{"explain", "ID | -file JSON | -model NAME", "say why a request went, or would go, where it goes", explain},
		{"replay", "ID", "make a decision of the ledger again, and compare", replay},
		{"version", "", "print the version", printVersion},
	}
}

func main() {
	tune()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := dispatch(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// tune sets what the runtime would choose for a program that has the machine to
// itself, unless the environment does.
func tune() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400) // the heap is a few megabytes: collecting it less often is cheap
	}
	if os.Getenv("GOMAXPROCS") == "" {
		// Envoy does two thirds of the work and needs the other CPUs. A thread
		// woken for each of many small messages costs more than the message: one
		// in five of our cycles on two CPUs, without a gain in latency.
		runtime.GOMAXPROCS((runtime.GOMAXPROCS(0) + 1) / 2)
	}
}

// dispatch runs the command that args name and returns the exit code: 0 done,
// 1 it did not succeed, 2 the arguments are wrong, others are a command's own.
func dispatch(ctx context.Context, args []string, out, errs io.Writer) int {
	if len(args) == 0 {
		help(errs)
		return 2
	}
	for _, c := range commands() {
		if c.name == args[0] {
			return execute(ctx, c, args[1:], out, errs)
		}
	}
	if args[0] == "help" || args[0] == "-h" || args[0] == "--help" {
		help(out)
		return 0
	}
	fmt.Fprintf(errs, "signalbox: no command %q\n\n", args[0])
	help(errs)
	return 2
}

func execute(ctx context.Context, c command, args []string, out, errs io.Writer) int {
	cl := &call{name: c.name, out: out, err: errs, flags: flag.NewFlagSet("signalbox "+c.name, flag.ContinueOnError)}
	cl.flags.SetOutput(errs)
	cl.flags.StringVar(&cl.config, "config", envOr("SIGNALBOX_CONFIG", "signalbox.yaml"), "configuration `file`")
	cl.flags.StringVar(&cl.state, "state", "", "state `directory`, in place of the configuration's")
	cl.args = args
	err := c.run(ctx, cl)
	switch {
	case err == nil:
		return 0
	case errors.Is(err, flag.ErrHelp):
		return 0
	case errors.As(err, new(usageError)):
		fmt.Fprintln(errs, "signalbox "+c.name+":", err)
		return 2
	}
	fmt.Fprintln(errs, "signalbox "+c.name+":", err)
	if e, ok := errors.AsType[exitError](err); ok {
		return e.code
	}
	return 1
}

// exitError has an exit code of its own.
type exitError struct {
	code int
	text string
}

func (e exitError) Error() string { return e.text }

// usageError is a wrong argument.
type usageError string

func (e usageError) Error() string { return string(e) }

// parse reads the flags and allows no more than n words after them.
func (c *call) parse(n int) error {
	if err := c.flags.Parse(c.args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return err
		}
		return usageError(err.Error())
	}
	if c.flags.NArg() > n {
		return usageError(fmt.Sprintf("unexpected argument %q", c.flags.Arg(n)))
	}
	return nil
}

func help(w io.Writer) {
	fmt.Fprint(w, "signalbox: a smart LLM gateway beside Envoy\n\n")
	for _, c := range commands() {
		fmt.Fprintf(w, "  signalbox %-8s %-30s %s\n", c.name, c.args, c.text)
	}
	fmt.Fprint(w, "\nEvery command takes -config FILE (or SIGNALBOX_CONFIG) and -state DIR; -h shows its flags.\n")
}

func envOr(name, fallback string) string {
	if v := os.Getenv(name); v != "" {
		return v
	}
	return fallback
}

func printVersion(_ context.Context, c *call) error {
	if err := c.parse(0); err != nil {
		return err
	}
	fmt.Fprintln(c.out, "signalbox", version)
	return nil
}
