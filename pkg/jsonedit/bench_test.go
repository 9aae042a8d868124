package jsonedit_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/signalbox-dev/signalbox/pkg/jsonedit"
)

// chat returns a chat request of about size bytes whose text repeats piece,
// with the escapes that literal asks for.
func chat(size int, piece string) []byte {
	const turns = 8
	var b strings.Builder
	b.WriteString(`{"model":"gpt-4o","stream":true,"messages":[`)
	for i := range turns {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(`{"role":"user","content":"` + strings.Repeat(piece, size/turns/len(piece)) + `"}`)
	}
	b.WriteString(`],"temperature":0.7,"max_tokens":1024}`)
	return []byte(b.String())
}

func quoted(s string) string {
	b, _ := json.Marshal(s) // a string always marshals
	return string(b[1 : len(b)-1])
}

func bodies() map[string][]byte {
	prose := "Signals keep trains apart, and the box keeps the signals. "
	code := quoted("func (s *set) add(k string) {\n\ts.m[k] = \"x\"\n\treturn\n}\n")
	numbers := []byte(`{"model":"e","input":[` + strings.Repeat("15496,995,-0.25e3,", 12000) + `0]}`)
	tools := []byte(`{"model":"m","tools":[` + strings.Repeat("\n    {\n      \"type\": \"function\",\n"+
		"      \"function\": {\"name\": \"get\", \"strict\": true}\n    },", 2000) + `{}]}`)
	return map[string][]byte{
		"prose_1KB":      chat(1<<10, prose),
		"prose_32KB":     chat(32<<10, prose),
		"prose_220KB":    chat(220<<10, prose),
		"code_220KB":     chat(220<<10, code),
		"nested_220KB":   chat(220<<10, quoted(quoted(`{"city":"Bern","unit":"c"}`))),
		"accents_220KB":  chat(220<<10, "Die Fahrdienstleiterin prüft die Weichen für täglich über hundert Züge. "),
		"cjk_220KB":      chat(220<<10, "信号所は列車を安全に導く。"),
		"escaped_220KB":  chat(220<<10, `\u4fe1\u53f7\u6240\u306f`),
		"surrogate_220K": chat(220<<10, `\ud83d\ude82 `),
		"numbers":        numbers,
		"indented_tools": tools,
	}
}

func BenchmarkParse(b *testing.B) {
	for name, doc := range bodies() {
		b.Run(name, func(b *testing.B) {
			buf := make([]jsonedit.Member, 0, 16)
			b.SetBytes(int64(len(doc)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := jsonedit.Parse(doc, buf); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkStdlibValid(b *testing.B) {
	doc := bodies()["prose_220KB"]
	b.SetBytes(int64(len(doc)))
	for b.Loop() {
		if !json.Valid(doc) {
			b.Fatal("invalid")
		}
	}
}

const chunk = `{"id":"chatcmpl-9","object":"chat.completion.chunk","created":1,"model":"gpt-4o-2024-08-06",` +
	`"choices":[{"index":0,"delta":{"content":" signal"},"finish_reason":null}],"usage":null}`

func BenchmarkFindInChunk(b *testing.B) {
	doc := []byte(chunk)
	b.SetBytes(int64(len(doc)))
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := jsonedit.Find(doc, "choices", "0", "delta", "content"); !ok {
			b.Fatal("not found")
		}
	}
}

func BenchmarkIndexChunk(b *testing.B) {
	doc := []byte(chunk)
	buf := make([]jsonedit.Member, 0, 16)
	b.SetBytes(int64(len(doc)))
	b.ReportAllocs()
	for b.Loop() {
		o, _ := jsonedit.Index(doc, buf)
		if _, ok := o.Find("choices", "0", "delta", "content"); !ok {
			b.Fatal("not found")
		}
	}
}

func BenchmarkSplice(b *testing.B) {
	for _, size := range []int{1 << 10, 220 << 10} {
		b.Run(fmt.Sprintf("%dKB", size>>10), func(b *testing.B) {
			doc := chat(size, "plain text ")
			o, _ := jsonedit.Parse(doc, nil)
			model, dst := []byte(`"provider/model"`), make([]byte, 0, size+1<<10)
			b.SetBytes(int64(len(doc)))
			b.ReportAllocs()
			for b.Loop() {
				dst = jsonedit.Splice(dst[:0], doc, o.Set("model", model))
			}
		})
	}
}

func TestNothingIsAllocated(t *testing.T) {
	doc := []byte(`{"mod\u0065l":"gpt-\u0034o","stream":true,"messages":[{"role":"user","content":"a\nb"}],"n":2.0,"o":{"x":[1,2]}}`)
	buf, child := make([]jsonedit.Member, 0, 16), make([]jsonedit.Member, 0, 16)
	dst, text := make([]byte, 0, 1024), make([]byte, 0, 64)
	raw := []byte(`"other"`)
	tests := []struct {
		name string
		do   func() bool
	}{
		{"parse", func() bool { _, err := jsonedit.Parse(doc, buf); return err == nil }},
		{"index", func() bool { _, ok := jsonedit.Index(doc, buf); return ok }},
		{"read", func() bool {
			o, _ := jsonedit.Parse(doc, buf)
			m, _ := o.Get("model")
			n, _ := o.Get("n")
			got, _ := m.AppendText(text, doc)
			two, _ := n.Int(doc)
			_, _, twice := o.Duplicate("model", "messages", "stream")
			return m.Is(doc, "gpt-4o") && string(got) == "gpt-4o" && two == 2 && !twice
		}},
		{"child", func() bool {
			o, _ := jsonedit.Parse(doc, buf)
			c, ok := o.Child("o", child)
			x, _ := c.Get("x")
			return ok && x.Len(doc) == 2
		}},
		{"find", func() bool { _, ok := jsonedit.Find(doc, "messages", "0", "role"); return ok }},
		{"splice", func() bool {
			o, _ := jsonedit.Parse(doc, buf)
			cut, _ := o.Remove("n")
			return len(jsonedit.Splice(dst, doc, o.Set("model", raw), cut)) > 0
		}},
		{"append-string", func() bool { return len(jsonedit.AppendString(dst, "a\nb")) > 0 }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if !tt.do() {
				t.Fatal("wrong result")
			}
			if n := testing.AllocsPerRun(100, func() { tt.do() }); n != 0 {
				t.Errorf("%v allocations", n)
			}
		})
	}
}
