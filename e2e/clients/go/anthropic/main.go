// Command anthropic checks the gateway with the official Anthropic SDK for Go.
//
// The client finds the gateway by ANTHROPIC_BASE_URL and ANTHROPIC_API_KEY and
// is not changed in any way.
package main

import (
	"context"
	"errors"
	"net/http"
	"os"
	"strings"

	"github.com/anthropics/anthropic-sdk-go"
	"github.com/anthropics/anthropic-sdk-go/option"

	"github.com/signalbox-dev/signalbox/e2e/clients/go/check"
)

// sdk is the client under test, and one with a key that may use one model only.
type sdk struct {
	all, limited anthropic.Client
}

func main() {
	s := sdk{
		all:     anthropic.NewClient(option.WithMaxRetries(0)),
		limited: anthropic.NewClient(option.WithMaxRetries(0), option.WithAPIKey(os.Getenv("LIMITED_KEY"))),
	}
	check.Run("anthropic-sdk-go", append(s.answers(), s.failures()...)...)
}

// params is a request for model "chat"; fault is how the provider misbehaves.
func params(fault string) anthropic.MessageNewParams { return of("chat", fault) }

func of(model, fault string) anthropic.MessageNewParams {
	return anthropic.MessageNewParams{Model: model, MaxTokens: 1000, Messages: []anthropic.MessageParam{user(fault, "Hello")}}
}

func user(fault, text string) anthropic.MessageParam {
	return anthropic.NewUserMessage(anthropic.NewTextBlock(check.Prompt(fault, text)))
}

// ask is the answer to a request, checked.
func (s sdk) ask(ctx context.Context, p anthropic.MessageNewParams, o ...option.RequestOption) error {
	m, err := s.all.Messages.New(ctx, p, o...)
	return answered(m, err, "Hello")
}

func text(m *anthropic.Message) string {
	var b strings.Builder
	for _, block := range m.Content {
		b.WriteString(block.Text)
	}
	return b.String()
}

// answered checks an answer of the simulated provider to the text.
func answered(m *anthropic.Message, err error, want string) error {
	if err != nil {
		return err
	}
	return errors.Join(
		check.Need(m.Type == "message" && m.Role == "assistant" && m.StopReason == "end_turn" && m.ID != "", "answer %s", m.RawJSON()),
		check.Contains(text(m), want),
		check.Need(m.Usage.InputTokens > 0 && m.Usage.OutputTokens > 0, "usage %s", m.Usage.RawJSON()))
}

// heard is what a stream said.
type heard struct {
	text   string
	events []string
	whole  anthropic.Message
}

// listen reads a stream to its end.
func (s sdk) listen(ctx context.Context, p anthropic.MessageNewParams, o ...option.RequestOption) (h heard, err error) {
	stream := s.all.Messages.NewStreaming(ctx, p, o...)
	for stream.Next() {
		e := stream.Current()
		h.events = append(h.events, e.Type)
		h.text += e.Delta.Text
		if err := h.whole.Accumulate(e); err != nil {
			return h, err
		}
	}
	return h, stream.Err()
}

// refused checks that err is the SDK's own error with all its parts.
func refused(err error, status int, typ string) error {
	e, ok := errors.AsType[*anthropic.Error](err)
	if !ok {
		return errors.Join(errors.New("no typed error"), err)
	}
	gateway := e.Response.Header.Get("x-signalbox-request-id")
	return errors.Join(
		check.Need(e.StatusCode == status && string(e.Type()) == typ, "error %d %s, want %d %s", e.StatusCode, e.RawJSON(), status, typ),
		check.Need(e.RequestID != "" && (check.Direct() || e.RequestID == gateway), "request id %q, the gateway's is %q", e.RequestID, gateway),
		check.Contains(e.RawJSON(), `"request_id":"`))
}

// header is an option that sets a header, or removes it.
func header(name, value string) option.RequestOption {
	if value == "" {
		return option.WithHeaderDel(name)
	}
	return option.WithHeader(name, value)
}

// raw is an option that keeps the response.
func raw(into **http.Response) option.RequestOption { return option.WithResponseInto(into) }
