package witness

import (
	"bytes"
	"slices"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/genai"
	"github.com/signalbox-dev/signalbox/pkg/jsonedit"
)

// Where the script and Envoy's own filters found usage in an answer, by path.
const (
	atTop      = "usage"          // OpenAI, and the second half of Anthropic's
	atGroq     = "x_groq.usage"   // Groq's streams
	atMessage  = "message.usage"  // the first half of it, in Anthropic's streams
	atResponse = "response.usage" // OpenAI's responses, in streams
	atMetadata = "usageMetadata"  // Gemini
	kept       = "kept"           // objects of the same place before the last, in parts
)

// Speak has the parser read usage of a dialect with r where the answer passed
// in another dialect than its backend speaks. Those are tried in the order in
// which they were named.
func (p *Parser) Speak(r dialect.UsageReader) { p.others = append(p.others, r) }

// usage reads what Envoy lifted out of the answer.
func (p *Parser) usage(e *Entry, u fields) {
	e.ServedModel = u.first("model", "message.model", "response.model", "modelVersion")
	e.Tier = u.first("service_tier", "response.service_tier")
	reader, kind := p.lookup(e.Cluster)
	for _, l := range u.lifted() {
		if p.read(e, l, reader, kind) {
			if e.Tier == "" {
				e.Tier = l.tier()
			}
			return
		}
	}
}

// read reads l as the backend's dialect does, else as any other: an answer that
// was translated passes in the caller's. No usage object of one dialect has the
// counts of another, but for input_tokens, which OpenAI's has besides.
func (p *Parser) read(e *Entry, l usage, reader dialect.UsageReader, kind string) bool {
	for i := -1; i < len(p.others); i++ {
		r, k := reader, kind
		if i >= 0 {
			r, k = p.others[i], ""
		}
		if e.Usage, e.UsageFound, e.Suspect = l.read(r, k); e.UsageFound {
			e.RawUsage = l.text
			e.Suspect = e.Suspect || l.suspect
			return true
		}
	}
	return false
}

// usage is a usage object that was lifted.
type usage struct {
	text    []byte
	halves  []byte   // of a stream of Anthropic's, as its reader alone takes them
	scalars *scalars // where its counts were lifted one by one
	suspect bool
}

func (l usage) read(r dialect.UsageReader, kind string) (u genai.Usage, found, suspect bool) {
	switch {
	case l.scalars != nil:
		return r.Usage(kind, l.scalars)
	case l.halves != nil:
		return r.UsageJSON(kind, l.halves)
	}
	return r.UsageJSON(kind, l.text)
}

func halves(start, end []byte) []byte {
	b := append([]byte(`{"start":`), start...)
	b = append(append(b, `,"delta":`...), end...)
	return append(b, '}')
}

// tier is the one that the usage object states: Anthropic's, Mistral's, and
// Gemini's in two ways.
func (l usage) tier() string {
	for _, name := range []string{"service_tier", "serviceTier", "trafficType"} {
		if !bytes.Contains(l.text, []byte(name)) { // nearly always
			continue
		}
		v, _ := jsonedit.Find(l.text, name)
		if s, _ := v.Text(l.text); s != "" {
			return valid(s)
		}
		if n, ok := v.Int(l.text); ok && name == "trafficType" {
			return map[int64]string{1: "ON_DEMAND", 2: "PROVISIONED_THROUGHPUT"}[n] // as some callers ask for enums
		}
	}
	return ""
}

// lifted are the usage objects of an answer, the likeliest first.
func (f fields) lifted() (all []usage) {
	before := f.kept()
	top, start := f.object(atTop), f.object(atMessage)
	switch {
	case start != nil && top != nil:
		end := merge(append(before, top))
		all = append(all, usage{text: merge([][]byte{start, end}), halves: halves(start, end)})
	case top != nil:
		all = append(all, usage{text: top})
	case start != nil: // its output is a placeholder
		return nil
	}
	if text := f.object(atMetadata); text != nil {
		all = append(all, usage{text: merge(append(before, text)), suspect: fell(before, text)})
	}
	for _, place := range []string{atResponse, atGroq} {
		if text := f.object(place); text != nil {
			all = append(all, usage{text: text})
		}
	}
	for _, place := range []string{atTop, atMetadata} {
		if s := (scalars{fields: f, place: place}); len(all) == 0 && s.any() {
			all = append(all, usage{scalars: &s, text: s.raw()})
		}
	}
	return all
}

// fell reports whether a count of Gemini's output is lower at the end than it
// was before, or gone: nobody can tell then what will be billed.
func fell(before [][]byte, last []byte) bool {
	for _, name := range []string{"candidatesTokenCount", "thoughtsTokenCount"} {
		end, _ := count(last, name)
		for _, o := range before {
			if n, ok := count(o, name); ok && n > end {
				return true
			}
		}
	}
	return false
}

func count(object []byte, name string) (int64, bool) {
	v, ok := jsonedit.Find(object, name)
	if !ok {
		return 0, false
	}
	return v.Int(object)
}

// kept are the objects that the script kept.
func (f fields) kept() (all [][]byte) {
	v, ok := f.doc.Get(kept)
	if !ok {
		return nil
	}
	for o := range v.Items(f.doc.Doc()) {
		all = append(all, o.Raw(f.doc.Doc()))
	}
	return all
}

// maxMembers is more than a usage object has that is joined with another.
const maxMembers = 64

// merge joins objects: of each member the last value that is not null.
func merge(objects [][]byte) []byte {
	all := bytes.Clone(objects[0])
	for _, next := range objects[1:] {
		was, ok := jsonedit.Index(all, nil)
		doc, ok2 := jsonedit.Index(next, nil)
		if !ok || !ok2 || len(doc.Members()) > maxMembers {
			all = bytes.Clone(next)
			continue
		}
		var changes []jsonedit.Change
		for _, m := range doc.Members() {
			name, _ := m.Key.Text(next)
			if m.Value.Kind != jsonedit.Null && !slices.ContainsFunc(changes, func(c jsonedit.Change) bool { return c.Name == name }) {
				changes = append(changes, jsonedit.Change{Name: name, Raw: m.Value.Raw(next)})
			}
		}
		all = jsonedit.Splice(nil, all, was.Changes(nil, changes...)...)
	}
	return all
}

// first is the first of the texts that is there.
func (f fields) first(names ...string) string {
	for _, name := range names {
		if s := f.text(name); s != "" {
			return s
		}
	}
	return ""
}

// object is the text of an object: as it stands, or as Envoy's own filter for
// streams writes it, in a string.
func (f fields) object(name string) []byte {
	v, ok := f.doc.Get(name)
	switch {
	case ok && v.Kind == jsonedit.ObjectKind:
		return append([]byte(nil), v.Raw(f.doc.Doc())...)
	case ok && v.Kind == jsonedit.String:
		if s, _ := v.Text(f.doc.Doc()); len(s) > 0 && s[0] == '{' {
			return []byte(valid(s))
		}
	}
	return nil
}

// scalars are the counts below one place of an answer, lifted one by one. It
// is a dialect.Fields.
type scalars struct {
	fields
	place string
}

// any reports whether something was lifted from there.
func (s *scalars) any() bool {
	return slices.ContainsFunc(s.doc.Members(), func(m jsonedit.Member) bool { return s.below(m) != nil })
}

// Int returns the count that was lifted from the dotted path below the place.
func (s *scalars) Int(path string) (int64, bool) {
	for _, m := range s.doc.Members() {
		if string(s.below(m)) == path {
			return m.Value.Int(s.doc.Doc())
		}
	}
	return 0, false
}

// below is the member's path below the place, nil when it is not there.
func (s *scalars) below(m jsonedit.Member) []byte {
	if m.Key.Escaped { // no path of ours needs it
		return nil
	}
	key := m.Key.Raw(s.doc.Doc())
	key = key[1 : len(key)-1]
	if n := len(s.place); len(key) > n && key[n] == '.' && string(key[:n]) == s.place {
		return key[n+1:]
	}
	return nil
}

// raw is the lifted scalars as a JSON object by path, the nearest to the
// provider's own words that the log has.
func (s *scalars) raw() []byte {
	b := []byte{'{'}
	for _, m := range s.doc.Members() {
		path := s.below(m)
		if path == nil {
			continue
		}
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = append(append(append(b, '"'), path...), '"', ':')
		b = append(b, m.Value.Raw(s.doc.Doc())...)
	}
	return append(b, '}')
}
