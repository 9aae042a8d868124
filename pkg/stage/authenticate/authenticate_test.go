package authenticate

import (
	"crypto/rand"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/signalbox-dev/signalbox/pkg/fault"
	"github.com/signalbox-dev/signalbox/pkg/key"
	"github.com/signalbox-dev/signalbox/pkg/pipeline"
)

func TestAuthenticate(t *testing.T) {
	now := time.Now()
	file := filepath.Join(t.TempDir(), "keys.json")
	text := func(spec key.Spec) string {
		k, v, err := key.Generate(rand.Reader, spec, now.Add(-time.Hour))
		if err == nil {
			err = key.Add(file, k)
		}
		if err != nil {
			t.Fatal(err)
		}
		return v.Reveal()
	}
	good, other, old := text(key.Spec{Team: "search"}), text(key.Spec{}), text(key.Spec{Expires: time.Minute})
	set, err := key.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	var keys atomic.Pointer[key.Set]
	keys.Store(set)
	for _, c := range []struct {
		name   string
		fields []pipeline.Field
		want   string
	}{
		{"bearer", []pipeline.Field{{Name: "authorization", Value: "Bearer " + good}}, ""},
		{"scheme_in_any_case", []pipeline.Field{{Name: "authorization", Value: "bEARER  " + good}}, ""},
		{"x_api_key", []pipeline.Field{{Name: "x-api-key", Value: good}}, ""},
		{"the_same_twice", []pipeline.Field{{Name: "authorization", Value: "Bearer " + good}, {Name: "x-api-key", Value: good}}, ""},
		{"two_different", []pipeline.Field{{Name: "authorization", Value: "Bearer " + good}, {Name: "x-api-key", Value: other}}, "ambiguous_api_key"},
		{"none", nil, "missing_api_key"},
		{"empty", []pipeline.Field{{Name: "x-api-key"}}, "missing_api_key"},
		{"basic", []pipeline.Field{{Name: "authorization", Value: "Basic " + good}}, "invalid_api_key"},
		{"no_scheme", []pipeline.Field{{Name: "authorization", Value: good}}, "invalid_api_key"},
		{"wrong", []pipeline.Field{{Name: "authorization", Value: "Bearer " + good + "x"}}, "invalid_api_key"},
		{"expired", []pipeline.Field{{Name: "authorization", Value: "Bearer " + old}}, "expired_api_key"},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := &pipeline.Exchange{Arrived: now}
			x.Head.Credentials = c.fields
			if got := codeOf(Stage{Keys: &keys}.RequestHead(x)); got != c.want {
				t.Fatalf("code %q, want %q", got, c.want)
			}
			if c.want == "" && (x.Caller.Key == nil || x.Caller.Team != "search") {
				t.Errorf("caller %+v", x.Caller)
			}
		})
	}
}

func codeOf(f *fault.Error) string {
	if f == nil {
		return ""
	}
	return f.Kind.Code()
}
