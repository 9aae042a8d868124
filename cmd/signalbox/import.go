package main

import (
	"context"
	"fmt"
	"os"

	"github.com/signalbox-dev/signalbox/pkg/config"
	"github.com/signalbox-dev/signalbox/pkg/importer"
)

// translate prints another gateway's configuration as ours, and on standard
// error what of it could not be translated.
func translate(_ context.Context, c *call) error {
	const formats = "want litellm, envoy-ai-gateway or portkey, and a file"
	if len(c.args) == 0 {
		return usageError(formats)
	}
	read := map[string]func([]byte) (importer.Result, error){
		"litellm": importer.LiteLLM, "envoy-ai-gateway": importer.EnvoyAIGateway, "portkey": importer.Portkey,
	}[c.args[0]]
	c.args = c.args[1:]
	if err := c.parse(1); err != nil {
		return err
	}
	if read == nil || c.flags.NArg() != 1 {
		return usageError(formats)
	}
	file := c.flags.Arg(0)
	data, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("import: %w", err)
	}
	r, err := read(data)
	for _, n := range r.Notes {
		fmt.Fprintf(c.err, "%s: %s\n", file, n)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	text, err := config.Write(r.Config)
	if err != nil {
		return err
	}
	fmt.Fprintf(c.err, "%s: %d models translated; not translated, or not quite: %d\n", file, len(r.Config.GetModels()), len(r.Notes))
	_, err = c.out.Write(text)
	return err
}
