package main

import (
	"bytes"
	"context"
	"encoding/json"
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

const question = "What does a signal box do?"

// firstChat asks one question and shows the answer.
func (s *setup) firstChat(ctx context.Context, key string) error {
	type message struct {
		Role    string `json:"role"`
		Content string `json:"content"`
	}
	body, err := json.Marshal(map[string]any{"model": s.model, "messages": []message{{"user", question}}})
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.api+"/chat/completions", bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+key)
	r.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return fmt.Errorf("first chat: %w", err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return fmt.Errorf("first chat: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("first chat: status %d: %s", resp.StatusCode, text)
	}
	var answer struct {
		Choices []struct{ Message message }
		Usage   struct {
			In  int `json:"prompt_tokens"`
			Out int `json:"completion_tokens"`
		}
	}
	if err := json.Unmarshal(text, &answer); err != nil || len(answer.Choices) == 0 {
		return fmt.Errorf("first chat: unexpected answer: %s", text)
	}
	fmt.Printf("\n  question  %s\n  answer    %s\n            (%s by way of %s, %d tokens in, %d out, request %s)\n", question, answer.Choices[0].Message.Content,
		s.model, resp.Header.Get("x-signalbox-provider"), answer.Usage.In, answer.Usage.Out, resp.Header.Get("x-signalbox-request-id"))
	return nil
}
