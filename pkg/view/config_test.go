package view

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/signalbox-dev/signalbox/pkg/config"
)

func TestConfig(t *testing.T) {
	v := fixture(t)
	v.Loaded(Load{At: noon, Version: "one", File: "signalbox.yaml", By: "start", Text: []byte(file), Compile: 3 * time.Millisecond})
	c := v.Config(noon)
	if c.Version != "one" || c.Previous != nil || len(c.Diff) != 0 || c.History[0].What != "first load" || len(c.Rules) != 2 || c.Rules[0].When != "model: chat; team: support" {
		t.Errorf("%s", shown(t, c))
	}
	_, err := config.Parse("signalbox.yaml", []byte("models: [{name: x, candidates: [{backend: nowhere}]}]\n"))
	v.Refused(err, noon.Add(time.Minute))
	c = v.Config(noon)
	if c.Refused == nil || c.Refused.Where != "signalbox.yaml:1:1" || c.Refused.Note != "one keeps serving" || c.History[0].Result != "refused" || c.History[1].Result != "serving" {
		t.Errorf("%s", shown(t, c))
	}
	next := strings.Replace(file, "{name: legal, models: [other]}", "{name: legal}", 1)
	v.Loaded(Load{At: noon.Add(time.Hour), Version: "two", File: "signalbox.yaml", By: "file watch", Text: []byte(next)})
	c = v.Config(noon)
	if c.Refused != nil || *c.Previous != "one" || c.History[0].What != "teams: 2 lines" || c.History[2].Result != "replaced" {
		t.Errorf("%s", shown(t, c))
	}
	for _, s := range requests("two") {
		v.Settled(s, noon)
	}
	c = v.Config(noon.Add(time.Second))
	if c.Since != 6 || c.Rules[0].Hits != 4 || shown(t, c.Rules[0].Spend) != `"18000000000000000000"` || c.Rules[1].Hits != 0 {
		t.Errorf("%s", shown(t, c))
	}
	v.Refused(errors.New("credential sk-abcdefghijklmnop is bad"), noon)
	if r := v.Config(noon).Refused; strings.Contains(r.Text, "abcdefgh") {
		t.Errorf("%s", r.Text)
	}
}

func TestDiff(t *testing.T) {
	old := "a:\n  - 1\n  - 2\n  - 3\n  - 4\n  - 5\nb:\n  x: 1\n  y: 2\n"
	text := "a:\n  - 1\n  - 2\n  - 3\n  - 4\n  - 6\n  - 7\nb:\n  x: 1\n  y: 3\n"
	want := "@0 a| 4   - 3| 5   - 4|-6   - 5|+6   - 6|+7   - 7| 8 b:| 9   x: 1|-9   y: 2|+10   y: 3|"
	list, got := diff([]byte(old), []byte(text)), ""
	for _, e := range list {
		got += fmt.Sprintf("%s%d %s|", e.Op, e.Line, e.Text)
	}
	if got != want {
		t.Errorf("%s\n%s", got, want)
	}
	if s := summary(list); s != "a, b: 5 lines" {
		t.Error(s)
	}
	if d := diff([]byte(old), []byte(old)); len(d) != 0 {
		t.Errorf("%v", d)
	}
	long := strings.Repeat("x\n", 3000)
	if n := len(diff([]byte(long), []byte(strings.Repeat("y\n", 3000)))); n != 6001 {
		t.Errorf("%d lines", n)
	}
}

func TestMasked(t *testing.T) {
	for _, secret := range []string{
		"sk-ant-api03-abcdefgh12345", "AKIAIOSFODNN7EXAMPLE", "ghp_abcdefghij0123456789", "eyJhbGciOiJIUzI1NiJ9.e30.abc",
		"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
	} {
		for _, line := range []string{"# " + secret, "x: " + secret, `command: [echo, "` + secret + `"]`, "url: https://u:" + secret + "@h/"} {
			if got := masked(line); strings.Contains(got, secret) {
				t.Errorf("%s", got)
			}
		}
	}
	if got := masked("password: hunter22"); strings.Contains(got, "hunter") {
		t.Errorf("%s", got)
	}
	for _, line := range []string{
		"    credential: {env: OPENAI_API_KEY}", "    credential: {file: /run/secrets/provider.key, header: x-api-key}", "  token: {env: T}",
		"  - {backend: eu, model: anthropic.claude-sonnet-4-20250514-v1:0}", "when: 'request.tokens < 6000 && key.name == \"desk\"'",
	} {
		if got := masked(line); got != line {
			t.Errorf("%s became %s", line, got)
		}
	}
}
