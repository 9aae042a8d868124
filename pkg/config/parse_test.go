package config

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"google.golang.org/protobuf/proto"

	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"
)

const small = `
providers: [{name: p, backends: [{name: b, base_url: "https://a.example.com/v1"}]}]
models: [{name: m, candidates: [{backend: b, model: n, weight: 0}]}]
envoy: {body_limit: 1MiB, access_log_flush: 50ms, lua: false}
telemetry: {sample: 0.5}
routes: [{name: r, order: weighted}]
`

func TestParseReadsValues(t *testing.T) {
	c, err := Parse("x", []byte(small))
	if err != nil {
		t.Fatal(err)
	}
	e := c.GetEnvoy()
	if e.GetBodyLimit() != 1<<20 || e.GetAccessLogFlush().AsDuration().Milliseconds() != 50 || e.Lua == nil || *e.Lua {
		t.Errorf("envoy is %v", e)
	}
	if e.Listen != "" || e.UseRemoteAddress != nil {
		t.Errorf("what is absent has a value: %v", e)
	}
	m := c.GetModels()[0].GetCandidates()[0]
	if m.GetBackend() != "b" || m.GetModel() != "n" || m.Weight == nil || *m.Weight != 0 {
		t.Errorf("candidate is %v", m)
	}
	if c.GetTelemetry().GetSample() != 0.5 || c.GetRoutes()[0].GetOrder() != signalboxv1.Route_ORDER_WEIGHTED {
		t.Errorf("got %v", c)
	}
}

func TestErrorsAreTyped(t *testing.T) {
	_, err := Parse("x.yaml", []byte("a: 1\n"+small))
	errs, ok := errors.AsType[Errors](err)
	if !ok || len(errs) != 1 {
		t.Fatalf("got %v", err)
	}
	if e := errs[0]; e.File != "x.yaml" || e.Line != 1 || e.Column != 1 || e.Path != "" || !strings.Contains(e.Text, `"a"`) {
		t.Errorf("got %+v", e)
	}
}

func TestValidateHasPathsAlone(t *testing.T) {
	err := Validate(&signalboxv1.Config{Providers: []*signalboxv1.Provider{{Name: "p"}}, Routes: []*signalboxv1.Route{{Name: "r", Order: 7}}})
	want := "providers[0]: backends is missing; add it\nroutes[0].order: must be configured, weighted, cheapest, fastest or strongest\n"
	if err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("got %v", err)
	}
	if Validate(nil) == nil {
		t.Error("nothing is valid")
	}
}

func TestTooLong(t *testing.T) {
	_, err := Parse("x", []byte(strings.Repeat("#", maxFile+1)))
	if err == nil || err.Error() != "x:1:1: the file is longer than 8 MiB" {
		t.Errorf("got %v", err)
	}
}

// FuzzParse: whatever the bytes, there is a configuration that is valid in
// itself or a list of errors with positions, and the same one each time.
func FuzzParse(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.txtar")
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		if a := txtar.Parse(data); len(a.Files[0].Data) < 8<<10 {
			f.Add(a.Files[0].Data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := Parse("f", data)
		again, errAgain := Parse("f", data)
		if err == nil {
			if Validate(c) != nil || !proto.Equal(c, again) {
				t.Fatalf("valid, but %v", Validate(c))
			}
			return
		}
		if errAgain == nil || err.Error() != errAgain.Error() {
			t.Fatalf("first %v, then %v", err, errAgain)
		}
		errs, ok := errors.AsType[Errors](err)
		if !ok || len(errs) == 0 {
			t.Fatalf("not a list of errors: %v", err)
		}
		last := 0
		for _, e := range errs {
			if e.Line < last || e.Line < 1 || e.Text == "" {
				t.Fatalf("position or text is missing: %+v", e)
			}
			last = e.Line
		}
	})
}

// TestShownConfigurations reads what the manual and the examples show.
func TestShownConfigurations(t *testing.T) {
	manual, err := os.ReadFile("../../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	_, block, _ := strings.Cut(string(manual), "```yaml\n")
	block, _, _ = strings.Cut(block, "```")
	if _, err := Parse("docs/configuration.md", []byte(block)); err != nil {
		t.Errorf("%v\n%s", err, block)
	}
	files, err := filepath.Glob("../../examples/*/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	read := 0
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !regexp.MustCompile("(?m)^providers:").Match(data) {
			continue // of another program
		}
		read++
		if _, err := Parse(file, data); err != nil {
			t.Error(err)
		}
	}
	if read < 2 {
		t.Errorf("%d of %v are ours", read, files)
	}
}
