package main

import (
	"context"
	"os"
	"time"

	"github.com/signalbox-dev/signalbox/pkg/gateway"
)

func run(ctx context.Context, c *call) error { return start(ctx, c, true) }

func serve(ctx context.Context, c *call) error { return start(ctx, c, false) }

func start(ctx context.Context, c *call, envoy bool) error {
	drain := c.flags.Duration("drain", 30*time.Second, "how long running requests may go on after the signal to stop")
	if err := c.parse(0); err != nil {
		return err
	}
	g, err := gateway.New(ctx, gateway.Options{
		ConfigFile: c.config, StateDir: c.state, Version: version,
		Supervise: envoy, Drain: *drain, LogTo: os.Stderr,
	})
	if err != nil {
		return err
	}
	return g.Run(ctx)
}

func render(_ context.Context, c *call) error {
	part := c.flags.String("part", "bootstrap", "what to print: bootstrap or clusters")
	static := c.flags.Bool("static", false, "without a control plane, as with envoy.control: files")
	if err := c.parse(0); err != nil {
		return err
	}
	out, err := gateway.Render(c.config, c.state, *part, *static)
	if err != nil {
		return err
	}
	_, err = c.out.Write(append(out, '\n'))
	return err
}
