package fault

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
)

func TestEveryKindIsDocumented(t *testing.T) {
	doc, err := os.ReadFile("../../docs/errors.md")
	if err != nil {
		t.Fatal(err)
	}
	for k := range Kinds {
		row := fmt.Sprintf("| `%s` | %d |", k.Code(), k.Status())
		if k == AllFailed { // keeps the last provider's status
			row = fmt.Sprintf("| `%s` |", k.Code())
		}
		if !strings.Contains(string(doc), row) {
			t.Errorf("docs/errors.md has no row %q", row)
		}
	}
}

func TestCodesAreUnique(t *testing.T) {
	seen := map[string]bool{}
	for k := range Kinds {
		if k.Code() == "" || k.Status() < 400 || k.Type() == "" || seen[k.Code()] {
			t.Errorf("kind %d: code %q status %d type %q", k, k.Code(), k.Status(), k.Type())
		}
		seen[k.Code()] = true
	}
}

func TestOpenAIShape(t *testing.T) {
	f := New(ModelNotFound, "No model \"x\"\n\x00 é.").With("model").Because(errors.New("secret cause"))
	var got map[string]map[string]any
	if err := json.Unmarshal(OpenAI(f), &got); err != nil {
		t.Fatal(err)
	}
	e := got["error"]
	for key, want := range map[string]any{"message": f.Text, "type": "invalid_request_error", "param": "model", "code": "model_not_found"} {
		if e[key] != want {
			t.Errorf("%s is %v, want %v", key, e[key], want)
		}
	}
	if len(got) != 1 || len(e) != 4 {
		t.Errorf("shape %v", got)
	}
}

func TestEmptyParamIsNull(t *testing.T) {
	if got, want := string(OpenAIBody("m", "t", "", "")), `{"error":{"message":"m","type":"t","param":null,"code":null}}`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestCauseStaysInside(t *testing.T) {
	f := New(Internal, "text").Because(errors.New("planted"))
	for _, s := range []string{f.Error(), fmt.Sprint(f), fmt.Sprintf("%s", f), string(OpenAI(f))} {
		if strings.Contains(s, "planted") {
			t.Errorf("cause in %q", s)
		}
	}
	if !errors.Is(f, f.Cause) {
		t.Error("cause is not wrapped")
	}
}

func TestStatusOfItsOwn(t *testing.T) {
	f := New(AllFailed, "text")
	if f.Status() != 503 || f.At(429).Status() != 429 || f.Status() != 503 {
		t.Errorf("statuses %d %d", f.Status(), f.At(429).Status())
	}
	if !strings.Contains(string(OpenAI(f.At(429))), "rate_limit_error") {
		t.Errorf("type of %s", OpenAI(f.At(429)))
	}
}
