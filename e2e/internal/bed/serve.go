package bed

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/signalbox-dev/signalbox/e2e/internal/proc"
)

// ServeWith starts `signalbox serve` and beside it an Envoy that is the bed's
// own business, as an operator would: from the rendered bootstrap. Where
// processor is not empty, Envoy reaches the processor by that address instead
// of the one in the configuration.
func (b *Bed) ServeWith(ctx context.Context, processor string) error {
	b.o.Command = "serve"
	if err := b.Launch(); err != nil {
		return err
	}
	if err := b.until(ctx, b.Admin+"/healthz"); err != nil {
		return err
	}
	text, err := b.Command(ctx, "render")
	if err != nil {
		return err
	}
	bootstrap := []byte(text)
	if processor != "" {
		own := word(b.Config.Envoy, "processor")
		if !bytes.Contains(bootstrap, []byte(own[len("unix:"):])) {
			return fmt.Errorf("no processor %q in the bootstrap", own)
		}
		bootstrap = bytes.ReplaceAll(bootstrap, []byte(own[len("unix:"):]), []byte(processor[len("unix:"):]))
	}
	file := filepath.Join(b.Dir, "bootstrap.json")
	if err := os.WriteFile(file, bootstrap, 0o600); err != nil {
		return err
	}
	p, err := proc.Start(proc.Options{
		Path: b.o.Envoy, Dir: b.Dir,
		Args: []string{"-c", file, "-l", "warning", "--use-dynamic-base-id", "--file-flush-interval-msec", "100"},
	})
	if err != nil {
		return err
	}
	b.envoy = p
	return b.Ready(ctx)
}

// until waits for a 200 of the admin endpoint.
func (b *Bed) until(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		status, text := get(ctx, url)
		if status == http.StatusOK {
			return nil
		}
		select {
		case <-b.proc.Done():
			return fmt.Errorf("signalbox ended: %w\n%s", b.proc.Err(), b.Logs())
		case <-ctx.Done():
			return fmt.Errorf("%s: %d %s\n%s", url, status, text, b.Logs())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (b *Bed) stopEnvoy() error {
	if b.envoy == nil {
		return nil
	}
	return b.envoy.Stop(b.o.Grace)
}
