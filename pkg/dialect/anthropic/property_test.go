package anthropic

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/genai"
)

// Write and Read are each other's reverse on what both dialects can say.
func TestRoundTrip(t *testing.T) {
	for _, model := range []string{"claude-sonnet-4-20250514", "claude-sonnet-4-6", "claude-opus-4-8", "claude-opus-5", "claude-opus-5-5"} {
		for seed := range uint64(60) {
			g := maker{rand.New(rand.NewPCG(seed, 1)), quirkOf(model), 0}
			roundTrip(t, g.chat(), model, seed)
		}
	}
}

func roundTrip(t *testing.T, chat *dialect.Chat, model string, seed uint64) {
	t.Helper()
	asking := &dialect.Asking{Operation: genai.Chat, Chat: chat}
	body, lost, f := back{}.Write(nil, asking, dialect.Target{Model: model})
	if f != nil || len(lost) > 0 {
		t.Fatalf("%s %d: fault %v, lost %v", model, seed, f, lost)
	}
	r, f := requests{}.Parse(dialect.Endpoint{Operation: genai.Chat, Path: messagesPath}, body, nil)
	if f != nil || r.Model != model {
		t.Fatalf("%s %d: %v in %s", model, seed, f, body)
	}
	got, f := read(&r)
	if f != nil {
		t.Fatalf("%s %d: %v in %s", model, seed, f, body)
	}
	if d := cmp.Diff(asking, got, cmpopts.EquateEmpty(), quick); d != "" {
		t.Fatalf("%s %d (-asked +read):\n%s\n%s", model, seed, d, body)
	}
}

// quick compares text at once: by the byte takes long.
var quick = cmp.FilterValues(func(a, b dialect.Text) bool { return len(a) > 0 && len(b) > 0 },
	cmp.Comparer(func(a, b dialect.Text) bool { return string(a) == string(b) }))

// maker makes chats that can be said to a model without loss.
type maker struct {
	*rand.Rand
	q  *quirk
	id int
}

func (g *maker) maybe() bool { return g.IntN(2) == 0 }

func (g *maker) text() dialect.Text {
	pieces := []string{"a", " ", `\n`, `\"`, `\\`, "é", "😀", `\u0041`, "{", `\\n`, "x y"}
	s := "t"
	for range g.IntN(6) {
		s += pieces[g.IntN(len(pieces))]
	}
	return dialect.Text(s + ".")
}

func (g *maker) cache() dialect.Text {
	return dialect.Text([]string{"", "", "5m", "1h"}[g.IntN(4)])
}

func (g *maker) chat() *dialect.Chat {
	c := &dialect.Chat{WantsUsage: true, Choices: 1, Stream: g.maybe(), MaxOutput: int64(4096 - g.IntN(200))}
	if g.maybe() {
		c.Turns = append(c.Turns, dialect.Turn{Role: dialect.System, Parts: g.texts()})
	}
	c.Turns = append(c.Turns, dialect.Turn{Role: dialect.User, Parts: g.userParts()})
	for range g.IntN(4) {
		g.exchange(c)
	}
	g.settings(c)
	g.tools(c)
	return c
}

// exchange adds an answer and what follows it.
func (g *maker) exchange(c *dialect.Chat) {
	if g.q.system && g.IntN(3) == 0 {
		c.Turns = append(c.Turns, dialect.Turn{Role: dialect.System, Parts: g.texts()})
	}
	answer := dialect.Turn{Role: dialect.Assistant, Parts: []dialect.Part{
		{Kind: dialect.PartReasoning, Text: g.text(), Signature: g.text()}, {Text: g.text(), Cache: g.cache()},
	}}
	var results []dialect.Part
	for range g.IntN(3) {
		g.id++
		id := dialect.Text(fmt.Sprintf("call-%d_a", g.id))
		answer.Parts = append(answer.Parts, dialect.Part{Kind: dialect.PartToolCall, ID: id, Name: g.text(), Arguments: []byte(`{"a":[1,"\u00e9"]}`), Cache: g.cache()})
		results = append(results, dialect.Part{Kind: dialect.PartToolResult, ID: id, Failed: g.maybe(), Parts: g.userParts(), Cache: g.cache()})
	}
	c.Turns = append(c.Turns, answer)
	if len(results) > 0 {
		c.Turns = append(c.Turns, dialect.Turn{Role: dialect.ToolRole, Parts: results})
	}
	if len(results) == 0 || g.maybe() {
		c.Turns = append(c.Turns, dialect.Turn{Role: dialect.User, Parts: g.userParts()})
	}
}

func (g *maker) texts() []dialect.Part {
	var parts []dialect.Part
	for range 1 + g.IntN(2) {
		parts = append(parts, dialect.Part{Text: g.text(), Cache: g.cache()})
	}
	return parts
}

func (g *maker) userParts() []dialect.Part {
	parts := g.texts()
	for range g.IntN(3) {
		p := dialect.Part{Kind: dialect.PartImage, Cache: g.cache()}
		switch g.IntN(5) {
		case 0:
			p.Media = dialect.Media{Type: dialect.Text("image/png"), Data: dialect.Text("AAAA")}
		case 1:
			p.Media.URL = g.text()
		case 2:
			p.Kind, p.Media = dialect.PartDocument, dialect.Media{Type: dialect.Text("application/pdf"), Data: dialect.Text("AA=="), Name: g.text()}
		case 3:
			p.Kind, p.Text = dialect.PartDocument, g.text()
		case 4:
			p.Media.ID = g.text()
		}
		parts = append(parts, p)
	}
	return parts
}

func (g *maker) settings(c *dialect.Chat) {
	if g.maybe() {
		c.Stop = []dialect.Text{g.text(), g.text()}
		c.User = g.text()
	}
	if g.maybe() {
		c.Tier = dialect.Text("auto")
	}
	if g.maybe() && g.q.schema {
		c.Format = dialect.Format{Kind: dialect.FormatSchema, Schema: []byte(`{"type":"object"}`)}
	}
	g.reasoning(c)
	if g.q.sampling != noSampling && c.Reasoning == (dialect.Reasoning{}) {
		switch g.IntN(3) {
		case 0:
			c.Temperature = []byte("0.50")
		case 1:
			c.TopP, c.TopK = []byte("0.9"), []byte("40")
		}
	}
}

func (g *maker) reasoning(c *dialect.Chat) {
	r := &c.Reasoning
	if g.q.display {
		r.Show = dialect.On + dialect.Switch(g.IntN(2))
	}
	switch {
	case g.q.think == byBudget, g.q.think == byEither && g.maybe():
		r.Budget = int64(1024 + g.IntN(2000))
	case g.q.rest != never && g.IntN(4) == 0:
		*r = dialect.Reasoning{Effort: dialect.EffortNone}
	default:
		r.Effort = dialect.EffortLow + dialect.Effort(g.IntN(3))
	}
	if g.IntN(4) == 0 {
		*r = dialect.Reasoning{}
	}
}

func (g *maker) tools(c *dialect.Chat) {
	for range g.IntN(3) {
		t := dialect.Tool{Name: g.text(), Parameters: []byte(`{"type":"object"}`), Cache: g.cache()}
		if g.maybe() {
			t.Description = g.text()
		}
		if g.q.schema && g.maybe() {
			t.Strict = dialect.On
		}
		c.Tools = append(c.Tools, t)
	}
	if len(c.Tools) == 0 {
		return
	}
	modes := []dialect.ToolMode{dialect.ToolDefault, dialect.ToolAuto, dialect.ToolNone, dialect.ToolRequired, dialect.ToolNamed}
	if g.q.forced == forcedNever || g.q.forced == forcedAtRest && c.Reasoning != (dialect.Reasoning{}) {
		modes = modes[:3]
	}
	c.ToolChoice.Mode = modes[g.IntN(len(modes))]
	if c.ToolChoice.Mode == dialect.ToolNamed {
		c.ToolChoice.Name = c.Tools[0].Name
	}
	if c.ToolChoice.Mode != dialect.ToolDefault && c.ToolChoice.Mode != dialect.ToolNone && g.maybe() {
		c.Parallel = dialect.Off
	}
}
