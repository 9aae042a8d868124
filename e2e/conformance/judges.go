package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/signalbox-dev/signalbox/e2e/conformance/said"
	"github.com/signalbox-dev/signalbox/e2e/conformance/sdk"
	"github.com/signalbox-dev/signalbox/e2e/internal/envoybin"
)

// readBySDKs has the official SDKs read every translated answer.
func readBySDKs(ctx context.Context, o options, w io.Writer, subjects []*subject) error {
	root, err := envoybin.Root()
	if err != nil {
		return err
	}
	var answers []sdk.Answer
	for _, s := range subjects {
		for _, t := range s.translations {
			answers = append(answers, t.answer())
		}
	}
	for mode, find := range map[string]func() (*sdk.Reader, error){
		python: func() (*sdk.Reader, error) { return sdk.Python(ctx, root, o.fetch) },
		node:   func() (*sdk.Reader, error) { return sdk.Node(root) },
	} {
		r, err := find()
		if errors.Is(err, sdk.ErrNone) {
			fmt.Fprintf(w, "skipped: translated answers are not read by the SDK for %s: %v\n", mode, err)
			continue
		}
		if err != nil {
			return err
		}
		readings, err := r.Read(ctx, answers)
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "%d translated answers read by the SDK for %s, %s\n", len(readings), mode, r.Version)
		n := 0
		for _, s := range subjects {
			for i := range s.translations {
				s.understood(mode, &s.translations[i], &readings[n])
				n++
			}
		}
	}
	return nil
}

// answer is a translation as a server sends it. An error in place of an object
// has a status of its own.
func (t *translation) answer() sdk.Answer {
	a := sdk.Answer{Stream: t.stream, Status: 200, Body: t.body}
	if t.want.Failed && !t.stream {
		a.Status = 502
	}
	return a
}

// understood judges what an SDK made of a translation. How it keeps fields
// that it does not know, as reasoning is one, is not for us to judge.
func (s *subject) understood(mode string, t *translation, r *sdk.Reading) {
	s.judged[mode] = true
	if r.Thrown != "" {
		s.fail(mode, "%s: the SDK throws %s", form(t.stream), r.Thrown)
		return
	}
	if t.want.Failed {
		if !r.Failed {
			s.fail(mode, "%s: the SDK sees no error", form(t.stream))
		}
		return
	}
	want := said.Answer{}
	for _, c := range t.want.Choices {
		c.Reasoning = ""
		want.Choices = append(want.Choices, c)
	}
	if d := said.Diff(r.Answer, want); d != "" {
		s.fail(mode, "%s: %s", form(t.stream), d)
	}
	usage := r.Usage
	if strings.TrimSpace(string(usage)) == "null" {
		usage = nil
	}
	if d := usageDiff(t.truth, usage); d != "" {
		s.fail(mode, "%s: usage: %s", form(t.stream), d)
	}
}
