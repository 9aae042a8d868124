package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/signalbox-dev/signalbox/pkg/config"
	"github.com/signalbox-dev/signalbox/pkg/gateway"
	"github.com/signalbox-dev/signalbox/pkg/key"
	"github.com/signalbox-dev/signalbox/pkg/policy"
)

func check(_ context.Context, c *call) error {
	strict := c.flags.Bool("strict", false, "fail when there are warnings")
	against := c.flags.String("against", "", "print what takes a restart where this older `file` is in force")
	if err := c.parse(0); err != nil {
		return err
	}
	snap, dir, warnings, err := gateway.Lint(c.config, c.state, keysIn)
	if err != nil {
		return err
	}
	for _, w := range warnings {
		fmt.Fprintln(c.err, w)
	}
	if n := len(warnings); n > 0 && *strict {
		return fmt.Errorf("-strict, and warnings: %d", n)
	}
	fmt.Fprintf(c.out, "%s: ok, version %s: %d backends, %d models, %d routes, %d teams; state in %s\n",
		c.config, snap.Version, len(snap.Backends), len(snap.Models), len(snap.Routes), len(snap.Teams), dir)
	if *against == "" {
		return nil
	}
	return restarts(c, *against, snap)
}

// restarts prints what a gateway that runs with an older file does not take.
func restarts(c *call, file string, next *policy.Snapshot) error {
	old, _, err := gateway.Load(file, c.state)
	if err != nil {
		return err
	}
	envoy, own := policy.NeedsEnvoyRestart(old, next), policy.NeedsRestart(old, next)
	if len(envoy)+len(own) == 0 {
		fmt.Fprintf(c.out, "against %s: all of it takes effect while Signalbox and Envoy run\n", file)
	}
	if len(envoy) > 0 {
		fmt.Fprintf(c.out, "against %s: takes a restart of Signalbox and Envoy: %s\n", file, strings.Join(envoy, ", "))
	}
	if len(own) > 0 {
		fmt.Fprintf(c.out, "against %s: takes a restart of Signalbox: %s\n", file, strings.Join(own, ", "))
	}
	return nil
}

// keysIn is what the keys of a state directory refer to; nil where there are
// none or they cannot be read, as where a file is checked before it is deployed.
func keysIn(dir string) *config.Keys {
	list, err := key.List(gateway.KeyFile(dir))
	if err != nil || len(list) == 0 {
		return nil
	}
	k := &config.Keys{Teams: make(map[string]bool), Classes: make(map[string]bool)}
	for _, x := range list {
		if x.Revoked.IsZero() {
			k.Teams[x.Team] = true
			k.Classes[string(x.Class)] = true
		}
	}
	return k
}
