package list

import (
	"strings"
	"testing"

	"github.com/signalbox-dev/signalbox/pkg/config"
	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/dialect/openai"
	"github.com/signalbox-dev/signalbox/pkg/genai"
	"github.com/signalbox-dev/signalbox/pkg/key"
	"github.com/signalbox-dev/signalbox/pkg/pipeline"
	"github.com/signalbox-dev/signalbox/pkg/policy"
)

const doc = `
providers: [{name: p, backends: [{name: b, base_url: "https://b.example.com/v1"}]}]
models: [{name: alpha, aliases: [zeta], candidates: [{backend: b, version: v1}]}, {name: beta, candidates: [{backend: b}]}, {name: gamma, candidates: [{backend: b}]}]
teams: [{name: few, models: [alpha, beta]}]
`

func TestListsWhatTheKeyMayUse(t *testing.T) {
	c, err := config.Parse("test.yaml", []byte(doc))
	if err != nil {
		t.Fatal(err)
	}
	s, err := policy.Compile(c)
	if err != nil {
		t.Fatal(err)
	}
	d := openai.New()
	for _, tt := range []struct {
		name, team, model string
		key               []string
		want              string // names, or the fault's code
	}{
		{"all", "", "", nil, "alpha beta gamma zeta"},
		{"the_teams", "few", "", nil, "alpha beta zeta"},
		{"the_keys", "", "", []string{"g*"}, "gamma"},
		{"of_both", "few", "", []string{"beta", "gamma"}, "beta"},
		{"one", "few", "beta", nil, "beta"},
		{"one_by_its_other_name", "few", "zeta", nil, "zeta"},
		{"one_of_a_version", "few", "zeta@v1", nil, "zeta@v1"},
		{"one_of_no_version", "few", "alpha@v2", nil, "model_not_found"},
		{"one_that_it_may_not", "few", "gamma", nil, "model_not_found"},
		{"one_that_is_none", "", "delta", nil, "model_not_found"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			x := &pipeline.Exchange{Snapshot: s, Dialect: &d, Caller: pipeline.Caller{Key: &key.Key{Models: tt.key}, Team: tt.team}}
			x.Endpoint = dialect.Endpoint{Operation: genai.Models, Model: tt.model}
			got := ""
			if f := (Stage{}).RequestHead(x); f != nil {
				got = f.Kind.Code()
			} else {
				for _, name := range append(s.Names(), "zeta", "zeta@v1") {
					if strings.Contains(string(x.Local().Body), `"`+name+`"`) {
						got += " " + name
					}
				}
			}
			if got = strings.TrimSpace(got); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

func TestLeavesOtherRequestsAlone(t *testing.T) {
	x := &pipeline.Exchange{Endpoint: dialect.Endpoint{Operation: genai.Chat}}
	if f := (Stage{}).RequestHead(x); f != nil || x.Local() != nil {
		t.Errorf("%v %v", f, x.Local())
	}
}
