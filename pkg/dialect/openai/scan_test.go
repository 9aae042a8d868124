package openai

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// reference reads a text by the standard library's tokens and applies the same
// rules; it is slow and obvious.
type reference struct {
	dec   *json.Decoder
	text  []byte
	at    int64
	depth int // the greatest
	seen  seen
}

// next returns the next token and its raw bytes.
func (r *reference) next() (json.Token, []byte) {
	token, err := r.dec.Token()
	if err != nil {
		return nil, nil
	}
	end := r.dec.InputOffset()
	raw := bytes.TrimLeft(r.text[r.at:end], " \t\r\n,:")
	r.at = end
	return token, raw
}

func inner(raw []byte) []byte { return raw[1 : len(raw)-1] }

func (r *reference) value(path []string) {
	start := r.at
	token, raw := r.next()
	r.depth = max(r.depth, len(path))
	switch v := token.(type) {
	case string:
		r.str(path, inner(raw))
	case json.Delim:
		r.container(path, v)
	}
	object := token == json.Delim('{')
	if !object || r.written(path) {
		return
	}
	if name := path[len(path)-1]; name == "usage" && len(path) > 1 && !r.within(path) {
		whole := r.text[start:r.at]
		whole = whole[bytes.IndexByte(whole, '{'):]
		nested := !r.top(path)
		if len(whole) <= maxUsage && (!nested || r.seen.usage == nil || r.seen.nested) {
			r.seen.usage, r.seen.nested = whole, nested
		}
	}
}

func (r *reference) container(path []string, open json.Delim) {
	if open == '{' && path[len(path)-1] == "error" && (r.top(path) || r.member(path, "x_groq") || r.choice(path)) {
		r.seen.failed = true
	}
	for r.dec.More() {
		if open == '[' {
			r.value(append(path[:len(path):len(path)], "[]"))
			continue
		}
		_, raw := r.next()
		r.value(append(path[:len(path):len(path)], string(inner(raw))))
	}
	r.next()
}

// root is how many steps lead to the answer itself: one, or two in an array.
func (r *reference) root(path []string) int {
	if len(path) > 1 && path[1] == "[]" {
		return 2
	}
	return 1
}

func (r *reference) below(path []string) []string { return path[min(r.root(path), len(path)):] }
func (r *reference) top(path []string) bool       { return len(r.below(path)) == 1 }

func (r *reference) member(path []string, of string) bool {
	p := r.below(path)
	return len(p) == 2 && p[0] == of && p[1] != "[]"
}

func (r *reference) choice(path []string) bool {
	p := r.below(path)
	return len(p) == 3 && p[0] == "choices" && p[1] == "[]" && p[2] != "[]"
}

// written reports whether path lies in what the model wrote.
func (r *reference) written(path []string) bool {
	p := r.below(path)
	return len(p) > 3 && r.choice(path[:r.root(path)+3]) && (p[2] == "delta" || p[2] == "message")
}

// within reports whether a usage object, itself captured, is around.
func (r *reference) within(path []string) bool {
	p := r.below(path)
	for i := range p[:len(p)-1] {
		if p[i] == "usage" && p[i+1] != "[]" {
			return true
		}
	}
	return false
}

func (r *reference) str(path []string, text []byte) {
	p := r.below(path)
	name := p[len(p)-1]
	switch {
	case r.top(path) && len(text) > 0:
		switch {
		case name == "model" && len(text) <= maxText:
			r.seen.model = string(text)
		case name == "service_tier" && len(text) <= maxText:
			r.seen.tier = string(text)
		case name == "error", name == "object" && string(text) == "error":
			r.seen.failed = true
		}
	case r.member(path, "x_groq") && name == "error" && len(text) > 0:
		r.seen.failed = true
	case r.choice(path) && name == "finish_reason" && len(text) > 0:
		r.seen.finished = true
	case r.choice(path) && name == "text":
		r.seen.text[2] += int64(len(text))
	case r.written(path):
		r.count(p, text)
	}
}

func (r *reference) count(p []string, text []byte) {
	for _, step := range p[3 : len(p)-1] {
		if step == "reasoning_details" {
			return
		}
	}
	i := 0
	if p[2] == "message" {
		i = 1
	}
	if n := nameOf([]byte(p[len(p)-1])); n == nameText || n == nameContent {
		r.seen.text[i] += int64(len(text))
	}
}

func scanned(text []byte, cut int) *scan {
	s := new(scan)
	for len(text) > 0 {
		n := min(cut, len(text))
		s.feed(text[:n])
		text = text[n:]
	}
	return s
}

var scanSeeds = []string{
	`{"id":"1","model":"m","service_tier":"default","choices":[{"index":0,"delta":{"role":"assistant","content":"a\"b\\"},"finish_reason":null}],"usage":null}`,
	`{"model":"m","choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2,"x":{"usage":{}}}}`,
	`{"x_groq":{"id":"r","usage":{"prompt_tokens":1},"error":"e"},"usage":{"prompt_tokens":2}}`,
	`{"choices":[{"usage":{"prompt_tokens":1},"delta":{"tool_calls":[{"function":{"name":"f","arguments":"{}"}}],"reasoning_details":[{"text":"x"}]},"finish_reason":"stop","text":"t"}]}`,
	`{"choices":[{"message":{"content":[{"type":"thinking","thinking":[{"type":"text","text":"y"}]}],"usage":{"prompt_tokens":9}}}]}`,
	`{"error":{"message":"m"},"object":"error"}`,
	`[{"error":{"code":400}}]`,
	`{"usage":[{"prompt_tokens":1}],"choices":[{"delta":{"content":["a",{"b":1},"c"]},"finish_reason":["stop"]}]}`,
	`{"error":"","object":"chat","model":"` + "\u00e9" + `\u00e9"}`,
	`{"a":[1,2.5e3,true,null,"s",{"b":[]}],"model" : "sp" }`,
	`{"model":"x"`, `{"model":"x"}}`, `"x"`, `{]`, `{"a" 1}`, ``, `nonsense`,
}

func TestScanAgreesWithReference(t *testing.T) {
	for _, text := range scanSeeds {
		checkScan(t, []byte(text))
	}
}

func TestScanAgreesWithReferenceOnRandomTexts(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		checkScan(t, randomObject(r, 0))
	}
}

// randomObject writes an object of names that matter, at places where they do
// and where they do not.
func randomObject(r *rand.Rand, depth int) []byte {
	names := []string{
		"model", "service_tier", "usage", "x_groq", "choices", "choices", "delta", "message", "error",
		"object", "finish_reason", "text", "content", "reasoning_details", "prompt_tokens", "other",
	}
	b := []byte("{")
	for i := range r.IntN(5) {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(b, '"'), names[r.IntN(len(names))]...)
		b = append(append(b, `": `...), randomValue(r, depth+1)...)
	}
	return append(b, '}')
}

func randomValue(r *rand.Rand, depth int) []byte {
	strings := []string{`""`, `"error"`, `"a\"b"`, `"c\\"`, `"model"`, `"usage"`}
	plain := []string{"null", "true", "1", "-2.5e3", "[]", "{}"}
	switch n := r.IntN(10); {
	case n < 3:
		return []byte(strings[r.IntN(len(strings))])
	case n < 5 || depth > 7:
		return []byte(plain[r.IntN(len(plain))])
	case n < 8:
		return randomObject(r, depth)
	}
	b := []byte("[")
	for i := range r.IntN(3) {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, randomValue(r, depth+1)...)
	}
	return append(b, ']')
}

func FuzzScan(f *testing.F) {
	for _, s := range scanSeeds {
		f.Add([]byte(s))
	}
	f.Fuzz(checkScan)
}

func checkScan(t *testing.T, text []byte) {
	t.Helper()
	whole := scanned(text, max(1, len(text)))
	for _, cut := range []int{1, 3, 7} {
		s := scanned(text, cut)
		if d := cmp.Diff(*whole, *s, cmp.AllowUnexported(scan{}, seen{}), cmp.FilterPath(inProgress, cmp.Ignore())); d != "" {
			t.Fatalf("pieces of %d (-whole +pieces):\n%s", cut, d)
		}
		if whole.complete() != s.complete() {
			t.Fatalf("pieces of %d: complete %v, whole %v", cut, s.complete(), whole.complete())
		}
	}
	b := bytes.TrimLeft(text, " \t\r\n")
	if !json.Valid(text) || len(b) == 0 || b[0] != '{' && b[0] != '[' {
		return
	}
	if !whole.complete() {
		t.Fatal("a valid text is not complete")
	}
	r := &reference{dec: json.NewDecoder(bytes.NewReader(text)), text: text}
	r.value([]string{"$"})
	if r.depth > maxDepth-2 {
		return
	}
	got := whole.seen
	if len(got.usage) == 0 {
		got.usage = nil
	}
	if d := cmp.Diff(r.seen, got, cmp.AllowUnexported(seen{})); d != "" {
		t.Fatalf("%s (-reference +scan):\n%s", text, d)
	}
}

// inProgress matches the state that says how far a scan is, not what it found.
func inProgress(p cmp.Path) bool {
	switch p.Last().String() {
	case ".head", ".raw", ".places", ".odd", ".size":
		return true
	}
	return false
}
