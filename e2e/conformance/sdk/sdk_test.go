package sdk

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/signalbox-dev/signalbox/e2e/conformance/said"
)

// root is the checkout.
func root(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs(filepath.Join("..", "..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "go.mod")); err != nil {
		t.Fatal(err)
	}
	return dir
}

const (
	head  = `{"id":"a","created":1,"model":"m","object":"chat.completion`
	chunk = "data: " + head + `.chunk","choices":[{"index":0,"delta":`
	done  = "data: [DONE]\n\n"
)

func answers() []Answer {
	return []Answer{
		{false, 200, []byte(head + `","choices":[{"index":0,"finish_reason":"tool_calls","message":{"role":"assistant","content":"x","tool_calls":[` +
			`{"id":"c","type":"function","function":{"name":"f","arguments":"{\"a\": 1}"}}]}}],"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}}`)},
		{true, 200, []byte(chunk + `{"role":"assistant","content":"x"},"finish_reason":null}]}` + "\n\n" + chunk + `{"content":"y"},"finish_reason":"length"}]}` + "\n\n" + done)},
		{true, 200, []byte(chunk + `{"role":"assistant","content":"x"},"finish_reason":null}]}` + "\n\n" + `data: {"error":{"message":"m","type":"t","param":null,"code":null}}` + "\n\n")},
		{false, 400, []byte(`{"error":{"message":"m","type":"t","param":null,"code":null}}`)},
		{true, 200, []byte(chunk + `{"role":"assistant","content":"x"},"finish_reason":null}]}` + "\n\n" + "data: {\n\n" + done)},
	}
}

func TestRead(t *testing.T) {
	for _, find := range []func() (*Reader, error){
		func() (*Reader, error) { return Python(t.Context(), root(t), false) },
		func() (*Reader, error) { return Node(root(t)) },
	} {
		r, err := find()
		if errors.Is(err, ErrNone) {
			t.Log("skipped:", err)
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		t.Run(r.Name, func(t *testing.T) { reads(t, r) })
	}
}

func reads(t *testing.T, r *Reader) {
	t.Helper()
	got, err := r.Read(t.Context(), answers())
	if err != nil {
		t.Fatal(err)
	}
	want := []said.Answer{
		{Choices: []said.Choice{{Text: "x", Calls: []said.Call{{Name: "f", Arguments: `{"a":1}`}}, Finish: "tool_calls"}}},
		{Choices: []said.Choice{{Text: "xy", Finish: "length"}}},
		{Failed: true},
		{Failed: true},
	}
	for i, w := range want {
		if d := said.Diff(got[i].Answer, w); d != "" || got[i].Thrown != "" {
			t.Errorf("%d: %s %s", i, d, got[i].Thrown)
		}
	}
	if got[4].Thrown == "" {
		t.Errorf("%+v", got[4])
	}
	if string(got[0].Usage) == "" || r.Version == "" {
		t.Errorf("%s %q", got[0].Usage, r.Version)
	}
}
