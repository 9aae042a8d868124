package main

import (
	"context"
	"fmt"

	"github.com/signalbox-dev/signalbox/pkg/config"
	"github.com/signalbox-dev/signalbox/pkg/gateway"
	"github.com/signalbox-dev/signalbox/pkg/key"
)

func check(_ context.Context, c *call) error {
	strict := c.flags.Bool("strict", false, "fail when there are warnings")
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
