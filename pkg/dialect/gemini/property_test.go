package gemini

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/genai"
)

// maker makes conversations of what both the neutral form and Google's can say.
type maker struct {
	*rand.Rand
	calls []dialect.Part
}

func (m maker) text() dialect.Text {
	words := []string{"", "plain", "line\nbreak", `"quoted" \`, "ümläut 😀", "{\"a\":1}", "\x01", "/slash"}
	return dialect.Escape(words[m.IntN(len(words)-1)+1])
}

func (m maker) maybe() bool { return m.IntN(2) == 0 }

func (m maker) number(all ...string) []byte {
	if m.maybe() {
		return nil
	}
	return []byte(all[m.IntN(len(all))])
}

func (m *maker) part(role dialect.Role) dialect.Part {
	switch n := m.IntN(5); {
	case n == 0 && role == dialect.User:
		return dialect.Part{Kind: dialect.PartImage, Media: dialect.Media{Type: dialect.Text("image/png"), Data: dialect.Text("AAAA")}}
	case n == 1 && role == dialect.User:
		return dialect.Part{Kind: dialect.PartDocument, Media: dialect.Media{Type: dialect.Text("application/pdf"), URL: dialect.Text("https://a.example/b")}}
	case n <= 2 && role == dialect.Assistant:
		p := dialect.Part{Kind: dialect.PartToolCall, ID: dialect.Text("id" + strconv.Itoa(len(m.calls))), Name: dialect.Text("f" + strconv.Itoa(n))}
		p.Arguments = []byte([]string{"{}", `{"a":"\u00e9","b":[1, 2.50]}`}[m.IntN(2)])
		if m.maybe() {
			p.Signature = dialect.Text("c2ln")
		}
		m.calls = append(m.calls, p)
		return p
	}
	return dialect.Part{Text: m.text()}
}

func (m *maker) turns() (turns []dialect.Turn) {
	if m.maybe() {
		turns = append(turns, dialect.Turn{Role: dialect.System, Parts: []dialect.Part{{Text: m.text()}}})
	}
	for range 1 + m.IntN(4) {
		ask := dialect.Turn{Role: dialect.User, Parts: []dialect.Part{m.part(dialect.User), m.part(dialect.User)}}
		m.calls = nil
		say := dialect.Turn{Role: dialect.Assistant, Parts: []dialect.Part{m.part(dialect.Assistant), m.part(dialect.Assistant)}}
		turns = append(turns, ask, say)
		if len(m.calls) == 0 {
			continue
		}
		gave := dialect.Turn{Role: dialect.ToolRole}
		for _, c := range m.calls {
			gave.Parts = append(gave.Parts, dialect.Part{
				Kind: dialect.PartToolResult, ID: c.ID, Name: c.Name, Failed: m.maybe(), Parts: []dialect.Part{{Text: m.text()}},
			})
		}
		turns = append(turns, gave)
	}
	return turns
}

func (m *maker) chat() *dialect.Chat {
	c := &dialect.Chat{
		Turns: m.turns(), Choices: 1 + m.IntN(3), MaxOutput: int64(m.IntN(2) * 100),
		Temperature: m.number("0", "1.0", "7e-1"), TopP: m.number("0.5"), TopK: m.number("40"),
		FrequencyPenalty: m.number("0.1"), PresencePenalty: m.number("-1"), Seed: m.number("0", "-5"),
	}
	for range m.IntN(3) {
		c.Stop = append(c.Stop, m.text())
	}
	if c.Logprobs = m.maybe(); c.Logprobs {
		c.TopLogprobs = m.IntN(5)
	}
	for i := range m.IntN(3) {
		t := dialect.Tool{Name: dialect.Text("f" + strconv.Itoa(i)), Parameters: m.number(`{"type":"object"}`, `{"$ref": "#/x"}`)}
		if m.maybe() {
			t.Description = m.text()
		}
		c.Tools = append(c.Tools, t)
	}
	if c.Tools != nil {
		c.ToolChoice.Mode = dialect.ToolMode(m.IntN(int(dialect.ToolNamed) + 1))
		if c.ToolChoice.Mode == dialect.ToolNamed {
			c.ToolChoice.Name = c.Tools[0].Name
		}
	}
	if c.Format.Kind = dialect.FormatKind(m.IntN(3)); c.Format.Kind == dialect.FormatSchema {
		c.Format.Schema = []byte(`{"type":"object","additionalProperties":false}`)
	}
	c.Reasoning.Show = dialect.Switch(m.IntN(3))
	if m.maybe() {
		c.Reasoning.Effort = dialect.EffortMinimal + dialect.Effort(m.IntN(4))
	}
	if m.maybe() {
		c.Tier = dialect.Text("flex")
	}
	return c
}

// readBack reads what Write has written.
func readBack(t *testing.T, method string, body []byte) *dialect.Asking {
	t.Helper()
	r, f := requests{}.Parse(endpoint(method), body, nil)
	if f != nil {
		t.Fatal(f, string(body))
	}
	a, f := read(&r)
	if f != nil {
		t.Fatal(f, string(body))
	}
	return a
}

// What is written, read and written again is the same, byte for byte, and says
// the same: nothing that both forms can say is lost on the way.
func TestWriteReadIsIdentity(t *testing.T) {
	target := dialect.Target{Model: "gemini-3-flash", Kind: "google"}
	for seed := range uint64(2000) {
		m := &maker{Rand: rand.New(rand.NewPCG(seed, 1))}
		chat := m.chat()
		first, lost, f := back{}.Write(nil, &dialect.Asking{Operation: genai.Chat, Chat: chat}, target)
		if f != nil || lost != nil {
			t.Fatal(seed, f, lost)
		}
		a := readBack(t, generate, first)
		if a.Unsaid != nil {
			t.Fatal(seed, a.Unsaid)
		}
		again, _, f := back{}.Write(nil, a, target)
		if d := cmp.Diff(string(first), string(again)); d != "" || f != nil {
			t.Fatalf("seed %d: %v (-first +again):\n%s", seed, f, d)
		}
		if got, want := print(a.Chat), print(chat); got != want {
			t.Fatalf("seed %d:\n%s", seed, cmp.Diff(want, got))
		}
	}
}

// print shows what a conversation says; turns of one role may be joined, and
// the signature of a call may be the one that stands for none.
func print(c *dialect.Chat) string {
	s := fmt.Sprintf("%s %s %s %d %v %v", c.Temperature, c.Seed, c.TopP, c.MaxOutput, c.Choices, c.Reasoning)
	for _, stop := range c.Stop {
		s += "\nstop " + string(stop)
	}
	for _, t := range c.Tools {
		s += fmt.Sprintf("\ntool %s %s %s", string(t.Name), string(t.Description), t.Parameters)
	}
	s += fmt.Sprintf("\nchoice %d %s format %d %s", c.ToolChoice.Mode, string(c.ToolChoice.Name), c.Format.Kind, c.Format.Schema)
	for _, t := range c.Turns {
		for _, p := range t.Parts {
			s += fmt.Sprintf("\n%d %d %s %s %s %s %s %s %v", t.Role, p.Kind, string(p.Text), string(p.Media.Data), string(p.Media.URL),
				string(p.ID), string(p.Name), p.Arguments, p.Failed)
			for _, q := range p.Parts {
				s += " " + string(q.Text)
			}
		}
	}
	return s
}

func TestEmbeddingsWriteReadIsIdentity(t *testing.T) {
	e := &dialect.Embedding{Inputs: []dialect.Text{[]byte("a"), []byte(`\"b`)}, Dimensions: 5}
	body, _, _ := back{}.Write(nil, &dialect.Asking{Operation: genai.Embeddings, Embed: e}, dialect.Target{Model: "e"})
	got := readBack(t, batchEmbed, body)
	if d := cmp.Diff(fmt.Sprintf("%q", texts(e.Inputs)), fmt.Sprintf("%q", texts(got.Embed.Inputs))); d != "" || got.Embed.Dimensions != 5 || got.Unsaid != nil {
		t.Error(d, got.Embed.Dimensions, got.Unsaid)
	}
	got = readBack(t, embed, []byte(`{"model":"models/m","content":{"parts":[{"text":"a"},{"text":"b"}]},"output_dimensionality":3,"taskType":"X"}`))
	if string(got.Embed.Inputs[0]) != "ab" || got.Embed.Dimensions != 3 || len(got.Unsaid) != 1 {
		t.Error(got.Embed.Dimensions, got.Unsaid)
	}
}

func texts(all []dialect.Text) (s []string) {
	for _, t := range all {
		s = append(s, string(t))
	}
	return s
}

// Whatever is read can be written, and is the same when it is read again.
func FuzzReadWrite(f *testing.F) {
	for seed := range uint64(8) {
		m := &maker{Rand: rand.New(rand.NewPCG(seed, 2))}
		body, _, _ := back{}.Write(nil, &dialect.Asking{Chat: m.chat()}, dialect.Target{Model: "gemini-3-flash"})
		f.Add(string(body))
	}
	f.Add(`{"contents":[{"parts":[{"functionResponse":{"response":{"result":"a"}}},{"executable_code":{}}]}],"tools":[{"googleSearch":{}}]}`)
	target := dialect.Target{Model: "gemini-3-flash"}
	f.Fuzz(func(t *testing.T, body string) {
		r, flt := requests{}.Parse(endpoint(generate), []byte(body), nil)
		if flt != nil {
			return
		}
		a, flt := read(&r)
		if flt != nil {
			return
		}
		first, _, flt := back{}.Write(nil, a, target)
		if flt != nil {
			return
		}
		again, _, flt := back{}.Write(nil, readBack(t, generate, first), target)
		if d := cmp.Diff(string(first), string(again)); d != "" || flt != nil {
			t.Errorf("%v (-first +again):\n%s", flt, d)
		}
	})
}
