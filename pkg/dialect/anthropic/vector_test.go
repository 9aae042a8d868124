package anthropic

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/genai"
)

// Each vector has the turns of a conversation as a caller of chat completions
// would say them, and the body for a model, with what is lost. Run with
// -update to write them anew.
func TestRequests(t *testing.T) {
	for _, file := range vectors(t, "testdata/requests") {
		a := parse(t, file)
		var v vector
		if err := json.Unmarshal(section(a, "asking"), &v); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for _, model := range v.Models {
			body, lost, f := back{}.Write(nil, &dialect.Asking{Operation: genai.Chat, Chat: v.chat()}, dialect.Target{Model: model})
			var out bytes.Buffer
			if f != nil {
				out.WriteString(f.Param + ": " + f.Error() + "\n")
			} else if err := json.Indent(&out, body, "", "  "); err != nil {
				t.Fatalf("%s: %v in %s", file, err, body)
			}
			slices.Sort(lost)
			golden(t, file, a, model, strings.TrimSuffix(out.String(), "\n")+"\nlost: "+strings.Join(lost, ", ")+"\n")
		}
	}
}

// vector is a request in few words.
type vector struct {
	Models []string
	Turns  []vectorTurn
	Effort string
	Tools  []struct {
		Name, Description string
		Parameters        json.RawMessage
	}
}

type vectorTurn struct {
	Role, Name string
	Parts      []vectorPart
}

type vectorPart struct {
	Kind                  string // "" is text
	Text, Type, Data, URL string
	Detail, Title         string
	ID, Name              string
	Signature, Opaque     string
	Arguments             json.RawMessage
	Parts                 []vectorPart
	Failed                bool
	Cache                 string
}

var (
	vectorRoles = []string{"system", "developer", "user", "assistant", "tool"}
	vectorKinds = []string{"", "image", "document", "audio", "call", "result", "reasoning", "refusal"}
)

func (v *vector) chat() *dialect.Chat {
	c := &dialect.Chat{MaxOutput: 4000}
	for _, t := range v.Turns {
		role := dialect.Role(slices.Index(vectorRoles, t.Role))
		c.Turns = append(c.Turns, dialect.Turn{Role: role, Name: dialect.Escape(t.Name), Parts: partsOf(t.Parts)})
	}
	for _, f := range v.Tools {
		c.Tools = append(c.Tools, dialect.Tool{Name: dialect.Escape(f.Name), Description: dialect.Escape(f.Description), Parameters: f.Parameters})
	}
	if v.Effort != "" {
		c.Reasoning.Effort = dialect.Effort(slices.Index(efforts[:], v.Effort))
	}
	return c
}

func partsOf(list []vectorPart) []dialect.Part {
	var parts []dialect.Part
	for _, p := range list {
		parts = append(parts, dialect.Part{
			Kind: dialect.PartKind(slices.Index(vectorKinds, p.Kind)), Text: dialect.Escape(p.Text),
			Media: dialect.Media{Type: dialect.Escape(p.Type), Data: dialect.Escape(p.Data), URL: dialect.Escape(p.URL), Detail: dialect.Escape(p.Detail), Name: dialect.Escape(p.Title)},
			ID:    dialect.Escape(p.ID), Name: dialect.Escape(p.Name), Arguments: p.Arguments, Parts: partsOf(p.Parts), Failed: p.Failed,
			Signature: dialect.Escape(p.Signature), Opaque: dialect.Escape(p.Opaque), Cache: dialect.Escape(p.Cache),
		})
	}
	return parts
}
