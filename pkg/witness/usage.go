package witness

import "github.com/signalbox-dev/signalbox/pkg/jsonedit"

// usage reads what Envoy lifted out of the answer.
func (p *Parser) usage(e *Entry, u fields) {
	e.ServedModel = u.text("model")
	e.Tier = u.text("service_tier")
	reader, kind := p.lookup(e.Cluster)
	for _, place := range [...]string{"usage", "x_groq.usage"} {
		if text := u.object(place); text != nil {
			e.Usage, e.UsageFound, e.Suspect = reader.UsageJSON(kind, text)
			e.RawUsage = text
		} else { // scalars of a unary answer, by Envoy's own filter
			s := scalars{fields: u, place: place}
			e.Usage, e.UsageFound, e.Suspect = reader.Usage(kind, &s)
			e.RawUsage = s.raw()
		}
		if e.UsageFound {
			if e.Tier == "" {
				e.Tier = tierIn(e.RawUsage)
			}
			return
		}
	}
	e.RawUsage = nil
}

// object is the text of an object: as it stands, or as Envoy's own filter for
// streams writes it, in a string.
func (f fields) object(name string) []byte {
	v, ok := f.doc.Get(name)
	switch {
	case ok && v.Kind == jsonedit.ObjectKind:
		return append([]byte(nil), v.Raw(f.doc.Doc())...)
	case ok && v.Kind == jsonedit.String:
		return []byte(f.text(name))
	}
	return nil
}

// tierIn is the tier that a usage object states, as Mistral's does.
func tierIn(usage []byte) string {
	v, _ := jsonedit.Find(usage, "service_tier")
	s, _ := v.Text(usage)
	return s
}

// scalars are the counts below one place of an answer, lifted one by one. It
// is a dialect.Fields.
type scalars struct {
	fields
	place string
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
