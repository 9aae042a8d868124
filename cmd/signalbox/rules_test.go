package main

import (
	"testing"

	"github.com/signalbox-dev/signalbox/pkg/config"
	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/dialect/openai"
	"github.com/signalbox-dev/signalbox/pkg/genai"
	"github.com/signalbox-dev/signalbox/pkg/policy"
	"github.com/signalbox-dev/signalbox/pkg/route"
	"github.com/signalbox-dev/signalbox/pkg/signal"
)

// TestReadmeRulesDecide holds the README's rules to what it says of them.
func TestReadmeRulesDecide(t *testing.T) {
	all := blocks(t, readme, "yaml config rules")
	if len(all) != 1 {
		t.Fatalf("%d examples", len(all))
	}
	c, err := config.Parse("README.md", []byte(all[0]))
	if err != nil {
		t.Fatal(err)
	}
	s, err := policy.Compile(c)
	if err != nil {
		t.Fatal(err)
	}
	d := openai.New()
	for _, q := range []struct{ text, channel, rule, model string }{
		{"Hello", "chat", "waiting", "gpt-4.1-nano"},
		{"Prove the theorem.", "chat", "waiting", "gpt-4.1-nano"},
		{"Prove the theorem.", "", "hard", "o3"},
		{"Hello", "voice", "default", "gpt-4o-mini"},
	} {
		call, f := d.Request.Parse(dialect.Endpoint{Operation: genai.Chat}, []byte(`{"model":"chat","messages":[{"role":"user","content":"`+q.text+`"}]}`), nil)
		if f != nil {
			t.Fatal(f)
		}
		facts := &signal.Facts{Operation: genai.Chat, Headers: []signal.Header{{Name: "x-channel", Value: q.channel}}, Call: &call, Front: d.Front}
		x, f := route.Decide(s, route.Request{Model: call.Model, Facts: facts})
		if f != nil || x.Route.Name != q.rule || x.Order[0].Model != q.model {
			t.Errorf("%+v: %v %v %v", q, x.Route.Name, x.Order, f)
		}
	}
}
