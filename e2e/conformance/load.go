package main

import (
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/signalbox-dev/signalbox/pkg/builtin"
	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/fault"
	"github.com/signalbox-dev/signalbox/pkg/gatewaytest/recorded"
)

// folder is where the data is.
func folder(o options) (string, error) {
	if o.data != "" {
		return o.data, nil
	}
	dir, ok := recorded.Find()
	if !ok {
		return "", fs.ErrNotExist
	}
	return dir, nil
}

// load reads the rows of the endpoints that the gateway serves, whoever
// answered them. To w it says which of them this build does not serve after
// all; such rows fail.
func load(o options, w io.Writer) ([]*subject, error) {
	dir, err := folder(o)
	if err != nil {
		return nil, err
	}
	var subjects []*subject
	kinds, seen, missing := kinds{}, map[string]int{}, map[string]int{}
	known, apis := builtin.Table(), apis()
	for r, err := range recorded.Read(dir) {
		if err != nil {
			return nil, err
		}
		a := apis[r.Endpoint]
		if a == nil || !strings.Contains(r.ID+" "+r.Provider+" "+r.Endpoint, o.only) {
			continue
		}
		d := known[a.dialect]
		if d == nil || !serves(d, r, a) {
			missing[r.Endpoint]++
			subjects = append(subjects, unserved(r, a))
			continue
		}
		group := fmt.Sprint(r.Provider, r.Endpoint, r.Streaming, r.Response.Status, r.Skip() == "")
		if seen[group]++; o.each > 0 && seen[group] > o.each {
			continue
		}
		s := newSubject(r, a, d)
		s.kind = kinds.of(a.dialect, r.Provider)
		s.stated()
		subjects = append(subjects, s)
	}
	for _, e := range slices.Sorted(maps.Keys(missing)) {
		fmt.Fprintf(w, "not served by this build: %d rows of %s\n", missing[e], e)
	}
	return subjects, nil
}

// unserved is a row that cannot be replayed.
func unserved(r *recorded.Row, a *api) *subject {
	s := newSubject(r, a, nil)
	if s.skip == "" {
		s.judged[whole] = true
		s.fail(whole, "this build does not serve the endpoint")
	}
	return s
}

// serves reports whether the dialect knows the path of a row.
func serves(d *dialect.Dialect, r *recorded.Row, a *api) bool {
	q := ask{api: a, place: placeOf(r)}
	_, _, f := q.parse(d, "model")
	return f == nil || f.Kind != fault.UnknownPath
}

// stated fills in what the data leaves out: it states no usage of Gemini's
// embeddings, although most answers do.
func (s *subject) stated() {
	if s.Endpoint != "embedContent" || s.Truth != nil {
		return
	}
	var e struct {
		Usage *struct {
			Prompt *int64 `json:"promptTokenCount"`
		} `json:"usageMetadata"`
	}
	if json.Unmarshal(s.Response.Body, &e) == nil && e.Usage != nil && e.Usage.Prompt != nil {
		s.Truth = &recorded.Truth{Input: e.Usage.Prompt, Output: new(int64), Total: e.Usage.Prompt}
	}
}
