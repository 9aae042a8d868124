package importer

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/signalbox-dev/signalbox/pkg/config"
	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"
)

// Note is something that was not translated, or not quite.
type Note struct {
	Path string // where in the file; empty for all of it
	Text string
}

// String is "place: text".
func (n Note) String() string {
	if n.Path == "" {
		return n.Text
	}
	return n.Path + ": " + n.Text
}

// Result is what became of a file.
type Result struct {
	Config *signalboxv1.Config
	Notes  []Note
}

// draft is a configuration in the making.
type draft struct {
	c        *signalboxv1.Config
	notes    []Note
	backends map[endpoint]string
	names    map[string]bool   // of backends
	keys     map[string]string // that stand in the file, by the variable in their place; never printed
}

// endpoint is what makes a backend: two that are equal are one.
type endpoint struct {
	provider, dialect, kind string
	base, env, header       string
	copy                    int // a model has each backend once: a second use is of a copy
}

func newDraft() *draft {
	return &draft{c: &signalboxv1.Config{}, backends: make(map[endpoint]string), names: make(map[string]bool), keys: make(map[string]string)}
}

func (d *draft) note(n node, format string, args ...any) {
	note := Note{n.path, fmt.Sprintf(format, args...)}
	if !slices.Contains(d.notes, note) {
		d.notes = append(d.notes, note)
	}
}

// rest notes the fields of a mapping that are not known; '*' in known stands for
// any text.
func (d *draft) rest(n node, known ...string) {
	for _, name := range n.names() {
		if !config.MatchAny(known, name) {
			d.note(n.get(name), "%s", cmp.Or(hint(name), "has no counterpart; left out"))
		}
	}
}

// literal is the variable that stands in the place of a key in the file: the
// provider's usual one for the first key of its own servers.
func (d *draft) literal(n node, e endpoint, m maker) string {
	first := m.env
	if first == "" || m.base != "" && e.base != m.base {
		first = variable(e.provider + "-own")
	}
	name := first
	for i := 2; d.keys[name] != "" && d.keys[name] != n.text(); i++ {
		name = first + "_" + strconv.Itoa(i)
	}
	d.keys[name] = n.text()
	d.note(n, "is a key; put it into the variable %s, which stands in its place", name)
	return name
}

// finish returns the configuration, without models that nothing serves.
func (d *draft) finish() (Result, error) {
	d.c.Models = slices.DeleteFunc(d.c.Models, func(m *signalboxv1.Model) bool {
		if len(m.GetCandidates()) > 0 {
			return false
		}
		d.note(node{}, "model %q is left out: none of what serves it could be translated", m.GetName())
		return true
	})
	if len(d.c.Models) == 0 {
		return Result{Notes: d.notes}, errors.New("there is no model in the file that could be translated")
	}
	d.c.Routes = slices.DeleteFunc(d.c.Routes, func(r *signalboxv1.Route) bool {
		had := len(r.GetModels())
		r.Models = slices.DeleteFunc(r.Models, func(name string) bool { return d.find(name) == nil })
		saysNothing := proto.Equal(r, &signalboxv1.Route{Name: r.GetName(), Models: r.GetModels()})
		return saysNothing || had > 0 && len(r.GetModels()) == 0
	})
	if err := config.Validate(d.c); err != nil {
		return Result{Notes: d.notes}, fmt.Errorf("what the file says is no valid configuration here: %w", err)
	}
	return Result{d.c, d.notes}, nil
}

// find is the model that callers get who ask for name; nil: there is none.
func (d *draft) find(name string) *signalboxv1.Model {
	for _, m := range d.c.GetModels() {
		if m.GetName() == name || slices.Contains(m.GetAliases(), name) {
			return m
		}
	}
	return nil
}

var modelName = regexp.MustCompile(`\A[!-)+-~]{1,128}\z`)

// model returns the model of a name, a new one if need be; nil when it cannot
// be a name here.
func (d *draft) model(n node, name string) *signalboxv1.Model {
	if m := d.find(name); m != nil {
		return m
	}
	if !modelName.MatchString(name) {
		d.note(n, "%q cannot be a model's name here, where each is named in full, without '*' and spaces; add the models that callers ask for", name)
		return nil
	}
	m := &signalboxv1.Model{Name: name}
	d.c.Models = append(d.c.Models, m)
	return m
}

// add makes an endpoint a candidate of m, as the model of a name there.
func (d *draft) add(m *signalboxv1.Model, e endpoint, there string) *signalboxv1.ModelCandidate {
	for {
		name := d.backend(e)
		if !slices.ContainsFunc(m.GetCandidates(), func(c *signalboxv1.ModelCandidate) bool { return c.GetBackend() == name }) {
			c := &signalboxv1.ModelCandidate{Backend: name}
			if there != m.GetName() {
				c.Model = there
			}
			m.Candidates = append(m.Candidates, c)
			return c
		}
		e.copy++
	}
}

// backend is the name of the backend for an endpoint, which is made if need be.
func (d *draft) backend(e endpoint) string {
	if name, ok := d.backends[e]; ok {
		return name
	}
	b := &signalboxv1.Backend{Name: d.unique(e.provider), BaseUrl: e.base, AllowPrivate: config.NeedsPrivate(e.base)}
	if e.env != "" {
		b.Credential = &signalboxv1.Credential{Env: e.env, Header: e.header}
	}
	d.backends[e] = b.GetName()
	p := d.provider(e)
	p.Backends = append(p.Backends, b)
	return b.GetName()
}

// provider is the one that an endpoint belongs to.
func (d *draft) provider(e endpoint) *signalboxv1.Provider {
	name := e.provider
	for i := 2; ; i++ {
		at := slices.IndexFunc(d.c.Providers, func(p *signalboxv1.Provider) bool { return p.GetName() == name })
		if at < 0 {
			p := &signalboxv1.Provider{Name: name, Dialect: e.dialect, Kind: e.kind}
			d.c.Providers = append(d.c.Providers, p)
			return p
		}
		if p := d.c.Providers[at]; p.GetDialect() == e.dialect && p.GetKind() == e.kind {
			return p
		}
		name = e.provider + "-" + strconv.Itoa(i)
	}
}

func (d *draft) unique(name string) string {
	name = word(name)
	for i := 2; d.names[name] || name == "nowhere" || name == "signalbox"; i++ {
		name = strings.TrimRight(name, "-0123456789") + "-" + strconv.Itoa(i)
	}
	d.names[name] = true
	return name
}

var notInWord = regexp.MustCompile(`[^a-z0-9]+`)

// word is text as it may stand in the names of backends, providers and routes.
func word(text string) string {
	w := strings.Trim(notInWord.ReplaceAllString(strings.ToLower(text), "-"), "-")
	if len(w) > 32 {
		w = strings.Trim(w[:32], "-")
	}
	return cmp.Or(w, "imported")
}

var notInVariable = regexp.MustCompile(`[^A-Z0-9]+`)

// variable is text as the name of a variable that holds a key.
func variable(text string) string {
	v := strings.Trim(notInVariable.ReplaceAllString(strings.ToUpper(text), "_"), "_")
	if v == "" || v[0] <= '9' {
		v = "KEY_" + v
	}
	if !strings.HasSuffix(v, "KEY") && !strings.HasSuffix(v, "TOKEN") {
		v += "_API_KEY"
	}
	return v
}

// baseURL is a URL of the file as one of ours; false when it is none.
func (d *draft) baseURL(n node, text string) (string, bool) {
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http" {
		d.note(n, "is no URL that can be written into the file; set base_url by hand")
		return "", false
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		d.note(n, "holds more than a host and a path, which is left out; credentials belong in credential")
	}
	u.User, u.RawQuery, u.Fragment = nil, "", ""
	return strings.TrimRight(u.String(), "/"), true
}

// weight is a share as a whole number of at most a million.
func weight(share, scale float64) *uint32 {
	return proto.Uint32(uint32(math.Round(min(max(share*scale, 0), 1e6))))
}

// duration notes a time that is out of bounds, and keeps within them.
func (d *draft) duration(n node, seconds float64, most time.Duration) *durationpb.Duration {
	t := time.Duration(min(seconds, 1e6) * float64(time.Second)).Round(time.Millisecond)
	if kept := min(max(t, time.Second), most); kept != t {
		d.note(n, "%v is not from 1s to %v; it is %v here", t, most, kept)
		t = kept
	}
	return durationpb.New(t)
}
