package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

//go:embed starter.yaml
var starter []byte

func configure(_ context.Context, c *call) error {
	if len(c.args) == 0 || c.args[0] != "init" {
		return usageError("want init")
	}
	c.args = c.args[1:]
	if err := c.parse(0); err != nil {
		return err
	}
	return writeStarter(c)
}

// writeStarter writes the starter file where none is.
func writeStarter(c *call) (err error) {
	f, err := os.OpenFile(c.config, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644) //nolint:gosec // others may read where secrets are; none is in it
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is there already; remove it first, or name another with -config", c.config)
	}
	if err != nil {
		return fmt.Errorf("starter file: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if _, err := f.Write(starter); err != nil {
		return fmt.Errorf("starter file: %w", err)
	}
	fmt.Fprintf(c.out, "%s: written; change it, then: signalbox check -config %[1]s\n", c.config)
	return nil
}
