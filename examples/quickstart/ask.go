package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
)

const question = "What does a signal box do?"

type message struct {
	Role    string `json:"role"`
	Content string `json:"content"`
}

// chat is the part of an answer that is shown.
type chat struct {
	Choices []struct{ Message message }
	Usage   struct {
		In  int `json:"prompt_tokens"`
		Out int `json:"completion_tokens"`
	}
	header http.Header
}

// ask asks one question.
func (s *setup) ask(ctx context.Context, key, model string) (*chat, error) {
	body, err := json.Marshal(map[string]any{"model": model, "messages": []message{{"user", question}}})
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.api+"/chat/completions", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+key)
	r.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("status %d: %s", resp.StatusCode, text)
	}
	answer := &chat{header: resp.Header}
	if err := json.Unmarshal(text, answer); err != nil || len(answer.Choices) == 0 {
		return nil, fmt.Errorf("unexpected answer: %s", text)
	}
	return answer, nil
}

// firstChat asks a question and shows the answer.
func (s *setup) firstChat(ctx context.Context, key string) error {
	a, err := s.ask(ctx, key, s.model)
	if err != nil {
		return fmt.Errorf("first chat: %w", err)
	}
	fmt.Printf("\n  question  %s\n  answer    %s\n            (%s by way of %s, %d tokens in, %d out, request %s)\n", question, a.Choices[0].Message.Content,
		s.model, a.header.Get("x-signalbox-provider"), a.Usage.In, a.Usage.Out, a.header.Get("x-signalbox-request-id"))
	return nil
}

// anyModel is the model whose candidates speak three protocols.
const anyModel = "demo-any"

// fallbacks has the first one or two of three providers fail once, and shows
// who answers in their place: in OpenAI's form, whatever that one speaks.
func (s *setup) fallbacks(ctx context.Context, key string) error {
	failing := []string{"alpha", "gamma"}
	for n := range failing {
		broken := failing[:n+1]
		if !s.simulates(broken...) {
			return nil // a real one does not fail to order
		}
		for _, name := range broken {
			if err := s.standIns[name].Inject(1, "status=500"); err != nil {
				return err
			}
		}
		a, err := s.ask(ctx, key, anyModel)
		if err != nil {
			return fmt.Errorf("fallback: %w", err)
		}
		fmt.Printf("\n  fallback  %s told to fail once\n  answer    %s\n            (x-signalbox-provider: %s, x-signalbox-model: %s, x-signalbox-attempts: %s)\n", strings.Join(broken, ", "), a.Choices[0].Message.Content,
			a.header.Get("x-signalbox-provider"), a.header.Get("x-signalbox-model"), a.header.Get("x-signalbox-attempts"))
	}
	return nil
}
