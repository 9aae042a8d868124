package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// box is the running `signalbox run`.
type box struct {
	cmd  *exec.Cmd
	done chan struct{}
	err  error
}

// start runs signalbox in a process group of its own, so that Ctrl-C reaches
// it through us alone and everything stops in order.
func (s *setup) start() (*box, error) {
	b := &box{cmd: s.command(context.Background(), "run"), done: make(chan struct{})}
	b.cmd.Stdout, b.cmd.Stderr = os.Stderr, os.Stderr
	b.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	if err := b.cmd.Start(); err != nil {
		return nil, fmt.Errorf("signalbox run: %w", err)
	}
	go func() {
		b.err = b.cmd.Wait()
		close(b.done)
	}()
	return b, nil
}

// wait returns when requests can be served.
func (b *box) wait(ctx context.Context, admin string) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	for {
		status, text := fetch(ctx, admin+"/readyz")
		if status == http.StatusOK {
			return nil
		}
		select {
		case <-b.done:
			return errors.New("signalbox did not start; its last message above says why")
		case <-ctx.Done():
			if errors.Is(ctx.Err(), context.Canceled) {
				return ctx.Err()
			}
			return fmt.Errorf("signalbox was not ready within %v: %s", startLimit, text)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func fetch(ctx context.Context, url string) (int, []byte) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, []byte(err.Error())
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, []byte(err.Error())
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, []byte(err.Error())
	}
	return resp.StatusCode, text
}

// stop ends signalbox, and with it Envoy.
func (b *box) stop() error {
	if err := b.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		<-b.done
		return nil // it ended before
	}
	select {
	case <-b.done:
		return nil
	case <-time.After(startLimit):
		return errors.Join(errors.New("signalbox did not stop; killed"), b.cmd.Process.Kill())
	}
}
