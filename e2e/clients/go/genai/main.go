// Command genai checks the gateway with Google's own SDK for Go.
//
// The client finds the gateway by GOOGLE_GEMINI_BASE_URL and GEMINI_API_KEY and
// is not changed in any way.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"google.golang.org/genai"

	"github.com/signalbox-dev/signalbox/e2e/clients/go/check"
)

// sdk is the client under test, and one with a key that may use one model only.
type sdk struct {
	all, limited *genai.Client
}

func main() {
	all, err := client(nil)
	limited, err2 := client(&genai.ClientConfig{APIKey: os.Getenv("LIMITED_KEY")})
	if err := errors.Join(err, err2); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	s := sdk{all, limited}
	check.Run("genai", append(s.answers(), s.failures()...)...)
}

func client(c *genai.ClientConfig) (*genai.Client, error) {
	if c == nil {
		c = &genai.ClientConfig{}
	}
	c.Backend = genai.BackendGeminiAPI
	return genai.NewClient(context.Background(), c)
}

// other is a client with another key or API version.
func other(c genai.ClientConfig) (sdk, error) {
	o, err := client(&c)
	return sdk{all: o}, err
}

func user(fault, text string) []*genai.Content {
	return genai.Text(check.Prompt(fault, text))
}

// ask is the answer of a model, checked.
func (s sdk) ask(ctx context.Context, model, fault string) error {
	r, err := s.all.Models.GenerateContent(ctx, model, user(fault, "Hello"), nil)
	return answered(r, err, "Hello")
}

// answered checks an answer of the simulated provider to the text.
func answered(r *genai.GenerateContentResponse, err error, want string) error {
	if err != nil {
		return err
	}
	if len(r.Candidates) != 1 || r.Candidates[0].Content == nil {
		return fmt.Errorf("%d candidates", len(r.Candidates))
	}
	c := r.Candidates[0]
	return errors.Join(
		check.Need(c.FinishReason == genai.FinishReasonStop && c.Content.Role == "model", "finish reason %s, role %s", c.FinishReason, c.Content.Role),
		check.Contains(r.Text(), want), counted(r))
}

func counted(r *genai.GenerateContentResponse) error {
	u := r.UsageMetadata
	return check.Need(u != nil && u.PromptTokenCount > 0 && u.CandidatesTokenCount > 0 && u.TotalTokenCount > 0, "usage %+v", u)
}

// heard is what a stream said.
type heard struct {
	text   string
	chunks int
	calls  []*genai.Part
	last   *genai.GenerateContentResponse
}

// listen reads a stream to its end.
func (s sdk) listen(ctx context.Context, model, fault string, c *genai.GenerateContentConfig) (h heard, err error) {
	for r, err := range s.all.Models.GenerateContentStream(ctx, model, user(fault, "Hello"), c) {
		if err != nil {
			return h, err
		}
		h.chunks++
		h.last = r
		if len(r.Candidates) == 0 || r.Candidates[0].Content == nil {
			continue
		}
		for _, p := range r.Candidates[0].Content.Parts {
			h.text += p.Text
			if p.FunctionCall != nil {
				h.calls = append(h.calls, p)
			}
		}
	}
	return h, nil
}

// refused checks that err is the SDK's own error with all its parts.
func refused(err error, code int, status string) error {
	e, ok := errors.AsType[genai.APIError](err)
	if !ok {
		return errors.Join(errors.New("no typed error"), err)
	}
	return check.Need(e.Code == code && strings.HasSuffix(e.Status, status) && e.Message != "", "error %+v, want %d %s", e, code, status)
}
